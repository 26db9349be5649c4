package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rollcall/internal/fault"
)

// simulatorWait is for one request to the simulated tenant.
const simulatorWait = 10 * time.Second

// simulator is the control API of a simulated tenant, as a demo has one.
type simulator struct {
	// base is its address, with /sim.
	base string
	http *http.Client
}

func newSimulator(address string) *simulator {
	return &simulator{base: strings.TrimRight(address, "/") + "/sim", http: &http.Client{Timeout: simulatorWait}}
}

// call sends one request. body is sent as JSON unless it is nil; so is the answer read into into. What the tenant refuses is a fault with its own sentence.
func (s *simulator) call(ctx context.Context, method, path string, body, into any) (err error) {
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("simulated tenant: %w", err)
		}
		payload = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, s.base+path, payload) //nolint:gosec // G704: the address is the demo's own, the path ours; ids in it are escaped
	if err != nil {
		return fmt.Errorf("simulated tenant: %w", err)
	}
	response, err := s.http.Do(request) //nolint:gosec // G704: as above
	if err != nil {
		return fault.Wrap(fault.Unavailable, "SimulatorGone", err, "the simulated tenant does not answer")
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if response.StatusCode >= 300 {
		return simulatorFault(response)
	}
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return fault.Wrap(fault.Unavailable, "SimulatorGone", err, "the simulated tenant answers something else")
	}
	return nil
}

func simulatorFault(response *http.Response) error {
	var told struct {
		Error string `json:"error"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&told); err != nil {
		told.Error = response.Status
	}
	switch response.StatusCode {
	case http.StatusNotFound:
		return fault.New(fault.NotFound, "SimulatorUnknown", "%s", told.Error)
	case http.StatusConflict:
		return fault.New(fault.Conflict, "SimulatorConflict", "%s", told.Error)
	}
	return fault.New(fault.Invalid, "SimulatorInvalid", "%s", told.Error)
}

// tenantObject is a user or group as the simulated tenant tells it: properties as Graph names them, and state (live or deleted).
type tenantObject map[string]any

func (o tenantObject) text(name string) string {
	text, _ := o[name].(string)
	return text
}

func (o tenantObject) count(names ...string) int {
	sum := 0
	for _, name := range names {
		n, _ := o[name].(float64)
		sum += int(n)
	}
	return sum
}

// label is what people call the object.
func (o tenantObject) label() string {
	for _, name := range []string{"displayName", "userPrincipalName", "id"} {
		if text := strings.TrimSpace(o.text(name)); text != "" {
			return text
		}
	}
	return ""
}

func (o tenantObject) deleted() bool { return o.text("state") == "deleted" }

// one reads a user or group of the tenant; nil if the tenant does not have him any more, nor in its recycle bin.
func (s *simulator) one(ctx context.Context, kind, id string) (tenantObject, error) {
	var object tenantObject
	err := s.call(ctx, http.MethodGet, "/"+kind+"/"+url.PathEscape(id), nil, &object)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return object, err
}

// tenantPage is a page of a list of the tenant.
type tenantPage struct {
	Users, Groups []tenantObject
	Total         int
}

// list reads a page of the tenant's users or groups.
func (s *simulator) list(ctx context.Context, kind, search, state string, limit, offset int) (tenantPage, error) {
	query := url.Values{"q": {search}, "state": {state}, "limit": {fmt.Sprint(limit)}, "offset": {fmt.Sprint(offset)}}
	var page tenantPage
	err := s.call(ctx, http.MethodGet, "/"+kind+"?"+query.Encode(), nil, &page)
	return page, err
}
