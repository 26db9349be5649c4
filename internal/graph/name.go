package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"rollcall/internal/fault"
)

// routeUserByName is the template of the look-up by name.
const routeUserByName = "/users/{userPrincipalName}"

// UserID returns the object id of the user who has the userPrincipalName, in any case; "" if nobody has it who is not deleted. The names
// of deleted users are changed by the directory, so that they are not found by the ones they had.
//
// https://learn.microsoft.com/graph/api/user-get
func (c *Client) UserID(ctx context.Context, userPrincipalName string) (string, error) {
	if userPrincipalName == "" {
		return "", nil
	}
	parts, err := c.getBatch(ctx, []string{"/users/" + url.PathEscape(userPrincipalName) + "?" + selectOption(nil)}, nil)
	if err != nil {
		return "", err
	}
	p := parts[0]
	switch p.status {
	case http.StatusOK:
		user, err := decodeUser(p.body, whole)
		if err != nil {
			return "", fault.Wrap(fault.Unavailable, "BrokenAnswer", err, "the answer to GET "+routeUserByName+" in a batch cannot be read")
		}
		return user.ID, nil
	case http.StatusNotFound:
		var body errorBody
		if err := json.Unmarshal(p.body, &body); err == nil && body.Error.has(notFoundCode) {
			return "", nil
		}
	}
	a := answer{status: p.status, header: p.header, body: p.body, requestID: p.header.Get("Request-Id")}
	return "", c.refusal(request{method: http.MethodGet, route: routeUserByName}, a)
}
