package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// group is one of the tenant, kept, with a name.
func group(name string) plan.GroupSource {
	return plan.GroupSource{
		Source: plan.Source{ID: "g1", State: plan.Live, Record: attr.From(map[string]any{"displayName": name})}, Kept: true, Because: "is selected",
	}
}

// object is a group of the destination.
func object(id, owner, source, name, external string) plan.Target {
	record := attr.From(map[string]any{attr.DisplayName: name})
	if external != "" {
		record.Set(attr.ExternalID, external)
	}
	target := plan.Target{ID: idOf(id), Version: 3, Record: record, SourceID: source}
	if owner != "" {
		target.Owner, target.OwnerName = idOf(owner), owner
	}
	return target
}

// decideGroup plans a group whose object, if it is tied to one, is linked, while the destination holds the objects.
func decideGroup(g plan.GroupSource, namesakes int, linked *plan.Target, objects ...plan.Target) (plan.Change, bool) {
	rules := plan.GroupRules{Instance: idOf("this"), Namesakes: func(string) int { return namesakes }}
	found := plan.Found{ByKey: map[plan.Key][]plan.Target{}}
	for _, key := range rules.Keys(g, linked) {
		for _, object := range objects {
			value := object.Record.Text(key.Path)
			if key.Path == attr.DisplayName {
				value = attr.NameKey(value)
			}
			if value == key.Value {
				found.ByKey[key] = append(found.ByKey[key], object)
			}
		}
	}
	return rules.Decide(g, linked, found)
}

// outcome is what a test of groups looks at.
type outcome struct {
	Action plan.Action
	Code   string
	Object ident.ID
	Link   bool
	Name   any
}

func outcomeOf(change plan.Change, does bool) outcome {
	if !does {
		return outcome{}
	}
	return outcome{change.Action, change.Reason.Code, change.ObjectID, change.Link, change.After.Get(attr.DisplayName)}
}

