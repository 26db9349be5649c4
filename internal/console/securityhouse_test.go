package console

import (
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// What a tenant or an administrator may write into any attribute to do harm in a browser or a spreadsheet.
const (
	script   = `"><script>alert(1)</script>'{{.}}`
	formula  = `=cmd|' /C calc'!A0`
	evilLink = `javascript:alert(1)//"><img src=x onerror=alert(1)>`
)

// securityHouse is the console with two organizations, both full of objects whose every attribute does harm where it is not escaped. Requests
// do not go through the network: a header may be anything.
type securityHouse struct {
	*syncHouse
	pages http.Handler
	table []route
	// own and foreign are the objects of the two organizations, by the part of a path that names them.
	own, foreign objects
	cookies      map[directory.Role]string
}

// objects are the paths below /org/{org} with their ids, by their patterns.
type objects map[string]string

// in fills the ids into the path of a pattern: the longest pattern wins.
func (o objects) in(path string) string {
	best := ""
	for pattern := range o {
		if strings.HasPrefix(path+"/", pattern+"/") && len(pattern) > len(best) {
			best = pattern
		}
	}
	if best == "" {
		return path
	}
	return o[best] + strings.TrimPrefix(path, best)
}

func openSecurityHouse(t *testing.T) *securityHouse {
	t.Helper()
	h := &securityHouse{syncHouse: openSyncHouse(t, 40), cookies: map[directory.Role]string{}}
	h.pages = h.serve()
	h.table = append((&server{}).table(), (&server{}).simulatorTable()...)
	h.tenantObject("users", map[string]any{
		"displayName": script, "givenName": script, "surname": script, "jobTitle": script, "department": script, "city": script, "country": script,
		"companyName": script, "officeLocation": evilLink, "mobilePhone": formula, "employeeId": formula, "streetAddress": "=1+1\r\n@SUM(A1)", "postalCode": "\t=1+1",
	})
	people := newSimulator(h.sim)
	page, err := people.list(t.Context(), "users", "", "live", 3, 0)
	h.must(err)
	for i, name := range []string{"+1+1", "-1+1", "@SUM(A1)"} {
		h.must(people.call(t.Context(), http.MethodPatch, "/users/"+page.Users[i].text("id"), map[string]any{"displayName": name, "jobTitle": formula, "surname": evilLink}, nil))
	}
	h.tenantObject("groups", map[string]any{"displayName": script, "description": script, "mailNickname": "evil", "from": 0, "count": 5})
	h.tenantObject("groups", map[string]any{"displayName": formula, "description": evilLink, "mailNickname": "formula", "from": 2, "count": 5})
	own := h.org
	other, err := h.directory.CreateOrganization(t.Context(), script)
	h.must(err)
	h.org = other
	h.instance, err = h.engine.CreateInstance(t.Context(), other.ID, h.anInstance())
	h.must(err)
	h.foreign = h.fill()
	h.org = own
	h.instance, err = h.engine.CreateInstance(t.Context(), own.ID, h.anInstance())
	h.must(err)
	h.own = h.fill()
	for _, role := range directory.PersonRoles() {
		h.cookies[role] = h.join(role, string(role)+"@example.com")
	}
	return h
}

// serve makes a handler of all pages, those of the simulated tenant too.
func (h *securityHouse) serve() http.Handler {
	h.t.Helper()
	pages, err := New(Config{
		Engine: h.engine, Directory: h.directory, Mail: h.mail, Logger: slog.New(slog.DiscardHandler), Metrics: h, Now: time.Now, Machine: time.Now, Version: "test",
		Bundle: testBundle, Clouds: []string{"global"}, Simulator: h.sim,
	})
	h.must(err)
	return pages
}

// tenantObject makes an object of the tenant.
func (h *securityHouse) tenantObject(kind string, properties map[string]any) {
	h.t.Helper()
	h.must(newSimulator(h.sim).call(h.t.Context(), http.MethodPost, "/"+kind, properties, nil))
}

func (h *securityHouse) anInstance() engine.NewInstance {
	h.t.Helper()
	var tenant struct {
		TenantID     string `json:"tenant_id"`
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
	}
	h.must(newSimulator(h.sim).call(h.t.Context(), http.MethodGet, "/tenant", nil, &tenant))
	return engine.NewInstance{Name: script, TenantID: tenant.TenantID, Cloud: "global", ClientID: tenant.ClientID, ClientSecret: tenant.ClientSecret}
}

// join makes an administrator of the present organization and returns the secret of his session.
func (h *securityHouse) join(role directory.Role, email string) string {
	h.t.Helper()
	_, link, err := h.directory.Invite(h.t.Context(), h.org.ID, role, "")
	h.must(err)
	_, secret, err := h.directory.AcceptInvitation(h.t.Context(), link, directory.NewAdministrator{Name: script, Email: email, Password: "quiet harbour lamp seven"}, "192.0.2.1", script)
	h.must(err)
	return secret
}

// fill makes one object of each kind in the present organization, and syncs its instance with the tenant.
func (h *securityHouse) fill() objects {
	h.t.Helper()
	o := objects{"/instances/{instance}": "/instances/" + h.instance.ID.String(), "/setup/{id}": "/setup/" + h.instance.ID.String()}
	put := func(pattern string, id ident.ID) { o[pattern] = pattern[:strings.Index(pattern, "{")] + id.String() }
	settings := engine.DefaultSettings()
	settings.Scope.AllGroups = true
	_, err := h.engine.ChangeInstance(h.t.Context(), h.instance.ID, engine.Change{Settings: &settings})
	h.must(err)
	put("/connections/{id}", h.instance.ConnectionID)
	h.fillPeople(put)
	h.fillCredentials(o, put)
	h.fillHistory(o, put)
	o["/instances/{instance}/summary/{of}/{bucket}"] = o["/instances/{instance}"] + "/summary/users/synced"
	o["/setup/{id}/foresight/{tab}"] = o["/setup/{id}"] + "/foresight/users"
	return o
}

// fillPeople makes users and groups, living and archived.
func (h *securityHouse) fillPeople(put func(string, ident.ID)) {
	h.t.Helper()
	ctx, org := h.t.Context(), h.org.ID
	user, err := h.directory.CreateUser(ctx, org, attr.From(map[string]any{"userName": "evil@example.org", "displayName": script, "title": evilLink, "name.familyName": formula}))
	h.must(err)
	put("/users/{id}", user.ID)
	gone, err := h.directory.CreateUser(ctx, org, attr.From(map[string]any{"userName": "gone@example.org", "displayName": script, "title": evilLink}))
	h.must(err)
	h.must(h.directory.DeleteUser(ctx, org, gone.ID))
	put("/archive/{id}", gone.ID)
	group, err := h.directory.CreateGroup(ctx, org, attr.From(map[string]any{"displayName": script + " by hand", "description": script}))
	h.must(err)
	put("/groups/{id}", group.ID)
	_, err = h.directory.AddMembers(ctx, org, group.ID, []directory.MemberRef{{ID: user.ID}})
	h.must(err)
}

// fillCredentials makes tokens, clients, a domain, an invitation and an administrator with his session.
func (h *securityHouse) fillCredentials(o objects, put func(string, ident.ID)) {
	h.t.Helper()
	ctx, org := h.t.Context(), h.org.ID
	secret := h.join(directory.FullAdministrator, org.String()+"@example.org")
	session, who, err := h.directory.Session(ctx, secret)
	h.must(err)
	put("/profile/sessions/{id}", session.ID)
	put("/administrators/{id}", who.ID)
	invitation, _, err := h.directory.Invite(ctx, org, directory.ReadOnlyAdministrator, "")
	h.must(err)
	put("/invitations/{id}", invitation.ID)
	token, _, err := h.directory.CreateToken(ctx, who.Credential(), directory.NewToken{OrgID: org, Name: script, Role: directory.SCIMWriter})
	h.must(err)
	put("/tokens/{id}", token.ID)
	client, _, err := h.directory.CreateClient(ctx, who.Credential(), org, directory.NewClient{Name: formula + script, Role: directory.SCIMWriter})
	h.must(err)
	put("/tokens/clients/{id}", client.ID)
	domain, err := h.directory.AddDomain(ctx, org, "d"+strings.ReplaceAll(org.String(), "-", "")+".example")
	h.must(err)
	o["/domains/{name}"] = "/domains/" + domain.Name
}

// fillHistory makes runs, changes, held ones too, and pins.
func (h *securityHouse) fillHistory(o objects, put func(string, ident.ID)) {
	h.t.Helper()
	run := h.sync(engine.Incremental)
	put("/runs/{id}", run.ID)
	of := plan.Members
	changes, err := h.engine.Store.ListEntries(h.t.Context(), engine.EntryQuery{Org: h.org.ID, Object: &of, Limit: 1})
	h.must(err)
	if len(changes) != 1 {
		h.t.Fatal("no member joined a group")
	}
	put("/changes/{id}", changes[0].ID)
	_, err = h.engine.Undo(h.t.Context(), h.org.ID, engine.UndoRequest{Run: run.ID, Reason: script})
	h.must(err)
	h.work()
	pins, err := h.engine.Pins(h.t.Context(), engine.PinQuery{Org: h.org.ID, Limit: 1})
	h.must(err)
	if len(pins) != 1 {
		h.t.Fatal("nothing is pinned")
	}
	put("/pins/{id}", pins[0].ID)
	asked, err := h.engine.Provision(h.t.Context(), h.instance.ID, []string{h.tenantsOwn("users")})
	h.must(err)
	h.work()
	o["/runs/{id}/results"] = "/runs/" + asked.ID.String() + "/results"
}

// ask sends a request of a role's browser to a path of the whole server; form is that of a POST. set may change the request.
func (h *securityHouse) ask(role directory.Role, method, path string, form url.Values, set ...func(*http.Request)) *httptest.ResponseRecorder {
	h.t.Helper()
	request := httptest.NewRequestWithContext(h.t.Context(), method, path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if secret := h.cookies[role]; secret != "" {
		request.AddCookie(&http.Cookie{Name: "rollcall", Value: secret})
	}
	for _, change := range set {
		change(request)
	}
	recorder := httptest.NewRecorder()
	h.pages.ServeHTTP(recorder, request)
	return recorder
}

// path is the path of a route in an organization, with the ids of o.
func (h *securityHouse) path(r route, org ident.ID, o objects) (method, path string) {
	method, pattern, _ := strings.Cut(r.pattern, " ")
	if own, whole := strings.CutPrefix(pattern, "//"); whole {
		return method, "/" + strings.NewReplacer("{$}", "", "{secret}", "made-up").Replace(own)
	}
	return method, "/org/" + org.String() + h.filled(pattern, o)
}

// filled fills in what of a path names an object; the tenant's own objects are the same for all.
func (h *securityHouse) filled(pattern string, o objects) string {
	all := maps.Clone(o)
	for _, kind := range []string{"users", "groups"} {
		all["/simulator/"+kind+"/{id}"] = "/simulator/" + kind + "/" + h.tenantsOwn(kind)
	}
	all["/groups/{id}/members/{member}"] = o["/groups/{id}"] + "/members/" + o["/users/{id}"][len("/users/"):]
	return strings.NewReplacer("{step}", "block", "{switch}", "consent-revoke", "{id}", "1").Replace(all.in(pattern))
}

// tenantsOwn is the id of the tenant's object whose name does harm.
func (h *securityHouse) tenantsOwn(kind string) string {
	h.t.Helper()
	page, err := newSimulator(h.sim).list(h.t.Context(), kind, "script", "live", 1, 0)
	h.must(err)
	list := append(page.Users, page.Groups...)
	if len(list) != 1 {
		h.t.Fatalf("no %s of the tenant does harm", kind)
	}
	return list[0].text("id")
}
