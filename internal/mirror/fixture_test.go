package mirror_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/entrasim"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
	"rollcall/internal/store"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// attributes are what the tests copy.
var attributes = []string{"accountEnabled", "displayName", "id", "jobTitle", "manager", "userPrincipalName", "userType"}

// signingKey is one for all tenants: to make it takes longer than most histories.
var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// testing's T and rapid's.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

func openStore(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{
		Path: filepath.Join(t.TempDir(), "rollcall.db"), Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return noon },
	})
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
	return db
}

// tenant is a simulated tenant, a client that reads it, and a mirror of it in a database.
type tenant struct {
	t      reporter
	ctx    context.Context
	sim    *entrasim.Server
	server *httptest.Server
	client *graph.Client
	db     *store.DB
	pull   *mirror.Pull
	// calls counts what the pull asks of Graph; before each of them, hook is called with its name and number.
	calls int
	hook  func(call string, number int)
	// lies: the test says of the living that they are not.
	lies bool
	// known are all users that the tenant ever had, as far as the tests have looked.
	known map[string]bool
	// seen is what a recycle bin that is behind shows.
	seen *graph.Page
}

func newTenant(t *testing.T, users int) *tenant {
	t.Helper()
	s := start(t, t.Context(), openStore(t), users)
	t.Cleanup(s.server.Close)
	return s
}

// start leaves it to the caller to close the server.
func start(t reporter, ctx context.Context, db *store.DB, users int) *tenant { //nolint:revive // the reporter comes first in tests
	t.Helper()
	s := &tenant{t: t, ctx: ctx, db: db, known: map[string]bool{}, sim: &entrasim.Server{
		Users: users, SigningKey: signingKey(), Now: func() time.Time { return noon },
	}}
	s.server = httptest.NewServer(s.sim)
	described := s.sim.Tenant()
	client, err := graph.NewClient(graph.Config{
		Cloud:    graph.Cloud{Name: "simulated", LoginURL: s.server.URL, GraphURL: s.server.URL},
		TenantID: described.TenantID, ClientID: described.ClientID, ClientSecret: described.ClientSecret,
		HTTP: s.server.Client(), Now: s.now, Jitter: func() float64 { return 0 },
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	if err != nil {
		t.Fatalf("client: %v", err)
	}
	s.client = client
	org, connection := ident.New(noon), ident.New(noon)
	s.must(db.SaveOrganization(ctx, directory.Organization{ID: org, Name: "Contoso " + org.String(), CreatedAt: noon}))
	s.must(db.SaveConnection(ctx, engine.Connection{
		ID: connection, OrgID: org, TenantID: described.TenantID, Cloud: "simulated", ClientID: described.ClientID, SealedSecret: []byte{1}, CreatedAt: noon,
	}))
	s.pull = &mirror.Pull{Connection: connection, Tenant: hooked{s}, Store: db, Now: s.now}
	s.users("live")
	return s
}

func (s *tenant) now() time.Time { return s.sim.Tenant().Now }

func (s *tenant) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%v", err)
	}
}

// hooked calls the hook before each call.
type hooked struct{ *tenant }

func (h hooked) note(call string) {
	h.calls++
	if h.hook != nil {
		h.hook(call, h.calls)
	}
}

func (h hooked) LatestUsersDelta(ctx context.Context, properties []string) (string, error) {
	h.note("latest")
	return h.client.LatestUsersDelta(ctx, properties)
}

func (h hooked) ListUsers(ctx context.Context, properties []string) (graph.Page, error) {
	h.note("list")
	return h.client.ListUsers(ctx, properties)
}

func (h hooked) DeletedUsers(ctx context.Context, properties []string) (graph.Page, error) {
	h.note("bin")
	return h.client.DeletedUsers(ctx, properties)
}

func (h hooked) Follow(ctx context.Context, link string) (graph.Page, error) {
	h.note("follow")
	return h.client.Follow(ctx, link)
}

