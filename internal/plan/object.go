package plan

import "rollcall/internal/ident"

// ObjectType says what a change is about.
type ObjectType int8

// The types of objects.
const (
	User    ObjectType = 0
	Group   ObjectType = 1
	Members ObjectType = 2 // who is in a group
)

// String names the type: user, group, members.
func (t ObjectType) String() string {
	switch t {
	case Group:
		return "group"
	case Members:
		return "members"
	default:
		return "user"
	}
}

// Member is somebody who joins or leaves a group.
type Member struct {
	// Source is his object id in the tenant, Object the one in the destination.
	Source, Object ident.ID
	// Group: it is a group.
	Group bool
}
