package engine_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// connect makes a second connection, beside that of the world's instance, to a tenant that nobody named yet.
func (w *world) connect() engine.Connection {
	w.Helper()
	tenant := w.sim.Tenant()
	c, err := w.engine.CreateConnection(w.Context(), w.org, engine.NewConnection{Cloud: "simulated", ClientID: tenant.ClientID, Credential: engine.Credential{ClientSecret: tenant.ClientSecret}})
	if err != nil {
		w.Fatal(err)
	}
	return c
}

const here = "http://127.0.0.1:8480"

// visit does at Microsoft what somebody does with an account, and returns what the browser brings back.
func (w *world) visit(c engine.Connection, step engine.SignInStep, account, action string) engine.Return {
	w.Helper()
	departure, err := w.engine.SendAway(w.Context(), w.org, c.ID, engine.Leave{Step: step, PublicURL: here, Bound: "me"})
	if err != nil {
		w.Fatal(err)
	}
	return w.browse(departure.URL, account, action)
}

func (w *world) browse(address, account, action string) engine.Return {
	w.Helper()
	body := url.Values{"action": {action}}
	r, err := http.NewRequestWithContext(w.Context(), http.MethodPost, address+"&account="+account+"@contoso.example", strings.NewReader(body.Encode()))
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer answer.Body.Close()
	sent, err := answer.Location()
	if err != nil {
		w.Fatalf("%s: %v", answer.Status, err)
	}
	q := sent.Query()
	return engine.Return{
		Bound: "me", State: q.Get("state"), Code: q.Get("code"), AdminConsent: q.Get("admin_consent"), Tenant: q.Get("tenant"),
		Error: q.Get("error"), ErrorSubcode: q.Get("error_subcode"), ErrorDescription: q.Get("error_description"),
	}
}

func (w *world) back(r engine.Return) engine.Arrival {
	w.Helper()
	arrival, err := w.engine.WelcomeBack(w.Context(), w.org, r)
	if err != nil {
		w.Fatal(err)
	}
	return arrival
}

func (w *world) connection(id ident.ID) engine.Connection {
	w.Helper()
	c, err := w.engine.GetConnection(w.Context(), w.org, id)
	if err != nil {
		w.Fatal(err)
	}
	return c
}

func TestWhoSignsInTellsTheTenantAndTheTenantIsReadAfterConsent(t *testing.T) {
	w := newWorld(t, 40)
	w.control("POST", "/sim/consent/revoke", nil)
	c := w.connect()
	if c.State != engine.NotConnected || !strings.Contains(c.Explain(), "Nobody has asked") {
		t.Errorf("%s: %s", c.State, c.Explain())
	}
	arrival := w.back(w.visit(c, "", "alex.admin", ""))
	if arrival.Step != engine.StepSignIn || arrival.Next == nil || arrival.Connection.TenantID != w.sim.Tenant().TenantID || arrival.Connection.Standing.SignedIn != "alex.admin@contoso.example" {
		t.Fatalf("%+v", arrival)
	}
	arrival = w.back(w.browse(arrival.Next.URL, "alex.admin", "accept"))
	if c = arrival.Connection; c.State != engine.Connected || c.Standing.TenantName == "" || len(graph.Missing(c.Standing.Permissions)) != 0 {
		t.Fatalf("%s: %+v", c.State, c.Standing)
	}
	if err := w.engine.Watch(t.Context()); err != nil {
		t.Fatal(err)
	}
	c = w.connection(c.ID)
	if p := c.Standing.Prefetch; p.Stage != engine.PrefetchDone || p.Read != 40 || p.Groups == 0 || p.Failure != nil {
		t.Errorf("prefetch %+v", p)
	}
	counts, err := w.db.CountMirror(t.Context(), c.ID)
	if err != nil || counts[plan.Live] != 40 {
		t.Errorf("mirror %v, %v", counts, err)
	}
	groups, err := w.db.ListTenantGroups(t.Context(), c.ID, engine.GroupSearch{}, 100)
	if err != nil || len(groups) != c.Standing.Prefetch.Groups {
		t.Errorf("%d groups, %v", len(groups), err)
	}
}

