package engine_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/entrasim"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
	"rollcall/internal/store"
)

// historyKey signs the tokens of all tenants of the histories: to make a key takes longer than to make the rest of a world.
var historyKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// side is one of the two worlds of a history.
type side struct {
	*world
	client mirror.Tenant
	// fate decides when the engine at work dies; nil while it lives.
	fate *fate
}

// fate lets an engine die at one of the moments at which it reads or writes something: its context ends there, and with it the transaction under
// way.
type fate struct {
	left int
	end  context.CancelFunc
}

func (f *fate) pass(ctx context.Context) error {
	if f == nil {
		return ctx.Err()
	}
	if f.left--; f.left == 0 {
		f.end()
	}
	return ctx.Err()
}

func newSide(t *testing.T, seed uint64, now time.Time) *side {
	t.Helper()
	s := &side{world: &world{T: t, now: now, queue: &queue{}}}
	s.sim = &entrasim.Server{Users: 36, Groups: 7, GroupMembers: 8, GroupNesting: 5, Seed: seed, SigningKey: historyKey(), Now: s.time}
	if err := s.sim.Listen(t.Context(), "127.0.0.1:0", ""); err != nil {
		t.Fatal(err)
	}
	var err error
	s.db, err = store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "rollcall.db"), Logger: slog.New(slog.DiscardHandler), Now: s.time})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.db.Close(), s.sim.Close()); err != nil {
			t.Error(err)
		}
	})
	if err := s.db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.dir = directory.NewService(s.db, s.time, directory.Retention{})
	described := s.sim.Tenant()
	s.client, err = graph.NewClient(graph.Config{
		Cloud:    graph.Cloud{Name: "simulated", LoginURL: s.sim.URL(), GraphURL: s.sim.URL()},
		TenantID: described.TenantID, ClientID: described.ClientID, ClientSecret: described.ClientSecret,
		HTTP: &http.Client{Transport: s}, Now: s.time, Jitter: func() float64 { return 0 },
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	if err != nil {
		t.Fatal(err)
	}
	s.engine = s.mortal()
	org, err := s.dir.CreateOrganization(t.Context(), "Example")
	if err != nil {
		t.Fatal(err)
	}
	s.org = org.ID
	s.instance = s.create("Test", nil)
	return s
}

// RoundTrip is the way to the tenant; to ask it something is a moment to die at.
func (s *side) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := s.fate.pass(request.Context()); err != nil {
		return nil, err
	}
	return http.DefaultTransport.RoundTrip(request)
}

// mortal returns a new engine on the database, as a process that was just started.
func (s *side) mortal() *engine.Engine {
	config := s.newEngine().Config
	config.Store = mortalStore{Store: s.db, side: s}
	config.Tenant = func(engine.Connection) (mirror.Tenant, error) { return s.client, nil }
	config.Destination = func(instance engine.Instance) destination.Destination { return s.newEngine().Destination(instance) }
	config.Node = ident.New(s.now)
	return engine.New(config)
}

// mortalStore makes moments to die at of writes that each step makes, in the middle of its transaction.
type mortalStore struct {
	engine.Store
	side *side
}

func (m mortalStore) SaveRun(ctx context.Context, run engine.Run, fence int64) error {
	if err := m.side.fate.pass(ctx); err != nil {
		return err
	}
	return m.Store.SaveRun(ctx, run, fence)
}

func (m mortalStore) SaveCursor(ctx context.Context, connection ident.ID, cursor mirror.Cursor) error {
	if err := m.side.fate.pass(ctx); err != nil {
		return err
	}
	return m.Store.SaveCursor(ctx, connection, cursor)
}

func (m mortalStore) SettleApplied(ctx context.Context, run ident.ID, ids []ident.ID, at time.Time) error {
	if err := m.side.fate.pass(ctx); err != nil {
		return err
	}
	return m.Store.SettleApplied(ctx, run, ids, at)
}

