package mirror

import (
	"context"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/plan"
)

// listGroups takes the next page of all groups of the tenant. Nothing follows from it for groups that it lacks: those that are due are looked up.
func (p *Pull) listGroups(ctx context.Context, cursor Cursor) (Progress, error) {
	g := &cursor.Groups
	list := &g.Read.Listing
	page, err := p.groupsPage(ctx, list.Next)
	if err != nil {
		return underWay(), p.interrupted(ctx, cursor, list, err)
	}
	first := ""
	if len(page.Groups) > 0 {
		first = page.Groups[0].ID
	}
	list.note(page.Count, len(page.Groups), first, page.Next)
	if list.endless() {
		pages := list.Pages
		*list = beginning()
		return Progress{}, firstError(p.saveCursor(ctx, cursor), endless("the list of the tenant's groups has not ended after %d pages", pages))
	}
	var incomplete error
	err = p.Store.InTx(ctx, func(ctx context.Context) error {
		if err := p.takeListed(ctx, g, page.Groups); err != nil {
			return err
		}
		if page.Next == "" {
			incomplete = g.listed()
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
	return underWay(), firstError(err, incomplete)
}

func (p *Pull) groupsPage(ctx context.Context, link string) (graph.GroupPage, error) {
	if link == "" {
		return p.Tenant.ListGroups(ctx, groupProperties())
	}
	return p.followGroups(ctx, link)
}

// takeListed takes in what a list says of groups: those that are due are there, and those that are not known, or were not wanted, become due.
// The others are left to the changes, which know better.
func (p *Pull) takeListed(ctx context.Context, g *GroupCursor, listed []graph.Group) error {
	ids := make([]string, len(listed))
	for i, group := range listed {
		ids[i] = group.ID
	}
	known, err := p.Store.LoadGroups(ctx, p.Connection, ids)
	if err != nil {
		return err
	}
	var changed []Group
	var arrived []string
	for _, incoming := range listed {
		group, isKnown := known[incoming.ID]
		if isKnown && (group.Wanted && !group.Due || group.ListedIn == g.Generation) {
			continue
		}
		if group.State != plan.Live {
			g.Graph++
		}
		if group.State == plan.Deleted {
			arrived = append(arrived, incoming.ID)
		}
		if !group.Wanted {
			group.wantAnew(incoming.ID)
		}
		group.State, group.DeletedAt, group.Record, group.ListedIn = plan.Live, time.Time{}, incoming.Record, g.Generation
		known[incoming.ID] = group // a list may repeat itself
		changed = append(changed, group)
	}
	g.Unread = g.Unread || len(changed) > 0
	if err := p.groupArrived(ctx, g, arrived...); err != nil {
		return err
	}
	return p.Store.SaveGroups(ctx, p.Connection, changed)
}

// wantAnew makes a group due that was not wanted so far, or not known: then it is the zero Group.
func (g *Group) wantAnew(id string) {
	if g.SourceID == "" {
		g.SourceID, g.State = id, plan.Gone
	}
	g.Wanted, g.Due, g.ReadIn, g.Doubt = true, true, 0, 0
}

// listed ends the list of all groups. One that is short hides groups that nothing else tells of: then the read is given up, and the next one lists
// them again; what it brought stays.
func (g *GroupCursor) listed() error {
	list := g.Read.Listing
	short := list.short()
	if short > 0 && (short != g.Short || !list.tolerated(short)) {
		g.Short, g.Read = short, nil
		return fault.New(fault.Unavailable, "IncompleteRead",
			"the list of the tenant's groups ended after %d of %d; nothing was removed", list.Listed, list.Expected).WithRemedy(readAgain)
	}
	g.List, g.Short = false, 0
	g.Read.Stage, g.Read.Listing = StageLookUp, beginning()
	return nil
}
