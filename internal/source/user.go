// Package source names the attributes of tenant users and reads them from the mirror's records.
//
// Mappings, expressions and scoping filters name an attribute as Microsoft Entra's mappings do ("objectId", "mobile") or as Microsoft
// Graph does ("id", "mobilePhone"). Find turns a name into an Attribute, which knows the Graph property to $select and how the value is
// taken from a User.
package source

import "rollcall/internal/attr"

// User is a user of the tenant as the mirror holds him.
type User struct {
	// ID is the object id, a GUID in any case.
	ID string
	// Record holds Graph properties by their names; manager is the manager's object id.
	Record attr.Record
	// SoftDeleted is Entra's computed IsSoftDeleted: out of scope, in the recycle bin, or blocked. It follows from the scope; where the scope
	// is being decided it says nothing.
	SoftDeleted bool
}
