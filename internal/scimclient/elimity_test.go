package scimclient_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"

	elimity "github.com/elimity-com/scim"
	scimerrors "github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"

	"rollcall/internal/fault"
	"rollcall/internal/scim"
	"rollcall/internal/scimclient"
)

func mustJSON(t *testing.T, value any) []byte {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// shelf keeps users for other people's SCIM server, which does the protocol.
type shelf struct {
	mu   sync.Mutex
	last int
	all  map[int]elimity.ResourceAttributes
}

func (s *shelf) resource(id int) elimity.Resource {
	r := elimity.Resource{ID: strconv.Itoa(id), Attributes: s.all[id]}
	if external, ok := s.all[id]["externalId"].(string); ok {
		r.ExternalID = optional.NewString(external)
	}
	return r
}

func (s *shelf) find(id string) (int, error) {
	n, err := strconv.Atoi(id)
	if _, ok := s.all[n]; err != nil || !ok {
		return 0, scimerrors.ScimErrorResourceNotFound(id)
	}
	return n, nil
}

func (s *shelf) Create(_ *http.Request, attributes elimity.ResourceAttributes) (elimity.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.all {
		if other["userName"] == attributes["userName"] {
			return elimity.Resource{}, scimerrors.ScimErrorUniqueness
		}
	}
	s.last++
	s.all[s.last] = attributes
	return s.resource(s.last), nil
}

func (s *shelf) Get(_ *http.Request, id string) (elimity.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.find(id)
	return s.resource(n), err
}

func (s *shelf) GetAll(_ *http.Request, params elimity.ListRequestParams) (elimity.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var fitting []elimity.Resource
	for _, n := range slices.SortedFunc(maps.Keys(s.all), cmp.Compare) {
		if params.FilterValidator == nil || params.FilterValidator.PassesFilter(s.all[n]) == nil {
			fitting = append(fitting, s.resource(n))
		}
	}
	from := min(params.StartIndex-1, len(fitting))
	return elimity.Page{TotalResults: len(fitting), Resources: fitting[from:min(from+params.Count, len(fitting))]}, nil
}

func (s *shelf) Replace(_ *http.Request, id string, attributes elimity.ResourceAttributes) (elimity.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.find(id)
	if err == nil {
		s.all[n] = attributes
	}
	return s.resource(n), err
}

func (s *shelf) Patch(_ *http.Request, id string, operations []elimity.PatchOperation) (elimity.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.find(id)
	if err != nil {
		return elimity.Resource{}, err
	}
	for _, op := range operations {
		s.all[n][op.Path.String()] = op.Value
	}
	return s.resource(n), nil
}

func (s *shelf) Delete(_ *http.Request, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.find(id)
	delete(s.all, n)
	return err
}

func elimityServer(t *testing.T) (*httptest.Server, *shelf) {
	t.Helper()
	users := &shelf{all: map[int]elimity.ResourceAttributes{}}
	server, err := elimity.NewServer(&elimity.ServerArgs{
		ServiceProviderConfig: &elimity.ServiceProviderConfig{SupportFiltering: true, SupportPatch: true, MaxResults: 40},
		ResourceTypes: []elimity.ResourceType{{
			Name: "User", Endpoint: "/Users", Schema: schema.CoreUserSchema(), Handler: users,
			SchemaExtensions: []elimity.SchemaExtension{{Schema: schema.ExtensionEnterpriseUser()}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewServer(server)
	t.Cleanup(listening.Close)
	return listening, users
}

func TestOtherPeoplesServerIsDiscovered(t *testing.T) {
	server, _ := elimityServer(t)
	found, err := clientOf(t, server.URL, server.Client(), "generic").Discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	people := found.Types[scimclient.User]
	if !found.Patch || found.Bulk != nil || found.MaxResults != 40 || !people.Described || len(people.Extensions) != 1 || len(people.Core.Attributes) < 10 {
		t.Errorf("found %+v", found)
	}
	if _, groups := found.Types[scimclient.Group]; groups {
		t.Error("it has no groups")
	}
	t.Log(found.Notes)
}

func TestALifeOnOtherPeoplesServer(t *testing.T) {
	server, kept := elimityServer(t)
	client := clientOf(t, server.URL, server.Client(), "generic")
	body := func(name string) scimclient.Operation {
		op := create(name)
		op.Body["schemas"], op.Body["active"] = []string{userURN}, true
		return op
	}
	var ops []scimclient.Operation
	for i := range 95 {
		ops = append(ops, body("u"+strconv.Itoa(i)+"@example.com"))
	}
	for i, o := range send(t, client, ops...) {
		if o.Status != scimclient.Done || o.Resource.Name != ops[i].Body["userName"] || o.Resource.ExternalID != ops[i].Body["externalId"] {
			t.Fatalf("creation %d: %s, %+v, %v", i, o.Status, o.Resource, o.Fault)
		}
	}
	if ids, err := walk(t, client, scimclient.Page{}); err != nil || len(ids) != 95 {
		t.Errorf("%d listed, %v", len(ids), err)
	}
	if known := fault.Of(send(t, client, body("u7@example.com"))[0].Fault); known == nil || known.Kind != fault.Conflict || known.Code != scim.Uniqueness {
		t.Errorf("a second u7: %v", known)
	}
	found, err := client.Find(t.Context(), scimclient.User, "userName", "u7@example.com")
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	id := found[0].ID
	off := scimclient.Operation{
		Method: scimclient.Patch, Type: scimclient.User, ID: id,
		Ops: []scimclient.PatchOp{{Op: "replace", Path: "active", Value: false}},
	}
	if o := send(t, client, off)[0]; o.Status != scimclient.Done || o.Resource == nil || o.Resource.Body["active"] != false {
		t.Errorf("deactivated: %+v, %v", o, o.Fault)
	}
	if got := statuses(send(t, client, remove(id), remove(id))); got != "done done" || len(kept.all) != 94 {
		t.Errorf("removed twice: %s", got)
	}
	if _, err := client.Get(t.Context(), scimclient.User, id); !fault.Is(err, fault.NotFound) {
		t.Errorf("after that: %v", err)
	}
}
