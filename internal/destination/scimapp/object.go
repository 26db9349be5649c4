package scimapp

import (
	"rollcall/internal/attr"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/scimclient"
)

// Kind is the type of an object in the store.
type Kind int64

// The kinds.
const (
	Users  Kind = 1
	Groups Kind = 2
)

// of is the type of resource that the objects of the kind are.
func (k Kind) of() scimclient.Type {
	if k == Groups {
		return scimclient.Group
	}
	return scimclient.User
}

// name is the path of the name of objects of the kind.
func (k Kind) name() string {
	if k == Groups {
		return attr.DisplayName
	}
	return attr.UserName
}

// Object is what is known of an object of the service without asking it.
type Object struct {
	// ID is ours, RemoteID the service's.
	ID       ident.ID
	Kind     Kind
	RemoteID string
	// Owner is the instance that manages the object, zero for none; OwnerName is for people. SourceID is what the owner ties it to.
	Owner     ident.ID
	OwnerName string
	SourceID  string
	// Version counts what was written, and what reading the service changed.
	Version int64
	// Record is what was sent last, and for what was never sent what was read.
	Record attr.Record
	// Echo has what the service made of the record, by path, where that is something else; nil while the service has not told.
	Echo attr.Record
	// Parked is the name that was set aside, "" if none was. Awaits is the tenant's id of a manager who was not there when the object was written.
	Parked, Awaits string
	// ToBeSynced and Awaited say of a group how many of its members are not there yet.
	ToBeSynced bool
	Awaited    int64
	// Seen is the inventory that saw the object last.
	Seen int64
}

// Name is the userName of a user, the displayName of a group.
func (o Object) Name() string { return o.Record.Text(o.Kind.name()) }

// Target is the object as planning sees it.
func (o Object) Target() plan.Target {
	return plan.Target{ID: o.ID, Version: o.Version, Record: o.Record, Owner: o.Owner, OwnerName: o.OwnerName, SourceID: o.SourceID}
}

// Marks say why somebody is a member of a group.
type Marks int64

// The marks.
const (
	// Synced: an instance put him in.
	Synced Marks = 1
	// Manual: he was seen there, and no instance put him in.
	Manual Marks = 2
	// Joining and Leaving: the service was to be told, and whether it did it is not known yet.
	Joining Marks = 4
	Leaving Marks = 8
	// Repeated: the service is told again.
	Repeated Marks = 16
)

// there reports whether the service holds the member, as far as is known.
func (m Marks) there() bool { return m&(Synced|Manual) != 0 }

// Member is somebody in a group.
type Member struct {
	Group, Member ident.ID
	// Nested: the member is a group.
	Nested bool
	// Marks; none removes the row.
	Marks Marks
	// RemoteID and SourceID of the member, and the instance that owns him; filled when read.
	RemoteID, SourceID string
	Owner              ident.ID
}

// Intent is a change that is being sent.
type Intent struct {
	Object ident.ID
	Kind   Kind
	// Creates: the object is to be made; ExternalID and Name are those that it will have.
	Creates          bool
	ExternalID, Name string
	// Attempts counts how often it was begun to be sent; filled when read.
	Attempts int
}
