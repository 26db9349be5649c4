package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// linkAll ties source objects to objects of their own.
func (f *fixture) linkAll(t *testing.T, sourceIDs ...string) []engine.Link {
	t.Helper()
	links := make([]engine.Link, len(sourceIDs))
	for i, id := range sourceIDs {
		links[i] = engine.Link{SourceID: id, ObjectID: ident.New(start), Status: plan.InScope}
	}
	f.must(t, f.SaveLinks(f.ctx, f.org, f.instance.ID, links))
	return links
}

// entries returns the run's entries by source id.
func (f *fixture) entries(t *testing.T) map[string]engine.Entry {
	t.Helper()
	all, err := f.ListEntries(f.ctx, engine.EntryQuery{Org: f.org, Limit: 1000})
	f.must(t, err)
	bySource := map[string]engine.Entry{}
	for _, entry := range all {
		bySource[entry.SourceID] = entry
	}
	return bySource
}

func sources(entries []engine.Entry) []string {
	ids := []string{}
	for _, entry := range entries {
		ids = append(ids, entry.SourceID)
	}
	return ids
}

func planningCases() []testCase {
	return []testCase{
		{"objects come with their record, link and open entry", func(t *testing.T, f *fixture) {
			loaded := f.fillMirror(t, "a", "b", "c")
			link := f.linkAll(t, "b")[0]
			open := f.open("c", engine.EntryFailed, "NameHeld")
			closed := f.entry("b")
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{open, closed}))
			want := []engine.Object{{User: loaded["a"]}, {User: loaded["b"], Link: link}, {User: loaded["c"]}}
			got, err := f.DirtyObjects(f.ctx, f.instance, 0, 10)
			f.must(t, err)
			summary := got[2].Open
			if summary == nil || summary.ID != open.ID || summary.RunID != open.RunID || summary.State != open.State ||
				summary.Fingerprint != open.Fingerprint || summary.Attempts != 1 || !summary.FailedAt.Equal(start) || summary.Action != open.Action {
				t.Errorf("open entry: want the essence of %+v, got %+v", open, summary)
			}
			got[2].Open = nil
			same(t, "objects", want, got)
			all, err := f.AllObjects(f.ctx, f.instance, loaded["a"].Seq, 1)
			f.must(t, err)
			same(t, "the next of all", want[1:2], all)
		}},
		{"what is planned is dirty no longer", func(t *testing.T, f *fixture) {
			loaded := f.fillMirror(t, "a", "b", "c")
			got, err := f.DirtyObjects(f.ctx, f.instance, 0, 2)
			f.must(t, err)
			same(t, "a batch", []string{"a", "b"}, []string{got[0].SourceID, got[1].SourceID})
			got, err = f.DirtyObjects(f.ctx, f.instance, loaded["b"].Seq, 2)
			f.must(t, err)
			same(t, "the next batch", 1, len(got))
			same(t, "its only object", "c", got[0].SourceID)
			f.must(t, f.ClearDirty(f.ctx, f.instance.ID, []int64{loaded["a"].Seq, loaded["b"].Seq}))
			same(t, "the rest", []string{"c"}, f.dirty(t, f.instance))
			for all, want := range map[bool]int{false: 1, true: 3} {
				count, err := f.CountObjects(f.ctx, f.instance, all)
				f.must(t, err)
				same(t, fmt.Sprintf("count, all %v", all), want, count)
			}
		}},
		{"entries come back as they were written", func(t *testing.T, f *fixture) {
			entry := f.open("a", engine.EntryFailed, "NameHeld")
			entry.Action, entry.Phase, entry.Rank, entry.Park = plan.Deactivate, plan.Free, 3, true
			entry.Before = attr.From(map[string]any{"title": "x", "nothing": nil})
			entry.BaseVersion, entry.FreesName, entry.HolderID, entry.HolderName = 7, "old", ident.New(start), "Åsa"
			entry.Removal, entry.FollowUp, entry.ApprovedRemoval, entry.DecidedBy, entry.SettledAt = true, true, true, "Ada", start.Add(time.Hour)
			minimal := engine.Entry{ID: ident.New(start), OrgID: f.org, InstanceID: f.instance.ID, RunID: f.run.ID, State: engine.Proposed}
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{entry, minimal}))
			got, err := f.ListEntries(f.ctx, engine.EntryQuery{Org: f.org, Limit: 10})
			f.must(t, err)
			same(t, "entries", []engine.Entry{entry, minimal}, got)
		}},
		{"an object has at most one open entry", func(t *testing.T, f *fixture) {
			first := f.open("a", engine.Held, "Deleted")
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{first, f.entry("a")}))
			fails(t, "a second open entry", fault.Conflict, f.InsertEntries(f.ctx, []engine.Entry{f.open("a", engine.EntryFailed, "X")}))
			f.must(t, f.CloseEntries(f.ctx, []ident.ID{first.ID}, engine.Dropped, start.Add(time.Hour)))
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{f.open("a", engine.EntryFailed, "X")}))
			got, err := f.ListEntries(f.ctx, engine.EntryQuery{Org: f.org, States: []engine.EntryState{engine.Dropped}, Limit: 10})
			f.must(t, err)
			first.State, first.Open, first.SettledAt = engine.Dropped, false, start.Add(time.Hour)
			same(t, "closed", []engine.Entry{first}, got)
		}},
		{"a new run takes open entries over", func(t *testing.T, f *fixture) {
			old := f.open("a", engine.Approved, "Deleted")
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{old}))
			taken := old
			taken.RunID, taken.State, taken.Open, taken.ApprovedRemoval = f.newRun(t, f.instance).ID, engine.Planned, false, true
			f.must(t, f.ReplaceEntries(f.ctx, []engine.Entry{taken}))
			same(t, "entries", map[string]engine.Entry{"a": taken}, f.entries(t))
			fails(t, "an entry that is not open", fault.Stale, f.ReplaceEntries(f.ctx, []engine.Entry{taken}))
			same(t, "entries afterwards", map[string]engine.Entry{"a": taken}, f.entries(t))
		}},
		{"retries are postponed one by one", func(t *testing.T, f *fixture) {
			a, b := f.open("a", engine.EntryFailed, "X"), f.open("b", engine.EntryFailed, "X")
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{a, b}))
			f.must(t, f.PostponeEntries(f.ctx, []ident.ID{a.ID, b.ID}, []time.Time{start.Add(time.Hour), start.Add(2 * time.Hour)}))
			a.Attempts, a.RetryAt = 2, start.Add(time.Hour)
			b.Attempts, b.RetryAt = 2, start.Add(2*time.Hour)
			same(t, "entries", map[string]engine.Entry{"a": a, "b": b}, f.entries(t))
		}},
	}
}

