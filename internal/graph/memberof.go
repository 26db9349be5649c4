package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"rollcall/internal/fault"
)

const (
	routeMemberOf      = "/users/{id}/memberOf"
	routeGroupMemberOf = "/groups/{id}/memberOf"
)

// MemberOf asks for each id which groups, and other directory objects, the user, or with TypeGroup the group, is a direct member of:
// https://learn.microsoft.com/graph/api/user-list-memberof and https://learn.microsoft.com/graph/api/group-list-memberof. Twenty make one
// request, and more only where somebody is in more than 999 groups. Who is not among the users, or the groups, has no key in the result; any other
// refusal about anybody makes an error of the whole call.
func (c *Client) MemberOf(ctx context.Context, memberType string, ids []string) (map[string][]Member, error) {
	route := routeMemberOf
	switch memberType {
	case TypeUser:
	case TypeGroup:
		route = routeGroupMemberOf
	default:
		return nil, fault.New(fault.Invalid, "UnknownMemberType", "the groups of a %q cannot be asked for", memberType)
	}
	for _, id := range ids {
		if err := checkID(id); err != nil {
			return nil, err
		}
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	found := make(map[string][]Member, len(ids))
	for some := range slices.Chunk(ids, maxBatch) {
		if err := c.memberOfSome(ctx, route, some, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (c *Client) memberOfSome(ctx context.Context, route string, ids []string, found map[string][]Member) error {
	addresses := make([]string, len(ids))
	for i, id := range ids {
		addresses[i] = strings.Replace(route, "{id}", id, 1) + "?$top=999&" + selectOption(nil)
	}
	parts, err := c.getBatch(ctx, addresses, nil)
	if err != nil {
		return err
	}
	for i, id := range ids {
		page, exists, err := c.membershipsIn(route, parts[i])
		if err != nil {
			return err
		}
		if !exists {
			continue
		}
		memberships := page.Members
		for pages := 0; page.Next != ""; pages++ {
			if pages == maxEmptyPages {
				return fault.New(fault.Unavailable, "EndlessPages", "the groups of a member have not ended after %d pages", pages)
			}
			if page, err = c.FollowMembers(ctx, page.Next); err != nil {
				return err
			}
			memberships = append(memberships, page.Members...)
		}
		found[id] = memberships
	}
	return nil
}

// membershipsIn reads one answer of a batch; exists is false only for the directory's own 404.
func (c *Client) membershipsIn(route string, p part) (page MemberPage, exists bool, err error) {
	switch p.status {
	case http.StatusOK:
		if page, err = decodeMemberPage(p.body); err != nil {
			return page, false, fault.Wrap(fault.Unavailable, "BrokenAnswer", err, "the answer to GET "+route+" in a batch cannot be read")
		}
		return page, true, nil
	case http.StatusNotFound:
		var body errorBody
		if err := json.Unmarshal(p.body, &body); err == nil && body.Error.has(notFoundCode) {
			return page, false, nil
		}
	}
	answered := answer{status: p.status, header: p.header, body: p.body, requestID: p.header.Get("Request-Id")}
	return page, false, c.refusal(request{method: http.MethodGet, route: route}, answered)
}
