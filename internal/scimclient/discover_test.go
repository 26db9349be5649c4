package scimclient_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/fault"
	"rollcall/internal/scim"
	"rollcall/internal/scimclient"
)

const (
	userURN  = "urn:ietf:params:scim:schemas:core:2.0:User"
	extended = `{"totalResults":1,"Resources":[{"name":"User","endpoint":"/People","schema":"` + userURN + `",
		"schemaExtensions":[{"schema":"urn:x","required":true},{"schema":"urn:y","required":false}]}]}`
	described = `{"Resources":[{"id":"` + userURN + `","name":"User","attributes":[{"name":"userName","type":"string","required":true}]},
		{"id":"urn:x","name":"X","attributes":[]},{"attributes":"none"}]}`
)

func discover(t *testing.T, profile string, answers map[string]http.HandlerFunc) scimclient.Service {
	t.Helper()
	found, err := serve(t, answers).client(t, profile).Discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAServiceIsTakenAtItsWord(t *testing.T) {
	found := discover(t, "generic", map[string]http.HandlerFunc{
		config: says(ok, `{"patch":{"supported":false},"filter":{"supported":true,"maxResults":150},"etag":{"supported":true},
			"bulk":{"supported":"True","maxOperations":20,"maxPayloadSize":"5000"},"pagination":{"cursor":true}}`),
		"GET /ResourceTypes": says(ok, extended),
		"GET /Schemas":       says(ok, described),
	})
	if found.Patch || !found.ETag || !found.Cursor || found.MaxResults != 150 || !found.Rename || !found.MembersTold {
		t.Errorf("found %+v", found)
	}
	if diff := cmp.Diff(&scimclient.BulkLimits{MaxOperations: 20, MaxPayload: 5000, Replace: true}, found.Bulk); diff != "" {
		t.Error(diff)
	}
	people := found.Types[scimclient.User]
	if people.Endpoint != "/People" || !people.Described || len(people.Core.Attributes) != 1 || !people.Core.Attributes[0].Required {
		t.Errorf("users are %+v", people)
	}
	if len(people.Extensions) != 1 || people.Extensions[0].ID != "urn:x" || !slices.Equal(people.RequiredExtensions, []string{"urn:x"}) {
		t.Errorf("the extensions are %+v, required %v", people.Extensions, people.RequiredExtensions)
	}
	if _, groups := found.Types[scimclient.Group]; groups {
		t.Error("groups were made up")
	}
	notes := strings.Join(found.Notes, " ")
	for _, want := range []string{"no resource type Group", "urn:y", "no schema"} {
		if !strings.Contains(notes, want) {
			t.Errorf("no note of %q in %q", want, notes)
		}
	}
}

func TestWhatAServiceDoesNotSayIsAssumedAndNoted(t *testing.T) {
	page := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html>app</html>"))
	}
	for name, answer := range map[string]http.HandlerFunc{
		"missing": says(http.StatusNotFound, ""), "forbidden": says(http.StatusForbidden, ""), "a page": page, "a list": says(ok, `[]`), "empty": says(ok, ""),
	} {
		found := discover(t, "generic", map[string]http.HandlerFunc{config: answer, "GET /ResourceTypes": answer, "GET /Schemas": answer})
		if !found.Patch || found.Bulk != nil || found.ETag || found.Cursor || found.MaxResults != 100 || found.MaxMembersPerPatch != 100 {
			t.Errorf("%s: %+v", name, found)
		}
		for _, kind := range []scimclient.Type{scimclient.User, scimclient.Group} {
			if assumed := found.Types[kind]; assumed.Endpoint != "/"+string(kind)+"s" || assumed.Described || assumed.FilterBy != nil {
				t.Errorf("%s: %+v", name, assumed)
			}
		}
		if len(found.Notes) != 3 {
			t.Errorf("%s: notes %q", name, found.Notes)
		}
	}
}

func TestWrongWordsAreNotBelieved(t *testing.T) {
	found := discover(t, "generic", map[string]http.HandlerFunc{
		config: says(ok, `{"patch":"yes","filter":{"supported":true,"maxResults":1000000},"bulk":{"supported":true}}`),
		"GET /ResourceTypes": says(ok, `{"Resources":[{"name":"User","endpoint":"https://elsewhere.example.com/Users"},
			{"name":"Group","endpoint":"groups?x"},17]}`),
		"GET /Schemas": says(ok, `{"Resources":[{"id":"urn:other"}]}`),
	})
	if !found.Patch || found.Bulk != nil || found.MaxResults != 1000 {
		t.Errorf("found %+v", found)
	}
	if found.Types[scimclient.User].Endpoint != "/Users" || found.Types[scimclient.Group].Endpoint != "/Groups" {
		t.Errorf("the endpoints are %+v", found.Types)
	}
	if len(found.Notes) != 7 {
		t.Errorf("%d notes: %q", len(found.Notes), found.Notes)
	}
}

func TestAProfileKnowsBetter(t *testing.T) {
	boasts := map[string]http.HandlerFunc{config: bulkConfig(1000, 1<<20)}
	for name, want := range map[string]struct {
		bulk, members, page    int
		told, rename, selected bool
		required               string
	}{
		"webex":  {bulk: 100, members: 500, page: 200, rename: true, required: "userName"},
		"aws":    {members: 100, page: 100, required: "userName displayName name.givenName name.familyName"},
		"github": {members: 100, page: 200, told: true, required: "userName externalId emails"},
		"slack":  {members: 100, page: 200, told: true, required: "userName emails"},
	} {
		found := discover(t, name, boasts)
		operations := 0
		if found.Bulk != nil {
			operations = found.Bulk.MaxOperations
		}
		required := strings.Join(found.Types[scimclient.User].Required, " ")
		if operations != want.bulk || found.MaxMembersPerPatch != want.members || found.MaxResults != want.page || found.MembersTold != want.told ||
			found.Rename != want.rename || required != want.required {
			t.Errorf("%s: %+v", name, found)
		}
	}
	if _, known := scimclient.ProfileNamed("unheard-of"); known || len(scimclient.Profiles()) != 5 {
		t.Error("there are five profiles")
	}
}

func TestAServiceThatCannotBeAskedIsAnError(t *testing.T) {
	for status, kind := range map[int]fault.Kind{http.StatusUnauthorized: fault.Unauthenticated, http.StatusBadGateway: fault.Unavailable} {
		s := serve(t, map[string]http.HandlerFunc{config: says(status, "")})
		client := s.client(t, "generic", func(c *scimclient.Config) { c.Jitter = func() float64 { return 0 } })
		if _, err := client.Discover(t.Context()); !fault.Is(err, kind) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestOurOwnSchemasAreReadAsTheyAreWritten(t *testing.T) {
	var parts []string
	for _, schema := range scim.Users().Schemas() {
		parts = append(parts, string(mustJSON(t, schema)))
	}
	found := discover(t, "generic", map[string]http.HandlerFunc{"GET /Schemas": says(ok, `{"Resources":[`+strings.Join(parts, ",")+`]}`)})
	if diff := cmp.Diff(scim.Users().Core, found.Types[scimclient.User].Core); diff != "" {
		t.Error(diff)
	}
}
