package console

import (
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/entrasim"
	"rollcall/internal/ident"
	"rollcall/internal/notify/notifytest"
	"rollcall/internal/store"
)

type noMetrics struct{}

func (noMetrics) CountHTTP(string, string, int) {}

// simHouse is a console over a real directory and a simulated tenant, with a full administrator signed in.
type simHouse struct {
	*testing.T
	pages     http.Handler
	directory *directory.Service
	sim       *entrasim.Server
	config    Config
	org       ident.ID
	cookie    *http.Cookie
}

func newSimHouse(t *testing.T) *simHouse {
	t.Helper()
	h := &simHouse{T: t, sim: &entrasim.Server{Users: 20}}
	if err := h.sim.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return h.sim.Tenant().Now }
	db, err := store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "rollcall.db"), Logger: slog.New(slog.DiscardHandler), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.directory = directory.NewService(db, now, directory.Retention{Archive: 30, Audit: 60})
	organization, err := h.directory.CreateOrganization(t.Context(), "Example")
	if err != nil {
		t.Fatal(err)
	}
	h.org = organization.ID
	h.config = Config{
		Engine:    engine.New(engine.Config{Store: db, Directory: h.directory, Now: now, Machine: now, Node: ident.New(now()), Logger: slog.New(slog.DiscardHandler)}),
		Directory: h.directory, Mail: notifytest.Service(t, db, h.directory, now), Logger: slog.New(slog.DiscardHandler), Metrics: noMetrics{}, Now: now, Machine: now, Simulator: h.sim.URL(),
		Bundle: fstest.MapFS{"manifest.json": {Data: []byte(`{"console.css":"a.css","console.js":"a.js","icons":"icons"}`)}},
	}
	if h.pages, err = New(h.config); err != nil {
		t.Fatal(err)
	}
	h.become(directory.FullAdministrator)
	return h
}

// become signs a new administrator with the role in.
func (h *simHouse) become(role directory.Role) {
	h.Helper()
	_, link, err := h.directory.Invite(h.Context(), ident.ID{}, role, "")
	if err != nil {
		h.Fatal(err)
	}
	who := directory.NewAdministrator{Name: "Ada", Email: strings.ReplaceAll(string(role), " ", "-") + "@example.org", Password: "quiet harbour lamp seven"}
	_, secret, err := h.directory.AcceptInvitation(h.Context(), link, who, "192.0.2.1", "test")
	if err != nil {
		h.Fatal(err)
	}
	h.cookie = &http.Cookie{Name: "rollcall", Value: secret}
}

