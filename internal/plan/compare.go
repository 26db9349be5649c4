package plan

import (
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
)

// compare fills Before and After with what differs between the current and the wanted values, and the names that come and go. A nil
// wanted value clears. It reports whether anything differs.
func (c Change) compare(current, wanted attr.Record) (Change, bool) {
	for _, field := range wanted {
		if attr.Equal(current.Get(field.Name), field.Value) {
			continue
		}
		c.Before = append(c.Before, attr.Field{Name: field.Name, Value: current.Get(field.Name)})
		c.After = append(c.After, field)
	}
	if c.After.Has(attr.UserName) {
		old, next := attr.NameKey(current.Text(attr.UserName)), attr.NameKey(c.After.Text(attr.UserName))
		if old != next {
			c.FreesName, c.TakesName = old, next
		}
	}
	c.Removal = c.After.Has(attr.Active) && !c.After.Bool(attr.Active) && current.Bool(attr.Active)
	return c, len(c.After) > 0
}

// describe chooses action and reason of a change to an object that exists.
func (c *Change) describe(d Draft, target Target) {
	restored := target.Record.Has(attr.DeletedAt)
	switch {
	case c.Removal:
		c.Action, c.Reason = Deactivate, d.inactive()
		if c.TakesName == "" {
			c.Phase = Free
		}
	case c.After.Bool(attr.Active) && restored:
		c.Action, c.Reason = Reactivate, Reason{Code: "Restored", Text: "was restored in Entra"}
	case c.After.Bool(attr.Active):
		c.Action, c.Reason = Reactivate, Reason{Code: "Reactivated", Text: "is in scope and may sign in again"}
	case restored:
		c.Reason = Reason{Code: "Restored", Text: "was restored in Entra, and sign-in is blocked there"}
	default:
		names := make([]string, len(c.After))
		for i, field := range c.After {
			names[i] = field.Name
		}
		c.Reason = Reason{Code: "Changed", Text: "changed in Entra or in the mapping: " + strings.Join(names, ", ")}
	}
}

// inactive says why somebody in scope is Inactive.
func (d Draft) inactive() Reason {
	if d.blocked() {
		return Reason{Code: "Blocked", Text: "sign-in is blocked in Entra"}
	}
	return Reason{Code: "MappedInactive", Text: "the mapping of active says so"}
}

// withoutName is what remains of a change whose name cannot be had: a deactivation goes on without the name, or somebody dismissed
// would keep access, and the name is planned again after it; anything else fails.
func (c Change) withoutName(code, text string) Change {
	if c.Removal {
		c.Before, c.After = c.Before.Clone(), c.After.Clone()
		for _, name := range []string{attr.UserName, attr.DeletedAt} {
			c.Before.Delete(name)
			c.After.Delete(name)
		}
		c.Reason.Text += "; the name stays, because " + text
		c.TakesName, c.FreesName, c.HolderID, c.HolderName, c.FollowUp = "", "", ident.ID{}, "", true
		return c
	}
	failed := Change{
		Action: Fail, Phase: c.Phase, SourceID: c.SourceID, SourceName: c.SourceName, ObjectName: c.ObjectName,
		Reason: Reason{Code: code, Text: text}, TakesName: c.TakesName, HolderID: c.HolderID, HolderName: c.HolderName, Status: c.Status,
	}
	if c.Action != Create {
		failed.ObjectID = c.ObjectID
	}
	return failed
}

// NameHeld is the reason's code of changes that failed because another object has the name.
const NameHeld = "NameHeld"

// NameHeld is what becomes of a change whose name another object holds.
func (c Change) NameHeld(holder string) Change {
	return c.withoutName(NameHeld, "name held by "+holder)
}

// SourceName is what people call an object of the tenant: display name and address.
func SourceName(source Source) string {
	return label(source.Record.Text("displayName"), source.Record.Text("userPrincipalName"), source.ID)
}

func targetName(target Target) string { return target.Label() }

// label names an object for people: display name and address, whatever is there.
func label(name, address, id string) string {
	switch {
	case name != "" && address != "":
		return name + " <" + address + ">"
	case name != "" || address != "":
		return name + address
	}
	return id
}
