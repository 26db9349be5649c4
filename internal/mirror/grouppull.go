package mirror

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/plan"
)

// emptyAtOnce is how many members are removed in one transaction when whole groups go.
const emptyAtOnce = 5000

// groupsDue reports whether the groups have a part in the pull.
func (c Cursor) groupsDue(want Want) bool {
	g := c.Groups
	return want.WithGroups || !want.selects() && (g.Selection != "" || g.Spent || g.Delta != "")
}

// groups does the next piece of the groups' part: it comes after the users.
func (p *Pull) groups(ctx context.Context, cursor Cursor, want Want) (Progress, error) {
	g := &cursor.Groups
	switch {
	case g.Read != nil && want.selects():
		read := *g.Read
		g.Read = &read
		return p.readGroups(ctx, cursor, want)
	case g.Selection != digest(want) || g.Nesting:
		return p.choose(ctx, cursor, want)
	case g.Pending && g.Doubts:
		return p.makeDue(ctx, cursor, func(group Group) bool { return group.Doubt != 0 && group.State == plan.Live })
	case g.Again:
		g.List = g.All
		return p.makeDue(ctx, cursor, func(Group) bool { return true })
	case g.Spent:
		return p.empty(ctx, cursor)
	case g.Selection == "":
		cursor.Groups = GroupCursor{Graph: g.Graph + 1, Generation: g.Generation}
		return Progress{Done: true, Stage: stageGroups, Expected: -1}, p.saveCursor(ctx, cursor)
	case g.Delta == "" || g.Unread || g.List:
		return p.beginGroups(ctx, cursor)
	case g.Pending || g.Next != "":
		return p.groupChanges(ctx, cursor, want)
	}
	return p.arrivals(ctx, cursor)
}

// stageGroups is what Progress.Stage says while groups are read.
const stageGroups = "groups"

func underWay() Progress { return Progress{Stage: stageGroups, Expected: -1} }

// selects reports whether any group is wanted.
func (w Want) selects() bool { return w.AllGroups || len(w.Groups) > 0 }

// digest identifies what is selected; "" if it is nothing.
func digest(want Want) string {
	if !want.selects() {
		return ""
	}
	lines := make([]string, len(want.Groups), len(want.Groups)+1)
	for i, selected := range want.Groups {
		lines[i] = selected.ID + " " + strconv.FormatBool(selected.Nested)
	}
	if want.AllGroups {
		lines = append(lines, "all")
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:16])
}

