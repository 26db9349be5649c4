package plan

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
	"rollcall/internal/mapping"
)

// Found is what the destination answered to the keys of a batch of drafts.
type Found struct {
	// ByKey holds the objects found for each key.
	ByKey map[Key][]Target
	// Planned reports whether an earlier change of the plan takes a name key; nil for none.
	Planned func(nameKey string) bool
	// Claimed names, for objects of this instance, another instance that wants the object and waits for it to be let go.
	Claimed map[ident.ID]string
	// Pins are those of the batch's people, by their ids; Known are the properties that the mirror holds of everybody.
	Pins  map[string]Pin
	Known []string
}

// Decide makes the change for a draft; false when there is nothing to do and nothing to say.
func (r *Rules) Decide(d Draft, found Found) (Change, bool) {
	change, does := r.decide(d, found)
	if does && r.Schema != nil {
		change, does = r.Schema.fit(change, found.current(d, change))
	}
	if !does {
		change, does = d.retied(change)
	}
	change.Timed = r.Mapping.Timed()
	return d.honour(change, does, found)
}

// current is what the object of a change holds now; nil for one that is to be made.
func (found Found) current(d Draft, change Change) attr.Record {
	if d.linked != nil {
		return d.linked.Record
	}
	for _, targets := range found.ByKey {
		for _, target := range targets {
			if target.ID == change.ObjectID {
				return target.Record
			}
		}
	}
	return nil
}

// decide is Decide without regard to pins.
func (r *Rules) decide(d Draft, found Found) (Change, bool) {
	if d.decision.Never {
		return Change{}, false
	}
	if d.linked != nil && d.linked.Owner != r.Instance {
		if !d.InScope() {
			return Change{}, false // a claim for somebody who is leaving would keep the owner from deactivating the object
		}
		return d.ownedByOther(*d.linked), true
	}
	switch {
	case d.source.State == Gone:
		return r.gone(d, found)
	case d.source.State == Deleted:
		return r.inBin(d, found)
	case !d.decision.In:
		return r.outOfScope(d, found)
	case d.linked == nil:
		return r.unlinked(d, found), true
	}
	return r.linked(d, *d.linked, found)
}

// base is a change of the draft's object, without a content yet.
func (d Draft) base(action Action, phase Phase, code, text string) Change {
	change := Change{
		Action: action, Phase: phase, SourceID: d.source.ID, SourceName: SourceName(d.source), Status: InScope,
		Reason: Reason{Code: code, Text: text},
	}
	if d.linked != nil {
		change.aim(*d.linked)
	}
	return change
}

func (c *Change) aim(target Target) {
	c.ObjectID, c.BaseVersion, c.ObjectName = target.ID, target.Version, targetName(target)
}

// retied is the change of somebody of whom nothing is written, and whose tie gets another status all the same: who is Inactive already goes out of
// scope, or comes into scope and stays Inactive. His groups and the counts of the instance go by that status.
func (d Draft) retied(change Change) (Change, bool) {
	if d.linked == nil || d.source.Tie == "" || change.Status == "" || change.Status == d.source.Tie {
		return change, false
	}
	change.Action, change.Phase = Update, Write
	switch {
	case change.Status == InScope && !d.linked.Record.Bool(attr.Active):
		change.Reason = Reason{Code: "InScope", Text: "is in scope again, and stays Inactive: " + d.inactive().Text}
	case change.Status == InScope:
		change.Reason = Reason{Code: "InScope", Text: "is in scope again"}
	default:
		change.Reason.Text += "; is Inactive already"
	}
	return change, true
}

// gone: purged from the tenant. Somebody whose deletion was never seen becomes Inactive first.
func (r *Rules) gone(d Draft, found Found) (Change, bool) {
	if d.linked == nil {
		return Change{}, false
	}
	if !d.linked.Record.Has(attr.DeletedAt) {
		change, does := r.toBin(d, found, "Purged", "was purged in Entra without having been seen in the recycle bin; becomes Inactive now and is removed next")
		change.FollowUp = true
		return change, does
	}
	change := d.base(Delete, Remove, "Purged", "was purged in Entra, or its thirty days in the recycle bin are over")
	change.Before, change.Removal, change.Status = d.linked.Record.Clone(), true, InBin
	change.FreesName = attr.NameKey(d.linked.Record.Text(attr.UserName))
	return change, true
}

