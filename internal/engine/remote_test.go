package engine_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/destination/scimapp"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/scim"
	"rollcall/internal/scimclient"
	"rollcall/internal/scimserver"
	"rollcall/internal/store"
)

// service is a remote SCIM service with a directory of its own, over real HTTP.
type service struct {
	*testing.T
	dir   *directory.Service
	org   ident.ID
	url   string
	token string
	calls atomic.Int64
	// way is that of the world to the service.
	way *scimclient.Client
	// profile of whoever calls it; "" for generic.
	profile string
	// fixed: whoever calls it believes that names stay as they are.
	fixed bool
	// faulty, if it is not nil, may spoil a request: it reports whether it answered.
	mu     sync.Mutex
	faulty func(w http.ResponseWriter, r *http.Request, serve http.Handler) bool
}

type uncounted struct{}

func (uncounted) CountHTTP(string, string, int) {}

func newService(t *testing.T, now func() time.Time) *service {
	t.Helper()
	s := &service{T: t}
	db, err := store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "service.db"), Logger: slog.New(slog.DiscardHandler), Now: now})
	s.must(err)
	t.Cleanup(func() { s.must(db.Close()) })
	s.must(db.Migrate(t.Context()))
	s.dir = directory.NewService(db, now, directory.Retention{})
	org, err := s.dir.CreateOrganization(t.Context(), "Elsewhere")
	s.must(err)
	s.org = org.ID
	owner, err := s.dir.CreateAdministrator(t.Context(), s.org, "administrator", directory.FullAdministrator)
	s.must(err)
	creator := directory.Token{OrgID: s.org, AdministratorID: owner.ID, Role: directory.FullAdministrator, AdministratorRole: directory.FullAdministrator}
	_, s.token, err = s.dir.CreateToken(t.Context(), creator, directory.NewToken{OrgID: s.org, Name: "test", Role: directory.SCIMWriter, Profile: scim.Strict})
	s.must(err)
	served := scimserver.New(scimserver.Config{Directory: s.dir, Logger: slog.New(slog.DiscardHandler), Metrics: uncounted{}, Machine: time.Now})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		s.mu.Lock()
		faulty := s.faulty
		s.mu.Unlock()
		if faulty == nil || !faulty(w, r, served) {
			served.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	s.url = server.URL + scimserver.Prefix + s.org.String() + "/v2"
	return s
}

func (s *service) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *service) spoil(how func(w http.ResponseWriter, r *http.Request, serve http.Handler) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faulty = how
}

// client calls the service, with bulks or without.
func (s *service) client(noBulk bool) *scimclient.Client {
	s.Helper()
	profile, _ := scimclient.ProfileNamed(cmp.Or(s.profile, "generic"))
	profile.Rates, profile.NoBulk, profile.NoRename = scimclient.Rates{Start: 5000}, noBulk || profile.NoBulk, s.fixed || profile.NoRename
	client, err := scimclient.New(scimclient.Config{
		BaseURL: s.url, Profile: profile, Token: func(context.Context) (string, error) { return s.token, nil },
		HTTP: &http.Client{}, Now: time.Now, Jitter: func() float64 { return 0 }, MaxRetryWait: time.Second,
	})
	s.must(err)
	return client
}

// users are the users of the service by their names.
func (s *service) users() map[string]directory.User {
	s.Helper()
	users := map[string]directory.User{}
	for after := ""; ; {
		page, err := s.dir.ListUsers(s.Context(), s.org, directory.UserQuery{After: after, Limit: 500})
		s.must(err)
		for _, user := range page {
			users[user.Name()] = user
			after = attr.NameKey(user.Name())
		}
		if len(page) < 500 {
			return users
		}
	}
}

// elsewhere has the world's engine write to a service.
func (w *world) elsewhere(s *service, noBulk bool) {
	w.Helper()
	s.way = s.client(noBulk)
	id := ident.New(w.now)
	target := func(instance engine.Instance) destination.Destination {
		return scimapp.New(scimapp.Config{
			Store: w.db, Service: id, Instance: instance.ID, Now: w.time,
			Client: func(context.Context) (*scimclient.Client, error) { return s.way, nil },
		})
	}
	config := w.engine.Config
	config.Destination = target
	w.engine = engine.New(config)
}

