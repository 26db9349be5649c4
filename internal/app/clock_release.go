//go:build !simclock

package app

// followsClock: this build follows the clock of a simulated tenant only where it runs one itself, in the demo.
const followsClock = false
