package plan_test

import (
	"slices"
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/plan"
)

// checkInvariants asserts what holds of every plan, whatever the case.
func checkInvariants(t *testing.T, rules *plan.Rules, c goldenCase) {
	t.Helper()
	change := c.decide(rules)
	first := string(show(t, change))
	if again := string(show(t, c.decide(rules))); again != first {
		t.Errorf("planned twice:\n%s%s", first, again)
	}
	turned := c
	turned.Objects = slices.Clone(c.Objects)
	slices.Reverse(turned.Objects)
	if again := string(show(t, turned.decide(rules))); again != first {
		t.Errorf("with the objects found in another order:\n%s%s", first, again)
	}
	if change == nil {
		checkDueDeactivation(t, rules, c, nil)
		return
	}
	checkBucket(t, *change)
	checkValues(t, rules, c, *change)
	if !change.HolderID.IsZero() && change.Action.Writes() {
		held := change.NameHeld(change.HolderName)
		checkBucket(t, held)
		checkAppliedOnce(t, rules, c, held)
		checkDueDeactivation(t, rules, c, &held)
		return
	}
	checkAppliedOnce(t, rules, c, *change)
	checkDueDeactivation(t, rules, c, change)
	if change.TakesName != "" && change.Action.Writes() {
		held := change.NameHeld("Somebody Else")
		checkDueDeactivation(t, rules, c, &held)
	}
}

// checkBucket asserts that the change is of one kind: it creates, changes, removes, lets go, or does nothing and says why.
func checkBucket(t *testing.T, c plan.Change) {
	t.Helper()
	has := [...]bool{len(c.Before) > 0, len(c.After) > 0, !c.ObjectID.IsZero()}
	want, known := map[plan.Action][3]bool{
		plan.Create: {false, true, false}, plan.Delete: {true, false, true}, plan.Release: {false, false, true},
		plan.Deactivate: {true, true, true}, plan.Reactivate: {true, true, true},
	}[c.Action]
	switch {
	case c.Action == plan.Fail, c.Action == plan.Skip:
		want, known = [3]bool{false, false, has[2]}, true // it may be about an object or not
	case c.Action == plan.Update && c.Link:
		want, known = [3]bool{has[1], has[1], true}, true // nothing may differ
	case c.Action == plan.Update:
		want, known = [3]bool{true, true, true}, true
	}
	if !known || has != want {
		t.Errorf("%s has before, after, object: %v, want %v", c.Action, has, want)
	}
	if c.Action.Writes() != (c.Action != plan.Skip && c.Action != plan.Fail) {
		t.Errorf("%s: Writes is %v", c.Action, c.Action.Writes())
	}
	if c.Reason.Code == "" || c.Reason.Text == "" || c.SourceID == "" || c.SourceName == "" || c.Phase == 0 || c.Status == "" {
		t.Errorf("%s lacks reason, source, phase or status: %+v", c.Action, c)
	}
}

// checkValues asserts that Before is what the object holds, that nothing unchanged is written, and rule 6.
func checkValues(t *testing.T, rules *plan.Rules, c goldenCase, change plan.Change) {
	t.Helper()
	if change.Action != plan.Delete && change.Action != plan.Create && len(change.Before) != len(change.After) {
		t.Fatalf("before %v and after %v speak of different attributes", change.Before, change.After)
	}
	current := c.object(change)
	for i, field := range change.Before {
		if !attr.Equal(field.Value, current.Record.Get(field.Name)) {
			t.Errorf("before says %s = %v, the object holds %v", field.Name, field.Value, current.Record.Get(field.Name))
		}
		if change.Action != plan.Delete && (change.After[i].Name != field.Name || attr.Equal(change.After[i].Value, field.Value)) {
			t.Errorf("after %v does not change before %v", change.After[i], field)
		}
	}
	for _, field := range change.After {
		if change.Action == plan.Create && field.Value == nil {
			t.Errorf("a created object gets no value for %s", field.Name)
		}
	}
	if change.Action.Writes() && change.Action != plan.Create && change.BaseVersion != current.Version {
		t.Errorf("planned on version %d of an object with version %d", change.BaseVersion, current.Version)
	}
	if change.After.Bool(attr.Active) && !c.mayBeActive(rules) {
		t.Error("somebody who must be Inactive becomes Active")
	}
	if loses := current.Record.Bool(attr.Active) && change.After.Has(attr.Active); change.Removal != (loses || change.Action == plan.Delete) {
		t.Errorf("removal is %v", change.Removal)
	}
}

