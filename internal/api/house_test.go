package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/destination"
	"rollcall/internal/destination/orgdir"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/entrasim"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/notify"
	"rollcall/internal/notify/notifytest"
	"rollcall/internal/plan"
	"rollcall/internal/store"
	"rollcall/internal/telemetry"
)

// queue keeps runs until the test lets them work.
type queue struct {
	mu   sync.Mutex
	runs []ident.ID
}

func (q *queue) Enqueue(_ context.Context, run ident.ID) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.runs = append(q.runs, run)
	return nil
}

func (*queue) Wake() {}

func (q *queue) take() (ident.ID, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.runs) == 0 {
		return ident.ID{}, false
	}
	run := q.runs[0]
	q.runs = q.runs[1:]
	return run, true
}

type silent struct{}

func (silent) RunEnded(engine.Run, time.Duration)                 {}
func (silent) EntriesSettled(plan.Action, engine.EntryState, int) {}

func (silent) CredentialsExpiring(string, map[directory.Notice]int) {}

// house is a whole server over a simulated tenant, but for the queue: runs work when the test calls work.
type house struct {
	t         *testing.T
	url       string
	log       *safeBuffer
	engine    *engine.Engine
	directory *directory.Service
	mail      *notify.Service
	queue     *queue
	tenant    entrasim.Tenant
	simURL    string
	org       directory.Organization
	// root is a token of the server; full is one of a full administrator of the organization.
	root, full string
	broken     error
	// end ends the context of all requests.
	end context.CancelFunc
}

type safeBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *safeBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(data)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

// open builds a house whose tenant has this many people.
func open(t *testing.T, people int) *house {
	t.Helper()
	h := &house{t: t, log: &safeBuffer{}, queue: &queue{}}
	logger := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	database, err := store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "rollcall.db"), Logger: logger, Now: time.Now})
	h.must(err)
	t.Cleanup(func() { h.must(database.Close()) })
	h.must(database.Migrate(t.Context()))
	h.directory = directory.NewService(database, time.Now, directory.Retention{})
	h.mail = notifytest.Service(t, database, h.directory, time.Now)
	simulated := &entrasim.Server{Users: people}
	sim := httptest.NewServer(simulated)
	t.Cleanup(sim.Close)
	h.tenant, h.simURL = simulated.Tenant(), sim.URL
	h.engine = engine.New(engine.Config{
		Store: database, Directory: h.directory, Queue: h.queue, Observer: silent{}, Now: time.Now, Machine: time.Now,
		Node: ident.New(time.Now()), Logger: logger,
		CheckService: func(engine.NewService) error { return nil },
		SealService:  func(_ ident.ID, secret string) ([]byte, error) { return []byte(secret), nil },
		Destination:  func(i engine.Instance) destination.Destination { return orgdir.New(h.directory, i.OrgID, i.ID) },
		Seal:         func(_ ident.ID, secret string) ([]byte, error) { return []byte(secret), nil },
		CheckCloud: func(name string) error {
			if name != "global" {
				return fault.New(fault.Invalid, "UnknownCloud", "the cloud %q is not known", name)
			}
			return nil
		},
		Login: func(c engine.Connection) (engine.Login, error) {
			return graph.NewClient(graph.Config{
				Cloud:    graph.Cloud{Name: "simulated", LoginURL: sim.URL, GraphURL: sim.URL},
				TenantID: c.TenantID, SignInOnly: c.TenantID == "", ClientID: c.ClientID, ClientSecret: string(c.SealedSecret), HTTP: sim.Client(), Now: time.Now,
				Jitter: func() float64 { return 0 },
			})
		},
		Open:      func(_ ident.ID, sealed []byte) (string, error) { return string(sealed), nil },
		CheckForm: func(engine.CredentialForm) error { return nil },
		Tenant: func(c engine.Connection) (mirror.Tenant, error) {
			return graph.NewClient(graph.Config{
				Cloud:    graph.Cloud{Name: "simulated", LoginURL: sim.URL, GraphURL: sim.URL},
				TenantID: c.TenantID, ClientID: c.ClientID, ClientSecret: string(c.SealedSecret), HTTP: sim.Client(), Now: time.Now,
				Jitter: func() float64 { return 0 },
			})
		},
	})
	ctx, end := context.WithCancel(context.WithoutCancel(t.Context()))
	served := httptest.NewUnstartedServer(api.New(api.Config{
		Engine: h.engine, Directory: h.directory, Mail: h.mail, Logger: logger, Metrics: telemetry.NewMetrics(), Now: time.Now, Version: "v1.2.3",
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Ready: func(context.Context) error { return h.broken },
	}))
	served.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	served.Start()
	t.Cleanup(func() { end(); served.Close() })
	h.end = end
	h.url = served.URL
	h.furnish()
	return h
}

// furnish makes an organization, and administrators with a token each.
func (h *house) furnish() {
	ctx := h.t.Context()
	var err error
	h.org, err = h.directory.CreateOrganization(ctx, "Contoso")
	h.must(err)
	h.root = h.administrator(ident.ID{}, "root", directory.FullAdministrator)
	h.full = h.administrator(h.org.ID, "full", directory.FullAdministrator)
}

