// Package destinationtest is the suite that every destination passes.
//
// It knows nothing but the port: what it looks at, it reads through Objects and Find, and what it wants there, it writes through Apply, save
// for objects that somebody made by hand.
package destinationtest

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// Fixture is an empty destination and what the suite cannot do through the port.
type Fixture struct {
	// Destination takes the changes of Instance.
	Destination destination.Destination
	Instance    ident.ID
	// Rival is the same destination for another instance.
	Rival destination.Destination
	// Add makes an object that no instance manages, and returns its id.
	Add func(attributes attr.Record) ident.ID
	// Verify makes the domains the verified ones, and switches on that all names must be in one.
	// nil if the destination knows no verified domains.
	Verify func(domains ...string)
	// Groups is for destinations that keep groups; nil if it does not.
	Groups *GroupFixture
}

// GroupFixture is what the suite cannot do with groups through the port.
type GroupFixture struct {
	// Add makes a group that no instance manages, and returns its id.
	Add func(attributes attr.Record) ident.ID
	// Join puts members into a group by hand.
	Join func(group ident.ID, members ...ident.ID)
	// Members returns all members of a group, whoever put them in, in the order of their ids.
	Members func(group ident.ID) []ident.ID
	// Awaited returns whether the group is To Be Synced, and how many members are said to be missing.
	Awaited func(group ident.ID) (toBeSynced bool, awaited int64)
	// Work runs fn and returns how much it wrote, in whatever unit that does not depend on the time that it took.
	Work func(fn func()) int64
}

// Run runs the suite; fresh returns a Fixture of its own for every test.
func Run(t *testing.T, fresh func(t *testing.T) Fixture) {
	t.Helper()
	for _, group := range [][]test{reading, writing, refusals, names, circles, reversing, audited} {
		for _, test := range group {
			t.Run(test.name, func(t *testing.T) {
				test.run(&suite{T: t, Fixture: fresh(t)})
			})
		}
	}
	for _, group := range [][]groupTest{groups, groupRefusals, members, groupReversing, auditedGroups} {
		for _, test := range group {
			t.Run(test.name, func(t *testing.T) {
				s := &suite{T: t, Fixture: fresh(t)}
				port, keeps := s.Destination.(destination.Groups)
				if keeps != (s.Groups != nil) {
					t.Fatalf("the destination keeps groups: %v; the fixture knows of groups: %v", keeps, s.Groups != nil)
				}
				if keeps {
					test.run(&groupSuite{suite: s, port: port})
				}
			})
		}
	}
}

type test struct {
	name string
	run  func(s *suite)
}

// suite is one test with its destination.
type suite struct {
	*testing.T
	Fixture
}

var moment = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// record makes a record of paths and values.
func record(pairs ...any) attr.Record {
	var r attr.Record
	for i := 0; i+1 < len(pairs); i += 2 {
		path, _ := pairs[i].(string)
		r.Set(path, pairs[i+1])
	}
	return r
}

// person is a record of somebody with a display name, who is active.
func person(userName string) attr.Record {
	return record(attr.Active, true, attr.DisplayName, strings.ToUpper(userName), attr.UserName, userName)
}

// create is the change that adds a person.
func create(sourceID string, after attr.Record) plan.Change {
	return plan.Change{
		Action: plan.Create, Phase: plan.Write, SourceID: sourceID, ObjectID: ident.New(moment), After: after, Link: true,
		Status: plan.InScope, Reason: plan.Reason{Code: "Added", Text: "is new"}, TakesName: attr.NameKey(after.Text(attr.UserName)),
	}
}

// on is a change of an object as it is now.
func on(target plan.Target, action plan.Action, after attr.Record) plan.Change {
	change := plan.Change{
		Action: action, Phase: plan.Write, SourceID: target.SourceID, ObjectID: target.ID, BaseVersion: target.Version, After: after,
		Status: plan.InScope, Reason: plan.Reason{Code: "Test", Text: "because the test says so"},
	}
	for _, field := range after {
		change.Before.Set(field.Name, target.Record.Get(field.Name))
	}
	if name := after.Text(attr.UserName); name != "" {
		if old := attr.NameKey(target.Record.Text(attr.UserName)); old != attr.NameKey(name) {
			change.FreesName, change.TakesName = old, attr.NameKey(name)
		}
	}
	change.Removal = action == plan.Deactivate || action == plan.Delete
	return change
}