// mayBeActive is the lifecycle of the product: live, in scope and not blocked.
func (c goldenCase) mayBeActive(rules *plan.Rules) bool {
	enabled := c.Source.Record.Get("accountEnabled")
	return c.Source.State == plan.Live && enabled != false && rules.Draft(c.source(), nil).InScope()
}

func (c goldenCase) object(change plan.Change) goldenObject {
	for _, object := range c.Objects {
		if object.ID == wordOf(change.ObjectID) {
			return object
		}
	}
	return goldenObject{}
}

// apply does what a destination does with a change, and returns the case as it is then.
func (c goldenCase) apply(change plan.Change) goldenCase {
	if !change.Action.Writes() {
		return c
	}
	c.Objects = slices.Clone(c.Objects)
	if change.Action == plan.Create {
		c.Objects = append(c.Objects, goldenObject{ID: "created", Version: 1, Owner: "this", SourceID: change.SourceID, Record: change.After})
		c.Linked = "created"
		return c
	}
	i := slices.IndexFunc(c.Objects, func(o goldenObject) bool { return o.ID == wordOf(change.ObjectID) })
	object := &c.Objects[i]
	switch change.Action {
	case plan.Delete:
		c.Objects, c.Linked = slices.Delete(c.Objects, i, i+1), ""
		return c
	case plan.Release:
		object.Owner, object.SourceID, c.Linked = "", "", ""
	default:
		object.Record = object.Record.Merge(change.After)
		object.Owner, object.SourceID, c.Linked = "this", change.SourceID, object.ID
	}
	object.Version++
	return c
}

// checkAppliedOnce asserts that a change that was applied is not planned again; a follow-up is the one thing that may come after it.
func checkAppliedOnce(t *testing.T, rules *plan.Rules, c goldenCase, change plan.Change) {
	t.Helper()
	after := c.apply(change)
	next := after.decide(rules)
	if change.FollowUp && change.Reason.Code == "Purged" && next != nil && next.Action == plan.Delete {
		next = after.apply(*next).decide(rules)
	} else if change.FollowUp && next != nil && next.Action != plan.Fail && next.HolderID.IsZero() { // a name that somebody has follows when it is free
		t.Errorf("the follow-up is %s", show(t, next))
	}
	if next != nil && next.Action.Writes() && next.HolderID.IsZero() {
		t.Errorf("after applying there is more to do: %s", show(t, next))
	}
}

// checkDueDeactivation asserts that whoever must not be Active in an object of the instance is not, whatever else fails.
func checkDueDeactivation(t *testing.T, rules *plan.Rules, c goldenCase, change *plan.Change) {
	t.Helper()
	linked := c.linked()
	if linked == nil || linked.Owner != "this" || c.mayBeActive(rules) || slices.Contains(neverTouched, c.Source.ID) {
		return
	}
	if change == nil {
		if linked.Record.Bool(attr.Active) {
			t.Error("stays Active, and nothing is planned")
		}
		return
	}
	for _, object := range c.apply(*change).Objects {
		if object.ID == linked.ID && object.Owner == "this" && object.Record.Bool(attr.Active) {
			t.Errorf("stays Active after %s", show(t, change))
		}
	}
}

// neverTouched are the people on the never-touch lists of the golden files.
var neverTouched = []string{"4a7c0000-0000-4000-8000-0000000000ff"}