// inBin: deleted in the tenant, restorable.
func (r *Rules) inBin(d Draft, found Found) (Change, bool) {
	if d.linked == nil {
		return Change{}, false
	}
	until := d.source.DeletedAt.Add(Retention).UTC().Format(time.DateOnly)
	return r.toBin(d, found, "Deleted", "was deleted in Entra and can be restored there until "+until)
}

// Retention is how long Entra keeps a deleted object in the recycle bin (Graph: directory deleted items).
const Retention = 30 * 24 * time.Hour

func (r *Rules) toBin(d Draft, found Found, code, text string) (Change, bool) {
	wanted := attr.Record{}
	wanted.Set(attr.Active, false)
	if name := d.binName(); name != "" {
		if r.Schema == nil || !r.Schema.FixedNames {
			wanted.Set(attr.UserName, name)
		}
		wanted.Set(attr.DeletedAt, d.source.DeletedAt.UTC().Format(time.RFC3339))
	}
	change := d.base(Deactivate, Free, code, text)
	change.Status = InBin
	change, differs := change.compare(d.linked.Record, wanted)
	if !differs {
		return change, false
	}
	return r.checkName(change, d.linked.Record, found), true
}

// binName is the name under which the object waits in the recycle bin (rule 12); "" if it waits there already, or need not.
func (d Draft) binName() string {
	if d.source.State == Live || d.linked == nil || d.linked.Record.Has(attr.DeletedAt) {
		return ""
	}
	return binPrefix(d.source) + d.linked.Record.Text(attr.UserName)
}

// binPrefix stands before the names of objects in the recycle bin.
func binPrefix(source Source) string { return strings.ReplaceAll(source.ID, "-", "") }

// outOfScope: live, but not (any more) for this instance.
func (r *Rules) outOfScope(d Draft, found Found) (Change, bool) {
	if d.linked == nil {
		return Change{}, false
	}
	if claimant := found.Claimed[d.linked.ID]; claimant != "" {
		change := d.base(Release, Free, "Released", d.decision.Reason+"; let go, because "+claimant+" claims it")
		change.Status = OutOfScope
		return change, true
	}
	wanted := attr.Record{}
	wanted.Set(attr.Active, false)
	if name := d.nameOf(*d.linked); name != "" && d.linked.Record.Has(attr.DeletedAt) {
		wanted.Set(attr.UserName, name)
		wanted.Set(attr.DeletedAt, nil)
	}
	change := d.base(Deactivate, Free, "OutOfScope", d.decision.Reason)
	change.Status = OutOfScope
	change, differs := change.compare(d.linked.Record, wanted)
	if !differs {
		return change, false
	}
	if change.After.Has(attr.DeletedAt) && !change.Removal {
		change.Action, change.Phase = Update, Write
		change.Reason = Reason{Code: "Restored", Text: "was restored in Entra, and stays Inactive: " + d.decision.Reason}
	}
	return r.checkName(change, d.linked.Record, found), true
}

// linked: live, in scope, and tied to an object already.
func (r *Rules) linked(d Draft, target Target, found Found) (Change, bool) {
	if waits, because := d.waits(true); waits != "" {
		if r.active(d) || !target.Record.Bool(attr.Active) {
			return d.problem(waits, because), true
		}
		reason := d.inactive()
		change := d.base(Deactivate, Free, reason.Code, reason.Text+"; other attributes wait, because "+because[0].Text)
		only := attr.Record{}
		only.Set(attr.Active, false)
		return change.compare(target.Record, only)
	}
	change, differs := d.base(Update, Write, "Changed", "").compare(target.Record, r.wanted(d, target))
	if !differs {
		return change, false
	}
	change.describe(d, target)
	change.warn(d)
	return r.checkName(change, target.Record, found), true
}

