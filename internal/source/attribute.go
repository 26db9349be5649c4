package source

import (
	"fmt"
	"slices"
	"strings"
)

// Attribute is an attribute of the tenant's users, found by Find. Attributes can be compared; two names of one property are two attributes.
type Attribute struct {
	// Name by which it was found.
	Name string
	// Property is the Graph property to $select; "" for an attribute that no record carries, see Missing.
	Property string
	// MultiValued attributes read as []string.
	MultiValued bool
	// Reference attributes hold the object id of another user: manager.
	Reference bool

	reading
	// member of the property, where reading is member.
	member string
}

// reading says how an attribute is taken from a User.
type reading uint8

const (
	property    reading = iota // the property as it is
	objectID                   // User.ID
	firstValue                 // the first value of a multi-valued property
	member                     // one member of a property that is an object
	signInName                 // userPrincipalName, a guest's turned into his own address
	softDeleted                // User.SoftDeleted
	nothing                    // the records carry none
)

// Computed reports whether the attribute is IsSoftDeleted, which follows from the scope and the sign-in state instead of being read.
func (a Attribute) Computed() bool { return a.reading == softDeleted }

// Missing returns a sentence that says why no record carries the attribute; nil if records do. An expression may name such an attribute all
// the same: it reads nil.
func (a Attribute) Missing() error {
	if a.reading != nothing {
		return nil
	}
	return fmt.Errorf("%s has no value for anybody: the app role assignments of users are not read from the tenant", a.Name)
}

// Read takes the attribute from a user; nil if it has no value. A value is what attr.Field holds; IsSoftDeleted is the text True or False.
func (a Attribute) Read(u User) any {
	switch a.reading {
	case objectID:
		if value := u.Record.Get("id"); value == u.ID {
			return value // saves an allocation
		}
		return u.ID
	case firstValue:
		if list, ok := u.Record.Get(a.Property).([]string); ok && len(list) > 0 {
			return list[0]
		}
		return nil
	case member:
		object, _ := u.Record.Get(a.Property).(map[string]any)
		return object[a.member]
	case signInName:
		value := u.Record.Get(a.Property)
		if name, ok := value.(string); ok && strings.Contains(name, "#") {
			return guestAddress(name)
		}
		return value
	case softDeleted:
		if u.SoftDeleted {
			return "True"
		}
		return "False"
	case nothing:
		return nil
	default:
		return u.Record.Get(a.Property)
	}
}

// Properties returns the Graph properties to $select for the attributes, sorted, each once. Those that scope and lifecycle look at, and the
// names by which people are called, are always among them.
func Properties(attributes ...Attribute) []string {
	properties := make([]string, 0, len(attributes)+5)
	properties = append(properties, "accountEnabled", "displayName", "id", "userPrincipalName", "userType")
	for _, a := range attributes {
		if a.Property != "" {
			properties = append(properties, a.Property)
		}
	}
	slices.Sort(properties)
	return slices.Compact(properties)
}
