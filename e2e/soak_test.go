//go:build soak

package e2e_test

import (
	"testing"
)

// TestSoakKilledAtAnyMoment is the crash test, ten times as large.
func TestSoakKilledAtAnyMoment(t *testing.T) {
	killAtRandom(t, size{people: 200_000, changes: 20_000, times: 500})
}

// TestSoakATenantThatAnswersWrongly is the fault test, ten times as large.
func TestSoakATenantThatAnswersWrongly(t *testing.T) {
	readThroughFaults(t, size{people: 30_000, changes: 600, times: 400})
}
