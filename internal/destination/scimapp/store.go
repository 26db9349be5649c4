package scimapp

import (
	"context"
	"time"

	"rollcall/internal/ident"
	"rollcall/internal/scimclient"
)

// Store keeps what is known of services. Methods join the transaction of the context.
type Store interface {
	// InTx runs fn in one transaction, or in that of the context.
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
	Objects
	Members
	Work
}

// Objects are the users and groups of services.
type Objects interface {
	// RemoteObjects returns the objects of both kinds with these ids that exist, in no order.
	RemoteObjects(ctx context.Context, service ident.ID, ids []ident.ID) ([]Object, error)
	// RemoteObjectsBy returns the objects of a kind with one of the values: of attr.ExternalID exactly, of attr.UserName and attr.DisplayName by name
	// key.
	RemoteObjectsBy(ctx context.Context, service ident.ID, kind Kind, path string, values []string) ([]Object, error)
	// RemoteObjectsOf returns the objects of a kind with these ids of the service.
	RemoteObjectsOf(ctx context.Context, service ident.ID, kind Kind, remoteIDs []string) ([]Object, error)
	// RemoteObjectsTied returns the objects that an instance ties to source objects.
	RemoteObjectsTied(ctx context.Context, service, owner ident.ID, sourceIDs []string) ([]Object, error)
	// ListRemoteObjects returns up to limit objects that the filter keeps, in the order of their ids.
	ListRemoteObjects(ctx context.Context, service ident.ID, filter Filter, limit int) ([]Object, error)
	// SaveRemoteObjects inserts or replaces. What stands under the same id of the service and another id, and nobody owns, makes way.
	SaveRemoteObjects(ctx context.Context, service ident.ID, objects []Object) error
	// DeleteRemoteObjects removes objects, and them as members of groups.
	DeleteRemoteObjects(ctx context.Context, service ident.ID, ids []ident.ID) error
}

// Filter selects objects.
type Filter struct {
	Kind Kind
	// Owner keeps what it owns, After what stands behind it; zero for all.
	Owner, After ident.ID
	// SeenBefore keeps what no inventory saw since; 0 for all.
	SeenBefore int64
	// Unsettled keeps those with a name set aside, or whose awaited manager is there by now.
	Unsettled bool
	// Forsaken keeps those with a name set aside whom nobody owns.
	Forsaken bool
}

// Members are the members of the groups of services.
type Members interface {
	// RemoteMembers returns up to limit members of a group that have one of the marks, in the order of their ids, after one.
	RemoteMembers(ctx context.Context, service, group, after ident.ID, marks Marks, limit int) ([]Member, error)
	// RemoteMembersOf returns those of the members that have a row in the group.
	RemoteMembersOf(ctx context.Context, service, group ident.ID, members []ident.ID) ([]Member, error)
	// SaveRemoteMembers inserts, replaces, and removes those without marks.
	SaveRemoteMembers(ctx context.Context, service ident.ID, members []Member) error
	// CountRemoteSynced counts by group, of those that the instance owns, who has the mark Synced.
	CountRemoteSynced(ctx context.Context, service, owner ident.ID, groups []ident.ID) (map[ident.ID]int64, error)
	// RemoteGroupsWith returns the rows of the members with the mark Synced in groups that the instance owns.
	RemoteGroupsWith(ctx context.Context, service, owner ident.ID, members []ident.ID) ([]Member, error)
	// UnsureRemoteMembers returns up to limit rows with the marks Joining or Leaving in groups that the instance owns.
	UnsureRemoteMembers(ctx context.Context, service, owner ident.ID, limit int) ([]Member, error)
	// SweepRemoteMembers removes up to limit rows of groups that are gone, and returns how many.
	SweepRemoteMembers(ctx context.Context, service ident.ID, limit int) (int, error)
}

// Work is what is known of the service itself, and what is being sent.
type Work interface {
	// RemoteState returns zero values for a service that was never asked.
	RemoteState(ctx context.Context, service ident.ID) (Discovery, Inventory, error)
	SaveRemoteDiscovery(ctx context.Context, service ident.ID, discovery Discovery) error
	SaveRemoteInventory(ctx context.Context, service ident.ID, inventory Inventory) error
	// SaveRemoteIntents inserts them, or counts another attempt.
	SaveRemoteIntents(ctx context.Context, service, instance ident.ID, intents []Intent) error
	// RemoteIntents returns those about the objects; ListRemoteIntents up to limit of any.
	RemoteIntents(ctx context.Context, service, instance ident.ID, objects []ident.ID) ([]Intent, error)
	ListRemoteIntents(ctx context.Context, service, instance ident.ID, limit int) ([]Intent, error)
	DeleteRemoteIntents(ctx context.Context, service, instance ident.ID, objects []ident.ID) error
}

// Discovery is what a service says about itself.
type Discovery struct {
	At      time.Time          `json:"at,omitzero"`
	Service scimclient.Service `json:"service"`
}

// Stage is a part of an inventory.
type Stage string

// The stages in their order.
const (
	ReadUsers     Stage = "users"
	ReadGroups    Stage = "groups"
	ReadMembers   Stage = "members"
	MissingUsers  Stage = "missing-users"
	MissingGroups Stage = "missing-groups"
	// Complete: all was read.
	Complete Stage = "complete"
)

// Inventory is how far the reading of a service's objects is. The zero value is one that was never begun.
type Inventory struct {
	// Number counts inventories: objects remember the one that saw them.
	Number int64 `json:"number"`
	Stage  Stage `json:"stage,omitempty"`
	// Cursor is where the service's list goes on.
	Cursor string `json:"cursor,omitempty"`
	// Count bounds the page if the service's answers were too large; 0 for as many as it gives.
	Count int `json:"count,omitempty"`
	// Read counts what was read so far.
	Read int `json:"read,omitempty"`
}
