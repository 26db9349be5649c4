// Package elimitytest is a SCIM service that others wrote, to try clients on.
//
// The protocol is that of github.com/elimity-com/scim, which has no bulk and does not look for external ids.
package elimitytest

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/elimity-com/scim"
	scimerrors "github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"
	filter "github.com/scim2/filter-parser/v2"
)

// Service is a SCIM service on a server of its own.
type Service struct {
	*httptest.Server
	users *shelf
}

// Open serves users, and groups if it is to have them, until the test ends; its lists have at most maxResults on a page.
func Open(t *testing.T, maxResults int, groups bool) *Service {
	t.Helper()
	users := newShelf("u", "userName")
	types := []scim.ResourceType{{
		Name: "User", Endpoint: "/Users", Schema: schema.CoreUserSchema(), Handler: users,
		SchemaExtensions: []scim.SchemaExtension{{Schema: schema.ExtensionEnterpriseUser()}},
	}}
	if groups {
		types = append(types, scim.ResourceType{Name: "Group", Endpoint: "/Groups", Schema: schema.CoreGroupSchema(), Handler: newShelf("g", "")})
	}
	service, err := scim.NewServer(&scim.ServerArgs{
		ServiceProviderConfig: &scim.ServiceProviderConfig{SupportFiltering: true, SupportPatch: true, MaxResults: maxResults}, ResourceTypes: types,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &Service{httptest.NewServer(service), users}
	t.Cleanup(s.Close)
	return s
}

// Users is how many users it holds.
func (s *Service) Users() int {
	s.users.mu.Lock()
	defer s.users.mu.Unlock()
	return len(s.users.all)
}

// shelf keeps resources of a type in memory; the library does the protocol.
type shelf struct {
	mu sync.Mutex
	// prefix begins the ids, which are of this type alone. unique is the attribute that no two have in common; "" for none.
	prefix, unique string
	all            map[int]scim.ResourceAttributes
	last           int
}

func newShelf(prefix, unique string) *shelf {
	return &shelf{prefix: prefix, unique: unique, all: map[int]scim.ResourceAttributes{}}
}

func (s *shelf) resource(n int) scim.Resource {
	r := scim.Resource{ID: s.prefix + strconv.Itoa(n), Attributes: maps.Clone(s.all[n])}
	if external, ok := s.all[n]["externalId"].(string); ok {
		r.ExternalID = optional.NewString(external)
	}
	return r
}

func (s *shelf) find(id string) (int, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(id, s.prefix))
	if _, ok := s.all[n]; err != nil || !ok {
		return 0, scimerrors.ScimErrorResourceNotFound(id)
	}
	return n, nil
}

// free refuses a name that another one has.
func (s *shelf) free(attributes scim.ResourceAttributes, self int) error {
	for n, other := range s.all {
		if s.unique != "" && n != self && strings.EqualFold(fmt.Sprint(other[s.unique]), fmt.Sprint(attributes[s.unique])) {
			return scimerrors.ScimErrorUniqueness
		}
	}
	return nil
}

func (s *shelf) Create(_ *http.Request, attributes scim.ResourceAttributes) (scim.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.free(attributes, 0); err != nil {
		return scim.Resource{}, err
	}
	s.last++
	s.all[s.last] = attributes
	return s.resource(s.last), nil
}

func (s *shelf) Get(_ *http.Request, id string) (scim.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.find(id)
	if err != nil {
		return scim.Resource{}, err
	}
	return s.resource(n), nil
}

func (s *shelf) GetAll(_ *http.Request, params scim.ListRequestParams) (scim.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var fitting []scim.Resource
	for _, n := range slices.Sorted(maps.Keys(s.all)) {
		if params.FilterValidator == nil || params.FilterValidator.PassesFilter(s.all[n]) == nil {
			fitting = append(fitting, s.resource(n))
		}
	}
	from := min(params.StartIndex-1, len(fitting))
	return scim.Page{TotalResults: len(fitting), Resources: fitting[from:min(from+params.Count, len(fitting))]}, nil
}

func (s *shelf) Replace(_ *http.Request, id string, attributes scim.ResourceAttributes) (scim.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.find(id)
	if err != nil {
		return scim.Resource{}, err
	}
	if err := s.free(attributes, n); err != nil {
		return scim.Resource{}, err
	}
	s.all[n] = attributes
	return s.resource(n), nil
}

func (s *shelf) Patch(_ *http.Request, id string, operations []scim.PatchOperation) (scim.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.find(id)
	if err != nil {
		return scim.Resource{}, err
	}
	attributes := maps.Clone(s.all[n])
	for _, op := range operations {
		if err := patch(attributes, op); err != nil {
			return scim.Resource{}, err
		}
	}
	if err := s.free(attributes, n); err != nil {
		return scim.Resource{}, err
	}
	s.all[n] = attributes
	return s.resource(n), nil
}

func (s *shelf) Delete(_ *http.Request, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.find(id)
	delete(s.all, n)
	return err
}

// patch does one operation, which the library has checked. Of paths it knows those without a filter, and `members[value eq "…"]`.
func patch(attributes map[string]any, op scim.PatchOperation) error {
	if op.Path == nil {
		values, _ := op.Value.(map[string]any)
		maps.Copy(attributes, values)
		return nil
	}
	path := op.Path.AttributePath
	if urn := path.URI(); strings.Contains(urn, ":extension:") {
		attributes = inside(attributes, urn)
	}
	name := path.AttributeName
	if sub := path.SubAttributeName(); sub != "" {
		attributes, name = inside(attributes, name), sub
	}
	was, _ := attributes[name].([]any)
	value, many := op.Value.([]any)
	switch chosen, isFilter := op.Path.ValueExpression.(*filter.AttributeExpression); {
	case isFilter && op.Op == scim.PatchOperationRemove && chosen.Operator == filter.EQ:
		attributes[name] = slices.DeleteFunc(slices.Clone(was), func(element any) bool {
			member, _ := element.(map[string]any)
			return member[chosen.AttributePath.AttributeName] == chosen.CompareValue
		})
	case op.Path.ValueExpression != nil || op.Op == scim.PatchOperationRemove && op.Value != nil:
		return scimerrors.ScimErrorInvalidPath
	case op.Op == scim.PatchOperationRemove:
		delete(attributes, name)
	case op.Op == scim.PatchOperationAdd && many:
		attributes[name] = slices.Concat(was, value) // doubles are the client's mistake
	default:
		attributes[name] = op.Value
	}
	return nil
}

// inside returns a copy of the object under a name, in its place.
func inside(attributes map[string]any, name string) map[string]any {
	was, _ := attributes[name].(map[string]any)
	is := maps.Clone(was)
	if is == nil {
		is = map[string]any{}
	}
	attributes[name] = is
	return is
}
