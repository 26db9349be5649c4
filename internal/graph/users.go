package graph

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rollcall/internal/fault"
)

// Templates of the paths below the version.
const (
	routeUsers        = "/users"
	routeUsersDelta   = "/users/delta"
	routeDeletedUsers = "/directory/deletedItems/microsoft.graph.user"

	routeGroups        = "/groups"
	routeGroupsDelta   = "/groups/delta"
	routeDeletedGroups = "/directory/deletedItems/microsoft.graph.group"
	routeMembers       = "/groups/{id}/members"

	routeOrganization = "/organization"
	routeDomains      = "/domains"
	routeBatch        = "/$batch"
	routeOther        = "other"
)

// maxEmptyPages bounds how many pages LatestUsersDelta and LatestGroupsDelta walk through.
const maxEmptyPages = 100

// LatestUsersDelta returns a delta link "from now on": following it brings what happens to users after this call. selected names the
// properties to watch, "manager" included; the choice is part of the link.
func (c *Client) LatestUsersDelta(ctx context.Context, selected []string) (string, error) {
	return c.latestDelta(ctx, routeUsersDelta, selected)
}

// latestDelta walks to the end of a round that has no contents. What the pages hold all the same is not looked at.
func (c *Client) latestDelta(ctx context.Context, route string, selected []string) (string, error) {
	r := request{url: c.address(route, "$deltatoken=latest", selectOption(selected)), route: route}
	for range maxEmptyPages {
		var page envelope
		err := c.get(ctx, r, func(body []byte) (err error) {
			page, err = decodeEnvelope(body, partial, func(in *scanner) error {
				_, err := in.raw()
				return err
			})
			return err
		})
		if err != nil || page.delta != "" {
			return page.delta, err
		}
		if r, err = c.following(page.next); err != nil {
			return "", err
		}
	}
	return "", fault.New(fault.Unavailable, "EndlessDelta", "a delta query from now on has more than %d pages", maxEmptyPages).
		WithRemedy("It is tried again later")
}

// ListUsers returns the first page, of up to 999, of all users that are not deleted, guests included. selected names the properties;
// "manager" stands for the manager's id and is expanded. The id is always there.
func (c *Client) ListUsers(ctx context.Context, selected []string) (Page, error) {
	return c.page(ctx, request{
		url:    c.address(routeUsers, "$top=999", "$count=true", selectOption(without(selected, propManager)), expandOption(selected)),
		route:  routeUsers,
		header: listHeader(),
	})
}

// DeletedUsers returns the first page of the users in the recycle bin, with their DeletedAt. A "manager" among the selected is left
// out: deleted users have none.
func (c *Client) DeletedUsers(ctx context.Context, selected []string) (Page, error) {
	selected = append(without(selected, propManager), propDeletedDateTime)
	return c.page(ctx, request{
		url:    c.address(routeDeletedUsers, "$top=999", "$count=true", selectOption(selected)),
		route:  routeDeletedUsers,
		header: listHeader(),
	})
}

// Follow returns the page behind a Next or Delta link. A link of another host is Invalid, one that Graph no longer accepts Expired: then
// the caller starts over with a full read.
func (c *Client) Follow(ctx context.Context, link string) (Page, error) {
	r, err := c.following(link)
	if err != nil {
		return Page{}, err
	}
	return c.page(ctx, r)
}

// following makes the request for a link.
func (c *Client) following(link string) (request, error) {
	target, err := c.checkLink(link)
	if err != nil {
		return request{}, err
	}
	r := request{url: link, route: c.routeOf(target), followed: true}
	if shapeOf(r.route) == partial {
		r.header = http.Header{"Prefer": {"return=minimal"}}
	} else {
		r.header = listHeader() // a nextLink does not carry it
	}
	return r, nil
}

// shapeOf says how the objects of a route are to be read.
func shapeOf(route string) shape {
	if route == routeUsersDelta || route == routeGroupsDelta {
		return partial
	}
	return whole
}

// checkLink refuses a link that is not on Graph's scheme, host and port: the token would go elsewhere.
func (c *Client) checkLink(link string) (*url.URL, error) {
	target, err := url.Parse(link)
	if err != nil || target.User != nil || !sameOrigin(target, c.graph) {
		return nil, fault.New(fault.Invalid, "LinkOffHost", "a link to follow is not on %s", c.graph.Host).
			WithRemedy("Check the cloud of the connection; if it was changed, start over with a full read")
	}
	return target, nil
}

// page gets one page of users.
func (c *Client) page(ctx context.Context, r request) (page Page, err error) {
	err = c.get(ctx, r, func(body []byte) (err error) {
		page, err = decodePage(body, shapeOf(r.route))
		return err
	})
	return page, err
}

// get gets a page and hands its body to use.
func (c *Client) get(ctx context.Context, r request, use func(body []byte) error) error {
	r.method = http.MethodGet
	return c.do(ctx, r, func(a answer) error { return use(a.body) })
}

// listHeader asks for the index that advanced queries ($count, casts) need.
func listHeader() http.Header { return http.Header{"Consistencylevel": {"eventual"}} }

// address makes the address of a route with its query options; empty ones are left out. The dollar sign stays as it is: both forms are
// the same to Graph and this one can be read.
func (c *Client) address(route string, options ...string) string {
	options = slices.DeleteFunc(options, func(option string) bool { return option == "" })
	address := c.graph.String() + "/v1.0" + route
	if len(options) == 0 {
		return address
	}
	return address + "?" + strings.Join(options, "&")
}

// routeOf returns the template of a link's path. Graph writes a function's name in several ways: delta, delta(), microsoft.graph.delta().
func (c *Client) routeOf(link *url.URL) string {
	path := strings.TrimPrefix(link.Path, c.graph.Path+"/v1.0")
	path = strings.Replace(strings.TrimSuffix(path, "()"), "/microsoft.graph.delta", "/delta", 1)
	switch path {
	case routeUsers, routeUsersDelta, routeDeletedUsers, routeGroups, routeGroupsDelta, routeDeletedGroups, routeDomains, routeOrganization:
		return path
	}
	if strings.HasPrefix(path, routeGroups+"/") && strings.HasSuffix(path, "/members") && strings.Count(path, "/") == 3 {
		return routeMembers
	}
	return routeOther
}

func without(selected []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(selected), func(s string) bool { return s == name })
}

// selectOption makes $select of the names, in order, each once, the id among them.
func selectOption(selected []string) string {
	names := append([]string{propID}, selected...)
	slices.Sort(names)
	names = slices.Compact(names)
	for i, name := range names {
		names[i] = url.QueryEscape(name)
	}
	return "$select=" + strings.Join(names, ",")
}

// expandOption makes $expand for the manager if he is wanted.
func expandOption(selected []string) string {
	if slices.Contains(selected, propManager) {
		return "$expand=manager($select=id)"
	}
	return ""
}
