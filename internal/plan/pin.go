package plan

import (
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
)

// Pinned is the code of changes that are left out because a person took back what they would do again (D17).
const Pinned = "Pinned"

// Pin keeps what was taken back as it is, until Entra changes the person or the group.
type Pin struct {
	// Run is the run whose change was taken back.
	Run ident.ID `json:"run"`
	// By, At and Why say who took it back, when, and for what reason.
	By  string    `json:"by"`
	At  time.Time `json:"at"`
	Why string    `json:"why"`
	// Keeps: what was taken back was a removal, or that the object was let go. Such a pin holds against the next removal as well; any other
	// does not: nobody who is to go keeps access because something else about him was pinned.
	Keeps bool `json:"keeps,omitempty"`
	// InScope: the person was live and in scope when he was pinned. State and DeletedAt are his then, Seen has digests of the properties that
	// were known of him, 0 for no value.
	InScope   bool             `json:"inScope,omitempty"`
	State     SourceState      `json:"state"`
	DeletedAt time.Time        `json:"deletedAt,omitzero"`
	Seen      map[string]int64 `json:"seen"`
}

// Look notes how the person of a draft stands in Entra; known are the properties that the mirror holds of everybody.
func (p *Pin) Look(d Draft, known []string) {
	p.InScope, p.State, p.DeletedAt, p.Seen = d.InScope(), d.source.State, d.source.DeletedAt, make(map[string]int64, len(known))
	p.Learn(d.source, known)
}

// Learn notes properties that were not known before, and reports whether there were any.
func (p *Pin) Learn(source Source, known []string) bool {
	learnt := false
	for _, name := range known {
		if _, seen := p.Seen[name]; !seen {
			p.Seen[name], learnt = digest(name, source.Record.Get(name)), true
		}
	}
	return learnt
}

// Holds reports whether the person is as he was when he was pinned. A property that was not known then, or is not read any more, tells
// nothing about it. A pin that keeps somebody against removals ends also when he enters or leaves the scope, be it by a group.
func (p Pin) Holds(d Draft, known []string) bool {
	source := d.source
	if p.State != source.State || !p.DeletedAt.Equal(source.DeletedAt) || p.Keeps && p.InScope != d.InScope() {
		return false
	}
	for _, name := range known {
		if seen, wasKnown := p.Seen[name]; wasKnown && seen != digest(name, source.Record.Get(name)) {
			return false
		}
	}
	return true
}

func digest(name string, value any) int64 {
	if attr.Equal(nil, value) {
		return 0
	}
	return attr.Hash(attr.Record{{Name: name, Value: value}}.AppendJSON(nil))
}

// honour leaves out the change of an object that is pinned, unless the pin has ended or does not stand against it.
func (d Draft) honour(change Change, does bool, found Found) (Change, bool) {
	pin, pinned := found.Pins[d.source.ID]
	switch {
	case !pinned || !does:
		return change, does
	case !pin.Holds(d, found.Known):
		if change.Action.Writes() {
			change.Reason.Text += "; " + pin.By + " had taken back what the run " + pin.Run.String() + " did, but the " + change.Object.inEntra() + " has changed in Entra since, or the scope"
		}
		return change, does
	case (change.Removal || change.Action == Release) && !pin.Keeps:
		change.Reason.Text += "; " + pin.By + " had taken back what the run " + pin.Run.String() + " did, but that is no reason to stay"
		return change, does
	}
	skipped := d.base(Skip, Write, Pinned, pin.says(change.Object))
	skipped.Status, skipped.Object = change.Status, change.Object
	return skipped, true
}

func (p Pin) says(of ObjectType) string {
	text := "is pinned: " + p.By + " took back what the run " + p.Run.String() + " did, on " + p.At.UTC().Format(time.DateOnly)
	if p.Why != "" {
		text += " (" + p.Why + ")"
	}
	return text + "; stays so until Entra changes the " + of.inEntra() + " or the pin is lifted"
}

// inEntra is what an object of the type is in the tenant.
func (t ObjectType) inEntra() string {
	if t == User {
		return "person"
	}
	return "group"
}

// Ended reports whether planning an object with this pin ended it, by what came out of it.
func (p Pin) Ended(d Draft, known []string, change Change, does bool) bool {
	return !p.Holds(d, known) || does && change.Reason.Code != Pinned
}
