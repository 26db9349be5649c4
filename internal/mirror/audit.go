package mirror

import (
	"context"
	"slices"
	"strings"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/plan"
)

// Audit is how far a comparison of the mirror with all users of the tenant is. The zero Audit begins one.
//
// It is not a full read: the mirror stays the one that pulls keep, and goes on being planned from, while the audit goes through the tenant at its
// leisure. A list says of nobody how he is, only of whom the mirror differs; each of these is looked up (rule 7).
type Audit struct {
	// Generation marks in the mirror who was listed; 0 before the audit began.
	Generation int64 `json:"generation,omitempty"`
	// Listing is how far the list of the tenant's users was read.
	Listing
	// Ended: the list was read to its end.
	Ended bool `json:"ended,omitempty"`
	// Missing: those are looked up whom the list lacked, by their Seq behind After.
	Missing bool  `json:"missing,omitempty"`
	After   int64 `json:"after,omitempty"`
	// Found counts those of them who are in the tenant all the same.
	Found int `json:"found,omitempty"`
	// Done: there is nobody left to compare; also when somebody began a full read meanwhile, which tells more.
	Done bool `json:"done,omitempty"`
}

// Suspects are users of whom the mirror may differ from the tenant, by their object ids.
type Suspects []string

// Audit compares the next page of the tenant's users with the mirror, or takes the next of those whom the list lacked, lookUps at most. It changes
// nothing that anybody plans with. The suspects are to be looked up with Settle, best after a pull: what changed since the last one is no difference.
// A fault.Stale means that another pull wrote meanwhile; then it is called again.
func (p *Pull) Audit(ctx context.Context, at Audit) (Audit, Suspects, error) {
	cursor, err := p.Store.Cursor(ctx, p.Connection)
	switch {
	case err != nil:
		return at, nil, err
	case cursor.Full != nil, at.Generation != 0 && cursor.Generation != at.Generation:
		at.Done = true
		return at, nil, nil
	case at.Generation == 0:
		cursor.Generation++
		return Audit{Generation: cursor.Generation, Listing: beginning()}, nil, p.saveCursor(ctx, cursor)
	case at.Ended, at.Missing:
		return p.auditMissing(ctx, at)
	}
	return p.auditPage(ctx, at, cursor)
}

func (p *Pull) auditPage(ctx context.Context, at Audit, cursor Cursor) (Audit, Suspects, error) {
	page, err := p.follow(ctx, at.Next, func() (graph.Page, error) { return p.Tenant.ListUsers(ctx, cursor.Attributes) })
	if fault.Is(err, fault.Expired) && !at.Restarted {
		at.Listing = beginning()
		at.Restarted = true
		return at, nil, nil
	}
	if err != nil {
		return at, nil, err
	}
	if err := told(page.Users, cursor.Attributes); err != nil {
		return at, nil, err
	}
	users := merged(page.Users)
	first := ""
	if len(users) > 0 {
		first = users[0].ID
	}
	at.note(page.Count, len(users), first, page.Next)
	if at.endless() {
		return at, nil, endless("the list of the tenant's users has not ended after %d pages", at.Pages)
	}
	at.Ended = page.Next == ""
	suspects, err := p.auditUsers(ctx, users, at.Generation)
	return at, suspects, err
}

// auditUsers notes who was listed, and returns those of whom the mirror differs.
func (p *Pull) auditUsers(ctx context.Context, users []graph.User, generation int64) (Suspects, error) {
	if len(users) == 0 {
		return nil, nil
	}
	known, err := p.Store.LoadUsers(ctx, p.Connection, ids(users), true)
	if err != nil {
		return nil, err
	}
	var suspects Suspects
	var seen []int64
	for _, incoming := range users {
		user, isKnown := known[incoming.ID]
		next, relevant := p.next(user, isKnown, incoming, true)
		if relevant && (!isKnown || !same(user, next)) {
			suspects = append(suspects, incoming.ID)
		}
		if isKnown {
			seen = append(seen, user.Seq)
		}
	}
	return suspects, p.saw(ctx, seen, generation)
}

