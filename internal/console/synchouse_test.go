package console

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/internal/destination"
	"rollcall/internal/destination/orgdir"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/entrasim"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/notify"
	"rollcall/internal/notify/notifytest"
	"rollcall/internal/plan"
	"rollcall/internal/store"
)

// syncHouse is a console over a real database and a simulated tenant; runs work when the test says so.
type syncHouse struct {
	t         *testing.T
	url, sim  string
	engine    *engine.Engine
	mail      *notify.Service
	directory *directory.Service
	org       directory.Organization
	instance  engine.Instance
	mu        sync.Mutex
	runs      []ident.ID
	clients   map[directory.Role]*http.Client
	removed   map[string]bool
}

func (h *syncHouse) Enqueue(_ context.Context, run ident.ID) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.runs = append(h.runs, run)
	return nil
}

func (*syncHouse) Wake()                                                {}
func (*syncHouse) RunEnded(engine.Run, time.Duration)                   {}
func (*syncHouse) EntriesSettled(plan.Action, engine.EntryState, int)   {}
func (*syncHouse) CredentialsExpiring(string, map[directory.Notice]int) {}
func (*syncHouse) CountHTTP(string, string, int)                        {}

func (h *syncHouse) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func openSyncHouse(t *testing.T, people int) *syncHouse {
	t.Helper()
	h := &syncHouse{t: t, clients: map[directory.Role]*http.Client{}, removed: map[string]bool{}}
	logger := slog.New(slog.DiscardHandler)
	database, err := store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "rollcall.db"), Logger: logger, Now: time.Now})
	h.must(err)
	t.Cleanup(func() { h.must(database.Close()) })
	h.must(database.Migrate(t.Context()))
	h.directory = directory.NewService(database, time.Now, directory.Retention{})
	simulated := &entrasim.Server{Users: people}
	sim := httptest.NewServer(simulated)
	t.Cleanup(sim.Close)
	h.sim = sim.URL
	client := func(c engine.Connection) (*graph.Client, error) {
		return graph.NewClient(graph.Config{
			Cloud: graph.Cloud{Name: "simulated", LoginURL: sim.URL, GraphURL: sim.URL}, TenantID: c.TenantID, ClientID: c.ClientID,
			ClientSecret: string(c.SealedSecret), HTTP: sim.Client(), Now: time.Now, Jitter: func() float64 { return 0 },
		})
	}
	h.mail = notifytest.Service(t, database, h.directory, time.Now)
	h.engine = engine.New(engine.Config{
		Store: database, Directory: h.directory, Queue: h, Observer: h, Now: time.Now, Machine: time.Now, Node: ident.New(time.Now()), Logger: logger,
		Destination: func(i engine.Instance) destination.Destination { return orgdir.New(h.directory, i.OrgID, i.ID) },
		Seal:        func(_ ident.ID, secret string) ([]byte, error) { return []byte(secret), nil },
		Open:        func(_ ident.ID, sealed []byte) (string, error) { return string(sealed), nil },
		CheckCloud:  func(string) error { return nil },
		CheckForm:   func(engine.CredentialForm) error { return nil },
		Login:       func(c engine.Connection) (engine.Login, error) { return client(c) },
		Tenant:      func(c engine.Connection) (mirror.Tenant, error) { return client(c) },
	})
	pages, err := New(Config{
		Engine: h.engine, Directory: h.directory, Mail: h.mail, Logger: logger, Metrics: h, Now: time.Now, Machine: time.Now, Version: "test", Bundle: testBundle,
	})
	h.must(err)
	served := httptest.NewServer(pages)
	t.Cleanup(served.Close)
	h.url = served.URL
	h.org, err = h.directory.CreateOrganization(t.Context(), "Contoso")
	h.must(err)
	tenant := simulated.Tenant()
	h.instance, err = h.engine.CreateInstance(t.Context(), h.org.ID, engine.NewInstance{
		Name: "Staff", TenantID: tenant.TenantID, Cloud: "global", ClientID: tenant.ClientID, ClientSecret: tenant.ClientSecret,
	})
	h.must(err)
	return h
}

// as is a browser in which an administrator of the role is signed in.
func (h *syncHouse) as(role directory.Role) *http.Client {
	h.t.Helper()
	if client := h.clients[role]; client != nil {
		return client
	}
	_, secret, err := h.directory.Invite(h.t.Context(), h.org.ID, role, "")
	h.must(err)
	email := string(role) + "@example.org"
	_, _, err = h.directory.AcceptInvitation(h.t.Context(), secret, directory.NewAdministrator{Name: string(role), Email: email, Password: "quiet harbour lamp seven"}, "", "")
	h.must(err)
	jar, err := cookiejar.New(nil)
	h.must(err)
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.PostForm(h.url+"/sign-in", url.Values{"email": {email}, "password": {"quiet harbour lamp seven"}})
	h.must(err)
	h.must(answer.Body.Close())
	h.clients[role] = client
	return client
}

// get reads a page of the organization, and post sends a form; both return status and text, post also where it leads to.
func (h *syncHouse) get(role directory.Role, path string) (int, string) {
	h.t.Helper()
	answer, err := h.as(role).Get(h.url + "/org/" + h.org.ID.String() + path)
	h.must(err)
	defer answer.Body.Close()
	return answer.StatusCode, readAll(h.t, answer)
}

func (h *syncHouse) post(role directory.Role, path string, pairs ...string) (int, string, string) {
	h.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	answer, err := h.as(role).PostForm(h.url+"/org/"+h.org.ID.String()+path, form)
	h.must(err)
	defer answer.Body.Close()
	return answer.StatusCode, answer.Header.Get("Location"), readAll(h.t, answer)
}

func readAll(t *testing.T, answer *http.Response) string {
	t.Helper()
	var text strings.Builder
	if err := answer.Write(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// work lets all runs that wait work to their end.
func (h *syncHouse) work() {
	h.t.Helper()
	for {
		h.mu.Lock()
		if len(h.runs) == 0 {
			h.mu.Unlock()
			return
		}
		run := h.runs[0]
		h.runs = h.runs[1:]
		h.mu.Unlock()
		for again := true; again; {
			var err error
			again, err = h.engine.Advance(context.WithoutCancel(h.t.Context()), run)
			h.must(err)
		}
	}
}

// sync asks for a run and lets it work.
func (h *syncHouse) sync(kind engine.Kind) engine.Run {
	h.t.Helper()
	run, err := h.engine.SyncNow(h.t.Context(), h.instance.ID, kind)
	h.must(err)
	h.work()
	run, err = h.engine.GetRun(h.t.Context(), h.org.ID, run.ID)
	h.must(err)
	return run
}

// remove deletes people of the tenant who are synced.
func (h *syncHouse) remove(n int) {
	h.t.Helper()
	people, _, err := h.engine.ListBucket(h.t.Context(), h.instance, engine.BucketSynced, engine.BucketPlace{}, 1000)
	h.must(err)
	for _, person := range people {
		if n == 0 || h.removed[person.SourceID] {
			continue
		}
		n--
		h.removed[person.SourceID] = true
		request, err := http.NewRequestWithContext(h.t.Context(), http.MethodDelete, h.sim+"/sim/users/"+person.SourceID, nil)
		h.must(err)
		answer, err := h.as(directory.FullAdministrator).Do(request)
		h.must(err)
		h.must(answer.Body.Close())
	}
}

// heldNow lists what the instance holds.
func (h *syncHouse) heldNow() []engine.Entry {
	h.t.Helper()
	entries, err := h.engine.Store.ListEntries(h.t.Context(), heldEntries(h.instance, 1000))
	h.must(err)
	return entries
}