func dirtCases() []testCase {
	type wake func(f *fixture) error
	woken := func(act wake, want ...string) func(t *testing.T, f *fixture) {
		return func(t *testing.T, f *fixture) {
			f.fillMirror(t, "due", "later", "named", "coded", "held", "plain")
			f.clean(t, f.instance)
			later, named, coded := f.open("later", engine.EntryFailed, "X"), f.open("named", engine.EntryFailed, "X"), f.open("coded", engine.EntryFailed, "InvalidDomain")
			for _, entry := range []*engine.Entry{&later, &named, &coded} {
				entry.RetryAt = start.Add(100 * time.Hour)
			}
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{f.open("due", engine.EntryFailed, "X"), later, named, coded, f.open("held", engine.Held, "InvalidDomain")}))
			f.must(t, act(f))
			f.must(t, act(f))
			same(t, "woken", want, f.dirty(t, f.instance))
		}
	}
	return []testCase{
		{"everything can be marked dirty", woken(func(f *fixture) error { return f.MarkAllDirty(f.ctx, f.instance) },
			"due", "later", "named", "coded", "held", "plain")},
		{"objects are marked dirty, unknown ones are passed over", woken(func(f *fixture) error { return f.MarkDirty(f.ctx, f.instance, []string{"plain", "?", "held"}) },
			"held", "plain")},
		{"a retry that is due is woken", woken(func(f *fixture) error { return f.WakeDue(f.ctx, f.instance, start.Add(6*time.Hour)) }, "due")},
		{"those who failed for a name or an object are woken", woken(func(f *fixture) error {
			all, err := f.ListEntries(f.ctx, engine.EntryQuery{Org: f.org, SourceID: "later", Limit: 1})
			if err != nil {
				return err
			}
			return f.WakeFailed(f.ctx, f.org, []string{"named", "held", "nobody"}, []ident.ID{all[0].ObjectID})
		}, "later", "named")},
		{"those who failed for a code are woken", woken(func(f *fixture) error { return f.WakeCode(f.ctx, f.org, []string{"InvalidDomain", "Y"}) }, "coded")},
		{"nobody is woken in another organization", woken(func(f *fixture) error {
			if err := f.WakeCode(f.ctx, ident.New(start), []string{"X"}); err != nil {
				return err
			}
			return f.WakeFailed(f.ctx, ident.New(start), []string{"named"}, nil)
		})},
		{"what a run leaves unapplied is planned again", func(t *testing.T, f *fixture) {
			f.fillMirror(t, "planned", "parked", "applied", "approved")
			f.clean(t, f.instance)
			parked, applied, approved := f.entry("parked"), f.entry("applied"), f.entry("approved")
			parked.State, applied.State, approved.ApprovedRemoval = engine.Parked, engine.Applied, true
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{f.entry("planned"), parked, applied, approved}))
			count, err := f.WakeRun(f.ctx, f.instance, f.run.ID, start.Add(time.Hour))
			f.must(t, err)
			same(t, "count", 3, count)
			same(t, "dirty", []string{"planned", "parked", "approved"}, f.dirty(t, f.instance))
			same(t, "approved is open again", true, f.entries(t)["approved"].Open)
			states := map[string]engine.EntryState{}
			for id, entry := range f.entries(t) {
				states[id] = entry.State
			}
			same(t, "states", map[string]engine.EntryState{
				"planned": engine.Superseded, "parked": engine.Superseded, "applied": engine.Applied, "approved": engine.Approved,
			}, states)
		}},
	}
}

