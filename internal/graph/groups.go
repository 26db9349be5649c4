package graph

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// LatestGroupsDelta returns a delta link "from now on": following it brings what happens to groups after this call. selected names the
// properties to watch; "members" among them tells who joins and leaves. The choice is part of the link.
func (c *Client) LatestGroupsDelta(ctx context.Context, selected []string) (string, error) {
	return c.latestDelta(ctx, routeGroupsDelta, selected)
}

// GroupsDelta returns the first page of a first round: all groups and, with "members" among the selected, all their direct members, then
// the link from which changes are told. For many groups it takes far fewer requests than ListGroups with Members of each. It tells links,
// not lists: members in the recycle bin are among them, and Graph tells neither their deletion nor their restoration as a change of
// the group (https://learn.microsoft.com/graph/delta-query-groups).
func (c *Client) GroupsDelta(ctx context.Context, selected []string) (GroupPage, error) {
	return c.groupPage(ctx, request{url: c.address(routeGroupsDelta, selectOption(selected)), route: routeGroupsDelta})
}

// ListGroups returns the first page, of up to 999, of all groups that are not deleted, of every kind. selected names the properties; the
// id is always there, "members" never.
func (c *Client) ListGroups(ctx context.Context, selected []string) (GroupPage, error) {
	return c.groupPage(ctx, request{
		url:    c.address(routeGroups, "$top=999", "$count=true", selectOption(without(selected, propMembers))),
		route:  routeGroups,
		header: listHeader(),
	})
}

// DeletedGroups returns the first page of the groups in the recycle bin, with their DeletedAt. Only groups of Microsoft 365 get there.
func (c *Client) DeletedGroups(ctx context.Context, selected []string) (GroupPage, error) {
	selected = append(without(selected, propMembers), propDeletedDateTime)
	return c.groupPage(ctx, request{
		url:    c.address(routeDeletedGroups, "$top=999", "$count=true", selectOption(selected)),
		route:  routeDeletedGroups,
		header: listHeader(),
	})
}

// FollowGroups returns the page behind a Next or Delta link of groups. Its faults are those of Follow.
func (c *Client) FollowGroups(ctx context.Context, link string) (GroupPage, error) {
	r, err := c.following(link)
	if err != nil {
		return GroupPage{}, err
	}
	return c.groupPage(ctx, r)
}

// Members returns the first page, of up to 999, of a group's direct members that are not deleted, of every type. A group that does not exist,
// or not any more, is fault.NotFound; that is no proof that it is gone.
func (c *Client) Members(ctx context.Context, groupID string) (MemberPage, error) {
	if err := checkID(groupID); err != nil {
		return MemberPage{}, err
	}
	return c.memberPage(ctx, request{
		url:    c.address(strings.Replace(routeMembers, "{id}", groupID, 1), membersOptions()...),
		route:  routeMembers,
		header: listHeader(),
	})
}

func membersOptions() []string { return []string{"$top=999", "$count=true", selectOption(nil)} }

// FirstMembers returns the first pages of several groups, as Members does, twenty in one request. A group about which Graph answers anything
// else, or what cannot be read, has no key in the result: Members tells what is wrong. That Graph cannot answer for now is an error of the
// whole call.
func (c *Client) FirstMembers(ctx context.Context, groupIDs []string) (map[string]MemberPage, error) {
	for _, id := range groupIDs {
		if err := checkID(id); err != nil {
			return nil, err
		}
	}
	headers := make(map[string]string)
	for name := range listHeader() {
		headers[name] = listHeader().Get(name)
	}
	pages := make(map[string]MemberPage, len(groupIDs))
	for some := range slices.Chunk(groupIDs, maxBatch) {
		addresses := make([]string, len(some))
		for i, id := range some {
			addresses[i] = strings.Replace(routeMembers, "{id}", id, 1) + "?" + strings.Join(membersOptions(), "&")
		}
		parts, err := c.getBatch(ctx, addresses, headers)
		if err != nil {
			return nil, err
		}
		for i, id := range some {
			if parts[i].status != http.StatusOK { // the body of a refusal is no page
				continue
			}
			if page, err := decodeMemberPage(parts[i].body); err == nil {
				pages[id] = page
			}
		}
	}
	return pages, nil
}

// FollowMembers returns the page behind a Next link of members. Its faults are those of Follow.
func (c *Client) FollowMembers(ctx context.Context, link string) (MemberPage, error) {
	r, err := c.following(link)
	if err != nil {
		return MemberPage{}, err
	}
	return c.memberPage(ctx, r)
}

// GroupExistence is what the tenant says about one id.
type GroupExistence struct {
	Presence Presence
	// Group is the whole record if Live; if Binned only ID and DeletedAt; if Gone only the ID. It never has Members.
	Group Group
}

// LookUpGroups asks for each id whether there is such a group, in the recycle bin or not. It answers as LookUpUsers does.
func (c *Client) LookUpGroups(ctx context.Context, ids, selected []string) (map[string]GroupExistence, error) {
	found, err := c.lookUp(ctx, ids, routeGroup, "?"+selectOption(without(selected, propMembers)))
	if err != nil {
		return nil, err
	}
	groups := make(map[string]GroupExistence, len(found))
	for id, existence := range found {
		groups[id] = GroupExistence{Presence: existence.Presence, Group: groupOf(existence.User, nil)}
	}
	return groups, nil
}

func (c *Client) groupPage(ctx context.Context, r request) (page GroupPage, err error) {
	err = c.get(ctx, r, func(body []byte) (err error) {
		page, err = decodeGroupPage(body, shapeOf(r.route))
		return err
	})
	return page, err
}

func (c *Client) memberPage(ctx context.Context, r request) (page MemberPage, err error) {
	err = c.get(ctx, r, func(body []byte) (err error) {
		page, err = decodeMemberPage(body)
		return err
	})
	return page, err
}
