package scimserver_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// found returns the userNames or displayNames of a list, as they come.
func (a answered) found() []string {
	a.t.Helper()
	list := a.want(200)
	resources, ok := list["Resources"].([]any)
	if !ok {
		a.t.Fatalf("a list has no Resources: %s", a.text)
	}
	names := []string{}
	for _, element := range resources {
		resource, _ := element.(object)
		name, _ := resource["userName"].(string)
		if name == "" {
			name, _ = resource["displayName"].(string)
		}
		names = append(names, name)
	}
	return names
}

// filtered asks for users.
func (h *house) filtered(token, filter string) answered {
	h.t.Helper()
	return h.call(token, "GET", "/Users?filter="+url.QueryEscape(filter), nil)
}

func TestUsersAreFoundByWhateverTheyHave(t *testing.T) {
	h := open(t)
	boss := id(h.person("boss@contoso.com", object{"title": "Boss"}))
	ada := id(h.person("Ada@contoso.com", object{
		"externalId": "x-1", "displayName": "Ada", "emails": []object{{"type": "work", "value": "ada@work.example"}, {"value": "ada@loose.example"}},
		enterprise: object{"department": "Engines", "manager": object{"value": boss}}, "active": false,
	}))
	group := id(h.group("Engines", ada))
	for filter, want := range map[string]string{
		`userName eq "ADA@contoso.com"`:                                         "Ada@contoso.com",
		`externalId eq "x-1"`:                                                   "Ada@contoso.com",
		`externalId eq x-1`:                                                     "Ada@contoso.com",
		`id eq "` + boss + `"`:                                                  "boss@contoso.com",
		`emails[type eq "work"].value eq "ada@work.example"`:                    "Ada@contoso.com",
		`emails[type eq "work" and value ew "work.example"]`:                    "Ada@contoso.com",
		`emails.value co "loose"`:                                               "Ada@contoso.com",
		`emails[type eq "home"]`:                                                "",
		`active eq "False"`:                                                     "Ada@contoso.com",
		`title pr`:                                                              "boss@contoso.com",
		`not (title pr) and displayName sw "a"`:                                 "Ada@contoso.com",
		enterprise + `:manager eq "` + boss + `"`:                               "Ada@contoso.com",
		`urn:ietf:params:scim:schemas:core:2.0:User:userName sw "boss"`:         "boss@contoso.com",
		`groups.value eq "` + group + `"`:                                       "Ada@contoso.com",
		`meta.created lt "2001-01-01T00:00:00Z"`:                                "",
		`schemas eq "` + enterprise + `"`:                                       "Ada@contoso.com",
		`userName eq "8f3c0b52-9d4b-4d53-a0a1-6f6d0a7f0d9e"`:                    "",
		`userName eq "it's \"quoted\" \\ % _"`:                                  "",
		`(title eq "boss" or title eq "x") and (active eq true or nickName pr)`: "boss@contoso.com",
	} {
		got := h.filtered(h.entra, filter)
		if names := got.found(); strings.Join(names, ",") != want {
			t.Errorf("%s: %v", filter, names)
		}
		if list := got.want(200); list["totalResults"] != float64(len(got.found())) || list["startIndex"] != 1.0 {
			t.Errorf("%s: %s", filter, got.text)
		}
	}
	if got := h.call(h.entra, "GET", "/Groups?filter="+url.QueryEscape(`members eq "`+ada+`" and displayName eq "ENGINES"`), nil).found(); len(got) != 1 {
		t.Errorf("%v", got)
	}
	if detail := h.filtered(h.entra, `userName zz "x"`).fails(400, "invalidFilter"); !strings.Contains(detail, "character 10") {
		t.Error(detail)
	}
	if got := h.filtered(h.entra, strings.TrimSuffix(strings.Repeat(`title pr or `, 650), " or ")).found(); len(got) != 1 {
		t.Errorf("%v", got)
	}
	if got := h.filtered(h.entra, strings.TrimSuffix(strings.Repeat(`not (title pr) and `, 400), " and ")).found(); len(got) != 1 {
		t.Errorf("%v", got)
	}
	if got := h.filtered(h.entra, strings.Repeat("(", 31)+"title pr"+strings.Repeat(")", 31)).found(); len(got) != 1 {
		t.Errorf("%v", got)
	}
	h.filtered(h.strict, `externalId eq x-1`).fails(400, "invalidFilter")
	h.call(h.entra, "GET", "/Users?sortBy=name", nil).fails(400, "invalidValue")
	h.call(h.entra, "GET", "/Users?count=many", nil).fails(400, "invalidValue")
}

