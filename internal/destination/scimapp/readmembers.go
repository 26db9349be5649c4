package scimapp

import (
	"context"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/scimclient"
)

// fewer is how many groups are read at once with their members, if the service's answers were too large.
const fewer = 10

// readMembers reads the members of the next groups. Services that do not tell them are believed to have those whom instances put in.
func (a *App) readMembers(ctx context.Context, client *scimclient.Client, at Inventory) error {
	next := at
	next.Stage, next.Cursor, next.Count = MissingUsers, "", 0
	some, err := a.Store.ListRemoteObjects(ctx, a.Service, Filter{Kind: Groups}, 1)
	if err != nil {
		return err
	}
	if len(some) == 0 || !a.said.MembersTold {
		return a.in(ctx, at, next, func(context.Context) error { return nil })
	}
	page, err := client.List(ctx, scimclient.Group, scimclient.Page{Cursor: at.Cursor, Count: at.Count})
	if f := fault.Of(err); f != nil && f.Code == scimclient.AnswerTooLarge && at.Count != 1 {
		smaller := Inventory{Number: at.Number, Stage: at.Stage, Count: fewer, Read: at.Read}
		if at.Count == fewer {
			smaller.Count = 1
		}
		return a.in(ctx, at, smaller, func(context.Context) error { return nil })
	}
	if fault.Is(err, fault.Expired) && at.Cursor != "" {
		return a.in(ctx, at, Inventory{Number: at.Number, Stage: at.Stage, Count: at.Count, Read: at.Read}, func(context.Context) error { return nil })
	}
	if err != nil {
		return err
	}
	if page.Next != "" {
		next.Stage, next.Cursor, next.Count = at.Stage, page.Next, at.Count
	}
	return a.in(ctx, at, next, func(ctx context.Context) error {
		for _, resource := range page.Resources {
			if err := a.seeMembers(ctx, resource); err != nil {
				return err
			}
		}
		return nil
	})
}

// seeMembers takes in who is in a group. Whom an instance put in, and who is not there any more, is a member no longer; who is there and was put in by
// no instance was put in by hand.
func (a *App) seeMembers(ctx context.Context, resource scimclient.Resource) error {
	groups, err := a.Store.RemoteObjectsOf(ctx, a.Service, Groups, []string{resource.ID})
	if err != nil || len(groups) == 0 {
		return err
	}
	group := groups[0].ID
	there, err := a.membersOf(ctx, resource)
	if err != nil {
		return err
	}
	var rows []Member
	for after := (ident.ID{}); ; {
		page, err := a.Store.RemoteMembers(ctx, a.Service, group, after, Synced|Manual, memberPage)
		if err != nil {
			return err
		}
		for _, row := range page {
			if _, seen := there[row.Member]; !seen && row.RemoteID != "" {
				row.Marks &^= Synced | Manual
				rows = append(rows, row)
			}
			delete(there, row.Member)
			after = row.Member
		}
		if len(page) < memberPage {
			break
		}
	}
	for id, nested := range there {
		rows = append(rows, Member{Group: group, Member: id, Nested: nested, Marks: Manual})
	}
	return a.Store.SaveRemoteMembers(ctx, a.Service, rows)
}

// membersOf returns our ids of the members of a group, and whether they are groups.
func (a *App) membersOf(ctx context.Context, group scimclient.Resource) (map[ident.ID]bool, error) {
	remoteIDs := memberIDs(group)
	members := make(map[ident.ID]bool, len(remoteIDs))
	for _, kind := range []Kind{Users, Groups} {
		objects, err := a.Store.RemoteObjectsOf(ctx, a.Service, kind, remoteIDs)
		if err != nil {
			return nil, err
		}
		for _, object := range objects {
			members[object.ID] = kind == Groups
		}
	}
	return members, nil
}

// memberIDs returns the service's ids of the members of a group.
func memberIDs(group scimclient.Resource) []string {
	list, _ := group.Body["members"].([]any)
	ids := make([]string, 0, len(list))
	for _, element := range list {
		member, _ := element.(map[string]any)
		if id, _ := member["value"].(string); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}
