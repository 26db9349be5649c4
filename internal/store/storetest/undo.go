package storetest

import (
	"fmt"
	"testing"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// pin makes a pin of a person at a place of the mirror.
func (f *fixture) pin(sourceID string, seq int64) engine.Pin {
	return engine.Pin{
		ID: ident.New(start), OrgID: f.org, InstanceID: f.instance.ID, SourceID: sourceID, SourceSeq: seq, ObjectID: ident.New(start),
		ObjectName: "Zoë <" + sourceID + ">", RunID: f.run.ID,
		Pin: plan.Pin{
			Run: ident.New(start), By: "Ada", At: start, Why: "it was wrong", Keeps: true, State: plan.Deleted, DeletedAt: start.Add(-time.Hour),
			Seen: map[string]int64{"city": 0, "jobTitle": -1 << 63},
		},
	}
}

func undoCases() []testCase {
	return []testCase{
		{"pins are saved, replaced, found by place and id, and deleted", func(t *testing.T, f *fixture) {
			a, b, c := f.pin("a", 1), f.pin("b", 5), f.pin("c", 9)
			other := f.newInstance(t, f.newConnection(t), "Other")
			elsewhere := f.pin("a", 1)
			elsewhere.InstanceID = other.ID
			f.must(t, f.SavePins(f.ctx, []engine.Pin{a, b, c, elsewhere}))
			later := f.pin("b", 5)
			f.must(t, f.SavePins(f.ctx, []engine.Pin{later}))
			got, err := f.PinsBetween(f.ctx, f.instance.ID, 1, 5)
			f.must(t, err)
			same(t, "from 1 to 5", []engine.Pin{a, later}, got)
			found, err := f.Pin(f.ctx, f.org, c.ID)
			f.must(t, err)
			same(t, "by id", c, found)
			_, err = f.Pin(f.ctx, f.org, b.ID)
			fails(t, "the replaced one", fault.NotFound, err)
			_, err = f.Pin(f.ctx, ident.New(start), c.ID)
			fails(t, "of another organization", fault.NotFound, err)
			got, err = f.ListPins(f.ctx, engine.PinQuery{Org: f.org, After: a.ID, Limit: 2})
			f.must(t, err)
			same(t, "the second page", []engine.Pin{c, elsewhere}, got)
			f.must(t, f.DeletePins(f.ctx, f.instance.ID, []int64{1, 9, 100}))
			got, err = f.ListPins(f.ctx, engine.PinQuery{Org: f.org, Instance: f.instance.ID, Limit: 10})
			f.must(t, err)
			same(t, "what is left of the instance", []engine.Pin{later}, got)
		}},
		{"pins of groups and of their members are kept apart", func(t *testing.T, f *fixture) {
			person, group, members := f.pin("a", 4), f.pin("b", -4), f.pin("b", -4)
			group.Object, members.Object = plan.Group, plan.Members
			f.must(t, f.SavePins(f.ctx, []engine.Pin{person, group, members}))
			got, err := f.PinsBetween(f.ctx, f.instance.ID, -9, -1)
			f.must(t, err)
			same(t, "below zero", []engine.Pin{group}, got)
			listed, err := f.ListPins(f.ctx, engine.PinQuery{Org: f.org, Limit: 10})
			f.must(t, err)
			same(t, "all", []engine.Pin{person, group, members}, listed)
			f.must(t, f.DeletePins(f.ctx, f.instance.ID, []int64{-4}))
			listed, err = f.ListPins(f.ctx, engine.PinQuery{Org: f.org, Limit: 10})
			f.must(t, err)
			same(t, "without the group's", []engine.Pin{person, members}, listed)
		}},
		{"pins of members are saved, replaced and found by group, and what lists them goes with the last one", func(t *testing.T, f *fixture) {
			var ids []ident.ID
			for range 5 {
				ids = append(ids, ident.New(start))
			}
			first, second := ident.New(start), ident.New(start)
			keeps := plan.MembershipPin{Status: plan.InScope, Keeps: true}
			out := plan.MembershipPin{In: true, Status: plan.OutOfScope}
			save := func(run ident.ID, group int64, pin plan.MembershipPin, members ...ident.ID) {
				t.Helper()
				var pins []engine.MemberPin
				for _, member := range members {
					pins = append(pins, engine.MemberPin{Group: group, Member: member, MembershipPin: pin})
				}
				f.must(t, f.SaveMemberPins(f.ctx, f.instance.ID, run, pins))
			}
			listed := func(what string, want map[int64]int) {
				t.Helper()
				pins, err := f.ListPins(f.ctx, engine.PinQuery{Org: f.org, Limit: 10})
				f.must(t, err)
				got := map[int64]int{}
				for _, pin := range pins {
					got[-pin.SourceSeq] = pin.Members
				}
				same(t, what, want, got)
			}
			for _, group := range []int64{3, 4} {
				list := f.pin(fmt.Sprint("group ", group), -group)
				list.Object = plan.Members
				f.must(t, f.SavePins(f.ctx, []engine.Pin{list}))
				save(first, group, keeps, ids...)
			}
			save(second, 3, out, ids[1], ids[2])
			listed("all", map[int64]int{3: 5, 4: 5})
			got, err := f.MemberPins(f.ctx, f.instance.ID, 3, []ident.ID{ids[0], ids[1], ident.New(start)})
			f.must(t, err)
			same(t, "of two and a stranger", map[ident.ID]plan.MembershipPin{ids[0]: keeps, ids[1]: out}, got)
			none, err := f.MemberPins(f.ctx, f.instance.ID, 5, ids)
			f.must(t, err)
			same(t, "of a group without pins", 0, len(none))
			f.must(t, f.DeleteRunMemberPins(f.ctx, f.instance.ID, first, ids[:2]))
			listed("two lost what the first run gave them", map[int64]int{3: 4, 4: 3})
			f.must(t, f.DeleteMemberPins(f.ctx, f.instance.ID, 3, ids[1:4]))
			listed("three lost theirs in a group", map[int64]int{3: 1, 4: 3})
			f.must(t, f.DeleteMemberPins(f.ctx, f.instance.ID, 3, ids))
			listed("all did", map[int64]int{4: 3})
			f.must(t, f.DeleteGroupMemberPins(f.ctx, f.instance.ID, []int64{3, 4}))
			listed("no group has any", map[int64]int{})
			save(first, 4, keeps, ids...)
			f.must(t, f.DeleteInstance(f.ctx, f.instance))
			none, err = f.MemberPins(f.ctx, f.instance.ID, 4, ids)
			f.must(t, err)
			same(t, "after the instance", 0, len(none))
		}},
		{"pins go with their instance", func(t *testing.T, f *fixture) {
			f.must(t, f.SavePins(f.ctx, []engine.Pin{f.pin("a", 1)}))
			f.must(t, f.DeleteInstance(f.ctx, f.instance))
			got, err := f.ListPins(f.ctx, engine.PinQuery{Org: f.org, Limit: 10})
			f.must(t, err)
			same(t, "pins", 0, len(got))
		}},
		{"runs know the dry run that they apply, and dry runs what applies them", func(t *testing.T, f *fixture) {
			for range 2 {
				run := f.run
				run.ID, run.Kind, run.Plan = ident.New(start), engine.Application, f.run.ID
				f.must(t, f.InsertRun(f.ctx, run))
			}
			runs, err := f.ApplicationsOf(f.ctx, f.run.ID)
			f.must(t, err)
			if len(runs) != 2 || runs[0].Plan != f.run.ID || runs[0].ID.String() < runs[1].ID.String() {
				t.Errorf("they are %v, want two, the newest first", runs)
			}
			none, err := f.ApplicationsOf(f.ctx, runs[0].ID)
			f.must(t, err)
			same(t, "of another", 0, len(none))
		}},
		{"what a dry run would hold is marked, and nobody is asked", func(t *testing.T, f *fixture) {
			proposed := func(e engine.Entry, removal, approved bool) engine.Entry {
				e.State, e.Open, e.Action, e.Removal, e.ApprovedRemoval = engine.Proposed, false, plan.Leave, removal, approved
				if e.Object == plan.User {
					e.Action = plan.Deactivate
				}
				return e
			}
			groups, ids := f.cohorts(t, 2), f.crowd(t, 2)
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{
				proposed(f.entry("a"), true, false), proposed(f.entry("b"), false, false), proposed(f.entry("c"), true, true),
				proposed(f.ofMembers(groups[0], ids[0]), true, false), proposed(f.ofMembers(groups[1], ids[1]), true, false),
			}))
			held := func() int { return len(f.list(t, engine.EntryQuery{States: []engine.EntryState{engine.Held}})) }
			f.must(t, f.HoldProposed(f.ctx, f.run.ID, plan.User, 0))
			same(t, "users", 1, held())
			f.must(t, f.HoldProposed(f.ctx, f.run.ID, plan.Members, groups[1].Seq))
			same(t, "with the members of a group", 2, held())
			same(t, "open", 0, len(f.list(t, engine.EntryQuery{States: []engine.EntryState{engine.Held}, Open: true})))
		}},
		{"a run remembers what it takes back, whatever is saved later", func(t *testing.T, f *fixture) {
			run := f.run
			run.ID, run.Kind = ident.New(start), engine.Undo
			run.Undo = &engine.Undoing{Run: f.run.ID, Entries: []ident.ID{ident.New(start)}, Reason: "it was wrong"}
			f.must(t, f.InsertRun(f.ctx, run))
			run.Progress.AfterEntry, run.Progress.DespiteEntra = ident.New(start), 3
			f.must(t, f.SaveRun(f.ctx, run, run.Fence))
			got, err := f.Run(f.ctx, run.ID)
			f.must(t, err)
			same(t, "run", run, got)
		}},
		{"the history of objects holds what was applied", func(t *testing.T, f *fixture) {
			first, undo, planned, other := f.entry("a"), f.entry("a"), f.entry("a"), f.entry("b")
			first.State, first.SettledAt, first.StatusBefore = engine.Applied, start, plan.OutOfScope
			undo.State, undo.SettledAt, undo.Undoes, undo.BaseVersion, undo.Action = engine.Applied, start.Add(time.Second), first.ID, 1, plan.Delete
			undo.ObjectID, planned.ObjectID = first.ObjectID, first.ObjectID
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{first, undo, planned, other}))
			deeds, err := f.Deeds(f.ctx, f.org, []ident.ID{first.ObjectID, other.ObjectID})
			f.must(t, err)
			same(t, "deeds", map[ident.ID]plan.History{first.ObjectID: {
				{Entry: first.ID, Run: f.run.ID, Action: plan.Create, At: start},
				{Entry: undo.ID, Undoes: first.ID, Run: f.run.ID, Action: plan.Delete, Base: 1, At: start.Add(time.Second)},
			}}, map[ident.ID]plan.History{first.ObjectID: plan.NewHistory(deeds[first.ObjectID])})
			same(t, "deeds of the object that is only planned", 0, len(deeds[other.ObjectID]))
			got, err := f.ListEntries(f.ctx, engine.EntryQuery{Org: f.org, IDs: []ident.ID{undo.ID, first.ID}, Limit: 10})
			f.must(t, err)
			same(t, "entries by id", []engine.Entry{first, undo}, got)
			none, err := f.ListEntries(f.ctx, engine.EntryQuery{Org: f.org, IDs: []ident.ID{}, Limit: 10})
			f.must(t, err)
			same(t, "entries of no ids", 0, len(none))
		}},
		{"copies in the archive are found and removed by id", func(t *testing.T, f *fixture) {
			var all []directory.Archived
			for _, name := range []string{"a@contoso.example", "b@contoso.example"} {
				user := f.user(name)
				all = append(all, directory.Archived{OrgID: f.org, ID: user.ID, User: user, Name: name, FormerName: name, ArchivedAt: start, KeepUntil: start.AddDate(1, 0, 0)})
			}
			f.must(t, f.SaveArchived(f.ctx, all))
			got, err := f.ArchivedByID(f.ctx, f.org, []ident.ID{all[1].ID, ident.New(start)})
			f.must(t, err)
			same(t, "by id", all[1:], got)
			f.must(t, f.DeleteArchived(f.ctx, ident.New(start), []ident.ID{all[0].ID}))
			f.must(t, f.DeleteArchived(f.ctx, f.org, []ident.ID{all[1].ID, ident.New(start)}))
			got, err = f.ArchivedByID(f.ctx, f.org, []ident.ID{all[0].ID, all[1].ID})
			f.must(t, err)
			same(t, "what is left", all[:1], got)
		}},
	}
}