// waits says why nothing is written for an object: Fail for problems, Skip if an expression says so; "" if something is. exists leaves
// problems aside that matter on creation only.
func (d Draft) waits(exists bool) (Action, []mapping.Problem) {
	var problems []mapping.Problem
	for _, problem := range d.mapped.Problems {
		if !exists || !problem.OnCreate {
			problems = append(problems, problem)
		}
	}
	switch {
	case d.mapped.Ignored != nil && (!exists || !d.mapped.Ignored.OnCreate):
		return Skip, []mapping.Problem{*d.mapped.Ignored}
	case len(problems) == 0:
		return "", nil
	case problems[0].Code == mapping.MissingUserName && d.linked == nil:
		return Skip, problems
	}
	return Fail, problems
}

// wanted is what an object that exists should hold. A default that was given on creation is not cleared again while its source stays
// empty, or each run would undo what the creation did.
func (r *Rules) wanted(d Draft, target Target) attr.Record {
	wanted := make(attr.Record, 0, len(d.mapped.Wanted)+2)
	for _, field := range d.mapped.Wanted {
		given := d.mapped.OnCreate.Get(field.Name)
		if field.Value != nil || given == nil || !attr.Equal(given, target.Record.Get(field.Name)) {
			wanted = append(wanted, field)
		}
	}
	active := r.active(d)
	if !d.source.Record.Has("accountEnabled") { // untold is no permission to come back: the app may have lost the right to know it
		active = active && target.Record.Bool(attr.Active)
	}
	wanted.Set(attr.Active, active)
	wanted.Set(attr.DeletedAt, nil)
	if name := d.nameOf(target); name != "" {
		wanted.Set(attr.UserName, name)
	}
	return wanted
}

// unlinked: live, in scope, not tied to anything yet: matched, created, skipped or failed.
func (r *Rules) unlinked(d Draft, found Found) Change {
	matches, key := r.matches(d, found)
	waits, because := d.waits(len(matches) > 0)
	switch {
	case waits == Skip, waits == Fail && (len(matches) > 0 || !d.blocked()):
		return d.problem(waits, because)
	case len(matches) > 1:
		return d.base(Fail, Write, "DuplicateTargetEntries", fmt.Sprintf(
			"%s and %s both have %s %q; make it unique", targetName(matches[0]), targetName(matches[1]), key.Path, key.Value))
	case len(matches) == 1:
		return r.match(d, matches[0], key, found)
	case d.blocked():
		return d.base(Skip, Write, "Blocked", "sign-in is blocked in Entra, and blocked people are not created")
	}
	return r.create(d, found)
}

// matches returns the objects that the first key with any finds, in the order of their ids.
func (r *Rules) matches(d Draft, found Found) ([]Target, Key) {
	for _, key := range r.Keys(d) {
		if key.Path == attr.UserName && !slices.Contains(r.Mapping.Matching(), attr.UserName) {
			continue // asked for to learn who holds the name
		}
		if matches := free(found.ByKey[key], r.Instance, d.source.ID); len(matches) > 0 {
			slices.SortFunc(matches, func(a, b Target) int { return bytes.Compare(a.ID[:], b.ID[:]) })
			return matches, key
		}
	}
	return nil, Key{}
}

// free returns the targets that are not tied to another source object of the same instance.
func free(targets []Target, instance ident.ID, sourceID string) []Target {
	matches := targets[:0:0]
	for _, target := range targets {
		if target.Owner != instance || target.SourceID == "" || target.SourceID == sourceID {
			matches = append(matches, target)
		}
	}
	return matches
}

// match ties the object to the source. Of an object of another instance it says who owns it, but only if nothing else stands in the way:
// the owner lets go of an object that is claimed instead of deactivating it.
func (r *Rules) match(d Draft, target Target, key Key, found Found) Change {
	change := r.tie(d, target, key, found)
	switch {
	case target.Owner.IsZero() || target.Owner == r.Instance || change.Action == Fail:
		return change
	case !change.HolderID.IsZero() && !change.Removal:
		return change.NameHeld(change.HolderName)
	}
	return d.ownedByOther(target)
}