// dying asks for a run and works on it with engines that die one after the other, each after so many moments; the last one lives. It returns the run
// as it is when nothing is queued any more.
func (s *side) dying(kind engine.Kind, lives []int) engine.Run {
	s.Helper()
	run, err := s.engine.SyncNow(s.Context(), s.instance.ID, kind)
	if err != nil {
		s.Fatal(err)
	}
	for _, moments := range lives {
		if len(s.queue.runs) == 0 {
			break
		}
		s.live(moments)
	}
	s.work(s.engine)
	if run, err = s.engine.GetRun(s.Context(), s.org, run.ID); err != nil {
		s.Fatal(err)
	}
	return run
}

// live works on what is queued with the engine until that dies, and starts the next one.
func (s *side) live(moments int) {
	s.Helper()
	ctx, end := context.WithCancel(s.Context())
	defer end()
	s.fate = &fate{left: moments, end: end}
	for len(s.queue.runs) > 0 && ctx.Err() == nil {
		id := s.queue.runs[0]
		again, err := s.engine.Advance(ctx, id)
		if err != nil && ctx.Err() == nil {
			s.Fatal(err)
		}
		if s.queue.runs = slices.DeleteFunc(s.queue.runs, func(queued ident.ID) bool { return queued == id }); again || err != nil {
			s.queue.runs = append(s.queue.runs, id)
		}
	}
	s.fate = nil
	if ctx.Err() == nil {
		return
	}
	s.engine = s.mortal()
	if err := s.engine.Recover(s.Context()); err != nil {
		s.Fatal(err)
	}
}

// approve lets go whatever the guard holds.
func (s *side) approve() {
	s.Helper()
	if _, err := s.engine.Decide(s.Context(), s.instance.ID, nil, true); err != nil {
		s.Fatal(err)
	}
	s.work(s.engine)
}

// holds lists what the guard holds: the objects, and the members of groups.
func (s *side) holds() []string {
	s.Helper()
	entries, err := s.db.ListEntries(s.Context(), engine.EntryQuery{Org: s.org, Instance: s.instance.ID, Open: true, States: []engine.EntryState{engine.Held}, Limit: 10_000})
	if err != nil {
		s.Fatal(err)
	}
	return rows(entries)
}

// journal lists what was applied.
func (s *side) journal() []string {
	s.Helper()
	entries, err := s.db.ListEntries(s.Context(), engine.EntryQuery{Org: s.org, Instance: s.instance.ID, States: []engine.EntryState{engine.Applied}, Limit: 100_000})
	if err != nil {
		s.Fatal(err)
	}
	return rows(entries)
}

// rows are entries without what differs from one world to the next: the ids of objects. Members have a row each, because how many of them one entry
// is about depends on how a run was cut.
func rows(entries []engine.Entry) []string {
	var rows []string
	for _, entry := range entries {
		if entry.Object != plan.Members {
			rows = append(rows, fmt.Sprintf("%s %s %s %s %s: %s -> %s", entry.Object, entry.SourceID, entry.SourceName, entry.Action, entry.Reason.Code,
				timeless(entry.Before), timeless(entry.After)))
			continue
		}
		for _, member := range entry.Members {
			rows = append(rows, fmt.Sprintf("group %s: %s %s", entry.SourceID, member.Source, entry.Action))
		}
	}
	slices.Sort(rows)
	return rows
}

// timeless is a record without when somebody was seen to be deleted, which a look at the recycle bin tells more exactly than a change does.
func timeless(record attr.Record) []byte {
	if record.Has(attr.DeletedAt) {
		record = record.Clone()
		record.Set(attr.DeletedAt, "then")
	}
	return record.AppendJSON(nil)
}

// heldUser and heldGroup are what the directory holds of somebody or of a group of the tenant.
type heldUser struct {
	Ours, Active, Deleted                 bool
	UserName, DisplayName, Title, Manager string
}

type heldGroup struct {
	Ours, ToBeSynced bool
	Name             string
	// Members by their ids in the tenant.
	Members map[string]directory.Marks
}