// ask sends a request of the browser: a form if there is one.
func (h *simHouse) ask(method, path string, form url.Values) *httptest.ResponseRecorder {
	h.Helper()
	request := httptest.NewRequestWithContext(h.Context(), method, "/org/"+h.org.String()+path, strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.AddCookie(h.cookie)
	recorder := httptest.NewRecorder()
	h.pages.ServeHTTP(recorder, request)
	return recorder
}

// tenant asks the tenant itself.
func (h *simHouse) tenant(path string) tenantObject {
	h.Helper()
	var object tenantObject
	if err := newSimulator(h.sim.URL()).call(h.Context(), http.MethodGet, path, nil, &object); err != nil {
		h.Fatal(err)
	}
	return object
}

func (h *simHouse) somebody() string {
	h.Helper()
	page, err := newSimulator(h.sim.URL()).list(h.Context(), "users", "", "live", 1, 0)
	if err != nil || len(page.Users) != 1 {
		h.Fatal(err)
	}
	return page.Users[0].text("id")
}

func TestWhoMayOnlyLookChangesNothingInTheSimulatedTenant(t *testing.T) {
	h := newSimHouse(t)
	id := h.somebody()
	groups, err := newSimulator(h.sim.URL()).list(t.Context(), "groups", "", "live", 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	group := groups.Groups[0].text("id")
	before := []tenantObject{h.tenant("/users/" + id), h.tenant("/groups/" + group)}
	clock := h.tenant("/clock")["offset_ms"]
	h.become(directory.ReadOnlyAdministrator)
	for _, route := range (&server{}).simulatorTable() {
		method, path, _ := strings.Cut(route.pattern, " ")
		path = strings.NewReplacer("{id}", id, "{step}", "block", "{switch}", "consent-revoke").Replace(path)
		path = strings.Replace(path, "groups/"+id, "groups/"+group, 1)
		got := h.ask(method, path, url.Values{"advance": {"1h"}, "displayName": {"Changed"}})
		want := http.StatusForbidden
		if method == http.MethodGet {
			want = http.StatusOK
		}
		if got.Code != want {
			t.Errorf("%s: %d, want %d", route.pattern, got.Code, want)
		}
		if method == http.MethodGet && strings.Contains(got.Body.String(), `method="post" action="/org/`+h.org.String()+"/simulator/") {
			t.Errorf("%s offers to change something", route.pattern)
		}
	}
	if diff := cmp.Diff(before, []tenantObject{h.tenant("/users/" + id), h.tenant("/groups/" + group)}); diff != "" {
		t.Error(diff)
	}
	if app := h.tenant("/app"); app["consent_revoked"] != false || h.tenant("/clock")["offset_ms"] != clock {
		t.Errorf("the machinery: %v", app)
	}
}

func TestAPersonOfTheTenantSavedUntouchedIsNotChanged(t *testing.T) {
	h := newSimHouse(t)
	page, err := newSimulator(h.sim.URL()).list(t.Context(), "users", "", "live", 20, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range page.Users {
		path := "/simulator/users/" + user.text("id")
		shown := h.ask(http.MethodGet, path, nil).Body.String()
		form := url.Values{}
		for _, input := range regexp.MustCompile(`<input name="([A-Za-z]+)"[^>]*? value="([^"]*)"`).FindAllStringSubmatch(shown, -1) {
			form.Set(input[1], html.UnescapeString(input[2]))
		}
		if len(form) < len(simUserFields) {
			t.Fatalf("the form has only %d fields", len(form))
		}
		saved := h.ask(http.MethodPost, path+"/change", form)
		if saved.Code != http.StatusSeeOther || !strings.Contains(saved.Header().Get("Set-Cookie"), "said=sim.unchanged") {
			t.Errorf("%s: %d %s", user.label(), saved.Code, saved.Header())
		}
		if diff := cmp.Diff(user, h.tenant("/users/"+user.text("id"))); diff != "" {
			t.Error(diff)
		}
	}
}

func TestWhoMovesTheTenantsClockStaysSignedIn(t *testing.T) {
	h := newSimHouse(t)
	moved := h.ask(http.MethodPost, "/simulator/clock", url.Values{"advance": {"720h"}})
	if moved.Code != http.StatusSeeOther {
		t.Fatal(moved.Code, moved.Body)
	}
	old := h.cookie
	for _, cookie := range moved.Result().Cookies() {
		if cookie.Name == old.Name {
			h.cookie = cookie
		}
	}
	if got := h.ask(http.MethodGet, "/simulator/machinery", nil); got.Code != http.StatusOK {
		t.Errorf("the next page: %d", got.Code)
	}
	h.cookie = old
	if got := h.ask(http.MethodGet, "/simulator/machinery", nil); got.Code != http.StatusSeeOther {
		t.Errorf("the session before is good still: %d", got.Code)
	}
}

func TestAServerWithoutASimulatedTenantHasNoPagesOfIt(t *testing.T) {
	h := newSimHouse(t)
	h.config.Simulator = ""
	var err error
	if h.pages, err = New(h.config); err != nil {
		t.Fatal(err)
	}
	if got := h.ask(http.MethodGet, "/simulator", nil); got.Code != http.StatusNotFound {
		t.Errorf("the page: %d", got.Code)
	}
	if got := h.ask(http.MethodGet, "/users", nil).Body.String(); strings.Contains(got, "/simulator") {
		t.Error("the navigation leads to it")
	}
}
