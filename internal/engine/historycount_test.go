//go:build !soak

package engine_test

// histories is how many random histories are told.
const histories = 25
