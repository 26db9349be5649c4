package console_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"rollcall/internal/console"
	"rollcall/internal/destination"
	"rollcall/internal/destination/orgdir"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/entrasim"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/notify/notifytest"
	"rollcall/internal/plan"
	"rollcall/internal/store"
	"rollcall/internal/telemetry"
)

type (
	connectQueue    struct{}
	connectObserver struct{}
)

func (connectQueue) Enqueue(context.Context, ident.ID) error                 { return nil }
func (connectQueue) Wake()                                                   {}
func (connectObserver) RunEnded(engine.Run, time.Duration)                   {}
func (connectObserver) EntriesSettled(plan.Action, engine.EntryState, int)   {}
func (connectObserver) CredentialsExpiring(string, map[directory.Notice]int) {}

// connectHouse is the console over the real services, a real database and a simulated tenant, with somebody of each role signed in.
type connectHouse struct {
	t         *testing.T
	directory *directory.Service
	engine    *engine.Engine
	pages     http.Handler
	org       ident.ID
	tenant    entrasim.Tenant
	sim       *httptest.Server
	cookies   map[string]string
}

func openConnectHouse(t *testing.T) *connectHouse {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	h := &connectHouse{t: t, cookies: map[string]string{}}
	database, err := store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "rollcall.db"), Logger: logger, Now: time.Now})
	h.must(err)
	t.Cleanup(func() { h.must(database.Close()) })
	h.must(database.Migrate(t.Context()))
	simulated := &entrasim.Server{Users: 5}
	h.sim = httptest.NewServer(simulated)
	t.Cleanup(h.sim.Close)
	h.tenant = simulated.Tenant()
	h.directory = directory.NewService(database, time.Now, directory.Retention{})
	client := func(c engine.Connection) (*graph.Client, error) {
		return graph.NewClient(graph.Config{
			Cloud:    graph.Cloud{Name: "simulated", LoginURL: h.sim.URL, GraphURL: h.sim.URL},
			TenantID: c.TenantID, SignInOnly: c.TenantID == "", ClientID: c.ClientID, ClientSecret: string(c.SealedSecret), HTTP: h.sim.Client(), Now: time.Now,
			Jitter: func() float64 { return 0 },
		})
	}
	h.engine = engine.New(engine.Config{
		Store: database, Directory: h.directory, Queue: connectQueue{}, Observer: connectObserver{}, Now: time.Now, Machine: time.Now, Node: ident.New(time.Now()), Logger: logger,
		Seal:        func(_ ident.ID, text string) ([]byte, error) { return []byte(text), nil },
		Open:        func(_ ident.ID, sealed []byte) (string, error) { return string(sealed), nil },
		CheckCloud:  func(string) error { return nil },
		Destination: func(i engine.Instance) destination.Destination { return orgdir.New(h.directory, i.OrgID, i.ID) },
		CheckForm: func(form engine.CredentialForm) error {
			if form == engine.FormManaged || form == engine.FormWorkload {
				return fault.New(fault.Invalid, "CredentialForm", "this server does not take it")
			}
			return nil
		},
		Login:  func(c engine.Connection) (engine.Login, error) { return client(c) },
		Tenant: func(c engine.Connection) (mirror.Tenant, error) { return client(c) },
	})
	h.pages, err = console.New(console.Config{
		Engine: h.engine, Directory: h.directory, Mail: notifytest.Service(t, database, h.directory, time.Now), Logger: logger, Metrics: telemetry.NewMetrics(), Now: time.Now, Machine: time.Now, BaseURL: "https://rollcall.example.com",
		Clouds: []string{"global", "simulated"}, Bundle: fstest.MapFS{"manifest.json": {Data: []byte(`{}`)}},
	})
	h.must(err)
	org, err := h.directory.CreateOrganization(t.Context(), "Contoso")
	h.must(err)
	h.org = org.ID
	for _, role := range directory.PersonRoles() {
		h.join(string(role), role)
	}
	h.join("eve", directory.FullAdministrator)
	return h
}

// join signs somebody in under a name.
func (h *connectHouse) join(name string, role directory.Role) {
	h.t.Helper()
	_, link, err := h.directory.Invite(h.t.Context(), h.org, role, "")
	h.must(err)
	_, secret, err := h.directory.AcceptInvitation(h.t.Context(), link, directory.NewAdministrator{
		Name: name, Email: name + "@example.org", Password: "quiet harbour lamp seven",
	}, "192.0.2.1", "test")
	h.must(err)
	h.cookies[name] = secret
}

