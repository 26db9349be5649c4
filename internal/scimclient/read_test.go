package scimclient_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"rollcall/internal/fault"
	"rollcall/internal/scimclient"
)

// people answers a list of so many users by index, at most cap on a page.
func people(total, most int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		start, err := strconv.Atoi(r.URL.Query().Get("startIndex"))
		if err != nil {
			start = 1
		}
		count, err := strconv.Atoi(r.URL.Query().Get("count"))
		if err != nil {
			count = most
		}
		says(ok, fmt.Sprintf(`{"totalResults":%d,"startIndex":%d,"Resources":[%s]}`, total, start, users(start, min(start+min(count, most), total+1))))(w, r)
	}
}

func users(from, before int) string {
	var all []string
	for i := from; i < before; i++ {
		all = append(all, user(strconv.Itoa(i), "u"+strconv.Itoa(i)))
	}
	return strings.Join(all, ",")
}

// walk reads a list to its end and returns the ids.
func walk(t *testing.T, c *scimclient.Client, page scimclient.Page) ([]string, error) {
	t.Helper()
	var ids []string
	for range 100 {
		listed, err := c.List(t.Context(), scimclient.User, page)
		if err != nil {
			return ids, err
		}
		for _, r := range listed.Resources {
			ids = append(ids, r.ID)
		}
		if page.Cursor = listed.Next; page.Cursor == "" {
			return ids, nil
		}
	}
	t.Fatal("a list without an end")
	return nil, nil
}

func TestAListIsReadToItsEnd(t *testing.T) {
	byCursor := func(w http.ResponseWriter, r *http.Request) {
		pages := map[string]string{"": `"nextCursor":"b/2"`, "b/2": `"nextCursor":"c"`, "c": `"itemsPerPage":1`}
		if q := r.URL.Query(); !q.Has("cursor") || q.Has("startIndex") {
			says(http.StatusBadRequest, "{}")(w, r)
			return
		}
		cursor := r.URL.Query().Get("cursor")
		says(ok, `{`+pages[cursor]+`,"Resources":[`+user("id-"+cursor, "u")+`]}`)(w, r)
	}
	cursors := says(ok, `{"pagination":{"cursor":true,"index":true,"maxPageSize":50},"filter":{"supported":true},"patch":{"supported":true}}`)
	for name, c := range map[string]struct {
		config, list http.HandlerFunc
		profile      string
		want         int
	}{
		"by index":                           {bulkConfig(0, 0), people(450, 1000), "generic", 450},
		"pages smaller than asked for":       {bulkConfig(0, 0), people(450, 30), "generic", 450},
		"nobody":                             {bulkConfig(0, 0), says(ok, `{"totalResults":0}`), "generic", 0},
		"by cursor":                          {cursors, byCursor, "generic", 3},
		"by cursor, as the profile has it":   {says(http.StatusNotFound, ""), byCursor, "aws", 3},
		"a cursor is claimed but not given":  {cursors, people(120, 1000), "generic", 120},
		"no totals and no pages":             {bulkConfig(0, 0), says(ok, `{"Resources":[`+users(1, 4)+`]}`), "generic", 3},
		"names in another case, ids numbers": {bulkConfig(0, 0), says(ok, `{"TOTALRESULTS":"1","resources":[{"ID":7,"username":"u"}]}`), "generic", 1},
	} {
		s := serve(t, map[string]http.HandlerFunc{config: c.config, "GET /Users": c.list})
		ids, err := walk(t, s.client(t, c.profile), scimclient.Page{})
		if err != nil || len(ids) != c.want {
			t.Errorf("%s: %d of %d, %v", name, len(ids), c.want, err)
		}
	}
}

