package plan

import "fmt"

// Thresholds say how many removals pass without a person's approval (D15). A removal is a deactivation or a deletion.
type Thresholds struct {
	// Above Count and above Percent of the managed users, removals of users are held.
	Count   int     `json:"count"`
	Percent float64 `json:"percent"`
	// Above Absolute they are held whatever the percentage.
	Absolute int `json:"absolute"`
	// Groups weighs deletions of groups, Members how many leave one group; nil for DefaultGroups and DefaultMembers.
	Groups  *Share `json:"groups,omitempty"`
	Members *Share `json:"members,omitempty"`
}

// Share is a threshold: what is above Count and above Percent is held.
type Share struct {
	Count   int     `json:"count"`
	Percent float64 `json:"percent"`
}

// DefaultThresholds are those of users: more than 10 and 5 %, or more than 500. Those of groups and members are the default ones.
func DefaultThresholds() Thresholds { return Thresholds{Count: 10, Percent: 5, Absolute: 500} }

// DefaultGroups is the threshold for deletions of groups: more than 3 and 10 %.
func DefaultGroups() Share { return Share{Count: 3, Percent: 10} }

// DefaultMembers is the threshold for the members of one group: more than 50 and 25 %.
func DefaultMembers() Share { return Share{Count: 50, Percent: 25} }

// Removals are the numbers that the guard weighs.
type Removals struct {
	// Planned by this run, without those that a person approved.
	Planned int
	// Recent were applied in the last 24 hours by earlier runs of the instance, without approved ones.
	Recent int
	// Managed objects of the instance: those that are linked and in scope. Who left long ago would make every share look small.
	Managed int
}

// Check returns why the planned removals of users must be held, "" when they may pass. The guard adds up 24 hours, or a mass deletion in many
// small runs would pass.
func (t Thresholds) Check(r Removals) string {
	if total := r.Planned + r.Recent; r.Planned > 0 && total > t.Absolute {
		return fmt.Sprintf("%d removals in 24 hours are more than the %d that pass without approval", total, t.Absolute)
	}
	return Share{t.Count, t.Percent}.Check(r, "managed users")
}

// Check returns why the planned removals must be held, "" when they may pass. of names what Managed counts.
func (s Share) Check(r Removals, of string) string {
	total := r.Planned + r.Recent
	share := 100.0
	if r.Managed > 0 {
		share = 100 * float64(total) / float64(r.Managed)
	}
	if r.Planned == 0 || total <= s.Count || share <= s.Percent {
		return ""
	}
	return fmt.Sprintf("%d removals in 24 hours are more than %d and more than %g %% of %d %s", total, s.Count, s.Percent, r.Managed, of)
}

// OfGroups is the threshold for deletions of groups, OfMembers that for the members of one group.
func (t Thresholds) OfGroups() Share { return given(t.Groups, DefaultGroups()) }

// OfMembers is the threshold for the members of one group.
func (t Thresholds) OfMembers() Share { return given(t.Members, DefaultMembers()) }

func given(share *Share, otherwise Share) Share {
	if share == nil {
		return otherwise
	}
	return *share
}
