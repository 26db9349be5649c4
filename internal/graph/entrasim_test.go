package graph_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/entrasim"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
)

// simulation is a simulated tenant with its control API.
type simulation struct {
	*httptest.Server
	t      *testing.T
	tenant entrasim.Tenant
}

func simulate(t *testing.T, users int) (*simulation, *graph.Client) {
	t.Helper()
	tenant := &entrasim.Server{Users: users}
	s := &simulation{Server: httptest.NewServer(tenant), t: t}
	t.Cleanup(s.Close)
	s.tenant = tenant.Tenant()
	client, err := graph.NewClient(graph.Config{
		Cloud:    graph.Cloud{Name: "simulated", LoginURL: s.URL, GraphURL: s.URL},
		TenantID: s.tenant.TenantID, ClientID: s.tenant.ClientID, ClientSecret: s.tenant.ClientSecret,
		HTTP: s.Client(), Now: time.Now, Jitter: func() float64 { return 0 },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, client
}

// control calls the simulator's control API.
func (s *simulation) control(method, path, body string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+"/sim"+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := s.Client().Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	if answer, err := io.ReadAll(response.Body); err != nil || response.StatusCode/100 != 2 {
		s.t.Fatalf("%s %s: %d %s %v", method, path, response.StatusCode, answer, err)
	}
}

var selected = []string{"userPrincipalName", "displayName", "accountEnabled", "jobTitle", "businessPhones", "manager"}

// everybody reads a list to its end.
func everybody(t *testing.T, client *graph.Client) []graph.User {
	t.Helper()
	page, err := client.ListUsers(t.Context(), selected)
	users, count := page.Users, page.Count
	for err == nil && page.Next != "" {
		page, err = client.Follow(t.Context(), page.Next)
		users = append(users, page.Users...)
	}
	if err != nil || len(users) != count {
		t.Fatalf("%d users of %d: %v", len(users), count, err)
	}
	return users
}

// changesSince follows a delta link to its end.
func changesSince(t *testing.T, client *graph.Client, link string) ([]graph.User, string) {
	t.Helper()
	page, err := client.Follow(t.Context(), link)
	users := page.Users
	for err == nil && page.Next != "" {
		page, err = client.Follow(t.Context(), page.Next)
		users = append(users, page.Users...)
	}
	if err != nil {
		t.Fatal(err)
	}
	return users, page.Delta
}

func TestASimulatedTenantIsReadToItsEnd(t *testing.T) {
	s, client := simulate(t, 2500)
	users := everybody(t, client)
	if len(users) != s.tenant.Users {
		t.Errorf("%d users, the tenant has %d", len(users), s.tenant.Users)
	}
	managed := slices.ContainsFunc(users, func(u graph.User) bool { return len(u.Record.Text("manager")) == 36 })
	named := !slices.ContainsFunc(users, func(u graph.User) bool { return u.Record.Text("userPrincipalName") == "" })
	if !managed || !named {
		t.Errorf("somebody has a manager: %v, everybody a name: %v", managed, named)
	}
	organization, err := client.Organization(t.Context())
	if err != nil || organization.ID != s.tenant.TenantID || organization.DisplayName != s.tenant.Organization {
		t.Errorf("organization = %+v, %v", organization, err)
	}
	domains, err := client.Domains(t.Context())
	if err != nil || len(domains) != len(s.tenant.Domains) || domains[0].Name != s.tenant.Domains[0] || !domains[0].IsVerified {
		t.Errorf("domains = %+v, %v", domains, err)
	}
}

func TestALifeInASimulatedTenantIsSeenStepByStep(t *testing.T) {
	s, client := simulate(t, 30)
	link, err := client.LatestUsersDelta(t.Context(), selected)
	if err != nil {
		t.Fatal(err)
	}
	users := everybody(t, client)
	somebody, boss := users[3].ID, users[7].ID
	see := func(what string) graph.User {
		t.Helper()
		var changed []graph.User
		changed, link = changesSince(t, client, link)
		for _, user := range changed {
			if user.ID == somebody {
				return user
			}
		}
		t.Fatalf("%s: the delta %+v says nothing of it", what, changed)
		return graph.User{}
	}
	exists := func(want graph.Presence) graph.Existence {
		t.Helper()
		found, err := client.LookUpUsers(t.Context(), []string{somebody, boss}, selected)
		if err != nil || found[somebody].Presence != want || found[boss].Presence != graph.Live {
			t.Fatalf("LookUpUsers = %+v, %v; want one %v and one live", found, err, want)
		}
		return found[somebody]
	}

	s.control("PATCH", "/users/"+somebody, `{"jobTitle":null,"manager":"`+boss+`"}`)
	if got := see("change").Record; !got.Has("jobTitle") || got.Get("jobTitle") != nil || got.Text("manager") != boss || got.Has("displayName") {
		t.Errorf("change: %+v, want jobTitle cleared, a manager and nothing else", got)
	}
	if got := exists(graph.Live).User.Record; got.Text("manager") != boss || got.Has("jobTitle") {
		t.Errorf("looked up: %+v", got)
	}
	s.control("PATCH", "/users/"+somebody, `{"manager":null}`)
	if got := see("no manager").Record; !got.Has("manager") || got.Get("manager") != nil {
		t.Errorf("no manager: %+v", got)
	}
	s.control("POST", "/users/"+somebody+"/block", "")
	if got := see("block").Record; !attr.Equal(got.Get("accountEnabled"), false) {
		t.Errorf("block: %+v", got)
	}
	s.control("DELETE", "/users/"+somebody, "")
	if got := see("deletion"); got.Removed != graph.Changed {
		t.Errorf("deletion: %+v", got)
	}
	if got := exists(graph.Binned).User; got.DeletedAt.IsZero() {
		t.Errorf("looked up: %+v", got)
	}
	if bin, err := client.DeletedUsers(t.Context(), selected); err != nil || len(bin.Users) == 0 || bin.Users[0].DeletedAt.IsZero() {
		t.Errorf("bin: %+v, %v", bin, err)
	}
	s.control("POST", "/users/"+somebody+"/restore", "{}")
	if got := see("restoration"); got.Removed != "" || got.Record.Text("userPrincipalName") == "" {
		t.Errorf("restoration: %+v", got)
	}
	s.control("POST", "/users/"+somebody+"/purge", "")
	if got := see("purge"); got.Removed != graph.Deleted {
		t.Errorf("purge: %+v", got)
	}
	exists(graph.Gone)
}

func TestFaultsOfASimulatedTenantAreSaidAndThenForgotten(t *testing.T) {
	for _, c := range []struct {
		rule string
		kind fault.Kind
	}{
		{`{"route":"/v1.0/users","kind":"cut"}`, fault.Unavailable},
		{`{"route":"/v1.0/users","kind":"invalid-json"}`, fault.Unavailable},
		{`{"route":"/v1.0/users","kind":"error","status":502}`, fault.Unavailable},
		{`{"route":"/v1.0/users","kind":"throttle"}`, fault.Throttled},
		{`{"route":"/v1.0/users","kind":"throttle","retry_after_seconds":600}`, fault.Throttled},
		{`{"route":"/v1.0/users","kind":"no-consent"}`, fault.Denied},
		{`{"route":"/v1.0/users","kind":"unauthorized"}`, fault.Unauthenticated},
		{`{"route":"/{tenant}/oauth2*","kind":"expired-secret"}`, fault.Unauthenticated},
	} {
		s, client := simulate(t, 1500)
		s.control("POST", "/faults", c.rule)
		page, err := client.ListUsers(t.Context(), selected)
		if f := fault.Of(err); f == nil || f.Kind != c.kind || f.RequestID == "" || f.Remedy == "" || len(page.Users) != 0 {
			t.Errorf("%s: %+v, want a fault of kind %v with request id and remedy, and no users", c.rule, err, c.kind)
		}
		s.control("DELETE", "/faults", "")
		everybody(t, client)
	}
}

func TestFaultsOfASimulatedTenantThatPassAreNotNoticed(t *testing.T) {
	for _, kind := range []string{"cut", "invalid-json", "error", "throttle"} {
		s, client := simulate(t, 1500)
		before := everybody(t, client)
		s.control("POST", "/faults", `{"route":"/v1.0/users","kind":"`+kind+`","skip":1,"times":3}`)
		if diff := cmp.Diff(before, everybody(t, client)); diff != "" {
			t.Errorf("%s on the second page (-want +got):\n%s", kind, diff)
		}
	}
}

func TestDeltaLinksOfASimulatedTenantExpire(t *testing.T) {
	for _, path := range []string{"/delta/expire", "/delta/reset"} {
		s, client := simulate(t, 10)
		link, err := client.LatestUsersDelta(t.Context(), selected)
		if err != nil {
			t.Fatal(err)
		}
		s.control("POST", path, "")
		_, err = client.Follow(t.Context(), link)
		if f := fault.Of(err); f == nil || f.Kind != fault.Expired || f.RequestID == "" {
			t.Errorf("%s: %v (kind %v), want expired with a request id", path, err, fault.KindOf(err))
		}
	}
}