func (r *Rules) tie(d Draft, target Target, key Key, found Found) Change {
	domain := attr.Domain(target.Record.Text(attr.UserName))
	if len(r.Domains) > 0 && !r.Domains[domain] {
		change := d.base(Fail, Write, "UnverifiedDomain", fmt.Sprintf(
			"%s exists already, and its domain %s is not verified, so it is not taken over; verify the domain or rename the account", targetName(target), domain))
		change.ObjectID, change.ObjectName = target.ID, targetName(target)
		return change
	}
	change := d.base(Update, Write, "", "")
	change.aim(target)
	change, _ = change.compare(target.Record, r.wanted(d, target))
	change.Link = true
	change.describe(d, target)
	change.Reason = Reason{Code: "Matched", Text: "exists already, found by " + key.Path + "; tied to it and updated"}
	change.warn(d)
	change.TakesName = attr.NameKey(d.mapped.Wanted.Text(attr.UserName))
	return r.checkName(change, target.Record, found)
}

func (r *Rules) create(d Draft, found Found) Change {
	change := d.base(Create, Write, "Added", "is new in scope: "+d.decision.Reason)
	after := slices.DeleteFunc(d.mapped.Wanted.Merge(d.mapped.OnCreate), func(field attr.Field) bool { return field.Value == nil })
	after.Set(attr.Active, r.active(d))
	if offered := d.mapped.UserNames; len(offered) > 0 {
		free := slices.IndexFunc(offered, func(name string) bool { return found.free(name) && r.allows(name) })
		if free < 0 {
			change := d.base(Fail, Write, mapping.Escrowed, "no userName that SelectUniqueValue offers can be had, each is taken or of a domain that is not verified: "+strings.Join(offered, ", "))
			change.TakesName = attr.NameKey(offered[0])
			return change
		}
		after.Set(attr.UserName, offered[free])
	}
	if after.Text(attr.UserName) == "" {
		return d.base(Skip, Write, mapping.MissingUserName, "userName is missing: there is nothing to create the user by")
	}
	change.After, change.Link = after, true
	change.TakesName = attr.NameKey(after.Text(attr.UserName))
	change.warn(d)
	return r.checkName(change, nil, found)
}

// free reports whether no object has the userName, and no earlier change of the plan takes it.
func (found Found) free(name string) bool {
	key := attr.NameKey(name)
	return len(found.ByKey[Key{Path: attr.UserName, Value: key}]) == 0 && (found.Planned == nil || !found.Planned(key))
}

// allows reports whether the domain of a name may be used.
func (r *Rules) allows(name string) bool { return !r.RequireDomain || r.Domains[attr.Domain(name)] }

// warn adds to the reason what looks wrong in the values that are written.
func (c *Change) warn(d Draft) {
	for _, warning := range d.mapped.Warnings {
		if c.After.Has(warning.Target) {
			c.Reason.Text += "; warning: " + warning.Text
		}
	}
}

// active says what both the lifecycle and the mapping allow; a mapping can only restrict.
func (r *Rules) active(d Draft) bool { return d.InScope() && !d.blocked() && d.mapped.Active }

// checkName refuses names of domains that are not verified and notes who holds the name.
func (r *Rules) checkName(change Change, current attr.Record, found Found) Change {
	if change.TakesName == "" {
		return change
	}
	name := change.After.Text(attr.UserName) // "" if the name stays as it is
	domain := attr.Domain(name)
	if name != "" && r.RequireDomain && !r.Domains[domain] && (current == nil || domain != attr.Domain(current.Text(attr.UserName))) {
		return change.withoutName("InvalidDomain", fmt.Sprintf(
			"%s is not possible: the domain %s is not verified, and all users must have a verified domain", name, domain))
	}
	for _, holder := range found.ByKey[Key{Path: attr.UserName, Value: change.TakesName}] {
		if holder.ID != change.ObjectID {
			change.HolderID, change.HolderName = holder.ID, targetName(holder)
		}
	}
	return change
}

func (d Draft) ownedByOther(target Target) Change {
	owner := target.OwnerName
	if owner == "" {
		owner = "nobody any more"
	}
	change := d.base(Fail, Write, "OwnedByOther", fmt.Sprintf("%s is managed by %s", targetName(target), owner))
	change.aim(target)
	return change
}

func (d Draft) problem(action Action, because []mapping.Problem) Change {
	texts := make([]string, len(because))
	for i, problem := range because {
		texts[i] = problem.Text
	}
	return d.base(action, Write, because[0].Code, strings.Join(texts, "; "))
}