func TestListsAreSortedAndPaged(t *testing.T) {
	h := open(t)
	var names []string
	for i := range 11 {
		names = append(names, fmt.Sprintf("user%02d@contoso.com", (i*7)%11))
		h.person(names[i], object{"title": fmt.Sprint(i % 3)})
	}
	sorted := slices.Sorted(slices.Values(names))
	if got := h.call(h.entra, "GET", "/Users?sortBy=userName", nil).found(); !slices.Equal(got, sorted) {
		t.Errorf("%v", got)
	}
	descending := slices.Clone(sorted)
	slices.Reverse(descending)
	if got := h.call(h.entra, "GET", "/Users?sortBy=userName&sortOrder=descending", nil).found(); !slices.Equal(got, descending) {
		t.Errorf("%v", got)
	}
	var walked []string
	for start := 1; start <= 11; start += 5 {
		a := h.call(h.entra, "GET", fmt.Sprintf("/Users?startIndex=%d&count=5", start), nil)
		walked = append(walked, a.found()...)
		if list := a.want(200); list["startIndex"] != float64(start) || list["totalResults"] != 11.0 || list["itemsPerPage"] != float64(len(a.found())) {
			t.Errorf("%s", a.text)
		}
	}
	if !slices.Equal(walked, names) {
		t.Errorf("%v, not %v", walked, names)
	}
	for query, want := range map[string]int{"startIndex=0": 11, "startIndex=-3&count=2": 2, "count=0": 0, "count=-1": 0, "startIndex=100": 0, "count=100000": 11} {
		a := h.call(h.entra, "GET", "/Users?"+query, nil)
		if got := a.found(); len(got) != want || a.want(200)["totalResults"] != 11.0 {
			t.Errorf("%s: %s", query, a.text)
		}
	}
}

func TestCursorsLoseNobodyWhenOthersGo(t *testing.T) {
	h := open(t)
	ids := map[string]string{}
	for i := range 9 {
		name := fmt.Sprintf("user%d@contoso.com", i)
		ids[name] = id(h.person(name, nil))
	}
	var walked []string
	cursor, pages := "", 0
	for {
		a := h.call(h.entra, "GET", "/Users?count=2&sortBy=userName&cursor="+url.QueryEscape(cursor), nil)
		names, list := a.found(), a.want(200)
		if walked, pages = append(walked, names...), pages+1; list["totalResults"] != 9.0 || list["startIndex"] != nil {
			t.Errorf("%s", a.text)
		}
		if list["nextCursor"] == nil {
			break
		}
		cursor, _ = list["nextCursor"].(string)
		if pages == 1 {
			h.call(h.entra, "DELETE", "/Users/"+ids[names[0]], nil).want(204)
		}
	}
	if len(walked) != 9 || pages != 5 || !slices.IsSorted(walked) {
		t.Errorf("%d pages: %v", pages, walked)
	}
	h.call(h.entra, "GET", "/Users?cursor=nonsense", nil).fails(400, "invalidCursor")
	h.call(h.entra, "GET", "/Groups?cursor="+url.QueryEscape(cursor), nil).fails(400, "invalidCursor")
	h.call(h.entra, "GET", "/Users?count=2&cursor="+url.QueryEscape(cursor), nil).fails(400, "invalidCursor")
}

