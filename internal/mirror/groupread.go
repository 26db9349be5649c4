package mirror

import (
	"context"
	"maps"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// maxTries is how many runs ask for a page before its list is read from the beginning: a link may be broken for good.
const maxTries = 2

// readGroups does the next piece of a read of groups.
func (p *Pull) readGroups(ctx context.Context, cursor Cursor, want Want) (Progress, error) {
	switch cursor.Groups.Read.Stage {
	case StageLookUp:
		return p.lookUpGroups(ctx, cursor)
	case StageMembers:
		return p.readMembers(ctx, cursor, want)
	default:
		return p.groupChanges(ctx, cursor)
	}
}

// lookUpGroups asks which of the next groups exist, and for their names.
func (p *Pull) lookUpGroups(ctx context.Context, cursor Cursor) (Progress, error) {
	g := &cursor.Groups
	groups, err := p.Store.DueGroups(ctx, p.Connection, g.Read.After, lookUps)
	if err != nil {
		return Progress{}, err
	}
	found, err := p.lookUpTwice(ctx, groups)
	if err != nil {
		return Progress{}, err
	}
	for i := range groups {
		g.Read.After = groups[i].Seq
		if p.locate(&groups[i], found[groups[i].SourceID]) {
			g.Graph++
		}
		g.Spent = g.Spent || groups[i].State == plan.Gone && groups[i].ReadIn > 0
	}
	if len(groups) < lookUps {
		g.Read.Stage, g.Read.After = StageMembers, 0
	}
	err = p.Store.InTx(ctx, func(ctx context.Context) error {
		if err := p.Store.SaveGroups(ctx, p.Connection, groups); err != nil {
			return err
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
	return underWay(), err
}

// lookUpTwice asks again for groups that seem gone, for the reason that lookUp gives.
func (p *Pull) lookUpTwice(ctx context.Context, groups []Group) (map[string]graph.GroupExistence, error) {
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
// deleted now; its members go when it has been away for as long as the recycle bin keeps groups, or a delta says that it is gone.
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
	group.Due, group.Doubt = false, 0
	return before != group.State
}

// readMembers takes the next page of the members of the next group that is due.
func (p *Pull) readMembers(ctx context.Context, cursor Cursor, want Want) (Progress, error) {
	g := &cursor.Groups
	groups, err := p.Store.DueGroups(ctx, p.Connection, g.Read.After, 1)
	if err != nil {
		return Progress{}, err
	}
	if len(groups) == 0 {
		return p.membersRead(ctx, cursor, want)
	}
	group := groups[0]
	if g.Read.Dropping {
		return p.dropUnseen(ctx, cursor, group)
	}
	missing := false
	page, err := p.memberPage(ctx, group.SourceID, g.Read.Next)
	switch {
	case fault.Is(err, fault.NotFound) && g.Read.Next == "":
		// It was there a moment ago. What that means is told by the changes, or by the next read.
		page, missing = graph.MemberPage{Count: -1}, true
	case err != nil:
		return underWay(), p.interrupted(ctx, cursor, err)
	}
	g.Read.note(page)
	if g.Read.Pages > maxPages || g.Read.Expected >= 0 && g.Read.Pages > 100+g.Read.Expected/10 {
		g.Read.restart(group.Seq - 1)
		return Progress{}, firstError(p.saveCursor(ctx, cursor),
			endless("the list of the members of the group %q has not ended after %d pages", group.Label(), maxPages))
	}
	members, others := membersOf(page.Members)
	g.Read.Others += others
	err = p.Store.InTx(ctx, func(ctx context.Context) error {
		nested, err := p.join(ctx, group, members, g.Generation)
		if err != nil {
			return err
		}
		g.Nesting = g.Nesting || nested
		if page.Next == "" {
			if err := p.judge(ctx, g, group, missing); err != nil {
				return err
			}
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
	return underWay(), err
}

func (p *Pull) memberPage(ctx context.Context, group, link string) (graph.MemberPage, error) {
	if link == "" {
		return p.Tenant.Members(ctx, group)
	}
	page, err := p.Tenant.FollowMembers(ctx, link)
	return page, sound(link, page.Next, "", err)
}

// interrupted notes that a page of members could not be read. The next run asks for it again, and if that fails too, reads the list from its
// beginning.
func (p *Pull) interrupted(ctx context.Context, cursor Cursor, err error) error {
	read := cursor.Groups.Read
	if read.Next == "" || ctx.Err() != nil || fault.Is(err, fault.Throttled) || fault.Is(err, fault.Stale) {
		return err
	}
	if read.Tries++; read.Tries >= maxTries || fault.Is(err, fault.Expired) {
		read.restart(read.After)
		return p.saveCursor(ctx, cursor)
	}
	return firstError(p.saveCursor(ctx, cursor), err)
}

// note takes over what a page says about the whole list.
func (r *GroupRead) note(page graph.MemberPage) {
	if page.Count >= 0 {
		r.Expected = page.Count
	}
	if len(page.Members) > 0 && page.Members[0].ID != r.First {
		r.First = page.Members[0].ID
		r.Listed += len(page.Members)
	}
	r.Pages++
	r.Next, r.Tries = page.Next, 0
}

// restart goes on behind a group, at the beginning of a list.
func (r *GroupRead) restart(after int64) {
	r.After, r.Next, r.Pages, r.Tries, r.Listed, r.Others, r.Expected, r.First, r.Dropping = after, "", 0, 0, 0, 0, -1, "", false
}

// judge decides what a list that was read to its end is worth. What the list has is taken in; what it lacks goes only if it is believed, which
// takes as many members as Graph announced. An empty list of a group that had members is believed the second time, and so is one that lacks a
// few or was not announced, but nobody goes for that. A list that is not there says nothing, however often.
func (p *Pull) judge(ctx context.Context, g *GroupCursor, group Group, missing bool) error {
	read := g.Read
	short := max(0, read.Expected-read.Listed)
	doubt := 0
	switch {
	case missing:
		doubt = notThere
	case read.Expected < 0:
		doubt = notAnnounced
	case short > 0:
		doubt = short
	case read.Listed == 0 && group.ReadIn > 0:
		doubt = emptied
	}
	again := doubt == group.Doubt
	switch {
	case doubt == 0, doubt == emptied && again:
		read.Dropping = true
		return nil
	case again && (doubt == notAnnounced && read.Listed > 0 || doubt > 0 && short <= max(3, read.Expected/50)):
		group.ReadIn, group.Doubt = g.Generation, 0 // Graph counts by an index that can be off for long
	default:
		group.Doubt, g.Doubts = doubt, true
	}
	group.Due, group.Others = false, read.Others
	read.restart(group.Seq)
	return p.Store.SaveGroups(ctx, p.Connection, []Group{group})
}

// Doubts about a list, other than how many members it lacks.
const (
	emptied      = -1
	notAnnounced = -2
	notThere     = -3
)

// dropUnseen removes whom a list that is believed lacks, a few thousand at a time.
func (p *Pull) dropUnseen(ctx context.Context, cursor Cursor, group Group) (Progress, error) {
	g := &cursor.Groups
	err := p.Store.InTx(ctx, func(ctx context.Context) error {
		count, err := p.Store.DropUnseen(ctx, p.Connection, group.Seq, g.Generation, emptyAtOnce)
		if err != nil {
			return err
		}
		if g.Nesting = g.Nesting || count > 0; count < emptyAtOnce {
			group.Due, group.Doubt, group.ReadIn, group.Others = false, 0, g.Generation, g.Read.Others
			if err := p.Store.SaveGroups(ctx, p.Connection, []Group{group}); err != nil {
				return err
			}
			g.Read.restart(group.Seq)
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
	return underWay(), err
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
		g.Read.restart(0)
		if g.Unread {
			g.Read.Stage = StageLookUp
		} else {
			g.Read.Stage, g.Read.Next = StageChanges, g.Read.Link
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
	return underWay(), err
}

// membersOf sorts out what is copied, and counts the rest: devices, contacts, applications, and what has no proper id.
func membersOf(page []graph.Member) (members []Member, others int) {
	members = make([]Member, 0, len(page))
	for _, m := range page {
		id, err := ident.Parse(m.ID)
		switch {
		case err != nil:
			others++
		case m.Type == graph.TypeGroup:
			members = append(members, Member{ID: id, Kind: MemberGroup})
		case m.Type == graph.TypeUser || m.Type == "":
			members = append(members, Member{ID: id, Kind: MemberUser})
		default:
			others++
		}
	}
	return members, others
}

// join adds members to a group, or marks those that it has as seen, and reports whether a group is among the new ones.
func (p *Pull) join(ctx context.Context, group Group, members []Member, generation int64) (nested bool, err error) {
	ids := make([]ident.ID, len(members))
	for i, member := range members {
		ids[i] = member.ID
	}
	known, err := p.Store.LoadMembers(ctx, p.Connection, group.Seq, ids)
	if err != nil {
		return false, err
	}
	var fresh []Member
	var seen []ident.ID
	for _, member := range members {
		if kind := known[member.ID]; kind == member.Kind {
			seen = append(seen, member.ID)
			continue
		}
		known[member.ID] = member.Kind // a member may come twice
		fresh = append(fresh, member)
		nested = nested || member.Kind == MemberGroup
	}
	if err := p.Store.SaveMembers(ctx, p.Connection, group.Seq, fresh, generation); err != nil || generation == 0 {
		return nested, err
	}
	return nested, p.Store.SawMembers(ctx, p.Connection, group.Seq, seen, generation)
}
