package graph_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
)

// inner is one answer inside a batch.
type inner struct {
	status int
	header string
	body   string
}

var notThere = inner{404, "{}", graphError("Request_ResourceNotFound", "no such thing")}

// batches answers each part of a batch by its address without the options, and records how many parts each batch had. Answers come in
// reverse order.
func batches(t *testing.T, sizes *[]int, answer func(path string) inner) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.URL.Path != "/v1.0/$batch" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s, %s, %v", r.Method, r.URL, r.Header.Get("Content-Type"), err)
		}
		var batch struct {
			Requests []struct{ ID, Method, URL string }
		}
		if err := json.Unmarshal(body, &batch); err != nil {
			t.Error(err)
		}
		*sizes = append(*sizes, len(batch.Requests))
		var answers []string
		for _, part := range batch.Requests {
			path, _, _ := strings.Cut(part.URL, "?")
			a := answer(path)
			answers = append(answers, fmt.Sprintf(`{"id":%q,"status":%d,"headers":%s,"body":%s}`, part.ID, a.status, a.header, a.body))
		}
		slices.Reverse(answers)
		fmt.Fprintf(w, `{"responses":[%s]}`, strings.Join(answers, ","))
	}
}

func TestAUserIsLiveInTheBinOrGone(t *testing.T) {
	var sizes []int
	n := newTenant(t, batches(t, &sizes, func(path string) inner {
		switch path {
		case "/users/" + anna:
			return inner{200, "{}", `{"id":"` + anna + `","displayName":"Anna","jobTitle":null,"manager":{"id":"` + boris + `"}}`}
		case "/directory/deletedItems/" + boris:
			return inner{200, "{}", `{"id":"` + boris + `","deletedDateTime":"2026-11-01T08:00:00Z","displayName":"Boris"}`}
		}
		return notThere
	}))
	got, err := n.client(t).LookUpUsers(t.Context(), []string{chen, anna, boris, anna}, []string{"displayName", "manager"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]graph.Existence{
		anna:  {Presence: graph.Live, User: graph.User{ID: anna, Record: attr.From(map[string]any{"id": anna, "displayName": "Anna", "manager": boris})}},
		boris: {Presence: graph.Binned, User: graph.User{ID: boris, DeletedAt: time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)}},
		chen:  {Presence: graph.Gone, User: graph.User{ID: chen}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("existence (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{6}, sizes); diff != "" {
		t.Errorf("parts per batch (-want +got):\n%s", diff)
	}
}

func TestManyIdsAreLookedUpTenAtATime(t *testing.T) {
	var sizes []int
	n := newTenant(t, batches(t, &sizes, func(string) inner { return notThere }))
	var ids []string
	for i := range 23 {
		ids = append(ids, fmt.Sprintf("00000000-0000-4000-8000-%012d", i))
	}
	got, err := n.client(t).LookUpUsers(t.Context(), ids, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ids, slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{20, 20, 6}, sizes); diff != "" {
		t.Errorf("parts per batch (-want +got):\n%s", diff)
	}
}

func TestOnlyTheDirectorysOwn404SaysThatSomebodyIsGone(t *testing.T) {
	for name, c := range map[string]struct {
		answer inner
		kind   fault.Kind
	}{
		"another 404":      {inner{404, "{}", graphError("UnknownError", "m")}, fault.NotFound},
		"a 404 of a proxy": {inner{404, "{}", `"PGh0bWw+"`}, fault.NotFound},
		"400":              {inner{400, "{}", graphError("Request_BadRequest", "m")}, fault.Invalid},
		"403":              {inner{403, "{}", graphError("Authorization_RequestDenied", "m")}, fault.Denied},
		"410":              {inner{410, "{}", graphError("gone", "m")}, fault.Invalid},
		"204":              {inner{204, "{}", "null"}, fault.Unavailable},
		"another user":     {inner{200, "{}", `{"id":"` + boris + `"}`}, fault.Unavailable},
		"not a user":       {inner{200, "{}", `[]`}, fault.Unavailable},
		"424":              {inner{424, "{}", graphError("failedDependency", "m")}, fault.Invalid},
	} {
		for _, place := range []string{"/users/", "/directory/deletedItems/"} {
			var sizes []int
			n := newTenant(t, batches(t, &sizes, func(path string) inner {
				if path == place+anna {
					return c.answer
				}
				return notThere
			}))
			got, err := n.client(t).LookUpUsers(t.Context(), []string{anna}, nil)
			if len(got) != 0 || fault.Of(err) == nil || fault.KindOf(err) != c.kind {
				t.Errorf("%s under %s: %v, %v (kind %v)", name, place, got, err, fault.KindOf(err))
			}
		}
	}
}

func TestPartsOfABatchThatFailedForNowAreAskedAgainAlone(t *testing.T) {
	var sizes []int
	tries := map[string]int{}
	n := newTenant(t, batches(t, &sizes, func(path string) inner {
		tries[path]++
		switch {
		case path == "/users/"+anna && tries[path] == 1:
			return inner{429, `{"Retry-After":"3"}`, graphError("activityLimitReached", "m")}
		case path == "/users/"+boris && tries[path] == 1:
			return inner{429, `{"retry-after":"8"}`, graphError("activityLimitReached", "m")}
		case path == "/users/"+anna && tries[path] == 2:
			return inner{503, `{}`, `null`}
		}
		return notThere
	}))
	got, err := n.client(t).LookUpUsers(t.Context(), []string{anna, boris}, nil)
	if err != nil || got[anna].Presence != graph.Gone || got[boris].Presence != graph.Gone {
		t.Fatalf("LookUpUsers = %v, %v", got, err)
	}
	if diff := cmp.Diff([]int{4, 2, 1}, sizes); diff != "" {
		t.Errorf("parts per batch (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]time.Duration{8 * time.Second, 500 * time.Millisecond}, n.waits); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
}

func TestAPartThatKeepsFailingFailsTheLookUp(t *testing.T) {
	var sizes []int
	n := newTenant(t, batches(t, &sizes, func(path string) inner {
		if path == "/directory/deletedItems/"+anna {
			return inner{500, `{}`, graphError("generalException", "m")}
		}
		return notThere
	}))
	got, err := n.client(t).LookUpUsers(t.Context(), []string{anna}, nil)
	wantFault(t, err, fault.Unavailable, "generalException")
	if len(got) != 0 || len(sizes) != 4 {
		t.Errorf("%v after %d batches", got, len(sizes))
	}
	n = newTenant(t, batches(t, &sizes, func(string) inner { return inner{429, `{"Retry-After":"120"}`, "null"} }))
	_, err = n.client(t).LookUpUsers(t.Context(), []string{anna}, nil)
	if f := wantFault(t, err, fault.Throttled, ""); f.RetryAfter != 2*time.Minute {
		t.Errorf("RetryAfter = %v", f.RetryAfter)
	}
}

func TestABatchThatLeavesSomethingOutIsAskedAgain(t *testing.T) {
	var sizes []int
	all := batches(t, &sizes, func(string) inner { return notThere })
	for name, broken := range map[string]string{
		"nothing":        `{"responses":[]}`,
		"another's":      `{"responses":[{"id":"7","status":404,"body":{}}]}`,
		"no number":      `{"responses":[{"id":"x","status":404,"body":{}}]}`,
		"without status": `{"responses":[{"id":"0","body":{}},{"id":"1","body":{}}]}`,
		"no batch":       `[]`,
	} {
		n := newTenant(t, script(ok(broken), all))
		got, err := n.client(t).LookUpUsers(t.Context(), []string{anna}, nil)
		if err != nil || got[anna].Presence != graph.Gone || len(n.waits) != 1 {
			t.Errorf("%s: %v, %v, waits %v", name, got, err, n.waits)
		}
		n = newTenant(t, ok(broken))
		_, err = n.client(t).LookUpUsers(t.Context(), []string{anna}, nil)
		wantFault(t, err, fault.Unavailable, "BrokenAnswer")
	}
}

func TestOnlyObjectIdsAreLookedUp(t *testing.T) {
	n := newTenant(t, ok(emptyPage))
	for _, id := range []string{"", "..", "anna@contoso.example", anna + "/photo"} {
		_, err := n.client(t).LookUpUsers(t.Context(), []string{anna, id}, nil)
		wantFault(t, err, fault.Invalid, "InvalidID")
	}
	if len(n.requests) != 0 {
		t.Errorf("asked %v", n.asked())
	}
}