func TestGroupsAreMatchedByExternalIDAndByNameOnlyIfThatIsCertain(t *testing.T) {
	for name, c := range map[string]struct {
		namesakes int
		objects   []plan.Target
		want      outcome
	}{
		"nothing there":            {1, nil, outcome{plan.Create, "Added", ident.ID{}, true, "Sales"}},
		"the external id is there": {2, []plan.Target{object("a", "", "", "Verkauf", "g1")}, outcome{plan.Update, "Matched", idOf("a"), true, "Sales"}},
		"its own, tied to it before": {
			1, []plan.Target{object("a", "this", "g1", "Sales", "g1")}, outcome{plan.Update, "Matched", idOf("a"), true, nil},
		},
		"of another instance": {1, []plan.Target{object("a", "other", "g1", "Sales", "g1")}, outcome{plan.Fail, "OwnedByOther", idOf("a"), false, nil}},
		"twice": {
			1,
			[]plan.Target{object("a", "", "", "Sales", "g1"), object("b", "", "", "Sales", "g1")},
			outcome{plan.Fail, "DuplicateTargetEntries", ident.ID{}, false, nil},
		},
		"the name is there once": {1, []plan.Target{object("a", "", "", "SALES", "")}, outcome{plan.Update, "Matched", idOf("a"), true, "Sales"}},
		"the name is there twice": {
			1, []plan.Target{object("a", "", "", "Sales", ""), object("b", "", "", "Sales", "")}, outcome{plan.Create, "Added", ident.ID{}, true, "Sales"},
		},
		"two groups of the tenant have the name": {2, []plan.Target{object("a", "", "", "Sales", "")}, outcome{plan.Create, "Added", ident.ID{}, true, "Sales"}},
		"whoever has the name is managed": {
			1, []plan.Target{object("a", "other", "x", "Sales", "x")}, outcome{plan.Create, "Added", ident.ID{}, true, "Sales"},
		},
		"whoever has the name has another external id": {
			1, []plan.Target{object("a", "", "", "Sales", "x")}, outcome{plan.Create, "Added", ident.ID{}, true, "Sales"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, outcomeOf(decideGroup(group("Sales"), c.namesakes, nil, c.objects...))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheLifeOfAGroupThatIsTied(t *testing.T) {
	own, others := object("a", "this", "g1", "Sales", "g1"), object("a", "other", "g1", "Sales", "g1")
	renamed, gone, left, nameless := group("Sales EMEA"), group("Sales"), group("Sales"), group("  ")
	gone.State = plan.Deleted
	left.Kept = false
	for name, c := range map[string]struct {
		source plan.GroupSource
		linked *plan.Target
		want   outcome
	}{
		"nothing differs":                    {group("Sales"), &own, outcome{}},
		"renamed":                            {renamed, &own, outcome{plan.Update, "Renamed", idOf("a"), false, "Sales EMEA"}},
		"deleted":                            {gone, &own, outcome{plan.Delete, "Deleted", idOf("a"), false, nil}},
		"not selected any more":              {left, &own, outcome{plan.Release, "Unmanaged", idOf("a"), false, nil}},
		"its name is empty":                  {nameless, &own, outcome{}},
		"empty from the start":               {nameless, nil, outcome{plan.Fail, "MissingDisplayName", ident.ID{}, false, nil}},
		"never made, and deleted":            {gone, nil, outcome{}},
		"never made, not selected":           {left, nil, outcome{}},
		"another took it":                    {group("Sales"), &others, outcome{plan.Fail, "OwnedByOther", idOf("a"), false, nil}},
		"another took it, and it is deleted": {gone, &others, outcome{}},
	} {
		t.Run(name, func(t *testing.T) {
			change, does := decideGroup(c.source, 1, c.linked)
			if diff := cmp.Diff(c.want, outcomeOf(change, does)); diff != "" {
				t.Error(diff)
			}
			if does && (change.Object != plan.Group || change.Removal != (change.Action == plan.Delete)) {
				t.Errorf("object %v, removal %v", change.Object, change.Removal)
			}
		})
	}
}

func TestWhoIsInAGroup(t *testing.T) {
	for name, c := range map[string]struct {
		in, synced bool
		status     plan.LinkStatus
		want       plan.Action
		weighed    bool
	}{
		"joined":                                 {true, false, plan.InScope, plan.Join, false},
		"there already":                          {true, true, plan.InScope, "", false},
		"not made yet":                           {true, false, "", "", false},
		"out of scope, never put in":             {true, false, plan.OutOfScope, "", false},
		"went out of scope":                      {true, true, plan.OutOfScope, plan.Leave, false},
		"went to the recycle bin":                {true, true, plan.InBin, "", false},
		"in the recycle bin, never put in":       {true, false, plan.InBin, "", false},
		"not tied now":                           {true, true, "", "", false},
		"left in the tenant":                     {false, true, plan.InScope, plan.Leave, true},
		"left in the tenant, and out of scope":   {false, true, plan.OutOfScope, plan.Leave, false},
		"not tied, and left in the tenant":       {false, true, "", plan.Leave, true},
		"put in by hand only, not in the tenant": {false, false, plan.InScope, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			action, weighed := plan.Membership{In: c.in, Synced: c.synced, Status: c.status}.Decide()
			if action != c.want || weighed != c.weighed {
				t.Errorf("%q, weighed %v; want %q, %v", action, weighed, c.want, c.weighed)
			}
		})
	}
}

func TestEveryThresholdHasItsDefaults(t *testing.T) {
	var none plan.Thresholds
	own := plan.Thresholds{Groups: &plan.Share{Count: 1, Percent: 2}, Members: &plan.Share{}}
	got := []plan.Share{none.OfGroups(), none.OfMembers(), own.OfGroups(), own.OfMembers()}
	want := []plan.Share{{Count: 3, Percent: 10}, {Count: 50, Percent: 25}, {Count: 1, Percent: 2}, {}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