// choose finds out which of the groups that are known are wanted, by selection and nesting, and which others. New ones become due; the members of
// those that are not wanted any more go. Where all groups are wanted those are not that are gone, unless somebody selected them.
func (p *Pull) choose(ctx context.Context, cursor Cursor, want Want) (Progress, error) {
	err := p.Store.InTx(ctx, func(ctx context.Context) error {
		if err := p.chooseNow(ctx, &cursor.Groups, want); err != nil {
			return err
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
	return underWay(), err
}

func (p *Pull) chooseNow(ctx context.Context, g *GroupCursor, want Want) error {
	nesting, err := LoadNesting(ctx, p.Store, p.Connection)
	if err != nil {
		return err
	}
	wanted := nesting.wanted(want.Groups)
	var changed []Group
	for _, group := range nesting.Groups {
		_, wants := wanted[group.SourceID]
		delete(wanted, group.SourceID)
		wants = wants || want.AllGroups && (group.State != plan.Gone || group.Due)
		if wants == group.Wanted {
			continue
		}
		group.Wanted, group.Due, group.ReadIn, group.Doubt = wants, wants, 0, 0
		g.Spent, g.Unread = g.Spent || !wants, g.Unread || wants
		changed = append(changed, group)
	}
	for id := range wanted {
		changed = append(changed, Group{SourceID: id, State: plan.Gone, Wanted: true, Due: true})
		g.Unread = true
	}
	slices.SortFunc(changed, func(a, b Group) int { return strings.Compare(a.SourceID, b.SourceID) })
	g.Selection, g.Nesting = digest(want), false
	g.List = want.AllGroups && (g.List || !g.All)
	g.All = want.AllGroups
	if g.Selection == "" {
		g.Read = nil
	}
	g.Graph++
	return p.Store.SaveGroups(ctx, p.Connection, changed)
}

// makeDue makes some of the wanted groups due.
func (p *Pull) makeDue(ctx context.Context, cursor Cursor, which func(Group) bool) (Progress, error) {
	err := p.Store.InTx(ctx, func(ctx context.Context) error {
		if err := p.saveDue(ctx, which); err != nil {
			return err
		}
		g := &cursor.Groups
		g.Unread, g.Again, g.Doubts = true, false, false
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
	return underWay(), err
}

// saveDue is the part of makeDue that is about the groups.
func (p *Pull) saveDue(ctx context.Context, which func(Group) bool) error {
	groups, err := p.Store.AllGroups(ctx, p.Connection)
	if err != nil {
		return err
	}
	groups = slices.DeleteFunc(groups, func(group Group) bool { return !group.Wanted || group.Due || !which(group) })
	for i := range groups {
		groups[i].Due = true
	}
	return p.Store.SaveGroups(ctx, p.Connection, groups)
}

// empty removes members of groups that are not wanted any more, or are gone, a few thousand at a time.
func (p *Pull) empty(ctx context.Context, cursor Cursor) (Progress, error) {
	err := p.Store.InTx(ctx, func(ctx context.Context) error {
		groups, err := p.Store.AllGroups(ctx, p.Connection)
		if err != nil {
			return err
		}
		gone, unwanted, done, err := p.dropMembers(ctx, groups)
		if err != nil {
			return err
		}
		cursor.Groups.Spent = !done
		cursor.Groups.Nesting = cursor.Groups.Selection != "" && len(gone) > 0
		if err := p.Store.SaveGroups(ctx, p.Connection, gone); err != nil {
			return err
		}
		if err := p.Store.DropGroups(ctx, p.Connection, unwanted); err != nil {
			return err
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
	return underWay(), err
}

// dropMembers takes the members out of groups that are gone or not wanted any more, so many at a time, and returns those that are empty now.
// done is false if there are more.
func (p *Pull) dropMembers(ctx context.Context, groups []Group) (gone []Group, unwanted []int64, done bool, err error) {
	left := emptyAtOnce
	for _, group := range groups {
		if group.Wanted && (group.State != plan.Gone || group.ReadIn == 0) {
			continue
		}
		count, err := p.Store.DropUnseen(ctx, p.Connection, group.Seq, 0, left)
		if err != nil {
			return nil, nil, false, err
		}
		if left -= count; left == 0 {
			return gone, unwanted, false, nil
		}
		if group.Wanted {
			group.ReadIn, group.Doubt = 0, 0
			gone = append(gone, group)
		} else {
			unwanted = append(unwanted, group.Seq)
		}
	}
	return gone, unwanted, true, nil
}

// beginGroups starts a read of the groups that are due. As for users, the delta link is older than the lists, so that nothing falls between.
// Without a link that is good for that, nothing tells what changed in the others since the last pull: then all wanted groups are read, and listed
// again if every one is wanted.
func (p *Pull) beginGroups(ctx context.Context, cursor Cursor) (Progress, error) {
	now, g := p.Now().UTC(), &cursor.Groups
	mark := g.mark(now)
	fresh := mark.Link == ""
	if fresh {
		latest, err := p.Tenant.LatestGroupsDelta(ctx, groupProperties())
		if err != nil {
			return Progress{}, err
		}
		mark = Mark{Link: latest, At: now}
	}
	g.Generation++
	g.Next, g.Pages, g.Replay = "", 0, ""
	g.Read = &GroupRead{Stage: StageLookUp, Link: mark.Link, LinkAt: mark.At, Listing: beginning()}
	if g.List = g.List || g.All && fresh; g.List {
		g.Read.Stage = StageGroups
	}
	return underWay(), p.Store.InTx(ctx, func(ctx context.Context) error {
		if fresh {
			if err := p.saveDue(ctx, func(Group) bool { return true }); err != nil {
				return err
			}
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
}

// mark returns the delta link from which a read can replay; none if there is none that is good for that.
func (g *GroupCursor) mark(now time.Time) Mark {
	if g.Delta == "" {
		return Mark{}
	}
	for _, mark := range append(slices.Clone(g.Marks), Mark{Link: g.Delta, At: g.DeltaAt}) {
		if now.Sub(mark.At) < linkLife {
			return mark
		}
	}
	return Mark{}
}

// followGroups returns a page of changes of groups, as follow does for users.
func (p *Pull) followGroups(ctx context.Context, link string) (graph.GroupPage, error) {
	page, err := p.Tenant.FollowGroups(ctx, link)
	return page, sound(link, page.Next, page.Delta, err)
}

// sound judges a page that was followed, for groups and members as follow does for users.
func sound(link, next, delta string, err error) error {
	switch {
	case refusedUnsent(err):
		return fault.Wrap(fault.Expired, "CloudMoved", err, "the last read ended at another address of the cloud").
			WithRemedy("A full read starts over")
	case err != nil:
		return err
	case next == link:
		return endless("a page of the tenant's groups names itself as the next page")
	case leadsAway(link, next) || leadsAway(link, delta):
		return fault.New(fault.Invalid, offHost, "a page of the tenant's groups names a page on another host, which is not followed").
			WithRemedy("Nothing of it was used; look for a proxy that answers in Microsoft's place.")
	}
	return nil
}