func applyCases() []testCase {
	return []testCase{
		{"entries come in the order of phase, rank and id", func(t *testing.T, f *fixture) {
			var entries []engine.Entry
			for i, place := range [][2]int{{2, 1}, {2, 0}, {1, 0}, {4, 0}, {2, 0}} {
				entry := f.entry(fmt.Sprintf("e%d", i))
				entry.Phase, entry.Rank = plan.Phase(place[0]), place[1]
				entries = append(entries, entry)
			}
			entries[4].State = engine.Parked
			held := f.open("held", engine.Held, "X")
			f.must(t, f.InsertEntries(f.ctx, append(slices.Clone(entries), held)))
			got, err := f.NextEntries(f.ctx, f.run.ID, false, 3)
			f.must(t, err)
			same(t, "batch", []engine.Entry{entries[2], entries[1], entries[4]}, got)
			f.must(t, f.SettleApplied(f.ctx, f.run.ID, []ident.ID{entries[2].ID, entries[1].ID, entries[4].ID}, start.Add(time.Hour)))
			got, err = f.NextEntries(f.ctx, f.run.ID, false, 3)
			f.must(t, err)
			same(t, "the rest", []string{"e0", "e3"}, sources(got))
			applied := f.entries(t)["e4"]
			entries[4].State, entries[4].SettledAt = engine.Applied, start.Add(time.Hour)
			same(t, "applied", entries[4], applied)
		}},
		{"names are set aside once", func(t *testing.T, f *fixture) {
			entry := f.entry("a")
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{entry, f.entry("b")}))
			entry.Park, entry.Rank = true, 2
			f.must(t, f.RankEntry(f.ctx, entry))
			got, err := f.NextEntries(f.ctx, f.run.ID, true, 5)
			f.must(t, err)
			same(t, "to park", []engine.Entry{entry}, got)
			entry.State = engine.Parked
			f.must(t, f.RankEntry(f.ctx, entry))
			got, err = f.NextEntries(f.ctx, f.run.ID, true, 5)
			f.must(t, err)
			same(t, "to park afterwards", 0, len(got))
			got, err = f.NextEntries(f.ctx, f.run.ID, false, 5)
			f.must(t, err)
			same(t, "to apply", []string{"b", "a"}, sources(got))
		}},
		{"an entry fails with its reason and waits", func(t *testing.T, f *fixture) {
			entry := f.entry("a")
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{entry}))
			entry.State, entry.Open, entry.Attempts, entry.Reason = engine.EntryFailed, true, 1, plan.Reason{Code: "NameHeld", Text: "held by X"}
			entry.FailedAt, entry.RetryAt, entry.SettledAt = start, start.Add(time.Hour), start
			f.must(t, f.SettleEntry(f.ctx, entry))
			same(t, "entries", map[string]engine.Entry{"a": entry}, f.entries(t))
		}},
		{"only removals that nobody approved are held, and only applied ones count", removals},
		{"names that two want come with their holders", nameClaims},
	}
}

