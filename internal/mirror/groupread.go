package mirror

import (
	"context"
	"maps"
	"slices"
	"time"

	"rollcall/internal/graph"
	"rollcall/internal/plan"
)

// readGroups does the next piece of a read of groups.
func (p *Pull) readGroups(ctx context.Context, cursor Cursor, want Want) (Progress, error) {
	switch cursor.Groups.Read.Stage {
	case StageGroups:
		return p.listGroups(ctx, cursor)
	case StageLookUp:
		return p.lookUpGroups(ctx, cursor)
	case StageMembers:
		return p.readMembers(ctx, cursor, want)
	default:
		return p.groupChanges(ctx, cursor, want)
	}
}

// lookUpGroups asks which of the next groups exist, and for their names.
func (p *Pull) lookUpGroups(ctx context.Context, cursor Cursor) (Progress, error) {
	g := &cursor.Groups
	groups, last, err := p.unlisted(ctx, g)
	if err != nil {
		return Progress{}, err
	}
	found, err := p.lookUpTwice(ctx, groups)
	if err != nil {
		return Progress{}, err
	}
	var arrived []string
	for i := range groups {
		wasDeleted := groups[i].State == plan.Deleted
		if p.locate(&groups[i], found[groups[i].SourceID]) {
			g.Graph++
		}
		if wasDeleted && groups[i].State == plan.Live {
			arrived = append(arrived, groups[i].SourceID)
		}
		isGone := groups[i].State == plan.Gone
		g.Spent = g.Spent || isGone && groups[i].ReadIn > 0
		g.Nesting = g.Nesting || isGone && g.All // it need not be kept
	}
	if last {
		g.Read.Stage, g.Read.After = StageMembers, 0
	}
	err = p.Store.InTx(ctx, func(ctx context.Context) error {
		if err := p.Store.SaveGroups(ctx, p.Connection, groups); err != nil {
			return err
		}
		if err := p.groupArrived(ctx, g, arrived...); err != nil {
			return err
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
	return underWay(), err
}

// unlisted returns the next groups that are due and that this read did not find in the list of all groups, and moves After behind them. last: there
// are no more.
func (p *Pull) unlisted(ctx context.Context, g *GroupCursor) (groups []Group, last bool, err error) {
	for len(groups) == 0 && !last {
		groups, err = p.Store.DueGroups(ctx, p.Connection, g.Read.After, lookUps)
		if err != nil {
			return nil, false, err
		}
		if last = len(groups) < lookUps; len(groups) > 0 {
			g.Read.After = groups[len(groups)-1].Seq
		}
		groups = slices.DeleteFunc(groups, func(group Group) bool { return group.ListedIn == g.Generation })
	}
	return groups, last, nil
}

// lookUpTwice asks again for groups that seem gone, for the reason that lookUp gives.
func (p *Pull) lookUpTwice(ctx context.Context, groups []Group) (map[string]graph.GroupExistence, error) {
	if len(groups) == 0 {
		return nil, nil
	}
	ids := make([]string, len(groups))
	for i, group := range groups {
		ids[i] = group.SourceID
	}
	found, err := p.Tenant.LookUpGroups(ctx, ids, groupProperties())
	if err != nil {
		return nil, err
	}
	var gone []string
	for id, existence := range found {
		if existence.Presence == graph.Gone {
			gone = append(gone, id)
		}
	}
	if len(gone) == 0 {
		return found, nil
	}
	again, err := p.Tenant.LookUpGroups(ctx, gone, groupProperties())
	if err != nil {
		return nil, err
	}
	maps.Copy(found, again)
	return found, nil
}

// locate notes where a look-up found a group, and reports whether its state changed. A group that was live and is found nowhere counts as
// deleted now; its members go when it has been away for as long as the recycle bin keeps groups, or a delta says that it is gone. One that was to be
// read and cannot be, because it is in the recycle bin, is read when it comes back.
func (p *Pull) locate(group *Group, found graph.GroupExistence) bool {
	before := group.State
	now := p.Now().UTC().Truncate(time.Second)
	switch found.Presence {
	case graph.Live:
		group.State, group.DeletedAt, group.Record = plan.Live, time.Time{}, found.Group.Record
		return before != plan.Live
	case graph.Binned:
		group.State, group.DeletedAt = plan.Deleted, found.Group.DeletedAt
	default:
		switch {
		case group.State == plan.Live:
			group.State, group.DeletedAt = plan.Deleted, now
		case group.State == plan.Deleted && now.Sub(group.DeletedAt) > plan.Retention:
			group.State = plan.Gone
		}
	}
	if group.Due && group.State == plan.Deleted {
		group.Doubt = notThere
	}
	group.Due = false
	return before != group.State
}

// membersRead goes on when all groups that were due have been read: with those that turned out to be inside them, or with the changes.
func (p *Pull) membersRead(ctx context.Context, cursor Cursor, want Want) (Progress, error) {
	g := &cursor.Groups
	err := p.Store.InTx(ctx, func(ctx context.Context) error {
		g.Unread = false
		if g.Nesting {
			if err := p.chooseNow(ctx, g, want); err != nil {
				return err
			}
		}
		g.Read.After, g.Read.Listing = 0, beginning()
		if g.Unread {
			g.Read.Stage = StageLookUp
		} else {
			g.Read.Stage, g.Read.Next = StageChanges, g.Read.Link
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
	return underWay(), err
}
