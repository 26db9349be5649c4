package plan_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// goldenRules is a configuration as the golden files write it. Mappings replace the default ones with the same target, or come on top.
type goldenRules struct {
	Scope         scope.Rules         `json:"scope"`
	Mappings      []mapping.Attribute `json:"mappings"`
	Domains       []string            `json:"domains"`
	RequireDomain bool                `json:"requireDomain"`
}

func compileRules(t *testing.T, data []byte) *plan.Rules {
	t.Helper()
	var golden goldenRules
	decode(t, data, &golden)
	attributes := mapping.Defaults()
	for _, own := range golden.Mappings {
		attributes = slices.DeleteFunc(attributes, func(a mapping.Attribute) bool { return a.Target == own.Target })
		attributes = append(attributes, own)
	}
	set, err := mapping.Compile(attributes)
	if err != nil {
		t.Fatal(err)
	}
	who, err := golden.Scope.Compile()
	if err != nil {
		t.Fatal(err)
	}
	rules := &plan.Rules{
		Instance: idOf("this"), Scope: who, Mapping: set, Domains: map[string]bool{}, RequireDomain: golden.RequireDomain,
	}
	for _, domain := range golden.Domains {
		rules.Domains[domain] = true
	}
	return rules
}

// goldenCase is one object of the tenant and what the destination holds.
type goldenCase struct {
	Source struct {
		ID        string           `json:"id"`
		State     plan.SourceState `json:"state"`
		DeletedAt time.Time        `json:"deletedAt,omitzero"`
		Record    attr.Record      `json:"record"`
	} `json:"source"`
	// Linked is the object that the source is tied to, one of Objects; "" for none.
	Linked  string         `json:"linked"`
	Objects []goldenObject `json:"objects"`
	// Claimed names, for objects, the instance that waits for them to be let go.
	Claimed map[string]string `json:"claimed"`
	// Planned are userNames that earlier changes of the plan take.
	Planned []string `json:"planned"`
}

// goldenObject is an object of the destination. Ids and owners are short words; the owner "this" is the instance that plans.
type goldenObject struct {
	ID        string      `json:"id"`
	Version   int64       `json:"version"`
	Owner     string      `json:"owner"`
	OwnerName string      `json:"ownerName"`
	SourceID  string      `json:"sourceId"`
	Record    attr.Record `json:"record"`
}

// idOf makes an id of a word of up to fifteen letters; "" is the zero id.
func idOf(word string) ident.ID {
	var id ident.ID
	copy(id[:15], word)
	return id
}

func wordOf(id ident.ID) string { return strings.TrimRight(string(id[:]), "\x00") }

func (c goldenCase) source() plan.Source {
	return plan.Source{ID: c.Source.ID, State: c.Source.State, DeletedAt: c.Source.DeletedAt, Record: c.Source.Record}
}

func (o goldenObject) target() plan.Target {
	return plan.Target{
		ID: idOf(o.ID), Version: o.Version, Record: o.Record, Owner: idOf(o.Owner), OwnerName: o.OwnerName, SourceID: o.SourceID,
	}
}

// linked is the object that the source is tied to, as the engine hands it over: an object that nobody owns is not tied to anything.
func (c goldenCase) linked() *goldenObject {
	for i, object := range c.Objects {
		if object.ID == c.Linked && object.Owner != "" {
			return &c.Objects[i]
		}
	}
	return nil
}

// decide plans the case against its objects; nil when there is nothing to do.
func (c goldenCase) decide(rules *plan.Rules) *plan.Change {
	var linked *plan.Target
	if object := c.linked(); object != nil {
		target := object.target()
		linked = &target
	}
	draft := rules.Draft(c.source(), linked)
	found := plan.Found{
		ByKey: map[plan.Key][]plan.Target{}, Claimed: map[ident.ID]string{},
		Planned: func(key string) bool { return slices.Contains(c.Planned, key) },
	}
	for _, key := range rules.Keys(draft) {
		for _, object := range c.Objects {
			value := object.Record.Text(key.Path)
			if key.Path == attr.UserName {
				value = attr.NameKey(value)
			}
			if value == key.Value {
				found.ByKey[key] = append(found.ByKey[key], object.target())
			}
		}
	}
	if linked != nil && c.Source.State == plan.Live && !draft.InScope() {
		found.Claimed[linked.ID] = c.Claimed[wordOf(linked.ID)]
	}
	change, does := rules.Decide(draft, found)
	if !does {
		return nil
	}
	return &change
}

// shown is a change as the golden files hold it.
type shown struct {
	Action   plan.Action     `json:"action"`
	Phase    string          `json:"phase"`
	Status   plan.LinkStatus `json:"status"`
	Code     string          `json:"code"`
	Reason   string          `json:"reason"`
	Source   string          `json:"source"`
	Object   string          `json:"object,omitempty"`
	Name     string          `json:"objectName,omitempty"`
	Version  int64           `json:"baseVersion,omitempty"`
	Before   attr.Record     `json:"before,omitempty"`
	After    attr.Record     `json:"after,omitempty"`
	Takes    string          `json:"takesName,omitempty"`
	Frees    string          `json:"freesName,omitempty"`
	HeldBy   string          `json:"heldBy,omitempty"`
	Link     bool            `json:"link,omitempty"`
	Removal  bool            `json:"removal,omitempty"`
	FollowUp bool            `json:"followUp,omitempty"`
	// IfHeld is what is left of the change if the holder keeps the name.
	IfHeld any `json:"ifTheNameStaysHeld,omitempty"`
}

func shownChange(c plan.Change) shown {
	s := shown{
		Action: c.Action, Phase: [...]string{"", "free", "write", "reference", "remove"}[c.Phase], Status: c.Status,
		Code: c.Reason.Code, Reason: c.Reason.Text, Source: c.SourceName, Object: wordOf(c.ObjectID), Name: c.ObjectName,
		Version: c.BaseVersion, Before: c.Before, After: c.After, Takes: c.TakesName, Frees: c.FreesName, HeldBy: c.HolderName,
		Link: c.Link, Removal: c.Removal, FollowUp: c.FollowUp,
	}
	if !c.HolderID.IsZero() && c.Action.Writes() {
		s.IfHeld = shownChange(c.NameHeld(c.HolderName))
	}
	return s
}
