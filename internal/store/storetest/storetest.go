// Package storetest is the suite that every database passes.
//
// Run opens an empty database for each case. A case says in its name what holds; each method of the ports that directory, mirror and
// engine declare is met at least once.
package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/notify"
	"rollcall/internal/plan"
)

// Backend is a database: all ports, and what the suite needs to look at them.
type Backend interface {
	directory.Store
	engine.Store
	notify.Store
	// Commits counts committed transactions.
	Commits() int64
	Close() error
}

// Open opens the database of one case; called again after Close, it opens the same one.
type Open func(t *testing.T) Backend

type testCase struct {
	name string
	run  func(t *testing.T, f *fixture)
}

// Run runs the suite. place makes a place for one empty database and returns how to open it.
func Run(t *testing.T, place func(t *testing.T) Open) {
	t.Helper()
	for _, cases := range [][]testCase{
		transactionCases(), organizationCases(), tokenCases(), expiryCases(), escrowCases(), userCases(), archiveCases(), mirrorCases(), instanceCases(), connectionCases(), mailCases(), runCases(),
		planningCases(), dirtCases(), applyCases(), linkCases(), reviewCases(), groupCases(), memberCases(), groupArchiveCases(), peopleCases(), undoCases(),
		mirrorGroupCases(), logCases(), groupObjectCases(), groupJournalCases(), membershipCases(), bucketCases(), groupStandingCases(),
		queryCases(), clientCases(),
	} {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) { c.run(t, newFixture(t, place(t))) })
		}
	}
}

// start is the time of everything that does not say otherwise.
var start = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

// fixture is a database with one organization, one connection and one instance.
type fixture struct {
	Backend
	reopen   Open
	ctx      context.Context
	org      ident.ID
	instance engine.Instance
	run      engine.Run
}

func newFixture(t *testing.T, open Open) *fixture {
	t.Helper()
	f := &fixture{Backend: open(t), reopen: open, ctx: t.Context(), org: ident.New(start)}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	f.must(t, f.SaveOrganization(f.ctx, directory.Organization{ID: f.org, Name: "Contoso", CreatedAt: start}))
	f.instance = f.newInstance(t, f.newConnection(t), "Main")
	f.run = f.newRun(t, f.instance)
	return f
}

// again closes the database and opens it anew.
func (f *fixture) again(t *testing.T) {
	t.Helper()
	f.must(t, f.Close())
	f.Backend = f.reopen(t)
}

func (f *fixture) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) newConnection(t *testing.T) engine.Connection {
	t.Helper()
	c := engine.Connection{
		ID: ident.New(start), OrgID: f.org, TenantID: "contoso.example", Cloud: "global", ClientID: "client", SealedSecret: []byte{1, 0, 2},
		CreatedAt: start,
	}
	f.must(t, f.SaveConnection(f.ctx, c))
	return c
}

func (f *fixture) newInstance(t *testing.T, connection engine.Connection, name string) engine.Instance {
	t.Helper()
	i := engine.Instance{
		ID: ident.New(start), OrgID: connection.OrgID, ConnectionID: connection.ID, Name: name, AutoSync: true, Interval: 40 * time.Minute,
		ConfigVersion: 1, NextRunAt: start.Add(time.Hour), CreatedAt: start,
	}
	f.must(t, f.SaveInstance(f.ctx, i))
	return i
}

func (f *fixture) newRun(t *testing.T, instance engine.Instance) engine.Run {
	t.Helper()
	r := engine.Run{
		ID: ident.New(start), OrgID: instance.OrgID, InstanceID: instance.ID, Kind: engine.Initial, Trigger: "manual", RequestedBy: "Ada",
		ConfigVersion: 1, State: engine.Queued, QueuedAt: start,
	}
	f.must(t, f.InsertRun(f.ctx, r))
	return r
}

// user makes a directory user with a name.
func (f *fixture) user(name string) directory.User {
	return directory.User{
		OrgID: f.org, ID: ident.New(start),
		Attributes: attr.From(map[string]any{attr.UserName: name, attr.DisplayName: "Display " + name, attr.Active: true, attr.ExternalID: "x-" + name}),
		Owner:      f.instance.ID, OwnerName: f.instance.Name, SourceID: "s-" + name, Origin: "Entra", Version: 1, CreatedAt: start, UpdatedAt: start,
	}
}

func (f *fixture) insertUsers(t *testing.T, names ...string) []directory.User {
	t.Helper()
	users := make([]directory.User, len(names))
	for i, name := range names {
		users[i] = f.user(name)
	}
	f.must(t, f.InsertUsers(f.ctx, users))
	return users
}

// mirrored makes a live user of the mirror.
func mirrored(sourceID string) mirror.User {
	record := attr.From(map[string]any{"id": sourceID, "displayName": "Zoë " + sourceID})
	return mirror.User{SourceID: sourceID, State: plan.Live, Record: record, Hash: attr.Hash(record.AppendJSON(nil))}
}

// fillMirror saves live users with these source ids and returns them with their Seq.
func (f *fixture) fillMirror(t *testing.T, sourceIDs ...string) map[string]mirror.User {
	t.Helper()
	users := make([]mirror.User, len(sourceIDs))
	for i, id := range sourceIDs {
		users[i] = mirrored(id)
	}
	f.must(t, f.SaveUsers(f.ctx, f.instance.ConnectionID, users, 1))
	loaded, err := f.LoadUsers(f.ctx, f.instance.ConnectionID, sourceIDs, false)
	f.must(t, err)
	return loaded
}

// clean removes all dirty rows of the instance.
func (f *fixture) clean(t *testing.T, instance engine.Instance) {
	t.Helper()
	objects, err := f.DirtyObjects(f.ctx, instance, 0, 1000)
	f.must(t, err)
	seqs := make([]int64, len(objects))
	for i, object := range objects {
		seqs[i] = object.Seq
	}
	f.must(t, f.ClearDirty(f.ctx, instance.ID, seqs))
}

// dirty lists the source ids of the instance's dirty objects in their order.
func (f *fixture) dirty(t *testing.T, instance engine.Instance) []string {
	t.Helper()
	objects, err := f.DirtyObjects(f.ctx, instance, 0, 1000)
	f.must(t, err)
	ids := []string{}
	for _, object := range objects {
		ids = append(ids, object.SourceID)
	}
	return ids
}

// entry makes a planned creation.
func (f *fixture) entry(sourceID string) engine.Entry {
	return engine.Entry{
		ID: ident.New(start), OrgID: f.org, InstanceID: f.instance.ID, RunID: f.run.ID, State: engine.Planned, Fingerprint: "f-" + sourceID,
		PlannedAt: start,
		Change: plan.Change{
			Action: plan.Create, Phase: plan.Write, SourceID: sourceID, ObjectID: ident.New(start), SourceName: "Zoë", ObjectName: sourceID + "@contoso.example",
			Reason: plan.Reason{Code: "Added", Text: "is new"}, After: attr.From(map[string]any{attr.UserName: sourceID, "emails": []string{"a", "b"}}),
			Link: true, Status: plan.InScope, TakesName: sourceID,
		},
	}
}

// open makes an open entry of a state.
func (f *fixture) open(sourceID string, state engine.EntryState, code string) engine.Entry {
	e := f.entry(sourceID)
	e.State, e.Open, e.Reason.Code = state, true, code
	if state == engine.EntryFailed {
		e.Attempts, e.FailedAt, e.RetryAt = 1, start, start.Add(6*time.Hour)
	}
	return e
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func fails(t *testing.T, what string, kind fault.Kind, err error) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("%s: want a fault %s, got %v", what, kind, err)
	}
}