func (h hooked) LookUpUsers(ctx context.Context, ids, properties []string) (map[string]graph.Existence, error) {
	h.note("look up")
	return h.client.LookUpUsers(ctx, ids, properties)
}

func (h hooked) UserID(ctx context.Context, userPrincipalName string) (string, error) {
	h.note("name")
	return h.client.UserID(ctx, userPrincipalName)
}

func (h hooked) LatestGroupsDelta(ctx context.Context, properties []string) (string, error) {
	h.note("latest groups")
	return h.client.LatestGroupsDelta(ctx, properties)
}

func (h hooked) ListGroups(ctx context.Context, properties []string) (graph.GroupPage, error) {
	h.note("list groups")
	return h.client.ListGroups(ctx, properties)
}

func (h hooked) FirstMembers(ctx context.Context, groupIDs []string) (map[string]graph.MemberPage, error) {
	h.note("first members")
	return h.client.FirstMembers(ctx, groupIDs)
}

func (h hooked) FollowGroups(ctx context.Context, link string) (graph.GroupPage, error) {
	h.note("follow groups")
	return h.client.FollowGroups(ctx, link)
}

func (h hooked) LookUpGroups(ctx context.Context, ids, properties []string) (map[string]graph.GroupExistence, error) {
	h.note("look up groups")
	return h.client.LookUpGroups(ctx, ids, properties)
}

func (h hooked) Members(ctx context.Context, groupID string) (graph.MemberPage, error) {
	h.note("members")
	return h.client.Members(ctx, groupID)
}

func (h hooked) FollowMembers(ctx context.Context, link string) (graph.MemberPage, error) {
	h.note("follow members")
	return h.client.FollowMembers(ctx, link)
}

func (h hooked) MemberOf(ctx context.Context, memberType string, ids []string) (map[string][]graph.Member, error) {
	if len(ids) > 0 {
		h.note("member of")
	}
	return h.client.MemberOf(ctx, memberType, ids)
}

// control calls the simulator's control API.
func (s *tenant) control(method, path, body string) []byte {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.ctx, method, s.server.URL+"/sim"+path, strings.NewReader(body))
	s.must(err)
	request.Header.Set("Accept-Encoding", "identity") // to compress takes longer than to send
	response, err := s.server.Client().Do(request)
	s.must(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	s.must(err)
	if response.StatusCode/100 != 2 {
		s.t.Fatalf("%s %s: %d %s", method, path, response.StatusCode, text)
	}
	return text
}

// fault adds a fault rule, healed removes all of them.
func (s *tenant) fault(rule string) { s.t.Helper(); s.control("POST", "/faults", rule) }
func (s *tenant) healed()           { s.t.Helper(); s.control("DELETE", "/faults", "") }

// users returns ids of the tenant's users in a state, live or deleted, by the truth and not by the replica.
func (s *tenant) users(state string) []string {
	s.t.Helper()
	var ids []string
	for {
		var page struct{ Users []struct{ ID string } }
		s.must(json.Unmarshal(s.control("GET", fmt.Sprintf("/users?limit=1000&state=%s&offset=%d", state, len(ids)), ""), &page))
		for _, user := range page.Users {
			ids = append(ids, user.ID)
			s.known[user.ID] = true
		}
		if len(page.Users) < 1000 {
			return ids
		}
	}
}

// run does the steps of one run and asserts that nobody who is alive was marked as deleted or gone by it.
func (s *tenant) run(want mirror.Want) (mirror.Progress, error) {
	s.t.Helper()
	before := s.bare()
	progress, err := s.steps(want)
	live := s.users("live")
	s.users("deleted")
	slices.Sort(live)
	for id, user := range s.bare() {
		if _, alive := slices.BinarySearch(live, id); alive && user.State != plan.Live && before[id].State != user.State && !s.lies {
			s.t.Errorf("%s is alive and was marked %s", id, user.State)
		}
	}
	return progress, err
}

