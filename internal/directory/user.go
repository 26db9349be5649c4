// Package directory holds users, groups, workspaces, domains, archive and the rules of their lives; it is the only door for writes.
//
// Whoever writes, a run, a person or a token, goes through Service: it keeps names unique without regard to case, refuses changes of
// managed attributes by anybody but their owner (rule 2), compares versions (rule 3), and records the write in its own transaction.
package directory

import (
	"context"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// User is a user of one organization's directory.
type User struct {
	OrgID ident.ID
	ID    ident.ID
	// Attributes by canonical SCIM path; userName and active are always there. While the user is in the tenant's recycle bin
	// attr.DeletedAt says since when.
	Attributes attr.Record
	// Owner is the instance that manages the user; zero for none. OwnerName is its name, filled when reading.
	Owner     ident.ID
	OwnerName string
	// SourceID is the user's object id in the owner's tenant.
	SourceID string
	// Origin says where the user came from first: "Entra", "SCIM", "Directory Connector", "Manual".
	Origin string
	// Version grows with every write, starting at 1.
	Version              int64
	CreatedAt, UpdatedAt time.Time
}

// Name returns the userName.
func (u User) Name() string { return u.Attributes.Text(attr.UserName) }

// Label names the user for people: display name and userName.
func (u User) Label() string { return UserLabel(u.Attributes.Text(attr.DisplayName), u.Name()) }

// UserLabel is the Label of a user who is called so.
func UserLabel(displayName, userName string) string {
	if displayName == "" {
		return userName
	}
	return displayName + " <" + userName + ">"
}

// Active reports whether the user may use the directory's services.
func (u User) Active() bool { return u.Attributes.Bool(attr.Active) }

// DeletedAt returns since when the user is in the tenant's recycle bin; zero if he is not.
func (u User) DeletedAt() time.Time {
	at, err := time.Parse(time.RFC3339, u.Attributes.Text(attr.DeletedAt))
	if err != nil {
		return time.Time{}
	}
	return at
}

// RestorableUntil returns when the recycle bin forgets the user; zero if he is not in it.
func (u User) RestorableUntil() time.Time {
	if at := u.DeletedAt(); !at.IsZero() {
		return at.Add(plan.Retention)
	}
	return time.Time{}
}

// Target gives the user to the rules of planning.
func (u User) Target() plan.Target {
	return plan.Target{
		ID: u.ID, Version: u.Version, Record: u.Attributes, Owner: u.Owner, OwnerName: u.OwnerName, SourceID: u.SourceID,
	}
}

// UserQuery selects a page of users in the order of their names.
type UserQuery struct {
	// Search keeps users whose userName or displayName contains the text, without regard to case.
	Search string
	// Active keeps users with this value; nil keeps all.
	Active *bool
	// Deleted keeps only users in the recycle bin.
	Deleted bool
	// Origin keeps only users who came from there first, if not "".
	Origin string
	// Owner keeps only users of the instance, if not zero.
	Owner ident.ID
	// After is the name key behind which the page begins; "" for the first page.
	After string
	Limit int
}

// Users keeps users. Methods join the transaction of the context. User names are unique per organization by attr.NameKey.
type Users interface {
	// UsersByID returns those that exist, in no order.
	UsersByID(ctx context.Context, org ident.ID, ids []ident.ID) ([]User, error)
	// UsersByNameKey returns those that have one of the names.
	UsersByNameKey(ctx context.Context, org ident.ID, keys []string) ([]User, error)
	// UsersBy returns those that have one of the values in attr.ExternalID (exactly) or attr.DisplayName (by name key); not unique.
	UsersBy(ctx context.Context, org ident.ID, path string, values []string) ([]User, error)
	ListUsers(ctx context.Context, org ident.ID, query UserQuery) ([]User, error)
	// InsertUsers adds new users; a name that is taken fails the call as fault.Conflict.
	InsertUsers(ctx context.Context, users []User) error
	// UpdateUser replaces the user if the stored version is the given one; else it fails as fault.Stale.
	UpdateUser(ctx context.Context, user User, version int64) error
	DeleteUsers(ctx context.Context, org ident.ID, ids []ident.ID) error
	// ParkNames sets the name keys of the users aside, so that others can take them in the same run; attributes and versions stay. The next
	// UpdateUser gives the user the key of his name again.
	ParkNames(ctx context.Context, org ident.ID, ids []ident.ID) error
}