// sameAs checks that the service holds everybody of the tenant once, and nobody else.
func (w *world) sameAs(s *service) {
	w.Helper()
	users := s.users()
	seen := map[string]string{}
	for name, user := range users {
		external := user.Attributes.Text(attr.ExternalID)
		if other := seen[external]; other != "" {
			w.Errorf("%s and %s are the same person %s", name, other, external)
		}
		seen[external] = name
	}
	var missing []string
	live := 0
	for _, item := range w.everybody() {
		live++
		id, _ := item["id"].(string)
		name, _ := item["userPrincipalName"].(string)
		if seen[id] == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 || len(users) != live {
		w.Errorf("the service has %d users for %d people; missing: %v", len(users), live, missing)
	}
}

// everybody are the members of the tenant who may sign in; guests have no userName by the default mapping.
func (w *world) everybody() []map[string]any {
	w.Helper()
	var people []map[string]any
	items, _ := w.control(http.MethodGet, "/sim/users?limit=1000", nil)["users"].([]any)
	for _, item := range items {
		person, _ := item.(map[string]any)
		if person["accountEnabled"] == true && person["userType"] == "Member" {
			people = append(people, person)
		}
	}
	return people
}

func TestARemoteServiceIsProvisionedAndThenLeftAlone(t *testing.T) {
	for _, noBulk := range []bool{false, true} {
		t.Run(fmt.Sprintf("noBulk=%v", noBulk), func(t *testing.T) {
			w := newWorld(t, 300)
			s := newService(t, w.time)
			w.elsewhere(s, noBulk)
			w.good(engine.Incremental)
			w.sameAs(s)
			if most := int64(30); !noBulk && s.calls.Load() > most {
				t.Errorf("%d requests for 300 people, want at most %d", s.calls.Load(), most)
			}
			s.calls.Store(0)
			if run := w.good(engine.Full); run.Progress.Planned == 0 || run.Progress.ToApply != 0 || s.calls.Load() != 0 {
				t.Errorf("nothing changed, and the run has the counts %v and made %d requests", run.Progress.Counts, s.calls.Load())
			}
			who := w.people(2)
			name, _ := who[0]["userPrincipalName"].(string)
			w.control(http.MethodPatch, "/sim/users/"+fmt.Sprint(who[0]["id"]), map[string]any{"accountEnabled": false})
			w.control(http.MethodDelete, "/sim/users/"+fmt.Sprint(who[1]["id"]), nil)
			run := w.good(engine.Incremental)
			if got := run.Progress.Counts["deactivate"]; got != 2 {
				t.Errorf("the run has the counts %v, want two deactivations", run.Progress.Counts)
			}
			if user := s.users()[name]; user.Active() {
				t.Error("who is blocked is active in the service")
			}
			if _, still := s.users()[fmt.Sprint(who[1]["userPrincipalName"])]; still {
				t.Error("who was deleted has his name still")
			}
		})
	}
}

func TestManagersAreNamedWhenTheyAreThere(t *testing.T) {
	w := newWorld(t, 200)
	s := newService(t, w.time)
	w.elsewhere(s, false)
	w.good(engine.Incremental)
	byExternal := map[string]directory.User{}
	for _, user := range s.users() {
		byExternal[user.Attributes.Text(attr.ExternalID)] = user
	}
	managed := 0
	for _, item := range w.everybody() {
		detail := w.control(http.MethodGet, "/sim/users/"+fmt.Sprint(item["id"]), nil)
		boss, _ := detail["manager"].(string)
		user := byExternal[fmt.Sprint(item["id"])]
		if boss == "" || byExternal[boss].ID.IsZero() {
			continue
		}
		managed++
		if got := user.Attributes.Text(attr.ManagerValue); got != byExternal[boss].ID.String() {
			t.Errorf("the manager of %s is %q, want %s", user.Name(), got, byExternal[boss].ID)
		}
	}
	if managed == 0 {
		t.Error("nobody has a manager")
	}
}

// spoiled spoils requests by chance: too many, out of order, and answers that get lost after the work was done.
func spoiled(share float64) func(w http.ResponseWriter, r *http.Request, serve http.Handler) bool {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(1, 2)) // the same faults in every run
	return func(w http.ResponseWriter, r *http.Request, serve http.Handler) bool {
		mu.Lock()
		dice, kind := random.Float64(), random.IntN(3)
		mu.Unlock()
		if dice >= share {
			return false
		}
		switch kind {
		case 0:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			serve.ServeHTTP(httptest.NewRecorder(), r)
			_, _ = io.Copy(io.Discard, r.Body)
			panic(http.ErrAbortHandler)
		}
		return true
	}
}

// eventually runs until a run goes through, as the schedule would.
func (w *world) eventually() engine.Run {
	w.Helper()
	for range 40 {
		w.now = w.now.Add(time.Hour)
		if run := w.run(engine.Incremental); run.State == engine.Succeeded && run.Progress.Planned == 0 {
			return run
		}
	}
	w.Fatal("no run goes through without anything to do")
	return engine.Run{}
}

