package plan

// MembershipPin keeps a membership as an undo left it, until Entra changes it.
type MembershipPin struct {
	// In and Status are those of the membership when it was pinned.
	In     bool
	Status LinkStatus
	// Keeps: the member is in the group. Such a pin ends also when the status of his tie changes: nobody who leaves the scope stays in a group
	// because something else was taken back.
	Keeps bool
}

// Pin returns the pin that keeps the membership as it stands; false if it needs none, because no plan would change it.
//
// Whoever is in a group, and deleted in the tenant, needs one in any case: soon or later the tenant does not list him any more.
func (m Membership) Pin() (pin MembershipPin, needed bool) {
	action, _ := m.Decide()
	return MembershipPin{In: m.In, Status: m.Status, Keeps: m.Synced}, action != "" || m.Synced && m.Status == InBin
}

// Holds reports whether Entra says of the membership what it said when it was pinned, and the membership still is as it was.
func (p MembershipPin) Holds(m Membership) bool {
	if p.Keeps {
		return m.Synced && p.Status == m.Status && (p.In == m.In || p.Status == InBin)
	}
	return !m.Synced && p.In == m.In
}
