//go:build simclock

package app

// followsClock: this build follows the clock of a simulated tenant wherever --clock-url says so (design rule 16). For tests.
const followsClock = true