func rename(target plan.Target, userName string) plan.Change {
	return on(target, plan.Update, record(attr.UserName, userName))
}

func parked(change plan.Change) plan.Change {
	change.Park = true
	return change
}

// apply applies changes, as one batch.
func (s *suite) apply(changes ...plan.Change) []destination.Result {
	s.Helper()
	results, err := s.Destination.Apply(s.Context(), changes)
	if err != nil {
		s.Fatal(err)
	}
	if len(results) != len(changes) {
		s.Fatalf("%d changes got %d results", len(changes), len(results))
	}
	return results
}

// must applies changes, all of which must come through.
func (s *suite) must(changes ...plan.Change) {
	s.Helper()
	for i, result := range s.apply(changes...) {
		if result != (destination.Result{Applied: true}) {
			s.Fatalf("change %d (%s) ended as %s, want applied", i, changes[i].Action, outcome(result))
		}
	}
}

// people creates managed people with these names and returns them; the source id of each is "source of" his name.
func (s *suite) people(userNames ...string) []plan.Target {
	s.Helper()
	changes := make([]plan.Change, len(userNames))
	for i, name := range userNames {
		changes[i] = create("source of "+name, person(name))
	}
	s.must(changes...)
	targets := make([]plan.Target, len(userNames))
	for i, change := range changes {
		targets[i] = s.get(change.ObjectID)
	}
	return targets
}

// all returns the objects of the ids that exist, in the order of their ids.
func (s *suite) all(ids ...ident.ID) []plan.Target {
	s.Helper()
	targets, err := s.Destination.Objects(s.Context(), ids)
	if err != nil {
		s.Fatal(err)
	}
	slices.SortFunc(targets, func(a, b plan.Target) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return targets
}

func (s *suite) get(id ident.ID) plan.Target {
	s.Helper()
	targets := s.all(id)
	if len(targets) != 1 {
		s.Fatalf("%d objects have the id %s, want one", len(targets), id)
	}
	return targets[0]
}

// find returns the objects that one key finds.
func (s *suite) find(path, value string) []plan.Target {
	s.Helper()
	key := plan.Key{Path: path, Value: value}
	found, err := s.Destination.Find(s.Context(), []plan.Key{key})
	if err != nil {
		s.Fatal(err)
	}
	return found[key]
}

// holder returns who has a name; the zero id for nobody.
func (s *suite) holder(userName string) ident.ID {
	s.Helper()
	switch holders := s.find(attr.UserName, attr.NameKey(userName)); len(holders) {
	case 0:
		return ident.ID{}
	case 1:
		return holders[0].ID
	default:
		s.Fatalf("%d objects hold the name %s", len(holders), userName)
		return ident.ID{}
	}
}

// named checks that the object is called so, and is found by that name.
func (s *suite) named(id ident.ID, userName string) {
	s.Helper()
	if got := s.get(id).Record.Text(attr.UserName); got != userName {
		s.Errorf("the object is called %s, want %s", got, userName)
	}
	if got := s.holder(userName); got != id {
		s.Errorf("%s is held by %q, want %q", userName, got, id)
	}
}

// expect checks the outcomes of results.
func (s *suite) expect(results []destination.Result, outcomes ...string) {
	s.Helper()
	got := make([]string, len(results))
	for i, result := range results {
		got[i] = outcome(result)
	}
	if diff := cmp.Diff(outcomes, got); diff != "" {
		s.Errorf("results (-want +got):\n%s", diff)
	}
}

// outcome is "applied", "superseded", or the code of the failure.
func outcome(result destination.Result) string {
	switch {
	case result.Applied && !result.Superseded && result.Failure == nil:
		return "applied"
	case result.Superseded && !result.Applied && result.Failure == nil:
		return "superseded"
	case result.Failure != nil && !result.Applied && !result.Superseded:
		return result.Failure.Code
	}
	return "not exactly one of applied, superseded and failed"
}