func removals(t *testing.T, f *fixture) {
	removal := func(id string, state engine.EntryState, approved bool, at time.Time) engine.Entry {
		e := f.entry(id)
		e.Action, e.Removal, e.State, e.ApprovedRemoval, e.SettledAt = plan.Deactivate, true, state, approved, at
		return e
	}
	f.must(t, f.InsertEntries(f.ctx, []engine.Entry{
		f.entry("create"), removal("new", engine.Planned, false, time.Time{}), removal("approved", engine.Planned, true, time.Time{}),
		removal("old", engine.Applied, false, start), removal("recent", engine.Applied, false, start.Add(2*time.Hour)),
		removal("recent, approved", engine.Applied, true, start.Add(2*time.Hour)),
	}))
	recent, err := f.RecentRemovals(f.ctx, f.instance.ID, plan.User, 0, start.Add(time.Hour))
	f.must(t, err)
	same(t, "recent removals", 1, recent)
	held, err := f.HoldRemovals(f.ctx, f.run.ID, plan.User, 0, start)
	f.must(t, err)
	same(t, "held", 1, held)
	got := f.entries(t)["new"]
	same(t, "state", engine.Held, got.State)
	same(t, "open", true, got.Open)
	next, err := f.NextEntries(f.ctx, f.run.ID, false, 10)
	f.must(t, err)
	same(t, "to apply", []string{"create", "approved"}, sources(next))
}

func nameClaims(t *testing.T, f *fixture) {
	none, err := f.NameClaims(f.ctx, f.run.ID)
	f.must(t, err)
	same(t, "in an empty run", 0, len(none))
	twin, twin2, wants, holder, lone := f.entry("twin"), f.entry("twin2"), f.entry("wants"), f.entry("holder"), f.entry("lone")
	twin2.TakesName = twin.TakesName
	wants.HolderID, wants.TakesName = holder.ObjectID, "freed"
	holder.State, holder.Open, holder.TakesName, holder.FreesName = engine.Held, true, "elsewhere", "freed"
	failed := f.open("failed", engine.EntryFailed, "X")
	failed.TakesName = "twin"
	proposed := f.entry("proposed")
	proposed.State, proposed.HolderID = engine.Proposed, ident.New(start)
	f.must(t, f.InsertEntries(f.ctx, []engine.Entry{twin, twin2, wants, holder, lone, failed, proposed}))
	got, err := f.NameClaims(f.ctx, f.run.ID)
	f.must(t, err)
	same(t, "claims", []engine.Entry{twin, twin2, wants, holder, proposed}, got)
}

func linkCases() []testCase {
	return []testCase{
		{"links are saved, replaced, counted and removed", func(t *testing.T, f *fixture) {
			f.fillMirror(t, "a", "b", "c")
			links := f.linkAll(t, "b", "a", "c", "not in the mirror")
			links[1].Status = plan.InBin
			f.must(t, f.SaveLinks(f.ctx, f.org, f.instance.ID, links[1:2]))
			f.must(t, f.DeleteLinks(f.ctx, f.instance.ID, []string{"c", "nobody"}))
			counts, err := f.CountLinks(f.ctx, f.instance.ID)
			f.must(t, err)
			same(t, "counts", map[plan.LinkStatus]int{plan.InScope: 1, plan.InBin: 1}, counts)
			objects, err := f.DirtyObjects(f.ctx, f.instance, 0, 3)
			f.must(t, err)
			same(t, "links", []engine.Link{links[1], links[0], {}}, []engine.Link{objects[0].Link, objects[1].Link, objects[2].Link})
		}},
		{"a claimant is another instance that failed for the owner", func(t *testing.T, f *fixture) {
			connection, err := f.Connection(f.ctx, f.instance.ConnectionID)
			f.must(t, err)
			owner := f.newInstance(t, connection, "Owner")
			claim := f.open("a", engine.EntryFailed, "OwnedByOther")
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{claim, f.open("b", engine.EntryFailed, "NameHeld")}))
			objects := []ident.ID{claim.ObjectID, ident.New(start)}
			got, err := f.Claimants(f.ctx, owner.ID, objects)
			f.must(t, err)
			same(t, "for the owner", map[ident.ID]string{claim.ObjectID: "Main"}, got)
			got, err = f.Claimants(f.ctx, f.instance.ID, objects)
			f.must(t, err)
			same(t, "for the claimant itself", 0, len(got))
			f.instance.AutoSync = false
			f.must(t, f.SaveInstance(f.ctx, f.instance))
			got, err = f.Claimants(f.ctx, owner.ID, objects)
			f.must(t, err)
			same(t, "while the claimant does nothing by itself", 0, len(got))
		}},
	}
}