func (s *tenant) steps(want mirror.Want) (mirror.Progress, error) {
	s.t.Helper()
	for steps := range 2000 {
		progress, err := s.pull.Step(s.ctx, want, steps == 0)
		if err != nil || progress.Done {
			return progress, err
		}
	}
	s.t.Fatalf("a run does not end")
	return mirror.Progress{}, nil
}

func (s *tenant) mustRun(want mirror.Want) mirror.Progress {
	s.t.Helper()
	progress, err := s.run(want)
	s.must(err)
	return progress
}

func (s *tenant) cursor() mirror.Cursor {
	s.t.Helper()
	cursor, err := s.db.Cursor(s.ctx, s.pull.Connection)
	s.must(err)
	return cursor
}

// mirrored returns everybody in the mirror, bare leaves out the records.
func (s *tenant) mirrored() map[string]mirror.User { s.t.Helper(); return s.load(false) }
func (s *tenant) bare() map[string]mirror.User     { s.t.Helper(); return s.load(true) }

func (s *tenant) load(bare bool) map[string]mirror.User {
	s.t.Helper()
	ids := make([]string, 0, len(s.known))
	for id := range s.known {
		ids = append(ids, id)
	}
	users, err := s.db.LoadUsers(s.ctx, s.pull.Connection, ids, bare)
	s.must(err)
	counts, err := s.db.CountMirror(s.ctx, s.pull.Connection)
	s.must(err)
	total := 0
	for _, count := range counts {
		total += count
	}
	if total != len(users) {
		s.t.Errorf("the mirror holds %d users, %d of them are of the tenant", total, len(users))
	}
	return users
}

func (s *tenant) one(id string) mirror.User {
	s.t.Helper()
	return s.mirrored()[id]
}

// equals asserts that the mirror is the tenant, object by object: the records of the living, the states of all who were ever mirrored.
func (s *tenant) equals(properties []string) {
	s.t.Helper()
	truth := map[string]attr.Record{}
	page, err := s.client.ListUsers(s.ctx, properties)
	for {
		s.must(err)
		for _, user := range page.Users {
			truth[user.ID] = user.Record
		}
		if page.Next == "" {
			break
		}
		page, err = s.client.Follow(s.ctx, page.Next)
	}
	binned := s.users("deleted")
	slices.Sort(binned)
	got := s.mirrored()
	for id, record := range truth {
		if user, ok := got[id]; !ok || user.State != plan.Live || !user.DeletedAt.IsZero() {
			s.t.Errorf("%s is live, in the mirror %v %q %v", id, ok, user.State, user.DeletedAt)
		} else if diff := cmp.Diff(record, s.withoutLostManager(user.Record, truth)); diff != "" {
			s.t.Errorf("%s (-tenant +mirror):\n%s", id, diff)
		}
	}
	for id, user := range got {
		want := plan.Live
		if _, isLive := truth[id]; !isLive {
			want = plan.Gone
			if _, inBin := slices.BinarySearch(binned, id); inBin {
				want = plan.Deleted
			}
		}
		if want == plan.Gone && user.State == plan.Deleted && s.now().Sub(user.DeletedAt) < plan.Retention {
			continue // nobody told of the purge, and the thirty days are not over
		}
		if user.State != want || want != plan.Live && (user.DeletedAt.IsZero() || user.Record.Text("userPrincipalName") == "") {
			s.t.Errorf("%s is %s in the tenant, in the mirror %s since %v as %q", id, want, user.State, user.DeletedAt, user.Record.Text("userPrincipalName"))
		}
	}
}

// withoutLostManager takes away a manager who is not alive: Graph does not show him any more, and no delta says so.
func (s *tenant) withoutLostManager(record attr.Record, live map[string]attr.Record) attr.Record {
	if _, alive := live[record.Text("manager")]; !alive {
		record = record.Clone()
		record.Delete("manager")
	}
	return record
}

var everything = mirror.Want{Attributes: attributes}

var fully = mirror.Want{Attributes: attributes, Full: true}
