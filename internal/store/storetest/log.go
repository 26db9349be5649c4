package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// logged are three runs an hour apart, the last a dry run: "a" and "b" applied in the first, "b" failed, "c" held and "d" applied in the second,
// "e" proposed in the third. people tells their places in the mirror; nil for none.
func (f *fixture) logged(t *testing.T, people map[string]mirror.User) map[string]engine.Entry {
	t.Helper()
	first, second, third := f.runAt(t, start, engine.Initial), f.runAt(t, start.Add(time.Hour), engine.Incremental), f.runAt(t, start.Add(2*time.Hour), engine.DryRun)
	entries := map[string]engine.Entry{}
	add := func(name, sourceID string, run engine.Run, state engine.EntryState, action plan.Action, code string) {
		entry := f.entry(sourceID)
		entry.ID, entry.RunID, entry.State, entry.Action, entry.Reason.Code = ident.New(run.QueuedAt.Add(time.Duration(len(entries))*time.Second)), run.ID, state, action, code
		entry.SourceSeq = people[sourceID].Seq
		entry.PlannedAt, entry.Open = run.QueuedAt.Add(time.Minute), state == engine.EntryFailed || state == engine.Held
		if state == engine.Applied {
			entry.SettledAt = run.QueuedAt.Add(10 * time.Minute)
		}
		entry.SourceName, entry.ObjectName = "Zoë "+sourceID+"%", sourceID+"@contoso.example"
		entries[name] = entry
		f.must(t, f.InsertEntries(f.ctx, []engine.Entry{entry}))
	}
	add("a created", "a", first, engine.Applied, plan.Create, "Added")
	add("b created", "b", first, engine.Applied, plan.Create, "Added")
	add("b failed", "b", second, engine.EntryFailed, plan.Update, "InvalidDomain")
	add("c held", "c", second, engine.Held, plan.Deactivate, "Deleted")
	add("d removed", "d", second, engine.Applied, plan.Delete, "Purged")
	add("e proposed", "e", third, engine.Proposed, plan.Create, "Added")
	return entries
}

func (f *fixture) runAt(t *testing.T, at time.Time, kind engine.Kind) engine.Run {
	t.Helper()
	run := engine.Run{
		ID: ident.New(at), OrgID: f.org, InstanceID: f.instance.ID, Kind: kind, State: engine.Succeeded, QueuedAt: at, StartedAt: at,
		EndedAt: at.Add(30 * time.Minute),
	}
	f.must(t, f.InsertRun(f.ctx, run))
	return run
}

// log reads the whole log in pages and names its entries.
func (f *fixture) log(t *testing.T, query engine.LogQuery, entries map[string]engine.Entry) []string {
	t.Helper()
	names := []string{}
	for pages := 0; ; pages++ {
		if pages > 100 {
			t.Fatal("the log does not end")
		}
		page, next, err := f.ListLog(f.ctx, query)
		f.must(t, err)
		if len(page) > query.Limit {
			t.Fatalf("%d entries on a page of %d", len(page), query.Limit)
		}
		for _, entry := range page {
			for name, known := range entries {
				if known.ID == entry.ID {
					same(t, name, known, entry)
					names = append(names, name)
				}
			}
		}
		if next.IsZero() {
			return names
		}
		query.After = next
	}
}