func reviewCases() []testCase {
	return []testCase{
		{"entries are listed by what they are about, page by page", func(t *testing.T, f *fixture) {
			a, b, c := f.entry("a"), f.open("b", engine.Held, "X"), f.open("c", engine.EntryFailed, "X")
			b.Action = plan.Delete
			c.RunID = f.newRun(t, f.instance).ID
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{a, b, c}))
			for _, q := range []struct {
				name  string
				query engine.EntryQuery
				want  []string
			}{
				{"all", engine.EntryQuery{}, []string{"a", "b", "c"}},
				{"a run", engine.EntryQuery{Run: f.run.ID}, []string{"a", "b"}},
				{"an instance", engine.EntryQuery{Instance: f.instance.ID, Open: true}, []string{"b", "c"}},
				{"an object", engine.EntryQuery{ObjectID: b.ObjectID}, []string{"b"}},
				{"a source object", engine.EntryQuery{SourceID: "c"}, []string{"c"}},
				{"states", engine.EntryQuery{States: []engine.EntryState{engine.Held, engine.Planned}}, []string{"a", "b"}},
				{"actions", engine.EntryQuery{Actions: []plan.Action{plan.Delete}}, []string{"b"}},
				{"the next page", engine.EntryQuery{After: a.ID}, []string{"b", "c"}},
				{"the newest first", engine.EntryQuery{Newest: true}, []string{"c", "b", "a"}},
				{"the page behind, newest first", engine.EntryQuery{Newest: true, After: c.ID}, []string{"b", "a"}},
			} {
				q.query.Org, q.query.Limit = f.org, 10
				got, err := f.ListEntries(f.ctx, q.query)
				f.must(t, err)
				same(t, q.name, q.want, sources(got))
			}
			got, err := f.ListEntries(f.ctx, engine.EntryQuery{Org: ident.New(start), Limit: 10})
			f.must(t, err)
			same(t, "another organization", 0, len(got))
			counts, err := f.CountOpen(f.ctx, f.instance.ID, plan.User)
			f.must(t, err)
			same(t, "open", map[engine.EntryState]int{engine.Held: 1, engine.EntryFailed: 1}, counts)
		}},
		{"a decision takes held entries only and marks their objects", func(t *testing.T, f *fixture) {
			f.fillMirror(t, "a", "b", "c")
			f.clean(t, f.instance)
			a, b, c := f.open("a", engine.Held, "X"), f.open("b", engine.Held, "X"), f.open("c", engine.EntryFailed, "X")
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{a, b, c}))
			count, err := f.DecideEntries(f.ctx, f.instance, []ident.ID{a.ID, c.ID}, engine.Approved, "Ada", start.Add(time.Hour))
			f.must(t, err)
			same(t, "approved", 1, count)
			same(t, "dirty", []string{"a"}, f.dirty(t, f.instance))
			a.State, a.ApprovedRemoval, a.DecidedBy, a.SettledAt = engine.Approved, true, "Ada", start.Add(time.Hour)
			same(t, "entry", a, f.entries(t)["a"])
			count, err = f.DecideEntries(f.ctx, f.instance, nil, engine.Rejected, "Bo", start.Add(time.Hour))
			f.must(t, err)
			same(t, "rejected", 1, count)
			same(t, "state", engine.Rejected, f.entries(t)["b"].State)
			same(t, "dirty", []string{"a", "b"}, f.dirty(t, f.instance))
			count, err = f.DecideEntries(f.ctx, f.instance, []ident.ID{}, engine.Rejected, "Bo", start)
			f.must(t, err)
			same(t, "none named", 0, count)
		}},
		{"the mirror is counted by state", func(t *testing.T, f *fixture) {
			loaded := f.fillMirror(t, "a", "b", "c")
			gone := loaded["a"]
			gone.State = plan.Gone
			bin := loaded["b"]
			bin.State, bin.DeletedAt = plan.Deleted, start
			f.must(t, f.InTx(f.ctx, func(ctx context.Context) error {
				loaded["a"], loaded["b"] = gone, bin
				for _, user := range loaded {
					if err := f.SaveUsers(ctx, f.instance.ConnectionID, []mirror.User{user}, 0); err != nil {
						return err
					}
				}
				return nil
			}))
			counts, err := f.CountMirror(f.ctx, f.instance.ConnectionID)
			f.must(t, err)
			same(t, "counts", map[plan.SourceState]int{plan.Live: 1, plan.Deleted: 1, plan.Gone: 1}, counts)
		}},
	}
}
