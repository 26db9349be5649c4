//go:build bench

package bench

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
)

// askedPage is a page of the console, or a part of one: its address below the organization's at the visit i, and the form that is posted, nil for none.
type askedPage struct {
	what string
	at   func(i int) (address string, form url.Values)
	// part is the element of the page that htmx asks for by itself; "" for the whole page.
	part string
}

// kept is the part of a page that a browser keeps up to date.
func kept(p askedPage, part string) askedPage {
	p.what, p.part = p.what+", kept up to date", part
	return p
}

// always is a page with one address.
func always(what, address string) askedPage {
	return askedPage{what: what, at: func(int) (string, url.Values) { return address, nil }}
}

// each is a page of one of some objects, another at every visit.
func each(what, before string, objects []listedObject, after string) askedPage {
	return askedPage{what: what, at: func(i int) (string, url.Values) { return before + objects[i%len(objects)].ID + after, nil }}
}

// searched are the visits to a list that ends in what is searched for: a text that many have, that few have, that none has.
func searched(what, path string, few func(i int) string) []askedPage {
	return texts(what, few, func(text string) (string, url.Values) { return path + url.QueryEscape(text), nil })
}

// picked are the same visits to a picker.
func picked(what, path string, few func(i int) string) []askedPage {
	return texts(what, few, func(text string) (string, url.Values) { return path, url.Values{"search": {text}} })
}

func texts(what string, few func(i int) string, at func(text string) (string, url.Values)) []askedPage {
	return []askedPage{
		{what: what + ", a text of many", at: func(i int) (string, url.Values) { return at(few(i)[:2]) }},
		{what: what + ", of few", at: func(i int) (string, url.Values) { return at(few(i)) }},
		{what: what + ", of none", at: func(i int) (string, url.Values) { return at("zzyzx " + strconv.Itoa(i)) }},
	}
}

// listed are objects whose pages are visited.
type listed struct {
	users, groups, runs, tokens, clients, archived, connections, tenantUsers, tenantGroups []listedObject
	// first is the first sync, asked a run on demand, joining a change of who is in a group.
	first, asked, joining string
	// user and group were made by hand: only these can be edited.
	user, group listedObject
}

func (b *pagesBed) list(t *testing.T) listed {
	t.Helper()
	l := listed{
		users: b.found(t, "users?limit=40"), groups: b.found(t, "groups?limit=40"), runs: b.found(t, "runs?limit=50"),
		archived: b.found(t, "archive"), connections: b.found(t, "connections"), tenantUsers: b.ofTenant(t, "users?limit=40"), tenantGroups: b.ofTenant(t, "groups?limit=40"),
	}
	l.first, l.joining = l.runs[len(l.runs)-1].ID, b.found(t, "changes?objectType=Members&limit=1")[0].ID
	for what, into := range map[string]*[]listedObject{"tokens": &l.tokens, "clients": &l.clients} {
		b.call(t, http.MethodPost, here+"/"+what, map[string]any{"name": "Entra provisioning", "role": "scim-writer"}, nil)
		*into = b.found(t, what)
	}
	b.call(t, http.MethodPost, here+"/users", map[string]any{"attributes": map[string]any{"userName": "guest@example.org", "displayName": "A guest"}}, &l.user)
	b.call(t, http.MethodPost, here+"/groups", map[string]any{"attributes": map[string]any{"displayName": "Guests"}}, &l.group)
	var run listedObject
	b.call(t, http.MethodPost, here+"/instances/"+b.instance+"/provision", map[string]any{"users": []string{l.users[0].UserName}}, &run)
	l.asked = run.ID
	return l
}

// pages are all that are measured: lists, searches, single objects, set-up, and the parts of them that a browser asks for by themselves. covers says what is missing.
func (b *pagesBed) pages(t *testing.T) []askedPage {
	t.Helper()
	l := b.list(t)
	all := b.peoplePages(l)
	all = append(all, b.syncPages(l)...)
	all = append(all, b.setupPages(l)...)
	all = append(all, b.settingsPages(l)...)
	parts := map[string]string{
		"Overview": "standing", "Directory synchronization": "instances", "Summary": "summary", "Runs": "rows", "Connections": "list", "a connection": "standing",
		"Simulator, machinery": "standing", "Simulator, a user": "effect", "Simulator, a group": "effect", "the first run": "run", "results on demand": "results",
		"Users": "rows",
	}
	for _, page := range all {
		if part := parts[page.what]; part != "" {
			all = append(all, kept(page, part))
		}
	}
	return all
}

