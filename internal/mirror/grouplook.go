package mirror

import (
	"context"
	"slices"

	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// GroupSighting is what a look at the tenant says of one group, and of the people who were asked about.
type GroupSighting struct {
	// Presence is where the tenant has the group now. Asked twice, if it is graph.Gone.
	Presence graph.Presence
	// Before is the group as the mirror had it; the zero Group if it did not know it.
	Before Group
	// Group is what the mirror holds after the look, or would hold; without Seq if it does not keep it, because no selection wants it. The
	// zero Group if there is nothing to hold.
	Group Group
	// Members says, by object id, whether somebody is a direct member. Who was not found among the users is not in it.
	Members map[string]bool
}

// LookGroup reads a group, by object id, from the tenant, and whether some people are direct members of it; nobody else in it is asked for. It
// stores nothing.
func (p *Pull) LookGroup(ctx context.Context, id string, people []string, want Want) (GroupSighting, error) {
	known, err := p.Store.LoadGroups(ctx, p.Connection, []string{id})
	if err != nil {
		return GroupSighting{}, err
	}
	s := GroupSighting{Before: known[id], Members: map[string]bool{}}
	found, err := p.lookUpTwice(ctx, []Group{{SourceID: id}})
	if err != nil {
		return s, err
	}
	s.Presence, s.Group = found[id].Presence, p.seenGroup(s.Before, id, found[id], want)
	if s.Presence != graph.Live || len(people) == 0 {
		return s, nil
	}
	return s, p.lookMembers(ctx, &s, people)
}

// seenGroup is what the mirror should hold of a group after a look.
func (p *Pull) seenGroup(group Group, id string, found graph.GroupExistence, want Want) Group {
	selected := want.AllGroups || slices.ContainsFunc(want.Groups, func(g scope.SelectedGroup) bool { return g.ID == id })
	switch {
	case !group.Wanted && found.Presence != graph.Live:
		return group
	case !group.Wanted && selected:
		group.Wanted, group.Due, group.ReadIn, group.Doubt = true, true, 0, 0
	}
	if group.SourceID == "" {
		group.SourceID, group.State = id, plan.Gone
	}
	before := group
	p.locate(&group, found)
	if group.State == plan.Live {
		// Only a full read tells all members: of a group that is new, of one that was purged, of one that was never read, and of one that came back
		// with a doubt, which no pull reads again in the recycle bin.
		group.Due = before.Due || group.Wanted && (before.State == plan.Gone || group.ReadIn == 0 || before.State == plan.Deleted && !group.Sure())
	}
	return group
}

// lookMembers asks for the groups of people. That somebody is not a member is believed the second time.
func (p *Pull) lookMembers(ctx context.Context, s *GroupSighting, people []string) error {
	for asked := people; len(asked) > 0; {
		found, err := p.Tenant.MemberOf(ctx, graph.TypeUser, asked)
		if err != nil {
			return err
		}
		var again []string
		for id, memberships := range found {
			_, askedBefore := s.Members[id]
			s.Members[id] = slices.ContainsFunc(memberships, func(m graph.Member) bool { return m.ID == s.Group.SourceID })
			if !s.Members[id] && !askedBefore {
				again = append(again, id)
			}
		}
		asked = again
	}
	return nil
}

// RefreshGroup reads a group and memberships of people as LookGroup does, and takes them into the mirror if a selection wants the group: as a pull
// would, without completing it. Who is a direct member joins, who is none leaves; everybody else stays. A group whose members were never read stays
// to be read. What a replica that is behind may have told is mended by the next pull, which replays the last changes.
func (p *Pull) RefreshGroup(ctx context.Context, id string, people []string, want Want) (GroupSighting, error) {
	s, err := p.LookGroup(ctx, id, people, want)
	if err != nil || !s.Group.Wanted {
		return s, err
	}
	err = p.Store.InTx(ctx, func(ctx context.Context) error {
		cursor, err := p.Store.Cursor(ctx, p.Connection)
		if err != nil {
			return err
		}
		known, err := p.Store.LoadGroups(ctx, p.Connection, []string{id})
		if err != nil {
			return err
		}
		before := known[id]
		if s.Group, err = p.keepGroup(ctx, &cursor.Groups, before, s.Group); err != nil {
			return err
		}
		changed, err := p.keepMembers(ctx, s)
		if err != nil {
			return err
		}
		g := &cursor.Groups
		if (changed || !sameGroup(before, s.Group)) && g.Read == nil && g.Next == "" && g.Replay == "" {
			g.Replay = g.mark(p.Now().UTC()).Link
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
	return s, err
}

// keepGroup writes a group as a look found it, over what the mirror holds now, and returns it with its place.
func (p *Pull) keepGroup(ctx context.Context, g *GroupCursor, now, group Group) (Group, error) {
	group.Seq = now.Seq
	if now.Wanted { // a pull may have read it meanwhile
		group.ReadIn, group.ListedIn, group.Doubt, group.Others = now.ReadIn, now.ListedIn, now.Doubt, now.Others
		group.Due = now.Due || group.Due && !now.Sure()
	}
	if sameGroup(now, group) {
		return group, nil
	}
	if now.State != group.State || !now.Wanted {
		g.Graph++
	}
	if now.State == plan.Deleted && group.State == plan.Live {
		if err := p.groupArrived(ctx, g, group.SourceID); err != nil {
			return group, err
		}
	}
	isGone := group.State == plan.Gone
	g.Spent = g.Spent || isGone && group.ReadIn > 0
	g.Nesting = g.Nesting || isGone && g.All // it need not be kept
	g.Unread = g.Unread || group.Due && g.Selection != ""
	if err := p.Store.SaveGroups(ctx, p.Connection, []Group{group}); err != nil || group.Seq != 0 {
		return group, err
	}
	saved, err := p.Store.LoadGroups(ctx, p.Connection, []string{group.SourceID})
	return saved[group.SourceID], err
}

// keepMembers has the people who were asked about join or leave, and reports whether anybody did.
func (p *Pull) keepMembers(ctx context.Context, s GroupSighting) (changed bool, err error) {
	var joined []Member
	var others []ident.ID
	for who, in := range s.Members {
		id, err := ident.Parse(who)
		switch {
		case err != nil:
		case in:
			joined = append(joined, Member{ID: id, Kind: MemberUser})
		default:
			others = append(others, id)
		}
	}
	ids := slices.Clone(others)
	for _, member := range joined {
		ids = append(ids, member.ID)
	}
	known, err := p.Store.LoadMembers(ctx, p.Connection, s.Group.Seq, ids)
	if err != nil {
		return false, err
	}
	left := slices.DeleteFunc(others, func(id ident.ID) bool { return known[id] == 0 })
	changed = len(left) > 0 || slices.ContainsFunc(joined, func(m Member) bool { return known[m.ID] != m.Kind })
	if _, err := p.join(ctx, s.Group, joined, 0); err != nil || len(left) == 0 {
		return changed, err
	}
	return changed, p.Store.DropMembers(ctx, p.Connection, s.Group.Seq, left)
}

// sameGroup reports whether the mirror says the same of both.
func sameGroup(a, b Group) bool {
	return a.SourceID == b.SourceID && a.State == b.State && a.DeletedAt.Equal(b.DeletedAt) && a.Wanted == b.Wanted && a.Due == b.Due &&
		a.Record.Equal(b.Record)
}
