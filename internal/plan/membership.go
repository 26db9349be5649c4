package plan

// Membership is what planning knows of somebody and one group.
type Membership struct {
	Member
	// In: he is a direct member in the tenant.
	In bool
	// Status of his tie; "" if there is none. That of a group with an object is InScope, or InBin if the tenant has deleted it.
	Status LinkStatus
	// Synced: the instance put him into the group. Whom people put in as well, or alone, they take out again.
	Synced bool
}

// Decide returns Join, Leave, or "" if nothing is to be done. In the group are the members of the tenant's group who are in scope. Who is in the
// tenant's recycle bin keeps the place that he has; so does who was put in once and is not tied now, as long as he is in the tenant's group.
//
// weighed: he leaves because he is not in the tenant's group, which the guard counts. Who goes for being out of scope was counted there.
func (m Membership) Decide() (action Action, weighed bool) {
	switch {
	case m.Synced && (!m.In || m.Status == OutOfScope):
		return Leave, m.Status != OutOfScope
	case !m.Synced && m.In && m.Status == InScope:
		return Join, false
	}
	return "", false
}