func TestAWayBackIsTakenOnceFromWhoBeganAndInTime(t *testing.T) {
	w := newWorld(t, 10)
	c := w.connect()
	first := w.visit(c, "", "alex.admin", "")
	for name, spoil := range map[string]func(*engine.Return){
		"another's session": func(r *engine.Return) { r.Bound = "you" },
		"another state":     func(r *engine.Return) { r.State += "x" },
	} {
		wrong := first
		spoil(&wrong)
		if _, err := w.engine.WelcomeBack(t.Context(), w.org, wrong); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.engine.WelcomeBack(t.Context(), ident.New(w.now), first); !fault.Is(err, fault.Invalid) {
		t.Errorf("another organization: %v", err)
	}
	w.back(first)
	if _, err := w.engine.WelcomeBack(t.Context(), w.org, first); !fault.Is(err, fault.Invalid) {
		t.Errorf("a second time: %v", err)
	}
	late := w.visit(c, engine.StepSignIn, "alex.admin", "")
	w.now = w.now.Add(11 * time.Minute)
	if _, err := w.engine.WelcomeBack(t.Context(), w.org, late); !fault.Is(err, fault.Invalid) {
		t.Errorf("late: %v", err)
	}
}

func TestAnAccountThatMayNotConsentWaitsUntilSomebodyDoes(t *testing.T) {
	w := newWorld(t, 10)
	w.control("POST", "/sim/consent/revoke", nil)
	c := w.connect()
	arrival := w.back(w.visit(c, "", "alex.admin", ""))
	if c = arrival.Connection; c.TenantID == "" {
		t.Fatal("nobody told the tenant")
	}
	if got := w.back(w.visit(c, engine.StepConsent, "alex.admin", "cancel")).Connection; got.State != engine.Refused || got.Standing.Reason.Code != "ConsentDeclined" {
		t.Errorf("declined: %s %+v", got.State, got.Standing.Reason)
	}
	got := w.back(w.visit(c, engine.StepConsent, "uma.user", "back")).Connection
	if got.State != engine.WaitingForConsent || !strings.Contains(got.Explain(), "Admin consent requests") {
		t.Errorf("%s: %s", got.State, got.Explain())
	}
	watch := func(wait time.Duration) engine.Connection {
		w.now = w.now.Add(wait)
		if err := w.engine.Watch(t.Context()); err != nil {
			t.Fatal(err)
		}
		return w.connection(c.ID)
	}
	if got = watch(20 * time.Second); got.State != engine.WaitingForConsent || got.Standing.Checks != 1 {
		t.Errorf("%s after %d checks", got.State, got.Standing.Checks)
	}
	if got = watch(time.Second); got.Standing.Checks != 1 {
		t.Error("it asks again at once")
	}
	w.control("POST", "/sim/consent/grant", nil)
	if got = watch(20 * time.Second); got.State != engine.Connected || got.Standing.Prefetch.Stage == "" {
		t.Errorf("%s: %+v", got.State, got.Standing)
	}
}

func TestConsentThatIsTakenBackIsToldAndRenewed(t *testing.T) {
	w := newWorld(t, 10)
	w.good(engine.Incremental)
	c := w.connection(w.instance.ConnectionID)
	if c.State != engine.Connected {
		t.Fatalf("after a good run: %s", c.State)
	}
	w.control("POST", "/sim/consent/revoke", nil)
	w.run(engine.Incremental)
	c = w.connection(c.ID)
	if c.State != engine.Refused || c.Standing.Reason.Code != graph.ConsentMissing || !strings.Contains(c.Explain(), "Renew the consent") || !strings.Contains(c.Explain(), "Never delete the app") {
		t.Errorf("%s: %s", c.State, c.Explain())
	}
	if got := w.back(w.visit(c, engine.StepConsent, "alex.admin", "accept")).Connection; got.State != engine.Connected {
		t.Errorf("renewed: %s %+v", got.State, got.Standing.Reason)
	}
	w.good(engine.Incremental)
}

func TestARefusalOfConsentForAnotherTenantIsTold(t *testing.T) {
	w := newWorld(t, 10)
	c := w.connect()
	other := "11111111-2222-4333-8444-555555555555"
	if _, err := w.engine.ChangeConnection(t.Context(), w.org, c.ID, engine.ConnectionChange{TenantID: &other}); err != nil {
		t.Fatal(err)
	}
	departure, err := w.engine.SendAway(t.Context(), w.org, c.ID, engine.Leave{PublicURL: here, Bound: "me"})
	if err != nil {
		t.Fatal(err)
	}
	sent, err := url.Parse(departure.URL)
	if err != nil {
		t.Fatal(err)
	}
	arrival := w.back(engine.Return{Bound: "me", State: sent.Query().Get("state"), AdminConsent: "True", Tenant: w.sim.Tenant().TenantID})
	if arrival.Connection.State != engine.Refused || arrival.Connection.Standing.Reason.Code != "WrongTenant" {
		t.Errorf("%s %+v", arrival.Connection.State, arrival.Connection.Standing.Reason)
	}
}

func TestTheWayBackIsHTTPSOrOnThisMachine(t *testing.T) {
	for address, good := range map[string]bool{
		"https://rollcall.example": true, "https://rollcall.example/": true, "http://localhost:8480": true, "http://[::1]:1": true,
		"http://rollcall.example": false, "https://rollcall.example/x": false, "https://a:b@rollcall.example": false, "ftp://localhost": false, "": false,
	} {
		if got, err := engine.RedirectURI(address); (err == nil) != good || good && !strings.HasSuffix(got, graph.CallbackPath) {
			t.Errorf("%q: %q, %v", address, got, err)
		}
	}
}

func TestTheDirectoryConnectorIsAConflictUntilSomebodyChooses(t *testing.T) {
	w := newWorld(t, 10)
	admin, err := w.dir.CreateAdministrator(t.Context(), w.org, "Ann", directory.FullAdministrator)
	if err != nil {
		t.Fatal(err)
	}
	creator := directory.Token{AdministratorID: admin.ID, Role: directory.FullAdministrator, AdministratorRole: directory.FullAdministrator}
	ctx := audit.WithActor(t.Context(), audit.Actor{Name: "Ann"})
	if _, _, err := w.dir.CreateToken(ctx, creator, directory.NewToken{OrgID: w.org, Name: "old connector", Role: directory.SCIMWriter, Source: directory.SourceAD}); err != nil {
		t.Fatal(err)
	}
	on := true
	_, err = w.engine.ChangeInstance(ctx, w.instance.ID, engine.Change{AutoSync: &on})
	if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "old connector") {
		t.Fatalf("allowed: %v", err)
	}
	if _, err := w.engine.ChangeInstance(ctx, w.instance.ID, engine.Change{AutoSync: &on, Connector: engine.KeepConnector}); err != nil {
		t.Errorf("keep: %v", err)
	}
	off := false
	if _, err := w.engine.ChangeInstance(ctx, w.instance.ID, engine.Change{AutoSync: &off}); err != nil {
		t.Error(err)
	}
	if _, err := w.engine.ChangeInstance(ctx, w.instance.ID, engine.Change{AutoSync: &on, Connector: engine.BlockConnector}); err != nil {
		t.Errorf("block: %v", err)
	}
	if names, err := w.engine.FeedingConnectors(ctx, w.org); err != nil || len(names) != 0 {
		t.Errorf("%v, %v", names, err)
	}
}
