package plan_test

import (
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/plan"
)

func aChange() plan.Change {
	return plan.Change{
		Action: plan.Update, Phase: plan.Write, SourceID: "4a7c0000-0000-4000-8000-000000000001", ObjectID: idOf("o1"),
		Reason:      plan.Reason{Code: "Changed", Text: "changed in Entra or in the mapping: title"},
		Before:      attr.From(map[string]any{"title": "A"}),
		After:       attr.From(map[string]any{"title": "B"}),
		BaseVersion: 3, Status: plan.InScope,
	}
}

// Approvals are stored with fingerprints: one that changes with a release would make every held change "changed since".
func TestAFingerprintStaysTheSame(t *testing.T) {
	if got, want := aChange().Fingerprint(7), "08504cc6a15ae65b196d3c56cbc8bd90"; got != want {
		t.Errorf("the fingerprint is %s, it was %s", got, want)
	}
	same := aChange()
	same.BaseVersion, same.Rank, same.Park, same.SourceName, same.ObjectName, same.HolderName = 4, 2, true, "Ada", "Ada", "Bob"
	same.Reason.Text = "said otherwise"
	if same.Fingerprint(7) != aChange().Fingerprint(7) {
		t.Error("names, order and version of the object must not count")
	}
}

func TestAFingerprintDiffersByWhatWasApproved(t *testing.T) {
	create := func(c *plan.Change) { c.Action, c.Before = plan.Create, nil }
	fail := func(c *plan.Change) { c.Action, c.Before, c.After = plan.Fail, nil, nil }
	seen := map[string]string{aChange().Fingerprint(7): "the change itself", aChange().Fingerprint(8): "another configuration"}
	for what, edit := range map[string]func(*plan.Change){
		"another action":               func(c *plan.Change) { c.Action = plan.Reactivate },
		"another source":               func(c *plan.Change) { c.SourceID = "4a7c0000-0000-4000-8000-000000000002" },
		"another object":               func(c *plan.Change) { c.ObjectID = idOf("o2") },
		"another reason":               func(c *plan.Change) { c.Reason.Code = "Restored" },
		"another value before":         func(c *plan.Change) { c.Before = attr.From(map[string]any{"title": "C"}) },
		"no value before":              func(c *plan.Change) { c.Before = attr.From(map[string]any{"title": nil}) },
		"another value after":          func(c *plan.Change) { c.After = attr.From(map[string]any{"title": "C"}) },
		"another attribute":            func(c *plan.Change) { c.After = attr.From(map[string]any{"nickName": "B"}) },
		"before and after exchanged":   func(c *plan.Change) { c.Before, c.After = c.After, c.Before },
		"a creation":                   create,
		"a failure":                    fail,
		"a failure with another text":  func(c *plan.Change) { fail(c); c.Reason.Text = "name held by Bob" },
		"a failure of another object":  func(c *plan.Change) { fail(c); c.ObjectID = idOf("o2") },
		"a creation of other contents": func(c *plan.Change) { create(c); c.After = attr.From(map[string]any{"title": "C"}) },
	} {
		change := aChange()
		edit(&change)
		fingerprint := change.Fingerprint(7)
		if other, known := seen[fingerprint]; known {
			t.Errorf("%s has the fingerprint of %s", what, other)
		}
		seen[fingerprint] = what
	}
	first, second := aChange(), aChange()
	create(&first)
	create(&second)
	second.ObjectID = idOf("o2")
	if first.Fingerprint(7) != second.Fingerprint(7) {
		t.Error("the id that a creation was given must not count: it is new with every plan")
	}
}
