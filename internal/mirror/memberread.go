package mirror

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
)

// The first pages of members are asked for firstAtOnce groups at a time, which is what a $batch may hold, and written together: those of up to
// groupsAtOnce groups, or with enoughMembers; so are the pages of a long list. Members are spread over the whole index, whose pages are so written less
// often.
const (
	firstAtOnce   = 20
	groupsAtOnce  = 400
	enoughMembers = 50_000
)

// readMembers takes the next page of a list of members that is under way, or the first pages of the next groups that are due.
func (p *Pull) readMembers(ctx context.Context, cursor Cursor, want Want) (Progress, error) {
	g := &cursor.Groups
	if len(g.Read.Open) > 0 {
		return p.readOn(ctx, cursor)
	}
	groups, err := p.Store.DueGroups(ctx, p.Connection, g.Read.After, groupsAtOnce)
	switch {
	case err != nil:
		return Progress{}, err
	case len(groups) == 0:
		return p.membersRead(ctx, cursor, want)
	case len(groups) == 1:
		g.Read.After, g.Read.Open = groups[0].Seq, []MemberList{{Group: groups[0].Seq, Listing: beginning()}}
		return p.readOn(ctx, cursor)
	}
	return p.readFirst(ctx, cursor, groups)
}

// readFirst takes the first pages of several groups, most of which have no other. The lists of those that have, and of those that were refused,
// stay open.
func (p *Pull) readFirst(ctx context.Context, cursor Cursor, groups []Group) (Progress, error) {
	g := &cursor.Groups
	groups, pages, err := p.firstPages(ctx, groups)
	if err != nil {
		return underWay(), err
	}
	err = p.Store.InTx(ctx, func(ctx context.Context) error {
		var open []MemberList
		var closed []Group
		for _, group := range groups {
			list, done := MemberList{Group: group.Seq, Listing: beginning()}, false
			if page, told := pages[group.SourceID]; told {
				if done, err = p.takeList(ctx, g, &group, &list, g.note(&list, page), false); err != nil {
					return err
				}
			}
			if done {
				closed = append(closed, group)
			} else {
				open = append(open, list)
			}
		}
		g.Read.After, g.Read.Open = groups[len(groups)-1].Seq, open
		if err := p.Store.SaveGroups(ctx, p.Connection, closed); err != nil {
			return err
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
	return underWay(), err
}

// firstPages returns the first pages of members by the groups' ids, and the first groups for which they were asked. What was answered before an
// error counts; the next step meets the error again.
func (p *Pull) firstPages(ctx context.Context, groups []Group) (asked []Group, pages map[string]graph.MemberPage, err error) {
	pages = make(map[string]graph.MemberPage, len(groups))
	members := 0
	for some := range slices.Chunk(groups, firstAtOnce) {
		ids := make([]string, len(some))
		for i, group := range some {
			ids[i] = group.SourceID
		}
		found, err := p.Tenant.FirstMembers(ctx, ids)
		if err != nil && len(asked) > 0 {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		maps.Copy(pages, found)
		for _, page := range found {
			members += len(page.Members)
		}
		if asked = groups[:len(asked)+len(some)]; members >= enoughMembers {
			break
		}
	}
	return asked, pages, nil
}

// readOn does the next piece of the first list that is open: its next pages, or the next of those whom it lacks.
func (p *Pull) readOn(ctx context.Context, cursor Cursor) (Progress, error) {
	g := &cursor.Groups
	list := &g.Read.Open[0]
	groups, err := p.Store.DueGroups(ctx, p.Connection, list.Group-1, 1)
	if err != nil {
		return Progress{}, err
	}
	if len(groups) == 0 || groups[0].Seq != list.Group { // not wanted any more
		g.Read.Open = g.Read.Open[1:]
		return underWay(), p.saveCursor(ctx, cursor)
	}
	group, missing := groups[0], false
	var members []Member
	if !list.Dropping {
		members, err = p.nextPages(ctx, g, group, list)
		switch {
		case fault.Is(err, fault.NotFound) && list.Next == "":
			// It was there a moment ago. What that means is told by the changes, or by the next read.
			members, missing = g.note(list, graph.MemberPage{Count: -1}), true
		case err != nil:
			return underWay(), p.interrupted(ctx, cursor, &list.Listing, err)
		}
		if list.endless() {
			*list = MemberList{Group: list.Group, Listing: beginning()}
			return Progress{}, firstError(p.saveCursor(ctx, cursor),
				endless("the list of the members of the group %q has not ended after %d pages", group.Label(), maxPages))
		}
	}
	return underWay(), p.keepList(ctx, cursor, group, members, missing)
}

// nextPages reads on in a list until it ends or has given enoughMembers, and returns those. What was answered before an error counts; the next step
// meets the error again.
func (p *Pull) nextPages(ctx context.Context, g *GroupCursor, group Group, list *MemberList) (members []Member, err error) {
	for read := false; ; read = true {
		page, err := p.memberPage(ctx, group.SourceID, list.Next)
		if err != nil && read {
			return members, nil
		}
		if err != nil {
			return nil, err
		}
		members = append(members, g.note(list, page)...)
		if page.Next == "" || len(members) >= enoughMembers || list.endless() {
			return members, nil
		}
	}
}

// keepList writes what readOn brought about the first list that is open.
func (p *Pull) keepList(ctx context.Context, cursor Cursor, group Group, members []Member, missing bool) error {
	g := &cursor.Groups
	return p.Store.InTx(ctx, func(ctx context.Context) error {
		done, err := p.takeList(ctx, g, &group, &g.Read.Open[0], members, missing)
		if err != nil {
			return err
		}
		if done {
			g.Read.Open = g.Read.Open[1:]
			if err := p.Store.SaveGroups(ctx, p.Connection, []Group{group}); err != nil {
				return err
			}
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
}

func (p *Pull) memberPage(ctx context.Context, group, link string) (graph.MemberPage, error) {
	if link == "" {
		return p.Tenant.Members(ctx, group)
	}
	page, err := p.Tenant.FollowMembers(ctx, link)
	return page, sound(link, page.Next, "", err)
}

// note notes a page of a list and returns the users and groups that are on it, each once.
func (g *GroupCursor) note(list *MemberList, page graph.MemberPage) []Member {
	first := ""
	if len(page.Members) > 0 {
		first = page.Members[0].ID
	}
	list.note(page.Count, len(page.Members), first, page.Next)
	if list.Pages == 1 {
		g.Generation++
		list.Generation, list.Others, list.LastOthers = g.Generation, 0, nil
	}
	members, others := membersOf(page.Members)
	list.addOthers(others)
	return members
}

// takeList takes the members of the next pages in, or those go next whom a list lacks that is believed. It reports whether nothing of the list is left
// to do; then the group, which it changes, is to be saved.
func (p *Pull) takeList(ctx context.Context, g *GroupCursor, group *Group, list *MemberList, members []Member, missing bool) (done bool, err error) {
	if !list.Dropping {
		fresh, err := p.join(ctx, *group, members, list.Generation)
		g.Nesting = g.Nesting || nests(fresh)
		if err != nil || list.Next != "" {
			return false, err
		}
		if err := p.listedOnce(ctx, group.Seq, list, len(members)); err != nil {
			return false, err
		}
		if list.Dropping = g.judge(group, list, missing); !list.Dropping {
			return true, nil
		}
	}
	count, err := p.Store.DropUnseen(ctx, p.Connection, group.Seq, list.Generation, emptyAtOnce)
	if err != nil {
		return false, err
	}
	if g.Nesting = g.Nesting || count > 0; count == emptyAtOnce {
		return false, nil
	}
	group.Due, group.Doubt, group.ReadIn, group.Others = false, 0, list.Generation, list.Others
	return true, nil
}

// membersOf sorts out what is copied, each once, and the ids of the rest: devices, contacts, applications, and what has no proper id.
func membersOf(page []graph.Member) (members []Member, others []string) {
	members = make([]Member, 0, len(page))
	met := make(map[string]bool, len(page))
	for _, m := range page {
		if met[m.ID] {
			continue
		}
		met[m.ID] = true
		id, err := ident.Parse(m.ID)
		switch {
		case err != nil:
			others = append(others, m.ID)
		case m.Type == graph.TypeGroup:
			members = append(members, Member{ID: id, Kind: MemberGroup})
		case m.Type == graph.TypeUser || m.Type == "":
			members = append(members, Member{ID: id, Kind: MemberUser})
		default:
			others = append(others, m.ID)
		}
	}
	return members, others
}

// nests reports whether a group is among members.
func nests(members []Member) bool {
	return slices.ContainsFunc(members, func(m Member) bool { return m.Kind == MemberGroup })
}

// join adds members to a group, or marks those that it has as seen, and returns the new ones. A group that is read for the first time has none, but
// for a few of which the changes told.
func (p *Pull) join(ctx context.Context, group Group, members []Member, generation int64) (fresh []Member, err error) {
	known := make(map[ident.ID]MemberKind, len(members))
	if group.ReadIn > 0 || generation == 0 {
		ids := make([]ident.ID, len(members))
		for i, member := range members {
			ids[i] = member.ID
		}
		if known, err = p.Store.LoadMembers(ctx, p.Connection, group.Seq, ids); err != nil {
			return nil, err
		}
	}
	var seen []ident.ID
	for _, member := range members {
		if kind := known[member.ID]; kind == member.Kind {
			seen = append(seen, member.ID)
			continue
		}
		known[member.ID] = member.Kind // a member may come twice
		fresh = append(fresh, member)
	}
	slices.SortFunc(fresh, func(a, b Member) int { return bytes.Compare(a.ID[:], b.ID[:]) }) // in the order of the table
	if err := p.Store.SaveMembers(ctx, p.Connection, group.Seq, fresh, generation); err != nil || generation == 0 {
		return fresh, err
	}
	return fresh, p.Store.SawMembers(ctx, p.Connection, group.Seq, seen, generation)
}
