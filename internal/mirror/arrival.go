package mirror

import (
	"context"
	"maps"
	"slices"

	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// arrived notes who came to be live, by what was known before: no change of a group tells of the memberships of somebody who comes back from
// the recycle bin, and lists do not show him while he is there.
func (p *Pull) arrived(ctx context.Context, cursor Cursor, known map[string]User, changed []User) error {
	if cursor.Groups.Selection == "" {
		return nil
	}
	var ids []string
	for _, user := range changed {
		before, isKnown := known[user.SourceID]
		if user.State == plan.Live && (!isKnown || before.State != plan.Live) {
			ids = append(ids, user.SourceID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return p.Store.Arrived(ctx, p.Connection, ids)
}

// arrivedNow is arrived for the cursor as it is stored.
func (p *Pull) arrivedNow(ctx context.Context, known map[string]User, changed []User) error {
	cursor, err := p.Store.Cursor(ctx, p.Connection)
	if err != nil {
		return err
	}
	return p.arrived(ctx, cursor, known, changed)
}

// groupArrived notes groups that came back from the recycle bin, or may have: no change of the groups that they are in tells of it either.
func (p *Pull) groupArrived(ctx context.Context, g *GroupCursor, ids ...string) error {
	if g.Selection == "" || len(ids) == 0 {
		return nil
	}
	return p.Store.Arrived(ctx, p.Connection, ids)
}

// arrivals asks for the groups of those who came, or came back from the recycle bin, after the groups were read. It ends the pull, if none of these
// has to be read now.
func (p *Pull) arrivals(ctx context.Context, cursor Cursor) (Progress, error) {
	done := underWay()
	done.Done = true
	ids, err := p.Store.Arrivals(ctx, p.Connection, lookUps)
	if err != nil || len(ids) == 0 {
		return done, err
	}
	known, err := p.Store.LoadUsers(ctx, p.Connection, ids, true)
	if err != nil {
		return Progress{}, err
	}
	isGroup := func(id string) bool { _, isUser := known[id]; return !isUser } // a user is saved before he arrives
	users := slices.DeleteFunc(slices.Clone(ids), isGroup)
	groups := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !isGroup(id) })
	ofUsers, err := p.Tenant.MemberOf(ctx, graph.TypeUser, users)
	if err != nil {
		return Progress{}, err
	}
	ofGroups, err := p.Tenant.MemberOf(ctx, graph.TypeGroup, groups)
	if err != nil {
		return Progress{}, err
	}
	err = p.Store.InTx(ctx, func(ctx context.Context) error {
		if err := p.joinAll(ctx, &cursor.Groups, ofUsers, MemberUser); err != nil {
			return err
		}
		if err := p.joinAll(ctx, &cursor.Groups, ofGroups, MemberGroup); err != nil {
			return err
		}
		if err := p.Store.Settled(ctx, p.Connection, ids); err != nil {
			return err
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
	return underWay(), err
}

// RefreshGroups asks for the groups of users, by object id, and adds them to those that are wanted, so that who has just joined one need not
// wait for the next pull. It takes nobody out, and does nothing before the groups were read.
func (p *Pull) RefreshGroups(ctx context.Context, ids []string) error {
	cursor, err := p.Store.Cursor(ctx, p.Connection)
	if err != nil || cursor.Groups.Selection == "" {
		return err
	}
	found, err := p.Tenant.MemberOf(ctx, graph.TypeUser, ids)
	if err != nil || len(found) == 0 {
		return err
	}
	return p.Store.InTx(ctx, func(ctx context.Context) error {
		if cursor, err = p.Store.Cursor(ctx, p.Connection); err != nil {
			return err
		}
		if err := p.joinAll(ctx, &cursor.Groups, found, MemberUser); err != nil {
			return err
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
}

// joinAll adds users, or groups, to those of their groups that are wanted. It takes them out of none: the answer may come from a replica that is
// behind. For the same reason the next pull replays the last changes if anybody joined.
func (p *Pull) joinAll(ctx context.Context, g *GroupCursor, found map[string][]graph.Member, kind MemberKind) error {
	joined := map[string][]Member{}
	for member, memberships := range found {
		id, err := ident.Parse(member)
		if err != nil {
			continue
		}
		for _, membership := range memberships {
			if membership.Type == graph.TypeGroup || membership.Type == "" {
				joined[membership.ID] = append(joined[membership.ID], Member{ID: id, Kind: kind})
			}
		}
	}
	groups, err := p.Store.LoadGroups(ctx, p.Connection, slices.Sorted(maps.Keys(joined)))
	if err != nil {
		return err
	}
	for id, group := range groups {
		if !group.Wanted {
			continue
		}
		fresh, err := p.join(ctx, group, joined[id], 0)
		if err != nil {
			return err
		}
		g.Nesting = g.Nesting || nests(fresh)
		if len(fresh) > 0 && g.Read == nil && g.Next == "" && g.Replay == "" {
			g.Replay = g.mark(p.Now().UTC()).Link
		}
	}
	return nil
}
