package plan

import (
	"fmt"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
	"rollcall/internal/scope"
)

// GroupSource is a group of the tenant as an instance sees it.
type GroupSource struct {
	Source
	// Kept: the instance keeps an object for the group. Because says why it does or does not, as a sentence about the group without subject.
	Kept    bool
	Because string
}

// GroupRules are what planning groups depends on.
type GroupRules struct {
	Instance ident.ID
	// Namesakes counts the kept groups of the tenant with a name key, the group itself included.
	Namesakes func(nameKey string) int
	// CameBack are the groups, by their ids in the tenant, whose objects were removed when they were deleted there.
	CameBack map[string]bool
	// Schema is what groups of the destination can hold; nil for everything.
	Schema *Schema
}

// wanted is what the object of a group should hold.
func (g GroupSource) wanted() attr.Record {
	var record attr.Record
	record.Set(attr.DisplayName, strings.TrimSpace(g.Record.Text("displayName")))
	record.Set(attr.ExternalID, g.ID)
	return record
}

func (g GroupSource) label() string { return label(g.Record.Text("displayName"), "", g.ID) }

// Keys lists what to look up in the destination before Decide, for a group without an object.
func (r GroupRules) Keys(g GroupSource, linked *Target) []Key {
	if linked != nil || !g.Kept || g.State != Live {
		return nil
	}
	keys := []Key{{Path: attr.ExternalID, Value: g.ID}}
	if name := g.wanted().Text(attr.DisplayName); name != "" {
		keys = append(keys, Key{Path: attr.DisplayName, Value: attr.NameKey(name)})
	}
	return keys
}

// Decide makes the change for a group; false when there is nothing to do and nothing to say. linked is the object it is tied to, nil if there is
// none (any more); found holds the objects of its Keys and the pins.
//
// A group that is deleted in the tenant is deleted, one that is not kept any more stays and belongs to nobody from then on. Names repeat: a
// group is matched by its external id, and by its name only where the name is unique on both sides and nobody manages the object.
func (r GroupRules) Decide(g GroupSource, linked *Target, found Found) (Change, bool) {
	draft := g.Draft(linked)
	change, does := r.decide(g, linked, found.ByKey)
	if does {
		change, does = r.Schema.fit(change, found.current(draft, change))
	}
	return draft.honour(change, does, found)
}

// Draft gives the group to what pins ask.
func (g GroupSource) Draft(linked *Target) Draft {
	return Draft{source: g.Source, linked: linked, decision: scope.Decision{In: g.Kept, Reason: g.Because}}
}

// decide is Decide without regard to pins.
func (r GroupRules) decide(g GroupSource, linked *Target, found map[Key][]Target) (Change, bool) {
	if linked != nil && linked.Owner != r.Instance {
		if !g.Kept || g.State != Live {
			return Change{}, false
		}
		return g.ownedByOther(*linked), true
	}
	switch {
	case linked == nil && (!g.Kept || g.State != Live):
		return Change{}, false
	case linked == nil:
		return r.unlinkedGroup(g, found), true
	case !g.Kept:
		change := g.base(Release, Write, "Unmanaged", g.Because+"; stays in the directory, and nobody manages it")
		change.aimAtGroup(*linked)
		return change, true
	case g.State != Live:
		change := g.base(Delete, Remove, "Deleted", "was deleted in Entra")
		change.aimAtGroup(*linked)
		change.Before, change.Removal = linked.Record.Clone(), true
		return change, true
	}
	return g.differing(*linked)
}

func (g GroupSource) base(action Action, phase Phase, code, text string) Change {
	return Change{
		Action: action, Object: Group, Phase: phase, SourceID: g.ID, SourceName: g.label(), Status: InScope,
		Reason: Reason{Code: code, Text: text},
	}
}

func (c *Change) aimAtGroup(target Target) {
	c.ObjectID, c.BaseVersion, c.ObjectName = target.ID, target.Version, label(target.Record.Text(attr.DisplayName), "", target.ID.String())
}

// differing is for a group whose object exists.
func (g GroupSource) differing(target Target) (Change, bool) {
	wanted := g.wanted()
	if wanted.Text(attr.DisplayName) == "" {
		wanted.Delete(attr.DisplayName) // the last name is better than none
	}
	change := g.base(Update, Write, "Changed", "changed in Entra")
	change.aimAtGroup(target)
	change, differs := change.compare(target.Record, wanted)
	if change.After.Has(attr.DisplayName) {
		change.Reason = Reason{Code: "Renamed", Text: fmt.Sprintf("was renamed in Entra, from %q", target.Record.Text(attr.DisplayName))}
	}
	return change, differs
}

func (r GroupRules) unlinkedGroup(g GroupSource, found map[Key][]Target) Change {
	wanted := g.wanted()
	name := wanted.Text(attr.DisplayName)
	same := free(found[Key{Path: attr.ExternalID, Value: g.ID}], r.Instance, g.ID)
	switch {
	case len(same) > 1:
		return g.base(Fail, Write, "DuplicateTargetEntries", fmt.Sprintf(
			"%d groups of the directory have the externalId %s; make it unique", len(same), g.ID))
	case len(same) == 1 && !same[0].Owner.IsZero() && same[0].Owner != r.Instance:
		return g.ownedByOther(same[0])
	case len(same) == 1:
		return g.tied(same[0], attr.ExternalID)
	case name == "":
		return g.base(Fail, Write, "MissingDisplayName", "has no name in Entra, and a group needs one")
	}
	if named := found[Key{Path: attr.DisplayName, Value: attr.NameKey(name)}]; len(named) == 1 && r.Namesakes(attr.NameKey(name)) == 1 {
		if target := named[0]; target.Owner.IsZero() && target.Record.Text(attr.ExternalID) == "" {
			return g.tied(target, attr.DisplayName)
		}
	}
	change := g.base(Create, Write, "Added", g.Because)
	if r.CameBack[g.ID] {
		change.Reason.Text = "was restored in Entra, and is created again without whom people had put in by hand; " + g.Because
	}
	change.After, change.Link = wanted, true
	return change
}

func (g GroupSource) tied(target Target, path string) Change {
	change, _ := g.differing(target)
	change.Link = true
	change.Reason = Reason{Code: "Matched", Text: "exists already, found by " + path + "; tied to it and updated"}
	return change
}

func (g GroupSource) ownedByOther(target Target) Change {
	owner := target.OwnerName
	if owner == "" {
		owner = "nobody any more"
	}
	change := g.base(Fail, Write, "OwnedByOther", fmt.Sprintf("%s is managed by %s", label(target.Record.Text(attr.DisplayName), "", target.ID.String()), owner))
	change.aimAtGroup(target)
	return change
}
