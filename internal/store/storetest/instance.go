package storetest

import (
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mapping"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

func instanceCases() []testCase {
	return []testCase{
		{"connections and instances are saved and replaced", func(t *testing.T, f *fixture) {
			connection := f.newConnection(t)
			connection.TenantID, connection.SealedSecret = "other", nil
			connection.Form, connection.Thumbprint, connection.State = engine.FormCertificate, "AB12", engine.Refused
			connection.Standing = engine.Standing{
				Since: start, Reason: &engine.Failure{Code: "X", Message: "x"}, CheckAt: start, Checks: 3, Permissions: []string{"User.Read.All"},
				Prefetch: engine.Prefetch{Stage: engine.PrefetchGroups, Next: "https://graph.example/next", Generation: 2},
			}
			f.must(t, f.SaveConnection(f.ctx, connection))
			got, err := f.Connection(f.ctx, connection.ID)
			f.must(t, err)
			same(t, "connection", connection, got)
			_, err = f.Connection(f.ctx, ident.New(start))
			fails(t, "unknown connection", fault.NotFound, err)
			instance := f.instance
			instance.Name, instance.AutoSync, instance.Interval, instance.NextRunAt = "Élan", false, time.Second, time.Time{}
			instance.Health = engine.Health{LastRun: f.run.ID, LastRunAt: start, Quarantine: &engine.Quarantine{Since: start, Code: "X", Attempts: 2}}
			instance.Reconciles = engine.Reconciles{Every: 36 * time.Hour, Repair: true, PerSecond: 150}
			instance.Notification = engine.Notification{Addresses: []string{"ops@example.com", "boss@example.com"}, OnFailure: true}
			f.must(t, f.SaveInstance(f.ctx, instance))
			back, err := f.Instance(f.ctx, instance.ID)
			f.must(t, err)
			same(t, "instance", instance, back)
			_, err = f.Instance(f.ctx, ident.New(start))
			fails(t, "unknown instance", fault.NotFound, err)
		}},
		{"saving a connection again does not start the mirror's places anew", func(t *testing.T, f *fixture) {
			f.fillMirror(t, "a")
			connection, err := f.Connection(f.ctx, f.instance.ConnectionID)
			f.must(t, err)
			f.must(t, f.SaveConnection(f.ctx, connection))
			same(t, "the next place", int64(2), f.fillMirror(t, "b")["b"].Seq)
		}},
		{"names of instances are unique per organization whatever their case", func(t *testing.T, f *fixture) {
			second := f.instance
			second.ID, second.Name = ident.New(start), "MAIN"
			fails(t, "the same name", fault.Conflict, f.SaveInstance(f.ctx, second))
			second.Name = "another"
			f.must(t, f.SaveInstance(f.ctx, second))
			elsewhere := second
			elsewhere.ID, elsewhere.OrgID = ident.New(start), ident.New(start)
			f.must(t, f.SaveInstance(f.ctx, elsewhere))
			got, err := f.ListInstances(f.ctx, f.org)
			f.must(t, err)
			same(t, "of the organization", []engine.Instance{second, f.instance}, got)
			got, err = f.ListInstances(f.ctx, ident.ID{})
			f.must(t, err)
			same(t, "number of all", 3, len(got))
		}},
		{"versions of settings stay as they are", func(t *testing.T, f *fixture) {
			settings := engine.Settings{Scope: scope.Rules{Users: []string{"a"}}, Attributes: mapping.Defaults(), Thresholds: plan.DefaultThresholds()}
			f.must(t, f.SaveSettings(f.ctx, f.instance.ID, 1, settings, start))
			fails(t, "the same version", fault.Conflict, f.SaveSettings(f.ctx, f.instance.ID, 1, engine.Settings{}, start))
			got, err := f.Settings(f.ctx, f.instance.ID, 1)
			f.must(t, err)
			same(t, "settings", settings, got)
			_, err = f.Settings(f.ctx, f.instance.ID, 2)
			fails(t, "unknown version", fault.NotFound, err)
		}},
		{"a deleted instance leaves its users and its history", deletedInstance},
		{"a deleted instance leaves a connection that another one uses", func(t *testing.T, f *fixture) {
			connection, err := f.Connection(f.ctx, f.instance.ConnectionID)
			f.must(t, err)
			second := f.newInstance(t, connection, "Second")
			f.fillMirror(t, "a")
			f.must(t, f.DeleteInstance(f.ctx, f.instance))
			same(t, "dirty of the other", []string{"a"}, f.dirty(t, second))
			f.must(t, f.DeleteInstance(f.ctx, second))
			_, err = f.Connection(f.ctx, connection.ID)
			fails(t, "the connection afterwards", fault.NotFound, err)
		}},
	}
}

func deletedInstance(t *testing.T, f *fixture) {
	connection := f.instance.ConnectionID
	f.fillMirror(t, "a")
	f.must(t, f.SaveCursor(f.ctx, connection, mirror.Cursor{Delta: "d"}))
	f.must(t, f.SaveSettings(f.ctx, f.instance.ID, 1, engine.Settings{}, start))
	f.linkAll(t, "a")
	users := f.insertUsers(t, "a@x")
	stranger := f.user("b@x")
	stranger.Owner, stranger.OwnerName = ident.New(start), ""
	f.must(t, f.InsertUsers(f.ctx, []directory.User{stranger}))
	closed := f.entry("a")
	closed.State = engine.Applied
	f.must(t, f.InsertEntries(f.ctx, []engine.Entry{closed, f.open("b", engine.Held, "Deleted")}))
	f.must(t, f.DeleteInstance(f.ctx, f.instance))

	_, err := f.Instance(f.ctx, f.instance.ID)
	fails(t, "the instance", fault.NotFound, err)
	_, err = f.Connection(f.ctx, connection)
	fails(t, "its connection", fault.NotFound, err)
	_, err = f.Settings(f.ctx, f.instance.ID, 1)
	fails(t, "its settings", fault.NotFound, err)
	cursor, err := f.Cursor(f.ctx, connection)
	f.must(t, err)
	same(t, "its cursor", mirror.Cursor{}, cursor)
	loaded, err := f.LoadUsers(f.ctx, connection, []string{"a"}, true)
	f.must(t, err)
	same(t, "its mirror", 0, len(loaded))
	same(t, "its dirty rows", []string{}, f.dirty(t, f.instance))
	links, err := f.CountLinks(f.ctx, f.instance.ID)
	f.must(t, err)
	same(t, "its links", 0, len(links))
	entries, err := f.ListEntries(f.ctx, engine.EntryQuery{Org: f.org, Limit: 10})
	f.must(t, err)
	same(t, "history", []engine.Entry{closed}, entries)
	_, err = f.Run(f.ctx, f.run.ID)
	f.must(t, err)

	want := users[0]
	want.Owner, want.OwnerName, want.SourceID, want.Version = ident.ID{}, "", "", 2
	got, err := f.UsersByNameKey(f.ctx, f.org, []string{attr.NameKey("a@x"), attr.NameKey("b@x")})
	f.must(t, err)
	same(t, "users", []directory.User{want, stranger}, byName(got))
}

func runCases() []testCase {
	return []testCase{
		{"a run is saved only under the fence that was read", func(t *testing.T, f *fixture) {
			run := f.run
			run.State, run.Step, run.Node, run.Fence, run.LeaseUntil = engine.Running, engine.StepPull, ident.New(start), 1, start.Add(10*time.Second)
			run.StartedAt, run.Progress = start, engine.Progress{Read: 5, Counts: map[string]int{"create": 2}}
			f.must(t, f.SaveRun(f.ctx, run, 0))
			fails(t, "under the old fence", fault.Stale, f.SaveRun(f.ctx, run, 0))
			run.State, run.EndedAt, run.Failure = engine.Failed, start.Add(time.Minute), &engine.Failure{Kind: "unavailable", Message: "no"}
			f.must(t, f.SaveRun(f.ctx, run, 1))
			got, err := f.Run(f.ctx, run.ID)
			f.must(t, err)
			same(t, "run", run, got)
			_, err = f.Run(f.ctx, ident.New(start))
			fails(t, "unknown run", fault.NotFound, err)
		}},
		{"a heartbeat is not undone by a save that began before it", func(t *testing.T, f *fixture) {
			run := f.run
			run.State, run.Node, run.Fence, run.LeaseUntil = engine.Running, ident.New(start), 1, start.Add(10*time.Second)
			f.must(t, f.SaveRun(f.ctx, run, 0))
			idle := f.newRun(t, f.instance)
			f.must(t, f.RenewLeases(f.ctx, run.Node, start.Add(time.Minute)))
			f.must(t, f.RenewLeases(f.ctx, ident.New(start), start.Add(time.Hour)))
			f.must(t, f.SaveRun(f.ctx, run, 1))
			lease := func(id ident.ID) time.Time {
				got, err := f.Run(f.ctx, id)
				f.must(t, err)
				return got.LeaseUntil
			}
			same(t, "the renewed lease", start.Add(time.Minute), lease(run.ID))
			same(t, "the lease of a run that does not run", time.Time{}, lease(idle.ID))
			run.LeaseUntil = time.Time{}
			f.must(t, f.SaveRun(f.ctx, run, 1))
			same(t, "a lease given up", time.Time{}, lease(run.ID))
		}},
		{"runs are listed newest first and open ones oldest first", func(t *testing.T, f *fixture) {
			second := f.newRun(t, f.instance)
			other := f.newInstance(t, f.newConnection(t), "Other")
			third := f.newRun(t, other)
			over := second
			over.State = engine.Succeeded
			f.must(t, f.SaveRun(f.ctx, over, 0))
			got, err := f.ListRuns(f.ctx, engine.RunQuery{Org: f.org, Limit: 2})
			f.must(t, err)
			same(t, "first page", []engine.Run{third, over}, got)
			got, err = f.ListRuns(f.ctx, engine.RunQuery{Org: f.org, Before: over.ID, Limit: 2})
			f.must(t, err)
			same(t, "second page", []engine.Run{f.run}, got)
			got, err = f.ListRuns(f.ctx, engine.RunQuery{Org: f.org, Instance: f.instance.ID, Limit: 9})
			f.must(t, err)
			same(t, "of an instance", []engine.Run{over, f.run}, got)
			got, err = f.OpenRuns(f.ctx, ident.ID{})
			f.must(t, err)
			same(t, "open", []engine.Run{f.run, third}, got)
			got, err = f.OpenRuns(f.ctx, other.ID)
			f.must(t, err)
			same(t, "open of an instance", []engine.Run{third}, got)
			f.must(t, f.DropRun(f.ctx, third.ID))
			_, err = f.Run(f.ctx, third.ID)
			fails(t, "a dropped run", fault.NotFound, err)
		}},
	}
}