func logCases() []testCase {
	return []testCase{
		{"the log is filtered, in either order, on pages of any length", func(t *testing.T, f *fixture) {
			entries := f.logged(t, nil)
			for _, q := range []struct {
				name  string
				query engine.LogQuery
				want  []string
			}{
				{"all but what a dry run proposes", engine.LogQuery{}, []string{"d removed", "c held", "b failed", "b created", "a created"}},
				{"an instance", engine.LogQuery{Instance: f.instance.ID}, []string{"d removed", "c held", "b failed", "b created", "a created"}},
				{"no instance", engine.LogQuery{Instance: ident.New(start)}, []string{}},
				{"a run", engine.LogQuery{Run: entries["a created"].RunID}, []string{"b created", "a created"}},
				{"a dry run", engine.LogQuery{Run: entries["e proposed"].RunID}, []string{"e proposed"}},
				{"what is proposed", engine.LogQuery{States: []engine.EntryState{engine.Proposed}}, []string{"e proposed"}},
				{"rare states", engine.LogQuery{States: []engine.EntryState{engine.EntryFailed, engine.Held}}, []string{"c held", "b failed"}},
				{"rare and usual states", engine.LogQuery{States: []engine.EntryState{engine.Applied, engine.Held}}, []string{"d removed", "c held", "b created", "a created"}},
				{"rare actions", engine.LogQuery{Actions: []plan.Action{plan.Delete, plan.Deactivate}}, []string{"d removed", "c held"}},
				{"a usual action", engine.LogQuery{Actions: []plan.Action{plan.Create}}, []string{"b created", "a created"}},
				{"a code", engine.LogQuery{Codes: []string{"InvalidDomain", "Purged"}}, []string{"d removed", "b failed"}},
				{"since it was planned", engine.LogQuery{Since: start.Add(time.Hour + time.Minute)}, []string{"d removed", "c held", "b failed"}},
				{"since it was applied", engine.LogQuery{Since: start.Add(time.Hour + 10*time.Minute)}, []string{"d removed"}},
				{"until before it was applied", engine.LogQuery{Until: start.Add(time.Hour + 10*time.Minute)}, []string{"c held", "b failed", "b created", "a created"}},
				{"until", engine.LogQuery{Until: start.Add(10 * time.Minute)}, []string{}},
				{"a name without regard to case, in a run", engine.LogQuery{Run: entries["b failed"].RunID, Who: &engine.LogPeople{Part: "ZOË B%"}}, []string{"b failed"}},
				{"a name", engine.LogQuery{Who: &engine.LogPeople{Part: "@CONTOSO"}}, []string{"d removed", "c held", "b failed", "b created", "a created"}},
				{"nobody's name", engine.LogQuery{Who: &engine.LogPeople{Part: "Zöe"}}, []string{}},
				{"several filters", engine.LogQuery{Since: start, Actions: []plan.Action{plan.Delete}, States: []engine.EntryState{engine.Applied}, Codes: []string{"Purged"}}, []string{"d removed"}},
			} {
				for limit := range 7 {
					query := q.query
					query.Org, query.Limit = f.org, limit+1
					same(t, fmt.Sprintf("%s, %d on a page", q.name, limit+1), q.want, f.log(t, query, entries))
					query.Oldest = true
					want := slices.Clone(q.want)
					slices.Reverse(want)
					same(t, fmt.Sprintf("%s, oldest first, %d on a page", q.name, limit+1), want, f.log(t, query, entries))
				}
			}
			same(t, "another organization", []string{}, f.log(t, engine.LogQuery{Org: ident.New(start), Limit: 10}, entries))
		}},
		{"the log of a person is found by either id, also when the mirror has forgotten him", func(t *testing.T, f *fixture) {
			loaded := f.fillMirror(t, "a", "b", "c", "d")
			entries := f.logged(t, loaded)
			gone := loaded["d"]
			gone.State = plan.Gone
			f.must(t, f.SaveUsers(f.ctx, f.instance.ConnectionID, []mirror.User{gone}, 0))
			f.clean(t, f.instance)
			f.must(t, f.Sweep(f.ctx, f.instance.ConnectionID))
			for _, q := range []struct {
				name string
				who  engine.LogPeople
				want []string
			}{
				{"his id in the tenant", engine.LogPeople{Sources: []string{"b"}}, []string{"b failed", "b created"}},
				{"the other id of the same", engine.LogPeople{Objects: []ident.ID{entries["a created"].ObjectID}}, []string{"a created"}},
				{"both", engine.LogPeople{Sources: []string{"b"}, Objects: []ident.ID{entries["b created"].ObjectID}}, []string{"b failed", "b created"}},
				{"forgotten", engine.LogPeople{Sources: []string{"d"}}, []string{"d removed"}},
				{"nobody", engine.LogPeople{Sources: []string{"x"}, Objects: []ident.ID{ident.New(start)}}, []string{}},
			} {
				for limit := range 3 {
					query := engine.LogQuery{Org: f.org, Who: &q.who, Limit: limit + 1}
					same(t, fmt.Sprintf("%s, %d on a page", q.name, limit+1), q.want, f.log(t, query, entries))
					query.Oldest = true
					want := slices.Clone(q.want)
					slices.Reverse(want)
					same(t, q.name+", oldest first", want, f.log(t, query, entries))
				}
			}
			same(t, "in another organization", []string{}, f.log(t, engine.LogQuery{
				Org: ident.New(start), Who: &engine.LogPeople{Sources: []string{"b"}, Objects: []ident.ID{entries["b created"].ObjectID}}, Limit: 10,
			}, entries))
		}},
	}
}
