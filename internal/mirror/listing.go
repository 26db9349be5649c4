package mirror

import (
	"context"
	"slices"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
)

// maxTries is how many runs ask for a page before its list is read from the beginning: a link may be broken for good.
const maxTries = 2

// beginning is a list of which nothing was read.
func beginning() Listing { return Listing{Expected: -1} }

// note takes over what a page says about the whole list: how many there are (-1: it does not say), how many it has, and its first id.
func (l *Listing) note(count, size int, first, next string) {
	if count >= 0 {
		l.Expected = count
	}
	if size > 0 && first != l.First {
		l.First = first
		l.Listed += size
	}
	l.Pages++
	l.Next, l.Tries = next, 0
}

// short is how many fewer were read than announced.
func (l *Listing) short() int { return max(0, l.Expected-l.Listed) }

// tolerated reports whether a list may lack so many: few, since Graph counts by an index that can be off for long.
func (l *Listing) tolerated(short int) bool { return short <= max(3, l.Expected/50) }

// endless reports whether more pages were read than the list can have.
func (l *Listing) endless() bool {
	return l.Pages > maxPages || l.Expected >= 0 && l.Pages > 100+l.Expected/10
}

// restartOpen begins all lists of members anew: their links were given together, and one of them is broken for good.
func (r *GroupRead) restartOpen() {
	for i := range r.Open {
		if list := &r.Open[i]; !list.Dropping {
			list.Listing = beginning()
		}
	}
}

// listedOnce counts each member of a list once that was read to its end: a page may repeat what another had, and lack as many. onPage are the
// users and groups of the last page.
func (p *Pull) listedOnce(ctx context.Context, group int64, list *MemberList, onPage int) (err error) {
	if list.Pages > 1 {
		onPage, err = p.Store.CountSeen(ctx, p.Connection, group, list.Generation)
	}
	list.Listed, list.LastOthers = onPage+list.Others, nil
	return err
}

// addOthers counts members of a page that are neither users nor groups, but for those that the page before had already. Of earlier pages nothing is
// kept to know them by.
func (l *MemberList) addOthers(ids []string) {
	page := make([]int64, len(ids))
	for i, id := range ids {
		if page[i] = attr.Hash([]byte(id)); !slices.Contains(l.LastOthers, page[i]) {
			l.Others++
		}
	}
	l.LastOthers = page
}

// judge decides what a list that was read to its end is worth. What the list has is taken in; what it lacks goes only if it is believed, which
// takes as many members as Graph announced. An empty list of a group that had members is believed the second time. One that lacks a few, or was not
// announced, will do the second time as a read of the members, but remains in doubt: nobody goes for that, and every pull reads it again. A list that
// is not there, or has none of those who were announced, says nothing, however often.
func (g *GroupCursor) judge(group *Group, list *MemberList, missing bool) (believed bool) {
	short := list.short()
	doubt := 0
	switch {
	case missing:
		doubt = notThere
	case list.Expected < 0:
		doubt = notAnnounced
	case short > 0:
		doubt = short
	case list.Listed == 0 && group.ReadIn > 0:
		doubt = emptied
	}
	again := doubt == group.Doubt
	if doubt == 0 || doubt == emptied && again {
		return true
	}
	if again && list.Listed > 0 && (doubt == notAnnounced || doubt > 0 && list.tolerated(short)) {
		group.ReadIn = list.Generation // Graph counts by an index that can be off for long
	}
	g.Doubts = true
	group.Due, group.Doubt, group.Others = false, doubt, list.Others
	return false
}

// Doubts about a list, other than how many members it lacks.
const (
	emptied      = -1
	notAnnounced = -2
	notThere     = -3
)

// interrupted notes that the next page of a list of the cursor could not be read. The next run asks for it again, and if that fails too, reads the
// list from its beginning; so does this run, once, if Graph no longer accepts the link.
func (p *Pull) interrupted(ctx context.Context, cursor Cursor, list *Listing, cause error) error {
	if list.Next == "" || ctx.Err() != nil || fault.Is(cause, fault.Throttled) || fault.Is(cause, fault.Stale) {
		return cause
	}
	switch list.Tries++; {
	case fault.Is(cause, fault.Expired):
		again := list.Restarted
		*list = beginning()
		list.Restarted = true
		if again {
			return firstError(p.saveCursor(ctx, cursor), cause)
		}
		return p.saveCursor(ctx, cursor)
	case list.Tries >= maxTries:
		*list = beginning()
		cursor.Groups.Read.restartOpen()
		return p.saveCursor(ctx, cursor)
	}
	return firstError(p.saveCursor(ctx, cursor), cause)
}
