package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

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
	for _, id := range ids {
		if _, err := ident.Parse(id); err != nil {
			return nil, fault.Wrap(fault.Invalid, "InvalidID", err, "not the object id of a user")
		}
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	found := make(map[string]Existence, len(ids))
	for some := range slices.Chunk(ids, maxBatch/2) {
		if err := c.lookUpSome(ctx, some, selected, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (c *Client) lookUpSome(ctx context.Context, ids, selected []string, found map[string]Existence) error {
	options := "?" + selectOption(without(selected, propManager))
	if expand := expandOption(selected); expand != "" {
		options += "&" + expand
	}
	addresses := make([]string, 0, 2*len(ids))
	for _, id := range ids {
		// The bin is asked for properties that every directory object has: it does not know a user's by this address.
		addresses = append(addresses, "/users/"+id+options, "/directory/deletedItems/"+id+"?"+selectOption([]string{propDeletedDateTime}))
	}
	parts, err := c.getBatch(ctx, addresses)
	if err != nil {
		return err
	}
	for i, id := range ids {
		existence, err := c.existenceOf(id, parts[2*i], parts[2*i+1])
		if err != nil {
			return err
		}
		found[id] = existence
	}
	return nil
}

// existenceOf judges the two answers about one id.
func (c *Client) existenceOf(id string, live, binned part) (Existence, error) {
	user, found, err := c.userIn(id, "/users/{id}", live)
	if err != nil {
		return Existence{}, err
	}
	if found {
		return Existence{Presence: Live, User: user}, nil
	}
	user, found, err = c.userIn(id, "/directory/deletedItems/{id}", binned)
	if err != nil {
		return Existence{}, err
	}
	if found {
		return Existence{Presence: Binned, User: User{ID: user.ID, DeletedAt: user.DeletedAt}}, nil
	}
	return Existence{Presence: Gone, User: User{ID: id}}, nil
}

// userIn reads the user of a part; found is false only for the directory's own 404.
func (c *Client) userIn(id, route string, p part) (user User, found bool, err error) {
	r := request{method: http.MethodGet, route: route}
	a := answer{status: p.status, header: p.header, body: p.body, requestID: p.header.Get("Request-Id")}
	switch p.status {
	case http.StatusOK:
		if user, err = decodeUser(p.body, whole); err == nil && user.ID != id {
			err = fmt.Errorf("it is about %s instead of %s", user.ID, id)
		}
		if err != nil {
			return User{}, false, fault.Wrap(fault.Unavailable, "BrokenAnswer", err, "the answer to GET "+route+" in a batch cannot be read")
		}
		return user, true, nil
	case http.StatusNotFound:
		var body errorBody
		if err := json.Unmarshal(p.body, &body); err == nil && body.Error.has(notFoundCode) {
			return User{}, false, nil
		}
	}
	return User{}, false, c.refusal(r, a)
}