// TestAPageBehindACursorIsNotEmptyByWish: without a next cursor it would pass for the last one (RFC 9865, section 2.1).
func TestAPageBehindACursorIsNotEmptyByWish(t *testing.T) {
	h := open(t)
	h.person("ada@contoso.com", nil)
	for _, count := range []string{"0", "-1", "many", "1.5"} {
		h.call(h.strict, "GET", "/Users?cursor&count="+count, nil).fails(400, "invalidCount")
	}
	for _, count := range []any{0, -1, "many", 1.5} {
		h.call(h.strict, "POST", "/Users/.search", object{
			"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}, "cursor": "", "count": count,
		}).fails(400, "invalidCount")
	}
	h.call(h.strict, "GET", "/Users?cursor&count=100000", nil).want(200)
	h.call(h.strict, "GET", "/Users?count=many", nil).fails(400, "invalidValue")
}

// TestListsAreSortedByThePrimaryOfSeveralValues or else the first; who has none comes last, or first where the order is descending (RFC 7644, section 3.4.2.3).
func TestListsAreSortedByThePrimaryOfSeveralValues(t *testing.T) {
	h := open(t)
	h.person("none@contoso.com", nil)
	h.person("c@contoso.com", object{"emails": []object{{"value": "A@x", "type": "home"}, {"value": "c@x", "type": "work", "primary": true}}})
	h.person("a@contoso.com", object{"emails": []object{{"value": "a@x"}, {"value": "z@x"}}})
	h.person("b@contoso.com", object{"emails": []object{{"value": "B@x", "type": "work"}}})
	for query, want := range map[string]string{
		"sortBy=emails": "a@contoso.com b@contoso.com c@contoso.com none@contoso.com",
		"sortBy=emails.value&sortOrder=descending": "none@contoso.com c@contoso.com b@contoso.com a@contoso.com",
	} {
		if got := strings.Join(h.call(h.strict, "GET", "/Users?"+query, nil).found(), " "); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	h.call(h.strict, "GET", "/Users?sortBy=groups", nil).fails(400, "invalidValue")
}

func TestASearchIsAQueryInABody(t *testing.T) {
	h := open(t)
	h.person("ada@contoso.com", object{"displayName": "Engines", "title": "T"})
	h.person("bob@contoso.com", nil)
	h.group("Engines")
	search := func(more object) object {
		more["schemas"] = []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}
		return more
	}
	a := h.call(h.reader, "POST", "/Users/.search", search(object{"filter": `title pr`, "attributes": []string{"userName"}, "count": 1, "startIndex": 1}))
	if got := a.found(); !slices.Equal(got, []string{"ada@contoso.com"}) || strings.Contains(a.text, "title") {
		t.Errorf("%s", a.text)
	}
	if got := h.call(h.reader, "POST", "/.search", search(object{"filter": `displayName eq "engines"`})).found(); !slices.Equal(got, []string{"ada@contoso.com", "Engines"}) {
		t.Errorf("%v", got)
	}
	if got := h.call(h.reader, "POST", "/.search", search(object{"startIndex": 2, "count": 2})).found(); !slices.Equal(got, []string{"bob@contoso.com", "Engines"}) {
		t.Errorf("%v", got)
	}
	if got := h.call(h.reader, "POST", "/.search", search(object{"filter": `userName sw "b"`})).found(); !slices.Equal(got, []string{"bob@contoso.com"}) {
		t.Errorf("%v", got)
	}
	if got := h.call(h.reader, "GET", "?filter="+url.QueryEscape(`meta.resourceType eq "Group"`), nil).found(); !slices.Equal(got, []string{"Engines"}) {
		t.Errorf("%v", got)
	}
	h.call(h.reader, "POST", "/.search", search(object{"filter": "nonsense"})).fails(400, "invalidFilter")
	h.call(h.reader, "POST", "/Users/.search", search(object{"filter": 7})).fails(400, "invalidSyntax")
	h.call(h.reader, "POST", "/Users/.search", search(object{"count": "x"})).fails(400, "invalidValue")
	h.call(h.strict, "POST", "/Users/.search", object{}).fails(400, "invalidSyntax")
}
