package plan

import "fmt"

// Thresholds say how many removals pass without a person's approval (D15). A removal is a deactivation or a deletion.
type Thresholds struct {
	// Above Count and above Percent of the managed objects, removals are held.
	Count   int     `json:"count"`
	Percent float64 `json:"percent"`
	// Above Absolute they are held whatever the percentage.
	Absolute int `json:"absolute"`
}

// DefaultThresholds are those of users: more than 10 and 5 %, or more than 500.
func DefaultThresholds() Thresholds { return Thresholds{Count: 10, Percent: 5, Absolute: 500} }

// Removals are the numbers that the guard weighs.
type Removals struct {
	// Planned by this run, without those that a person approved.
	Planned int
	// Recent were applied in the last 24 hours by earlier runs of the instance, without approved ones.
	Recent int
	// Managed objects of the instance: those that are linked and in scope. Who left long ago would make every share look small.
	Managed int
}

// Check returns why the planned removals must be held, "" when they may pass. The guard adds up 24 hours, or a mass deletion in many
// small runs would pass.
func (t Thresholds) Check(r Removals) string {
	if r.Planned == 0 {
		return ""
	}
	total := r.Planned + r.Recent
	share := 100.0
	if r.Managed > 0 {
		share = 100 * float64(total) / float64(r.Managed)
	}
	switch {
	case total > t.Absolute:
		return fmt.Sprintf("%d removals in 24 hours are more than the %d that pass without approval", total, t.Absolute)
	case total > t.Count && share > t.Percent:
		return fmt.Sprintf("%d removals in 24 hours are more than %d and more than %g %% of %d managed users", total, t.Count, t.Percent, r.Managed)
	}
	return ""
}
