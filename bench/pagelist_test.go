//go:build bench

package bench

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
)

// askedPage is a page of the console: its address below the organization's at the visit i, and the form that is posted, nil for none.
type askedPage struct {
	what string
	at   func(i int) (address string, form url.Values)
}

// always is a page with one address.
func always(what, address string) askedPage {
	return askedPage{what, func(int) (string, url.Values) { return address, nil }}
}

// pages are those that are measured: lists, searches, single objects, set-up and its pickers.
func (b *pagesBed) pages(t *testing.T) []askedPage {
	t.Helper()
	users, groups := b.listed(t, "users", pageVisits), b.listed(t, "groups", pageVisits)
	runs := b.listed(t, "runs", 50)
	first := runs[len(runs)-1].ID
	instance, setup := "/instances/"+b.instance, "/setup/"+b.instance
	name := func(i int) string { return users[i%len(users)].name() }
	search := func(what, path string) askedPage {
		return askedPage{what, func(i int) (string, url.Values) { return path + url.QueryEscape(name(i)), nil }}
	}
	picker := func(what, path string, text func(i int) string) askedPage {
		return askedPage{what, func(i int) (string, url.Values) { return setup + path, url.Values{"search": {text(i)}} }}
	}
	return []askedPage{
		always("Overview", "/overview"),
		always("Directory synchronization", "/directory-synchronization"),
		always("Users", "/users"),
		search("Users, searched", "/users?search="),
		always("Users, inactive", "/users?filter=inactive"),
		always("Users, recycle bin", "/users?filter=deleted"),
		{"a user", func(i int) (string, url.Values) { return "/users/" + users[i%len(users)].ID, nil }},
		always("Groups", "/groups"),
		search("Groups, searched", "/groups?search="),
		{"a group", func(i int) (string, url.Values) { return "/groups/" + groups[i%len(groups)].ID, nil }},
		always("Archive", "/archive"),
		always("Runs", "/runs"),
		always("the first run", "/runs/"+first),
		always("Provisioning log", "/log"),
		search("Provisioning log, searched", "/log?search="),
		always("Summary", instance+"/summary"),
		always("Summary, users that are synced", instance+"/summary/users/synced"),
		always("Summary, users out of scope", instance+"/summary/users/out-of-scope"),
		{"Explain", func(i int) (string, url.Values) {
			return instance + "/explain?who=" + url.QueryEscape(users[i%len(users)].UserName), nil
		}},
		always("Audit log", "/audit"),
		always("Connections", "/connections"),
		always("set-up, Attributes", setup+"/attributes"),
		always("set-up, Users", setup+"/users"),
		always("set-up, Groups", setup+"/groups"),
		always("set-up, More", setup+"/more"),
		picker("picker of users", "/users/find", name),
		picker("picker of users, two letters", "/users/find", func(i int) string { return name(i)[:2] }),
		picker("picker of groups", "/groups/find", func(i int) string { return groups[i%len(groups)].DisplayName }),
	}
}

// listedObject is an object of a list of the API.
type listedObject struct {
	ID          string         `json:"id"`
	DisplayName string         `json:"displayName"`
	UserName    string         `json:"userName"`
	Attributes  map[string]any `json:"attributes"`
}

// name is what a person is searched by.
func (o listedObject) name() string {
	if name, _ := o.Attributes["name.familyName"].(string); len(name) > 2 {
		return name
	}
	return o.UserName
}

func (b *pagesBed) listed(t *testing.T, what string, limit int) []listedObject {
	t.Helper()
	var page struct {
		Items []listedObject `json:"items"`
	}
	b.call(t, http.MethodGet, here+"/"+what+"?limit="+strconv.Itoa(limit), nil, &page)
	if len(page.Items) == 0 {
		t.Fatalf("there are no %s", what)
	}
	return page.Items
}
