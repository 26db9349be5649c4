package mirror

import (
	"context"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// groupChanges takes the next page of changes of groups: of the round of every pull, or of what changed since before a read.
func (p *Pull) groupChanges(ctx context.Context, cursor Cursor, want Want) (Progress, error) {
	g := &cursor.Groups
	next, pages := &g.Next, &g.Pages
	if g.Read != nil {
		next, pages = &g.Read.Next, &g.Read.Pages
	}
	link := *next
	if link == "" {
		link, *pages = g.Delta, 0
		if g.Replay != "" {
			link = g.Replay
		}
	}
	page, err := p.followGroups(ctx, link)
	if fault.Is(err, fault.Expired) {
		return p.groupsExpired(ctx, cursor, err)
	}
	if err != nil {
		return underWay(), p.stuck(ctx, cursor, err)
	}
	*next = page.Next
	g.Tries = 0
	if *pages++; *pages > maxPages {
		g.Next, g.Read = "", nil
		return Progress{}, firstError(p.saveCursor(ctx, cursor), endless("the changes of the tenant's groups have not ended after %d pages", maxPages))
	}
	var missing *Group
	err = p.Store.InTx(ctx, func(ctx context.Context) error {
		if missing, err = p.takeGroups(ctx, g, page, want); err != nil {
			return err
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
	if err == nil && missing != nil {
		err = fault.New(fault.Unavailable, "IncompleteRead",
			"the list of the members of the group %q ended early; nobody was removed", missing.Label()).WithRemedy(readAgain)
	}
	return underWay(), err
}

// takeGroups takes a page of changes in, and ends the round with its last one. It returns a group whose members were never read to the end, if
// there is one when a read ends about which there are doubts.
func (p *Pull) takeGroups(ctx context.Context, g *GroupCursor, page graph.GroupPage, want Want) (missing *Group, err error) {
	for _, group := range page.Groups {
		if err := p.takeGroup(ctx, g, group); err != nil {
			return nil, err
		}
	}
	if page.Next != "" {
		return nil, nil
	}
	if g.Doubts && g.Read != nil {
		missing, err = p.neverRead(ctx, want)
	}
	g.close(page.Delta, p.Now().UTC())
	return missing, err
}

// close notes the end of a round.
func (g *GroupCursor) close(delta string, now time.Time) {
	if read := g.Read; read != nil {
		g.Replay, g.Marks = read.Link, []Mark{{Link: read.Link, At: read.LinkAt}}
		g.Read = nil
	} else {
		g.Replay = ""
		if last := len(g.Marks) - 1; last < 0 || now.Sub(g.Marks[last].At) >= markDistance {
			g.Marks = append(g.Marks[max(0, last):len(g.Marks):len(g.Marks)], Mark{Link: delta, At: now})
		}
	}
	g.Delta, g.DeltaAt, g.Next, g.Pages, g.Pending, g.Restarted = delta, now, "", 0, false, false
}

// stuck notes that a page of changes could not be read. The next run asks for it again, and if that fails too, begins the round anew.
func (p *Pull) stuck(ctx context.Context, cursor Cursor, err error) error {
	g := &cursor.Groups
	if ctx.Err() != nil || fault.Is(err, fault.Throttled) || g.Next == "" && (g.Read == nil || g.Read.Next == g.Read.Link) {
		return err
	}
	if g.Tries++; g.Tries >= maxTries {
		g.Tries, g.Next = 0, ""
		if g.Read != nil {
			g.Read.Next, g.Read.Pages = g.Read.Link, 0
		}
		return p.saveCursor(ctx, cursor)
	}
	return firstError(p.saveCursor(ctx, cursor), err)
}

// groupsExpired has all groups read anew, because Graph no longer accepts the link from which their changes were told. A read that began for
// that reason does so once.
func (p *Pull) groupsExpired(ctx context.Context, cursor Cursor, cause error) (Progress, error) {
	g := &cursor.Groups
	restarted := g.Restarted
	g.Delta, g.Marks, g.Next, g.Replay, g.Read, g.Again = "", nil, "", "", nil, true
	g.Restarted = !restarted
	if restarted {
		return Progress{}, firstError(p.saveCursor(ctx, cursor), cause)
	}
	return underWay(), p.saveCursor(ctx, cursor)
}

// neverRead returns a live group that a selection needs and whose members were never read; nil if there is none. Without them nobody can be planned:
// who was in scope for another reason before would leave it. One that is wanted because all are brings nobody into scope.
func (p *Pull) neverRead(ctx context.Context, want Want) (*Group, error) {
	nesting, err := LoadNesting(ctx, p.Store, p.Connection)
	if err != nil {
		return nil, err
	}
	needed := nesting.wanted(want.Groups)
	for i, group := range nesting.Groups {
		if _, isNeeded := needed[group.SourceID]; isNeeded && group.Wanted && group.State == plan.Live && group.ReadIn == 0 && !group.Due {
			return &nesting.Groups[i], nil
		}
	}
	return nil, nil
}

// takeGroup takes in what a delta tells of one group. One that is not wanted is asked for the wanted groups that it is in, since it may have come back
// from the recycle bin, and passed over. If all are wanted, one that is not known is new, or was restored: it is looked up and read in full, since a
// delta may tell a part of it only.
func (p *Pull) takeGroup(ctx context.Context, g *GroupCursor, incoming graph.Group) error {
	known, err := p.Store.LoadGroups(ctx, p.Connection, []string{incoming.ID})
	if err != nil {
		return err
	}
	group := known[incoming.ID]
	if incoming.Removed == "" && (!group.Wanted || group.State != plan.Live) {
		if err := p.groupArrived(ctx, g, incoming.ID); err != nil {
			return err
		}
	}
	if !group.Wanted {
		if !g.All || incoming.Removed != "" {
			return nil
		}
		group.wantAnew(incoming.ID)
		g.Unread = true
		g.Graph++
		return p.Store.SaveGroups(ctx, p.Connection, []Group{group})
	}
	next := p.nextGroup(group, incoming)
	if next.State != group.State {
		g.Graph++
		g.Spent = g.Spent || next.State == plan.Gone
		if next.State == plan.Live && (group.State == plan.Gone || !group.Sure()) { // not all of its members are known
			next.Due, g.Unread = true, true
		}
	}
	if next.State != group.State || !next.DeletedAt.Equal(group.DeletedAt) || !next.Record.Equal(group.Record) {
		if err := p.Store.SaveGroups(ctx, p.Connection, []Group{next}); err != nil {
			return err
		}
	}
	return p.takeMembers(ctx, g, next, incoming.Members)
}

func (p *Pull) nextGroup(group Group, incoming graph.Group) Group {
	switch incoming.Removed {
	case graph.Changed:
		if group.State == plan.Live {
			group.State, group.DeletedAt = plan.Deleted, p.Now().UTC().Truncate(time.Second)
		}
	case graph.Deleted:
		if group.State != plan.Gone {
			group.State, group.ReadIn, group.Due = plan.Gone, max(1, group.ReadIn), false
		}
	default:
		group.State, group.DeletedAt = plan.Live, time.Time{}
		group.Record = group.Record.Merge(incoming.Record)
	}
	return group
}

// takeMembers takes in who joined and who left.
func (p *Pull) takeMembers(ctx context.Context, g *GroupCursor, group Group, told []graph.Member) error {
	var joined []graph.Member
	var left []ident.ID
	for _, m := range told {
		if !m.Left {
			joined = append(joined, m)
		} else if id, err := ident.Parse(m.ID); err == nil {
			left = append(left, id)
		}
	}
	members, _ := membersOf(joined)
	if len(members) > 0 {
		fresh, err := p.join(ctx, group, members, 0)
		if err != nil {
			return err
		}
		g.Nesting = g.Nesting || nests(fresh)
	}
	if len(left) == 0 {
		return nil
	}
	known, err := p.Store.LoadMembers(ctx, p.Connection, group.Seq, left)
	if err != nil {
		return err
	}
	for _, kind := range known {
		g.Nesting = g.Nesting || kind == MemberGroup
	}
	return p.Store.DropMembers(ctx, p.Connection, group.Seq, left)
}
