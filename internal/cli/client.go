package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// remote are the flags of every command that asks a server.
type remote struct {
	Server string `default:"http://127.0.0.1:8480" env:"ROLLCALL_SERVER" help:"Address of the server, such as https://rollcall.example.com." placeholder:"URL"`
	Token  string `env:"ROLLCALL_TOKEN" help:"Token that the server knows, such as rc_…; see: rollcall token create." placeholder:"TOKEN"`
	Org    string `default:"-" env:"ROLLCALL_ORG" help:"Id of the organization; - is that of the token, or the only one." placeholder:"ID"`
	JSON   bool   `help:"Print JSON, and nothing else, on standard output." name:"json"`
}

const (
	// answerWait is for requests that do not stream.
	answerWait = 60 * time.Second
	// largestPage is how many items the server gives at a time at most.
	largestPage = 1000
)

// client calls one server for one organization.
type client struct {
	base  string
	org   string
	token string
	http  *http.Client
}

// open checks the flags and returns the client.
func (r remote) open() (*client, error) {
	server, err := url.Parse(strings.TrimRight(r.Server, "/"))
	if err != nil || server.Host == "" || server.Scheme != "http" && server.Scheme != "https" {
		return nil, fault.New(fault.Invalid, "BadServer", "--server %q is not an address", r.Server).
			WithRemedy("Give one such as http://127.0.0.1:8480, or set ROLLCALL_SERVER.")
	}
	if r.Token == "" {
		return nil, fault.New(fault.Unauthenticated, "NoToken", "there is no token").
			WithRemedy("Set ROLLCALL_TOKEN, or give --token; the server prints the first one when it starts for the first time.")
	}
	if _, err := ident.Parse(r.Org); err != nil && r.Org != "-" {
		return nil, fault.New(fault.Invalid, "BadOrganization", "--org %q is not the id of an organization", r.Org).
			WithRemedy("Leave it out: then it is the token's organization, or the server's only one.")
	}
	return &client{base: server.String() + "/api/v1/", org: r.Org, token: r.Token, http: &http.Client{}}, nil
}

// here is a path below the organization.
func (c *client) here(parts ...string) string {
	return "organizations/" + url.PathEscape(c.org) + "/" + strings.Join(parts, "/")
}

// get reads one document.
func (c *client) get(ctx context.Context, path string, query url.Values, into any) error {
	return c.call(ctx, http.MethodGet, path, query, nil, into)
}

// call sends a request and reads the answer, whatever the method. body and into may be nil. Errors of the server are faults of the same
// kind with the server's words.
func (c *client) call(ctx context.Context, method, path string, query url.Values, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	response, err := c.send(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return fault.Wrap(fault.Unavailable, "BadAnswer", err, "the answer of "+c.base+" cannot be read").
			WithRemedy("Check that --server is the address of a Rollcall server.")
	}
	return nil
}

// send sends a request and returns the answer if it is a good one. A body of bytes is sent as it is, any other one as JSON.
func (c *client) send(ctx context.Context, method, path string, query url.Values, body any) (*http.Response, error) {
	address := c.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	var payload io.Reader
	if file, isFile := body.([]byte); isFile {
		payload = bytes.NewReader(file)
	} else if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("request: %w", err)
		}
		payload = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, address, payload)
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, unreachable(c.base, err)
	}
	if response.StatusCode < 300 {
		return response, nil
	}
	defer response.Body.Close()
	return nil, problem(response)
}

func unreachable(base string, err error) error {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err
	}
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	return fault.Wrap(fault.Unavailable, "Unreachable", err, "the server "+strings.TrimSuffix(base, "/api/v1/")+" cannot be reached").
		WithRemedy("Is it running? --server or ROLLCALL_SERVER says where.")
}

// pages reads a list page by page and hands over each item. Lists that may be long take paged queries, the others no limit.
func pages[T any](ctx context.Context, c *client, path string, query url.Values, take func(T) error) error {
	query = cloned(query)
	for {
		var page api.List[T]
		if err := c.get(ctx, path, query, &page); err != nil {
			return err
		}
		for _, item := range page.Items {
			if err := take(item); err != nil {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		query.Set("cursor", page.Next)
	}
}

// list reads all pages of a list.
func list[T any](ctx context.Context, c *client, path string, query url.Values) ([]T, error) {
	items := []T{}
	err := pages(ctx, c, path, query, func(item T) error {
		items = append(items, item)
		return nil
	})
	return items, err
}

// first reads up to limit items of a list; 0 means all.
func first[T any](ctx context.Context, c *client, path string, query url.Values, limit int) ([]T, error) {
	items, _, err := upTo[T](ctx, c, path, query, limit)
	return items, err
}

// upTo reads up to limit items of a list, 0 means all, and tells whether there are more.
func upTo[T any](ctx context.Context, c *client, path string, query url.Values, limit int) (items []T, more bool, err error) {
	if limit < 0 {
		return nil, false, fault.New(fault.Invalid, "Limit", "--limit %d is not 0 or more", limit)
	}
	if limit == 0 || limit > largestPage {
		items, err = list[T](ctx, c, path, paged(query, largestPage))
		if limit > 0 && len(items) > limit {
			return items[:limit], true, err
		}
		return items, false, err
	}
	var page api.List[T]
	err = c.get(ctx, path, paged(query, limit), &page)
	if page.Items == nil {
		page.Items = []T{}
	}
	return page.Items, page.Next != "", err
}

// atMost is how many items of a list to show: what --limit says, else the given number for people, and all for programs.
func (r remote) atMost(limit *int, people int) int {
	switch {
	case limit != nil:
		return *limit
	case r.JSON:
		return 0
	}
	return people
}

// paged asks for pages of up to limit items.
func paged(query url.Values, limit int) url.Values {
	query = cloned(query)
	query.Set("limit", strconv.Itoa(limit))
	return query
}

func cloned(query url.Values) url.Values {
	copied := url.Values{}
	maps.Copy(copied, query)
	return copied
}

// instance finds an instance by its id or name.
func (c *client) instance(ctx context.Context, nameOrID string) (api.Instance, error) {
	instances, err := list[api.Instance](ctx, c, c.here("instances"), nil)
	if err != nil {
		return api.Instance{}, err
	}
	names := make([]string, len(instances))
	for i, instance := range instances {
		if strings.EqualFold(instance.ID.String(), nameOrID) || strings.EqualFold(instance.Name, nameOrID) {
			return instance, nil
		}
		names[i] = strconv.Quote(instance.Name)
	}
	missing := fault.New(fault.NotFound, "UnknownInstance", "there is no instance %q", nameOrID)
	if len(names) == 0 {
		return api.Instance{}, missing.WithRemedy("There is none at all; set one up with `rollcall instance create`.")
	}
	return api.Instance{}, missing.WithRemedy("There is %s.", strings.Join(names, ", "))
}