// saw marks users as listed in an audit, unless a full read has begun: its marks are others.
func (p *Pull) saw(ctx context.Context, seqs []int64, generation int64) error {
	if len(seqs) == 0 {
		return nil
	}
	return p.Store.InTx(ctx, func(ctx context.Context) error {
		cursor, err := p.Store.Cursor(ctx, p.Connection)
		if err != nil || cursor.Generation != generation {
			return err
		}
		return p.Store.SawUsers(ctx, p.Connection, seqs, generation)
	})
}

func (p *Pull) auditMissing(ctx context.Context, at Audit) (Audit, Suspects, error) {
	at.Missing = true
	missing, err := p.Store.UnseenUsers(ctx, p.Connection, at.Generation, at.After, lookUps)
	if err != nil {
		return at, nil, err
	}
	if len(missing) == 0 {
		at.Done = true
		return at, nil, nil
	}
	at.After = missing[len(missing)-1].Seq
	return at, sourceIDs(missing), nil
}

// Settle looks suspects up and returns those of whom the mirror differs, as it should hold them; with mend it holds them so now, as after Refresh.
// A list that lacked more than manyAlive users who exist is worth nothing: then it fails as fault.Unavailable, and nobody was removed for it.
func (p *Pull) Settle(ctx context.Context, at *Audit, suspects Suspects, properties []string, mend bool) (differ []User, err error) {
	look := p.Look
	if mend {
		look = p.Refresh
	}
	for some := range slices.Chunk(suspects, lookUps) {
		sightings, err := look(ctx, some, properties)
		if err != nil {
			return nil, err
		}
		differ = append(differ, at.settle(sightings)...)
		if err := p.sawAll(ctx, some, at.Generation); err != nil {
			return nil, err
		}
		if at.Found > manyAlive {
			return nil, fault.New(fault.Unavailable, "IncompleteRead",
				"the list of the tenant's users lacked users who exist: %d were found by looking them up; nobody was removed", at.Found).WithRemedy(readAgain)
		}
	}
	slices.SortFunc(differ, func(a, b User) int { return strings.Compare(a.SourceID, b.SourceID) })
	return differ, nil
}

// settle returns those of whom the mirror differed, and counts who was missing from the list and exists.
func (a *Audit) settle(sightings map[string]Sighting) (differ []User) {
	for _, sighting := range sightings {
		if sighting.User.SourceID != "" && (sighting.Before.Seq == 0 || !same(sighting.Before, sighting.User)) {
			differ = append(differ, sighting.User)
		}
		if a.Missing && sighting.Presence == graph.Live && sighting.Before.State == plan.Live {
			a.Found++
		}
	}
	return differ
}

// sawAll marks those of the users whom the mirror holds as listed.
func (p *Pull) sawAll(ctx context.Context, sourceIDs []string, generation int64) error {
	known, err := p.Store.LoadUsers(ctx, p.Connection, sourceIDs, true)
	if err != nil {
		return err
	}
	seqs := make([]int64, 0, len(known))
	for _, user := range known {
		seqs = append(seqs, user.Seq)
	}
	return p.saw(ctx, seqs, generation)
}

// AuditGroups makes the next wanted groups behind a Seq due, lookUps at most, so that the next pull reads their members in full: few enough that it
// is soon done, since nobody plans meanwhile. It returns where to go on; done if there are none left. ready is false while a read of groups is under
// way, which a pull ends first.
func (p *Pull) AuditGroups(ctx context.Context, after int64) (last int64, done, ready bool, err error) {
	err = p.Store.InTx(ctx, func(ctx context.Context) error {
		last, done, ready = after, false, false
		cursor, err := p.Store.Cursor(ctx, p.Connection)
		if err != nil || cursor.Groups.Read != nil {
			return err
		}
		ready = true
		groups, err := p.Store.AllGroups(ctx, p.Connection)
		if err != nil {
			return err
		}
		groups = slices.DeleteFunc(groups, func(group Group) bool { return group.Seq <= after || !group.Wanted })
		if done = len(groups) == 0; done {
			return nil
		}
		groups = groups[:min(len(groups), lookUps)]
		last = groups[len(groups)-1].Seq
		for i := range groups {
			groups[i].Due = true
		}
		if err := p.Store.SaveGroups(ctx, p.Connection, groups); err != nil {
			return err
		}
		g := &cursor.Groups
		g.Unread, g.List = true, g.List || g.All && after == 0
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
	return last, done, ready, err
}