func TestFaultsOfTheServiceMakeNoDoublesAndLoseNothing(t *testing.T) {
	for _, noBulk := range []bool{false, true} {
		t.Run(fmt.Sprintf("noBulk=%v", noBulk), func(t *testing.T) {
			w, want := withGroups(t, 120)
			s := newService(t, w.time)
			w.elsewhere(s, noBulk)
			s.spoil(spoiled(0.05))
			w.run(engine.Incremental)
			w.eventually()
			s.spoil(nil)
			w.sameAs(s)
			if got := grouped(t, s.dir, s.org); got != want {
				t.Errorf("the service has the groups %s, want %s", got, want)
			}
		})
	}
}

// mortal is a destination whose process dies: before it has sent something, in the middle, or before it knows what became of it.
type mortal struct {
	*scimapp.App
	sent *int
	dies func(sent int) (before, after bool)
	die  context.CancelFunc
}

func (m mortal) Send(ctx context.Context, changes []plan.Change) (destination.Sent, error) {
	*m.sent++
	before, after := m.dies(*m.sent)
	if before {
		m.die()
		return destination.Sent{}, ctx.Err()
	}
	sent, err := m.App.Send(ctx, changes)
	if after || ctx.Err() != nil {
		m.die()
		return destination.Sent{}, ctx.Err()
	}
	return sent, err
}

func TestAProcessThatDiesWhileItSendsMakesNoDoublesAndLosesNothing(t *testing.T) {
	for _, c := range []struct {
		name   string
		before bool
		// after so many requests the process dies; 0: after the answer to the last one.
		requests int64
	}{{"before", true, 0}, {"middle", false, 20}, {"after", false, 0}} {
		for _, at := range []int{1, 2, 3, 4} { // users, groups, members
			t.Run(fmt.Sprintf("%s the sending %d", c.name, at), func(t *testing.T) {
				w, want := withGroups(t, 60)
				s := newService(t, w.time)
				w.elsewhere(s, true)
				ctx, die := context.WithCancel(t.Context())
				defer die()
				config, sent, alive := w.engine.Config, 0, w.engine.Destination
				config.Node = ident.New(w.now)
				config.Destination = func(instance engine.Instance) destination.Destination {
					app, _ := alive(instance).(*scimapp.App)
					return mortal{App: app, sent: &sent, die: die, dies: func(sent int) (bool, bool) {
						if sent == at && c.requests > 0 {
							s.spoil(func(http.ResponseWriter, *http.Request, http.Handler) bool {
								if s.calls.Load() > c.requests {
									die()
								}
								return false
							})
						}
						return c.before && sent == at, !c.before && sent == at
					}}
				}
				mortals := engine.New(config)
				run, err := mortals.SyncNow(ctx, w.instance.ID, engine.Incremental)
				s.must(err)
				for again := true; again && err == nil; {
					again, err = mortals.Advance(ctx, run.ID)
				}
				s.spoil(nil)
				w.queue.runs = nil
				s.must(w.engine.Recover(t.Context()))
				w.work(w.engine)
				if run, err = w.engine.GetRun(t.Context(), w.org, run.ID); err != nil || run.State != engine.Succeeded {
					t.Fatalf("the run ended as %s: %+v, %v", run.State, run.Failure, err)
				}
				w.eventually()
				w.sameAs(s)
				if got := grouped(t, s.dir, s.org); got != want {
					t.Errorf("the service has the groups %s, want %s", got, want)
				}
			})
		}
	}
}

// grouped lists the groups of a directory and how many members they have.
func grouped(t *testing.T, dir *directory.Service, org ident.ID) string {
	t.Helper()
	groups, err := dir.ListGroups(t.Context(), org, directory.GroupQuery{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	lines := make([]string, len(groups))
	for i, group := range groups {
		lines[i] = fmt.Sprintf("%s %d", group.Name(), group.Members)
	}
	slices.Sort(lines)
	return strings.Join(lines, ", ")
}

// withGroups is a world whose instance keeps groups; the built-in directory of another one like it says what comes out.
func withGroups(t *testing.T, users int) (w *world, want string) {
	t.Helper()
	for range 2 {
		last := w
		w = newWorld(t, users)
		people, _ := w.lettered("abcdefgh")
		w.group("One", people[:5]...)
		w.group("Two", people[3:]...)
		w.keeps(nil)
		if last != nil {
			last.good(engine.Incremental)
			want = grouped(t, last.dir, last.org)
		}
	}
	return w, want
}
