package scimclient

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"rollcall/internal/fault"
	"rollcall/internal/scim"
)

// ErrNoFilter is what Find returns if the service cannot look for resources by the attribute.
var ErrNoFilter = errors.New("the service cannot filter by this attribute")

const (
	// itemSuffix stands for the id in the route of a single resource.
	itemSuffix = "/{id}"
	// indexMark and cursorMark begin a Page.Cursor and say what follows.
	indexMark  = "index:"
	cursorMark = "cursor:"
)

// List returns a page of the resources of a type. A list that ends before all are there that it announced, or that would be read twice, is
// fault.Unavailable: it says nothing about who is missing. A cursor that is no longer taken is fault.Expired.
func (c *Client) List(ctx context.Context, t Type, page Page) (ListPage, error) {
	service, err := c.known(ctx)
	if err != nil {
		return ListPage{}, err
	}
	if page.Count <= 0 || page.Count > service.MaxResults {
		page.Count = service.MaxResults
	}
	if page.Cursor == "" {
		if page.Cursor = indexMark + "1"; service.Cursor {
			page.Cursor = cursorMark
		}
	}
	query := []string{"count=" + strconv.Itoa(page.Count)}
	if len(page.Without) > 0 && !c.config.Profile.NoSelection {
		query = append(query, "excludedAttributes="+url.QueryEscape(strings.Join(page.Without, ",")))
	}
	return c.listPage(ctx, service.endpoint(t), t, page, query)
}

func (c *Client) listPage(ctx context.Context, endpoint string, t Type, page Page, query []string) (ListPage, error) {
	cursor, byCursor := strings.CutPrefix(page.Cursor, cursorMark)
	start := 1
	switch {
	case byCursor && cursor == "":
		query = append(query, "cursor") // without a value: RFC 9865, section 2
	case byCursor:
		query = append(query, "cursor="+url.QueryEscape(cursor))
	default:
		var err error
		if start, err = strconv.Atoi(strings.TrimPrefix(page.Cursor, indexMark)); err != nil || start < 1 {
			return ListPage{}, fault.New(fault.Invalid, scim.InvalidCursor, "%q is no place in a list", page.Cursor)
		}
		query = append(query, "startIndex="+strconv.Itoa(start))
	}
	body, err := c.list(ctx, endpoint, query)
	if err != nil {
		return ListPage{}, expired(err, byCursor && cursor != "")
	}
	resources, err := resourcesOf(t, body)
	if err != nil {
		return ListPage{}, incomplete(endpoint, "%s", err)
	}
	listed := ListPage{Resources: resources, Total: integer(body, "totalResults", -1)}
	next, _ := scim.Field(body, "nextCursor").(string)
	switch {
	case next != "" && next == cursor:
		return ListPage{}, incomplete(endpoint, "a page names itself as the following one")
	case next != "":
		listed.Next = cursorMark + next
		return listed, nil
	case byCursor && (cursor != "" || listed.Total < 0 || len(resources) >= listed.Total):
		return listed, nil
	}
	return continued(endpoint, listed, start, integer(body, "startIndex", -1))
}

// continued finds the next page of a list that is walked by index.
func continued(endpoint string, listed ListPage, start, answered int) (ListPage, error) {
	next := start + len(listed.Resources)
	switch {
	case start > 1 && answered > 0 && answered != start:
		return ListPage{}, incomplete(endpoint, "the service answers from %d on when asked from %d on", answered, start)
	case listed.Total < 0 && (answered < 0 || len(listed.Resources) == 0), listed.Total >= 0 && next > listed.Total:
		return listed, nil
	case len(listed.Resources) == 0:
		return ListPage{}, incomplete(endpoint, "%d are announced, %d were listed", listed.Total, start-1)
	}
	listed.Next = indexMark + strconv.Itoa(next)
	return listed, nil
}

func incomplete(endpoint, format string, args ...any) error {
	cause := fault.New(fault.Unavailable, "", format, args...)
	return fault.Wrap(fault.Unavailable, IncompleteList, cause, "the list of "+endpoint+" is not complete").
		WithRemedy("Nothing is concluded from it; it is read again later")
}

// expired makes the fault of a cursor that is no longer taken of a refusal.
func expired(err error, followed bool) error {
	refused := fault.Of(err)
	if followed && refused != nil && (refused.Code == scim.ExpiredCursor || refused.Code == scim.InvalidCursor) {
		refused.Kind, refused.Remedy = fault.Expired, "The list is read from the beginning"
	}
	return err
}

// list gets a list and returns its message.
func (c *Client) list(ctx context.Context, endpoint string, query []string) (map[string]any, error) {
	r := request{method: http.MethodGet, route: endpoint, path: endpoint + "?" + strings.Join(query, "&")}
	return c.object(ctx, r)
}

// object does a request that has to be answered with an object.
func (c *Client) object(ctx context.Context, r request) (map[string]any, error) {
	a, f := c.do(ctx, r)
	if f != nil {
		return nil, f.err()
	}
	body, err := a.object()
	if err != nil {
		return nil, c.broken(r, a, err).err()
	}
	return body, nil
}

// Find returns the resources whose attribute has the value, at most a page of them: more than one is a matter for people anyway. It returns
// ErrNoFilter where the service cannot look for them, or is seen not to.
func (c *Client) Find(ctx context.Context, t Type, attribute, value string) ([]Resource, error) {
	service, err := c.known(ctx)
	if err != nil {
		return nil, err
	}
	by := service.Types[t].FilterBy
	if by != nil && !slices.ContainsFunc(by, func(name string) bool { return strings.EqualFold(name, attribute) }) {
		return nil, ErrNoFilter
	}
	quoted, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	endpoint := service.endpoint(t)
	body, err := c.list(ctx, endpoint, []string{"filter=" + url.QueryEscape(attribute+" eq "+string(quoted))})
	if refused := fault.Of(err); refused != nil && (refused.Code == scim.InvalidFilter || refused.Code == scim.TooMany) {
		return nil, ErrNoFilter
	}
	if err != nil {
		return nil, err
	}
	all, err := resourcesOf(t, body)
	if err != nil {
		return nil, incomplete(endpoint, "%s", err)
	}
	fitting := slices.DeleteFunc(slices.Clone(all), func(r Resource) bool { return !r.has(attribute, value) })
	if (len(fitting) < len(all) || len(all) == 0) && integer(body, "totalResults", len(all)) > len(all) {
		return nil, ErrNoFilter // the filter is passed over, and who is looked for may be on another page
	}
	return fitting, nil
}

// Get returns a resource; attributes names those that are wanted, none for those that the service returns by default. fault.NotFound if it
// is not there.
func (c *Client) Get(ctx context.Context, t Type, id string, attributes ...string) (Resource, error) {
	service, err := c.known(ctx)
	if err != nil {
		return Resource{}, err
	}
	r := request{method: http.MethodGet, route: service.endpoint(t) + itemSuffix, path: service.endpoint(t) + "/" + url.PathEscape(id)}
	if len(attributes) > 0 && !c.config.Profile.NoSelection {
		r.path += "?attributes=" + url.QueryEscape(strings.Join(attributes, ","))
	}
	a, f := c.do(ctx, r)
	if f != nil {
		return Resource{}, f.err()
	}
	resource, err := resourceIn(t, a)
	if err != nil {
		return Resource{}, c.broken(r, a, err).err()
	}
	return resource, nil
}