func (l listed) userName(i int) string   { return l.users[i%len(l.users)].UserName }
func (l listed) familyName(i int) string { return l.users[i%len(l.users)].familyName() }
func (l listed) groupName(i int) string  { return l.groups[i%len(l.groups)].DisplayName }

func (b *pagesBed) peoplePages(l listed) []askedPage {
	all := []askedPage{
		always("Overview", "/overview"), always("Users", "/users"), always("Users, inactive", "/users?filter=inactive"), always("Users, active", "/users?filter=active"),
		always("Users, recycle bin", "/users?filter=deleted"), always("Users, by hand", "/users?source=Manual"), always("a new user", "/users/new"),
		each("a user", "/users/", l.users, ""), always("a user, edited", "/users/"+l.user.ID+"/edit"),
		always("Groups", "/groups"), always("Groups, managed", "/groups?filter=managed"), always("Groups, to be synced", "/groups?filter=toBeSynced"), always("a new group", "/groups/new"),
		each("a group", "/groups/", l.groups, ""), always("a group, edited", "/groups/"+l.group.ID+"/edit"), always("new members", "/groups/"+l.group.ID+"/members/new"),
		always("Archive", "/archive"), each("a copy of the archive", "/archive/", l.archived, ""),
		always("Simulator, users", "/simulator"), each("Simulator, a user", "/simulator/users/", l.tenantUsers, ""), always("Simulator, groups", "/simulator/groups"),
		each("Simulator, a group", "/simulator/groups/", l.tenantGroups, ""), always("Simulator, machinery", "/simulator/machinery"),
	}
	all = append(all, searched("Users", "/users?search=", l.familyName)...)
	all = append(all, searched("Groups", "/groups?search=", l.groupName)...)
	all = append(all, searched("new members", "/groups/"+l.group.ID+"/members/new?search=", l.userName)...)
	all = append(all, searched("Archive", "/archive?search=", func(i int) string { return l.archived[i%len(l.archived)].Name })...)
	all = append(all, searched("Simulator, users", "/simulator?search=", l.userName)...)
	return append(all, searched("Simulator, groups", "/simulator/groups?search=", l.groupName)...)
}

func (b *pagesBed) syncPages(l listed) []askedPage {
	instance := "/instances/" + b.instance
	all := []askedPage{
		always("Directory synchronization", "/directory-synchronization"), always("Summary", instance+"/summary"), always("Edit instance name", instance+"/name"),
		always("Delete instance with its consent", instance+"/withdraw"),
		always("Held", instance+"/held"), always("Held, users", instance+"/held?type=users"), always("Held, members", instance+"/held?type=members"),
		always("Provision on demand", instance+"/provision"), always("Explain, nobody yet", instance+"/explain"),
		always("Runs", "/runs"), always("the first run", "/runs/"+l.first), always("the first run, skipped", "/runs/"+l.first+"?filter=skipped"), each("a run", "/runs/", l.runs, ""),
		always("results on demand", "/runs/"+l.asked+"/results"), always("who joins by a change", "/changes/"+l.joining+"/members"),
		always("Provisioning log", "/log"), always("Provisioning log, failed", "/log?state=failed"), always("Provisioning log, held", "/log?state=held"),
		always("Provisioning log, deleted", "/log?action=delete"), always("Provisioning log, groups", "/log?type=groups"), always("Pins", "/pins"),
	}
	for _, bucket := range []string{"synced", "skipped", "failed", "held", "in-bin", "out-of-scope"} {
		all = append(all, always("Summary, users "+bucket, instance+"/summary/users/"+bucket))
	}
	for _, bucket := range []string{"synced", "to-be-synced", "skipped", "failed", "held"} {
		all = append(all, always("Summary, groups "+bucket, instance+"/summary/groups/"+bucket))
	}
	all = append(all, searched("Explain", instance+"/explain?who=", l.userName)...)
	all = append(all, searched("Explain a group", instance+"/explain?type=group&who=", l.groupName)...)
	all = append(all, searched("the first run", "/runs/"+l.first+"?search=", l.userName)...)
	return append(all, searched("Provisioning log", "/log?search=", l.familyName)...)
}