func TestAListThatIsNotCompleteIsNoInformation(t *testing.T) {
	for name, list := range map[string]http.HandlerFunc{
		"ends early":           says(ok, `{"totalResults":5,"Resources":[]}`),
		"starts anew":          says(ok, `{"totalResults":5,"startIndex":1,"Resources":[`+users(1, 4)+`]}`),
		"is no list":           says(ok, `{"detail":"hello"}`),
		"has a nameless entry": says(ok, `{"totalResults":1,"Resources":[{"userName":"ada"}]}`),
		"its own successor":    says(ok, `{"nextCursor":"x","Resources":[]}`),
	} {
		s := serve(t, map[string]http.HandlerFunc{config: bulkConfig(0, 0), "GET /Users": list})
		_, err := walk(t, s.client(t, "generic"), scimclient.Page{})
		if known := fault.Of(err); known == nil || known.Kind != fault.Unavailable || known.Code != scimclient.IncompleteList {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACursorThatIsNoLongerTakenIsExpired(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{config: bulkConfig(0, 0), "GET /Users": says(http.StatusBadRequest, `{"scimType":"expiredCursor"}`)})
	client := s.client(t, "generic")
	if _, err := client.List(t.Context(), scimclient.User, scimclient.Page{Cursor: "cursor:old"}); !fault.Is(err, fault.Expired) {
		t.Errorf("%v", err)
	}
	if _, err := client.List(t.Context(), scimclient.User, scimclient.Page{Cursor: "somewhere"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a cursor of nobody: %v", err)
	}
}

func TestAttributesAreChosenWhereThatIsTaken(t *testing.T) {
	for profile, want := range map[string]bool{"generic": true, "aws": false} {
		s := serve(t, map[string]http.HandlerFunc{
			config: bulkConfig(0, 0), "GET /Groups": says(ok, `{"totalResults":0}`), "GET /Groups/1": says(ok, `{"id":"1","displayName":"G"}`),
		})
		client := s.client(t, profile)
		_, err := client.List(t.Context(), scimclient.Group, scimclient.Page{Without: []string{"members"}})
		got, err2 := client.Get(t.Context(), scimclient.Group, "1", "displayName")
		if err != nil || err2 != nil || got.Name != "G" {
			t.Fatal(got, err, err2)
		}
		lines := s.requests("GET /Groups")
		if strings.Contains(lines[0].line, "excludedAttributes=members") != want || strings.Contains(lines[1].line, "attributes=displayName") != want {
			t.Errorf("%s: %s, %s", profile, lines[0].line, lines[1].line)
		}
	}
}

func TestFindAsksForTheValueAsItIs(t *testing.T) {
	const name = `o"b\é`
	s := serve(t, map[string]http.HandlerFunc{config: bulkConfig(0, 0), "GET /Users": func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("filter") != `userName eq "o\"b\\é"` {
			says(ok, `{"totalResults":0,"Resources":[]}`)(w, r)
			return
		}
		says(ok, `{"totalResults":1,"Resources":[`+user("1", `O"B\É`)+`]}`)(w, r)
	}})
	found, err := s.client(t, "generic").Find(t.Context(), scimclient.User, "userName", name)
	if err != nil || len(found) != 1 || found[0].ID != "1" {
		line, _ := url.QueryUnescape(s.requests("GET /Users")[0].line)
		t.Errorf("found %v, %v by %s", found, err, line)
	}
}

func TestFindSaysWhereItCannotLook(t *testing.T) {
	for name, c := range map[string]struct {
		config, list       http.HandlerFunc
		profile, attribute string
		want               error
		found              int
	}{
		"the profile knows":       {bulkConfig(0, 0), nil, "aws", "displayName", scimclient.ErrNoFilter, 0},
		"the service says":        {says(ok, `{"filter":{"supported":false}}`), nil, "generic", "userName", scimclient.ErrNoFilter, 0},
		"the service refuses":     {bulkConfig(0, 0), says(http.StatusBadRequest, `{"scimType":"invalidFilter"}`), "generic", "externalId", scimclient.ErrNoFilter, 0},
		"the filter is no filter": {bulkConfig(0, 0), people(500, 100), "generic", "userName", scimclient.ErrNoFilter, 0},
		"all are on the page":     {bulkConfig(0, 0), says(ok, `{"totalResults":3,"Resources":[`+users(1, 4)+`]}`), "generic", "userName", nil, 1},
		"nobody":                  {bulkConfig(0, 0), says(ok, `{"totalResults":0,"Resources":[]}`), "aws", "USERNAME", nil, 0},
	} {
		s := serve(t, map[string]http.HandlerFunc{config: c.config, "GET /Users": c.list})
		found, err := s.client(t, c.profile).Find(t.Context(), scimclient.User, c.attribute, "U2")
		if !errors.Is(err, c.want) || len(found) != c.found {
			t.Errorf("%s: %d found, %v", name, len(found), err)
		}
	}
}

func TestWhoIsNotThereIsNotFound(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{config: bulkConfig(0, 0)})
	if _, err := s.client(t, "generic").Get(t.Context(), scimclient.User, "1"); !fault.Is(err, fault.NotFound) {
		t.Errorf("Get: %v", err)
	}
	_, err := s.client(t, "generic").List(t.Context(), scimclient.User, scimclient.Page{})
	if known := fault.Of(err); known == nil || known.Code != scimclient.NoEndpoint {
		t.Errorf("List at a wrong address: %v", err)
	}
}