// holdings are what the directory holds, by the ids in the tenant.
type holdings struct {
	Users  map[string]heldUser
	Groups map[string]heldGroup
}

func (s *side) holdings() holdings {
	s.Helper()
	held := holdings{Users: map[string]heldUser{}, Groups: map[string]heldGroup{}}
	users, err := s.dir.ListUsers(s.Context(), s.org, directory.UserQuery{Limit: 10_000})
	if err != nil {
		s.Fatal(err)
	}
	source := map[ident.ID]string{}
	for _, user := range users {
		is := user.Attributes
		source[user.ID] = is.Text(attr.ExternalID)
		if _, twice := held.Users[source[user.ID]]; twice {
			s.Fatalf("%s is there twice", user.Label())
		}
		held.Users[source[user.ID]] = heldUser{
			Ours: user.Owner == s.instance.ID && user.SourceID == source[user.ID], Active: user.Active(), Deleted: !user.DeletedAt().IsZero(),
			UserName: user.Name(), DisplayName: is.Text(attr.DisplayName), Title: is.Text("title"), Manager: is.Text(attr.Manager),
		}
	}
	groups, err := s.dir.ListGroups(s.Context(), s.org, directory.GroupQuery{Limit: 10_000})
	if err != nil {
		s.Fatal(err)
	}
	for _, group := range groups {
		source[group.ID] = group.Attributes.Text(attr.ExternalID)
	}
	for _, group := range groups {
		if _, twice := held.Groups[source[group.ID]]; twice {
			s.Fatalf("the group %s is there twice", group.Name())
		}
		members, err := s.dir.Members(s.Context(), s.org, group.ID, directory.MemberQuery{Limit: 10_000})
		if err != nil {
			s.Fatal(err)
		}
		marks := map[string]directory.Marks{}
		for _, member := range members {
			marks[source[member.Member]] = member.Marks
		}
		if int64(len(members)) != group.Members {
			s.Errorf("the group %s has %d members and says %d", group.Name(), len(members), group.Members)
		}
		held.Groups[source[group.ID]] = heldGroup{Ours: group.Owner == s.instance.ID, ToBeSynced: group.ToBeSynced, Name: group.Name(), Members: marks}
	}
	return held
}

// tenantNow reads the tenant by its control API.
func (s *side) tenantNow() tenantState {
	s.Helper()
	state := tenantState{people: map[string]tenantPerson{}, groups: map[string]tenantGroup{}}
	for _, life := range []string{"live", "deleted"} {
		for _, person := range list(s.control(http.MethodGet, "/sim/users?limit=1000&state="+life, nil), "users") {
			state.people[id(person)] = tenantPerson{
				live: life == "live", enabled: person["accountEnabled"] == true, guest: person["userType"] == "Guest",
				name: text(person, "userPrincipalName"), displayName: text(person, "displayName"), jobTitle: text(person, "jobTitle"),
				department: text(person, "department"), manager: text(person, "manager"),
			}
		}
		for _, group := range list(s.control(http.MethodGet, "/sim/groups?limit=1000&state="+life, nil), "groups") {
			known := s.control(http.MethodGet, "/sim/groups/"+id(group), nil)
			state.groups[id(group)] = tenantGroup{
				live: life == "live", name: strings.TrimSpace(text(group, "displayName")), users: texts(known, "users"), groups: texts(known, "groups"),
			}
		}
	}
	return state
}

func list(answer map[string]any, name string) []map[string]any {
	var out []map[string]any
	items, _ := answer[name].([]any)
	for _, item := range items {
		object, _ := item.(map[string]any)
		out = append(out, object)
	}
	return out
}

func text(object map[string]any, name string) string { text, _ := object[name].(string); return text }

func texts(object map[string]any, name string) []string {
	var out []string
	items, _ := object[name].([]any)
	for _, item := range items {
		one, _ := item.(string)
		out = append(out, one)
	}
	return out
}
