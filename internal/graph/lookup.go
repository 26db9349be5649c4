package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// Presence says where a user is. The zero Presence says nothing: nobody is gone because a map has no such key.
type Presence uint8

// Where a user can be.
const (
	// Live among the users.
	Live Presence = iota + 1
	// Binned: in the recycle bin.
	Binned
	// Gone from both.
	Gone
)

// String returns the presence in lower case.
func (p Presence) String() string {
	switch p {
	case Live:
		return "live"
	case Binned:
		return "binned"
	case Gone:
		return "gone"
	}
	return "unknown"
}

// Existence is what the tenant says about one id.
type Existence struct {
	Presence Presence
	// User is the whole record if Live; if Binned only ID and DeletedAt; if Gone only the ID.
	User User
}

// notFoundCode is what Graph's directory says with a 404 about an object that it does not have. A 404 without it comes from something
// else and proves nothing.
const notFoundCode = "Request_ResourceNotFound"

// LookUpUsers asks for each id whether there is such a user, in the recycle bin or not. The result has exactly the ids asked for. Gone
// takes two 404s of the directory; any other answer about anybody makes an error of the whole call. The two questions of one id are not
// asked at one instant: a user restored between them seems gone, so that what cannot be taken back needs a second look later.
func (c *Client) LookUpUsers(ctx context.Context, ids, selected []string) (map[string]Existence, error) {
	options := "?" + selectOption(without(selected, propManager))
	if expand := expandOption(selected); expand != "" {
		options += "&" + expand
	}
	return c.lookUp(ctx, ids, routeUser, options)
}

// Templates of the paths of single objects.
const (
	routeUser    = "/users/{id}"
	routeGroup   = "/groups/{id}"
	routeDeleted = "/directory/deletedItems/{id}"
)

// lookUp asks for ids under the route of the live objects and in the recycle bin.
func (c *Client) lookUp(ctx context.Context, ids []string, route, options string) (map[string]Existence, error) {
	for _, id := range ids {
		if err := checkID(id); err != nil {
			return nil, err
		}
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	found := make(map[string]Existence, len(ids))
	for some := range slices.Chunk(ids, maxBatch/2) {
		if err := c.lookUpSome(ctx, some, route, options, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// checkID refuses what cannot be the id of an object, before it becomes a part of an address.
func checkID(id string) error {
	if _, err := ident.Parse(id); err != nil {
		return fault.Wrap(fault.Invalid, "InvalidID", err, "not the object id of a user or group")
	}
	return nil
}

func (c *Client) lookUpSome(ctx context.Context, ids []string, route, options string, found map[string]Existence) error {
	addresses := make([]string, 0, 2*len(ids))
	for _, id := range ids {
		// The bin is asked for properties that every directory object has: it does not know a user's by this address.
		addresses = append(addresses, strings.Replace(route, "{id}", id, 1)+options,
			strings.Replace(routeDeleted, "{id}", id, 1)+"?"+selectOption([]string{propDeletedDateTime}))
	}
	parts, err := c.getBatch(ctx, addresses, nil)
	if err != nil {
		return err
	}
	for i, id := range ids {
		existence, err := c.existenceOf(id, route, parts[2*i], parts[2*i+1])
		if err != nil {
			return err
		}
		found[id] = existence
	}
	return nil
}

// existenceOf judges the two answers about one id.
func (c *Client) existenceOf(id, route string, live, binned part) (Existence, error) {
	object, found, err := c.objectIn(id, route, live)
	if err != nil {
		return Existence{}, err
	}
	if found {
		return Existence{Presence: Live, User: object}, nil
	}
	object, found, err = c.objectIn(id, routeDeleted, binned)
	if err != nil {
		return Existence{}, err
	}
	if found {
		return Existence{Presence: Binned, User: User{ID: object.ID, DeletedAt: object.DeletedAt}}, nil
	}
	return Existence{Presence: Gone, User: User{ID: id}}, nil
}

// objectIn reads the user, or a group in its shape, of a part; found is false only for the directory's own 404.
func (c *Client) objectIn(id, route string, p part) (object User, found bool, err error) {
	r := request{method: http.MethodGet, route: route}
	a := answer{status: p.status, header: p.header, body: p.body, requestID: p.header.Get("Request-Id")}
	switch p.status {
	case http.StatusOK:
		if object, err = decodeUser(p.body, whole); err == nil && object.ID != id {
			err = fmt.Errorf("it is about %s instead of %s", object.ID, id)
		}
		if err != nil {
			return User{}, false, fault.Wrap(fault.Unavailable, "BrokenAnswer", err, "the answer to GET "+route+" in a batch cannot be read")
		}
		return object, true, nil
	case http.StatusNotFound:
		var body errorBody
		if err := json.Unmarshal(p.body, &body); err == nil && body.Error.has(notFoundCode) {
			return User{}, false, nil
		}
	}
	return User{}, false, c.refusal(r, a)
}
