package console

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

var (
	testTime   = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	testBundle = fstest.MapFS{
		"manifest.json":    {Data: []byte(`{"console.css":"console-1.css","icons":"icons-1"}`)},
		"console-1.css":    {Data: []byte("a{}")},
		"console-1.css.br": {Data: []byte("b")},
		"icons-1/home.svg": {Data: []byte("<svg><path/></svg>")},
	}
)

func TestEveryPageSaysWhoMaySeeIt(t *testing.T) {
	ada := directory.Administrator{ID: ident.ID{1}, Role: directory.FullAdministrator}
	for _, route := range (&server{}).table() {
		if !route.needs.allows(ada) {
			t.Errorf("%s: a full administrator may not; is its operation in the API's table?", route.pattern)
		}
		if path := route.pattern; !route.needs.open && route.needs.allows(directory.Administrator{}) {
			t.Errorf("%s: whoever is not signed in may", path)
		}
	}
	for _, place := range places() {
		if !place.needs.allows(ada) {
			t.Errorf("%s is in nobody's navigation", place.key)
		}
	}
}

func TestAfterSignInOnlyThisServerIsGoneTo(t *testing.T) {
	for target, want := range map[string]string{
		"/org/1/users?a=b": "/org/1/users?a=b", "": "/", "//evil.example": "/", "https://evil.example/": "/", `/\evil.example`: "/",
		"/\tevil": "/", "javascript:alert(1)": "/", "/a\r\nSet-Cookie: b=c": "/",
	} {
		if got := local(target); got != want {
			t.Errorf("%q leads to %q, want %q", target, got, want)
		}
	}
}

func TestAFloodOfSignInsIsSlowedDown(t *testing.T) {
	limits := newLimits()
	let := 0
	for range 50 {
		if _, ok := limits.allow("ada@example.org", "192.0.2.1", testTime); ok {
			let++
		}
	}
	if let != 10 {
		t.Errorf("%d attempts passed, want 10", let)
	}
	if _, ok := limits.allow("bob@example.org", "192.0.2.2", testTime); !ok {
		t.Error("somebody else waits too")
	}
}

func TestAssetsAreKeptForEverAndNothingElseIsServed(t *testing.T) {
	a, err := openAssets(testBundle)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/assets/console-1.css": 200, "/assets/manifest.json": 404, "/assets/../words/en.json": 404, "/assets/": 404} {
		recorder := httptest.NewRecorder()
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.URL.Path = path
		request.Header.Set("Accept-Encoding", "gzip, br")
		a.ServeHTTP(recorder, request)
		if recorder.Code != want {
			t.Errorf("%s: %d, want %d", path, recorder.Code, want)
		}
		if want == 200 && (!strings.Contains(recorder.Header().Get("Cache-Control"), "immutable") || recorder.Header().Get("Content-Encoding") != "br") {
			t.Errorf("%s: %v", path, recorder.Header())
		}
	}
}

func TestObjectsAreLedToByTheirKind(t *testing.T) {
	r := &request{org: ident.ID{1}}
	base, object := "/org/"+ident.ID{1}.String(), ident.ID{2}
	for kind, want := range map[plan.ObjectType]string{plan.User: "/users/", plan.Group: "/groups/", plan.Members: "/groups/"} {
		if got := r.pageOf(kind, object); got != base+want+object.String() {
			t.Errorf("%s: %s", kind, got)
		}
		if got := r.pageOf(kind, ident.ID{}); got != "" {
			t.Errorf("%s without an object: %s", kind, got)
		}
	}
}