func (b *pagesBed) setupPages(l listed) []askedPage {
	setup := "/setup/" + b.instance
	part := func(what, path string, form url.Values) askedPage {
		return askedPage{what: what, at: func(int) (string, url.Values) { return setup + path, form }}
	}
	selected := url.Values{}
	for _, group := range l.tenantGroups[:20] {
		selected.Add("group", group.ID)
	}
	all := []askedPage{
		always("Set up", "/setup"), always("set-up", setup), always("set-up, Attributes", setup+"/attributes"), always("set-up, Users", setup+"/users"),
		always("set-up, Groups", setup+"/groups"), always("set-up, More", setup+"/more"), always("set-up, review", setup+"/review"),
		part("set-up, users chosen", "/users/edit", url.Values{"all": {"true"}}), part("set-up, groups chosen", "/groups/edit", selected),
		part("picker of users, all", "/users/find", url.Values{}), part("picker of groups, all", "/groups/find", url.Values{}),
	}
	all = append(all, picked("picker of users", setup+"/users/find", l.familyName)...)
	all = append(all, picked("picker of groups", setup+"/groups/find", l.groupName)...)
	all = append(all, picked("picker of the pilot", setup+"/review/find", l.userName)...)
	return append(all, picked("picker of examples", setup+"/attributes/people", l.userName)...)
}

func (b *pagesBed) settingsPages(l listed) []askedPage {
	all := []askedPage{
		always("Audit log", "/audit"), always("Audit log, users", "/audit?kind=user"), always("API tokens", "/tokens"), always("a new token", "/tokens/new"),
		each("a token, rotated", "/tokens/", l.tokens, "/rotate"), always("clients", "/tokens/clients"), always("a new client", "/tokens/clients/new"),
		each("a client, rotated", "/tokens/clients/", l.clients, "/rotate"), always("Domains", "/domains"), always("Retention", "/retention"),
		always("E-mail", "/email"), always("Help", "/help"), always("Licences", "/help/licences"),
		always("Connections", "/connections"), always("a new connection", "/connections/new"), always("App registration", "/connections/registration"),
		each("a connection", "/connections/", l.connections, ""), each("a connection, consent", "/connections/", l.connections, "/consent"),
		always("Administrators", "/administrators"), always("Profile", "/profile"),
	}
	all = append(all, searched("Audit log, by whom", "/audit?who=", func(int) string { return "Ada Lind" })...)
	return append(all, searched("Audit log, about", "/audit?object=", l.userName)...)
}

// listedObject is an object of a list of the API.
type listedObject struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	DisplayName string         `json:"displayName"`
	UserName    string         `json:"userName"`
	Attributes  map[string]any `json:"attributes"`
}

// familyName is what many are searched by.
func (o listedObject) familyName() string {
	if name, _ := o.Attributes["name.familyName"].(string); len(name) > 2 {
		return name
	}
	return o.UserName
}

// found reads a list of the organization.
func (b *pagesBed) found(t *testing.T, what string) []listedObject {
	t.Helper()
	var page struct {
		Items []listedObject `json:"items"`
	}
	b.call(t, http.MethodGet, here+"/"+what, nil, &page)
	return page.Items
}

// ofTenant reads a list of the simulated tenant: users or groups.
func (b *pagesBed) ofTenant(t *testing.T, what string) []listedObject {
	t.Helper()
	var page struct{ Users, Groups []listedObject }
	if err := b.tenant.Do(t.Context(), http.MethodGet, what, nil, &page); err != nil {
		t.Fatal(err)
	}
	return append(page.Users, page.Groups...)
}
