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

// arrivals asks for the groups of users who came, or came back from the recycle bin, after the groups were read. It ends the pull.
func (p *Pull) arrivals(ctx context.Context, cursor Cursor) (Progress, error) {
	done := underWay()
	done.Done = true
	ids, err := p.Store.Arrivals(ctx, p.Connection, lookUps)
	if err != nil || len(ids) == 0 {
		return done, err
	}
	found, err := p.Tenant.MemberOf(ctx, ids)
	if err != nil {
		return Progress{}, err
	}
	err = p.Store.InTx(ctx, func(ctx context.Context) error {
		if err := p.joinAll(ctx, &cursor.Groups, found); err != nil {
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
	found, err := p.Tenant.MemberOf(ctx, ids)
	if err != nil || len(found) == 0 {
		return err
	}
	return p.Store.InTx(ctx, func(ctx context.Context) error {
		if cursor, err = p.Store.Cursor(ctx, p.Connection); err != nil {
			return err
		}
		if err := p.joinAll(ctx, &cursor.Groups, found); err != nil {
			return err
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
}

// joinAll adds users to those of their groups that are wanted. It takes them out of none: the answer may come from a replica that is behind. For
// the same reason the next pull replays the last changes.
func (p *Pull) joinAll(ctx context.Context, g *GroupCursor, found map[string][]graph.Member) error {
	joined := map[string][]Member{}
	for user, memberships := range found {
		id, err := ident.Parse(user)
		if err != nil {
			continue
		}
		for _, membership := range memberships {
			if membership.Type == graph.TypeGroup || membership.Type == "" {
				joined[membership.ID] = append(joined[membership.ID], Member{ID: id, Kind: MemberUser})
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
		if _, err := p.join(ctx, group, joined[id], 0); err != nil {
			return err
		}
		if g.Read == nil && g.Next == "" && g.Replay == "" {
			g.Replay = g.mark(p.Now().UTC()).Link
		}
	}
	return nil
}