// administrator makes an administrator and returns a token of his.
func (h *house) administrator(org ident.ID, name string, role directory.Role) string {
	h.t.Helper()
	owner, err := h.directory.CreateAdministrator(h.t.Context(), org, name, role)
	h.must(err)
	creator := directory.Token{OrgID: org, AdministratorID: owner.ID, Role: directory.FullAdministrator, AdministratorRole: directory.FullAdministrator}
	_, secret, err := h.directory.CreateToken(h.t.Context(), creator, directory.NewToken{OrgID: org, Name: name, Role: role})
	h.must(err)
	return secret
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// work lets all runs that wait work to their end.
func (h *house) work() {
	h.t.Helper()
	for {
		run, more := h.queue.take()
		if !more {
			return
		}
		for again := true; again; {
			var err error
			again, err = h.engine.Advance(context.WithoutCancel(h.t.Context()), run)
			h.must(err)
		}
	}
}

// simulate does something in the tenant.
func (h *house) simulate(method, path, body string) {
	h.t.Helper()
	if a := h.send(method, h.simURL+"/sim"+path, body, nil); a.status/100 != 2 {
		h.t.Fatalf("%s %s: %d %s", method, path, a.status, a.text)
	}
}

// answered is an answer of the server.
type answered struct {
	t      *testing.T
	status int
	header http.Header
	text   string
}

func (h *house) send(method, address, body string, headers map[string]string) answered {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), method, address, strings.NewReader(body))
	h.must(err)
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	h.must(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	h.must(err)
	return answered{h.t, response.StatusCode, response.Header, string(text)}
}

// call calls the API. A path that begins with "/" is below /api/v1, any other one below the organization. A body that is no string is
// written as JSON.
func (h *house) call(token, method, path string, body any) answered {
	h.t.Helper()
	return h.callWith(token, method, path, body, nil)
}

func (h *house) callWith(token, method, path string, body any, headers map[string]string) answered {
	h.t.Helper()
	text, isText := body.(string)
	if body != nil && !isText {
		data, err := json.Marshal(body)
		h.must(err)
		text = string(data)
	}
	if !strings.HasPrefix(path, "/") {
		path = "/organizations/" + h.org.ID.String() + "/" + path
	}
	all := map[string]string{"Authorization": "Bearer " + token}
	if text != "" {
		all["Content-Type"] = "application/json"
	}
	maps.Copy(all, headers)
	return h.send(method, h.url+api.Prefix+path, text, all)
}

// want fails unless the answer has the status.
func (a answered) want(status int) answered {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.text)
	}
	return a
}

// into reads the answer's JSON.
func (a answered) into(value any) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.text), value); err != nil {
		a.t.Fatalf("%v: %s", err, a.text)
	}
}

// problem fails unless the answer is a problem document with this status and code.
func (a answered) problem(status int, code string) api.Problem {
	a.t.Helper()
	a.want(status)
	var p api.Problem
	a.into(&p)
	switch {
	case a.header.Get("Content-Type") != "application/problem+json":
		a.t.Fatalf("the content type is %q", a.header.Get("Content-Type"))
	case p.Code != code || p.Status != status || p.Title != http.StatusText(status) || p.Type != "about:blank" || p.Detail == "":
		a.t.Fatalf("want status %d, code %q: %s", status, code, a.text)
	case p.RequestID == "" || p.RequestID != a.header.Get("X-Request-Id"):
		a.t.Fatalf("the request id is %q, X-Request-Id %q", p.RequestID, a.header.Get("X-Request-Id"))
	}
	return p
}

// everything reads all pages of a list.
func everything[T any](h *house, token, path string, limit string) (items []T, pages int) {
	h.t.Helper()
	query := url.Values{"limit": {limit}}
	for {
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		}
		var list api.List[T]
		h.call(token, http.MethodGet, path+separator+query.Encode(), nil).want(http.StatusOK).into(&list)
		items, pages = append(items, list.Items...), pages+1
		if list.Next == "" {
			return items, pages
		}
		query.Set("cursor", list.Next)
	}
}

// instance sets an instance up that syncs by hand.
func (h *house) instance(settings *engine.Settings) api.Instance {
	h.t.Helper()
	var created api.Instance
	h.call(h.full, http.MethodPost, "instances", api.NewInstance{
		Name: "entra", TenantID: h.tenant.TenantID, ClientID: h.tenant.ClientID, ClientSecret: h.tenant.ClientSecret, Settings: settings,
	}).want(http.StatusCreated).into(&created)
	return created
}

// sync asks for a run, lets it work and returns how it ended.
func (h *house) sync(instance ident.ID, kind engine.Kind) api.Run {
	h.t.Helper()
	var run api.Run
	h.call(h.full, http.MethodPost, "instances/"+instance.String()+"/sync", api.SyncRequest{Kind: kind}).want(http.StatusAccepted).into(&run)
	h.work()
	h.call(h.full, http.MethodGet, "runs/"+run.ID.String(), nil).want(http.StatusOK).into(&run)
	return run
}
