package console

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

func TestNothingOfAnotherOrganizationIsFound(t *testing.T) {
	h := openSecurityHouse(t)
	other := ident.ID{}
	organizations, err := h.directory.ListOrganizations(t.Context())
	h.must(err)
	for _, organization := range organizations {
		if organization.ID != h.org.ID {
			other = organization.ID
		}
	}
	before, err := h.directory.Events(t.Context(), other, ident.ID{}, 200)
	h.must(err)
	for _, route := range h.table {
		if strings.Contains(route.pattern, " //") {
			continue
		}
		method, path := h.path(route, other, h.foreign)
		if got := h.ask(full, method, path, nil); got.Code != http.StatusNotFound {
			t.Errorf("%s of the other organization: %d, want 404", route.pattern, got.Code)
		}
		if !strings.Contains(route.pattern, "{") || strings.Contains(route.pattern, " /simulator") {
			continue
		}
		method, path = h.path(route, h.org.ID, h.foreign)
		if got := h.ask(full, method, path, url.Values{"name": {"Mine"}, "decision": {"approve"}, "reason": {"mine"}, "role": {string(reader)}}); got.Code != http.StatusNotFound {
			t.Errorf("%s with the other organization's object: %d, want 404", route.pattern, got.Code)
		}
	}
	after, err := h.directory.Events(t.Context(), other, ident.ID{}, 200)
	h.must(err)
	if len(after) != len(before) {
		t.Errorf("the other organization was changed: %s", after[0].Action)
	}
}

func TestAFormCannotNameWhatBelongsToAnotherOrganization(t *testing.T) {
	h := openSecurityHouse(t)
	user, group, connection := lastPart(h.foreign["/users/{id}"]), h.own["/groups/{id}"], lastPart(h.foreign["/connections/{id}"])
	for path, form := range map[string]url.Values{
		group + "/members": {"member": {user}}, "/setup": {"connection": {connection}, "name": {"Mine"}},
	} {
		h.ask(full, http.MethodPost, "/org/"+h.org.ID.String()+path, form)
	}
	id, err := ident.Parse(lastPart(group))
	h.must(err)
	if members, err := h.directory.Members(t.Context(), h.org.ID, id, directory.MemberQuery{Limit: 10}); err != nil || len(members) != 1 {
		t.Errorf("%d members: %v", len(members), err)
	}
	instances, err := h.engine.Store.ListInstances(t.Context(), h.org.ID)
	h.must(err)
	for _, instance := range instances {
		if instance.ConnectionID.String() == connection {
			t.Errorf("%s uses the other organization's connection", instance.Name)
		}
	}
	if got := h.ask(full, http.MethodGet, "/org/"+h.org.ID.String()+"/setup?connection="+connection, nil); got.Code != http.StatusNotFound {
		t.Errorf("the set-up with the other organization's connection: %d", got.Code)
	}
}

func lastPart(path string) string { return path[strings.LastIndex(path, "/")+1:] }

// leads finds where a page can lead or send something.
var leads = regexp.MustCompile(` (href|action|hx-get|hx-post|formaction|src)="([^"]*)"`)

func TestEachRoleIsRefusedWhatItMayNotAndNotOfferedIt(t *testing.T) {
	h := openSecurityHouse(t)
	known, routes := http.NewServeMux(), map[string]route{}
	for _, route := range h.table {
		method, path, _ := strings.Cut(route.pattern, " ")
		if own, whole := strings.CutPrefix(path, "//"); whole {
			path = "/" + own
		} else {
			path = "/org/{org}" + path
		}
		known.HandleFunc(method+" "+path, http.NotFound)
		routes[method+" "+path] = route
	}
	for _, role := range directory.PersonRoles() {
		who := directory.Administrator{ID: ident.ID{1}, Role: role}
		for _, route := range h.table {
			method, path := h.path(route, h.org.ID, h.own)
			if !route.needs.allows(who) {
				if got := h.ask(role, method, path, nil); got.Code != http.StatusForbidden {
					t.Errorf("%s, %s: %d, want 403", role, route.pattern, got.Code)
				}
				continue
			}
			if method != http.MethodGet {
				continue
			}
			page := h.ask(role, method, path, nil).Body.String()
			for _, lead := range leads.FindAllStringSubmatch(page, -1) {
				verb := http.MethodGet
				if lead[1] == "hx-post" || lead[1] == "action" && strings.Contains(page, `method="post" action="`+lead[2]+`"`) {
					verb = http.MethodPost
				}
				request, err := http.NewRequestWithContext(t.Context(), verb, html.UnescapeString(lead[2]), nil)
				if err != nil {
					t.Errorf("%s, %s leads to %q", role, route.pattern, lead[2])
					continue
				}
				if _, pattern := known.Handler(request); pattern != "" && !routes[pattern].needs.allows(who) {
					t.Errorf("%s is offered %s on %s", role, pattern, route.pattern)
				}
			}
		}
	}
}

func TestAPostFromAnotherSiteIsRefusedWhereverItGoes(t *testing.T) {
	h := openSecurityHouse(t)
	before, err := h.directory.Events(t.Context(), h.org.ID, ident.ID{}, 200)
	h.must(err)
	for _, route := range h.table {
		method, path := h.path(route, h.org.ID, h.own)
		if method != http.MethodPost {
			continue
		}
		for name, from := range map[string]func(*http.Request){
			"cross-site": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
			"same-site":  func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
			"an origin":  func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
			"no origin":  func(r *http.Request) { r.Header.Set("Origin", "null") },
		} {
			if got := h.ask(full, method, path, nil, from); got.Code != http.StatusForbidden || !strings.Contains(got.Body.String(), "another site") {
				t.Errorf("%s by %s: %d, want 403", route.pattern, name, got.Code)
			}
		}
	}
	after, err := h.directory.Events(t.Context(), h.org.ID, ident.ID{}, 200)
	h.must(err)
	if len(after) != len(before) {
		t.Errorf("something was changed: %s", after[0].Action)
	}
}