func (h *connectHouse) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// page asks for a page as somebody, or posts a form if there is one. A path that begins with "//" is one of the server.
func (h *connectHouse) page(who, path string, form url.Values) *httptest.ResponseRecorder {
	h.t.Helper()
	if own, whole := strings.CutPrefix(path, "//"); whole {
		path = "/" + own
	} else {
		path = "/org/" + h.org.String() + path
	}
	r := httptest.NewRequestWithContext(h.t.Context(), http.MethodGet, path, nil)
	if form != nil {
		r = httptest.NewRequestWithContext(h.t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.AddCookie(&http.Cookie{Name: "__Host-rollcall", Value: h.cookies[who]})
	w := httptest.NewRecorder()
	h.pages.ServeHTTP(w, r)
	return w
}

const full = string(directory.FullAdministrator)

// connect makes a connection by the form and returns its path.
func (h *connectHouse) connect() string {
	h.t.Helper()
	w := h.page(full, "/connections", url.Values{
		"cloud": {"simulated"}, "client": {h.tenant.ClientID}, "form": {"client-secret"}, "secret": {h.tenant.ClientSecret}, "ends": {""}, "certificate": {""},
	})
	if w.Code != http.StatusSeeOther {
		h.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return strings.TrimSuffix(strings.TrimPrefix(w.Header().Get("Location"), "/org/"+h.org.String()), "/consent")
}

func (h *connectHouse) only() engine.Connection {
	h.t.Helper()
	all, err := h.engine.Store.ListConnections(h.t.Context(), h.org)
	h.must(err)
	if len(all) != 1 {
		h.t.Fatalf("%d connections", len(all))
	}
	return all[0]
}

func TestAConnectionIsAFullAdministratorsWork(t *testing.T) {
	h := openConnectHouse(t)
	at := h.connect()
	before := h.only()
	for _, role := range directory.PersonRoles() {
		for path, form := range map[string]url.Values{
			"/connections/new": nil, at + "/consent": nil, "/connections": {"client": {"x"}}, at: {"client": {"x"}}, at + "/check": {}, at + "/read": {}, at + "/wait": {"tenant": {"x"}},
			at + "/delete": {"really": {"yes"}}, "/directory-connector": {"choice": {"block"}}, "//connect/callback?state=x": nil,
		} {
			if role == directory.FullAdministrator {
				continue
			}
			if w := h.page(string(role), path, form); w.Code != http.StatusForbidden {
				t.Errorf("%s %s: %d", role, path, w.Code)
			}
		}
	}
	reader := h.page(string(directory.ReadOnlyAdministrator), at, nil)
	if text := reader.Body.String(); reader.Code != http.StatusOK || strings.Contains(text, "<form method=\"post\" action=\"/org/") {
		t.Errorf("who may only read: %d, offered a form: %s", reader.Code, text)
	}
	if after := h.only(); after.ClientID != before.ClientID || after.State != before.State {
		t.Errorf("changed: %+v", after)
	}
}

func TestAnUntouchedConnectionStaysAndNothingOfItIsMarkup(t *testing.T) {
	h := openConnectHouse(t)
	at := h.connect()
	tenant := `"><script>alert(1)</script>`
	if w := h.page(full, at, url.Values{"tenant": {tenant}, "client": {h.tenant.ClientID}, "form": {"client-secret"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	before := h.only()
	page := h.page(full, at, nil).Body.String()
	if strings.Contains(page, "<script>alert") || !strings.Contains(page, "&lt;script&gt;") || strings.Contains(page, h.tenant.ClientSecret) {
		t.Error("the page shows what it must not")
	}
	events := func() int {
		found, err := h.directory.Events(t.Context(), h.org, ident.ID{}, 100)
		h.must(err)
		return len(found)
	}
	said := events()
	if w := h.page(full, at, url.Values{"tenant": {tenant}, "client": {h.tenant.ClientID}, "form": {"client-secret"}, "secret": {""}, "ends": {""}, "certificate": {""}}); w.Code != http.StatusSeeOther {
		t.Fatalf("%d", w.Code)
	}
	if after := h.only(); string(after.SealedSecret) != string(before.SealedSecret) || after.TenantID != before.TenantID || events() != said {
		t.Errorf("an untouched form changed %+v into %+v", before, after)
	}
	for name, form := range map[string]url.Values{
		"no client":   {"form": {"client-secret"}, "secret": {"x"}},
		"no secret":   {"client": {"x"}, "form": {"client-secret"}},
		"certificate": {"client": {"x"}, "form": {"certificate"}, "certificate": {"no PEM"}},
		"managed":     {"client": {"x"}, "form": {"managed-identity"}, "tenant": {"y"}},
		"no date":     {"client": {"x"}, "form": {"client-secret"}, "secret": {"x"}, "ends": {"soon"}},
		"the same":    {"cloud": {"simulated"}, "tenant": {tenant}, "client": {h.tenant.ClientID}, "form": {"client-secret"}, "secret": {"x"}},
	} {
		if w := h.page(full, "/connections", form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `role="alert"`) {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}

// leave sends the session's browser away and returns the address at Microsoft.
func (h *connectHouse) leave(at string) *url.URL {
	h.t.Helper()
	w := h.page(full, at+"/consent", url.Values{"go": {"on"}})
	_, address, found := strings.Cut(w.Header().Get("Refresh"), "url=")
	if w.Code != http.StatusOK || !found {
		h.t.Fatalf("%d %v", w.Code, w.Header())
	}
	u, err := url.Parse(address)
	h.must(err)
	return u
}

// decide does at the tenant's page what somebody with an account does, and returns where the browser is sent.
func (h *connectHouse) decide(u *url.URL, account, action string) string {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, u.String()+"&account="+account+"@contoso.example", strings.NewReader(url.Values{"action": {action}}.Encode()))
	h.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultTransport.RoundTrip(r)
	h.must(err)
	defer answer.Body.Close()
	sent, err := answer.Location()
	h.must(err)
	if sent.Scheme+"://"+sent.Host+sent.Path != "https://rollcall.example.com/connect/callback" {
		h.t.Fatalf("sent to %s", sent)
	}
	return "//connect/callback?" + sent.RawQuery
}

func TestTheWayBackBelongsToTheSessionThatBeganAndLeadsNowhereElse(t *testing.T) {
	h := openConnectHouse(t)
	at := h.connect()
	away := h.leave(at)
	if !strings.HasPrefix(away.String(), h.sim.URL+"/") || away.Query().Get("code_challenge") == "" {
		t.Fatalf("sent to %s", away)
	}
	back := h.decide(away, "alex.admin", "")
	// Somebody else's session does not take it, and does not use it up: nobody is made to finish what an attacker began.
	if w := h.page("eve", back, nil); w.Code != http.StatusBadRequest || h.only().TenantID != "" {
		t.Fatalf("another session: %d", w.Code)
	}
	for _, evil := range []string{"//connect/callback", "//connect/callback?state=made-up&code=x", "//connect/callback?state=&admin_consent=True&redirect_uri=https://evil.example&to=https://evil.example"} {
		if w := h.page(full, evil, nil); w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" || w.Header().Get("Refresh") != "" {
			t.Errorf("%s: %d %v", evil, w.Code, w.Header())
		}
	}
	w := h.page(full, back+"&redirect_uri=https://evil.example", nil)
	next, err := url.Parse(w.Header().Get("Location"))
	h.must(err)
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(next.String(), h.sim.URL+"/"+h.tenant.TenantID) || h.only().TenantID != h.tenant.TenantID {
		t.Fatalf("%d to %s", w.Code, next)
	}
	if w := h.page(full, back, nil); w.Code != http.StatusBadRequest {
		t.Errorf("a second time: %d", w.Code)
	}
	// Who has not signed in is asked to, and comes back to what is not his any more.
	back = h.decide(next, "alex.admin", "accept")
	if w := h.page("nobody", back, nil); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/sign-in?") {
		t.Errorf("nobody: %d", w.Code)
	}
	if w := h.page(full, back, nil); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/org/"+h.org.String()+at || h.only().State != engine.Connected {
		t.Errorf("%d to %s, %s", w.Code, w.Header().Get("Location"), h.only().State)
	}
	for _, next := range []string{"https://evil.example/", "//evil.example", ""} {
		if w := h.page(full, "/directory-connector", url.Values{"choice": {"keep"}, "next": {next}}); !strings.HasPrefix(w.Header().Get("Location"), "/org/"+h.org.String()+"/") {
			t.Errorf("%q leads to %q", next, w.Header().Get("Location"))
		}
	}
}
