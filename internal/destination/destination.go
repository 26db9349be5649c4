// Package destination says where changes go: the port that the engine writes through.
//
// orgdir is the built-in directory; remote services follow. destinationtest is the suite that all of them pass.
package destination

import (
	"context"

	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// Result is what became of one change.
type Result struct {
	// Applied: the destination holds the change now.
	Applied bool
	// Superseded: the object changed since it was planned, so the change must be planned again.
	Superseded bool
	// Failure says why the change could not be applied; nil otherwise.
	Failure *plan.Reason
}

// Terms are rules of the destination that planning must know.
type Terms struct {
	// Domains are the verified domains, in lower case; RequireDomain refuses names outside them.
	Domains       map[string]bool
	RequireDomain bool
	// Schema is what users can hold, Groups what groups can; nil for everything.
	Schema, Groups *plan.Schema
}

// Destination takes the changes of one instance.
type Destination interface {
	// Terms returns what planning must know.
	Terms(ctx context.Context) (Terms, error)
	// Objects returns the objects with these ids that exist, in no order.
	Objects(ctx context.Context, ids []ident.ID) ([]plan.Target, error)
	// Find returns the objects that have the values of the keys, under the very keys that were asked for: names and display names without
	// regard to case, external ids exactly. Keys that nothing has are not in the answer.
	Find(ctx context.Context, keys []plan.Key) (map[plan.Key][]plan.Target, error)
	// Park sets the names of objects aside before others take them. Apply of the objects' changes, which have Park set, ends it: the object
	// has its new name then, or its old one again.
	Park(ctx context.Context, ids []ident.ID) error
	// Unpark is for parked objects whose changes will not be applied: they get their names back, or, if somebody has taken them, temporary
	// ones. Objects that are not parked stay as they are.
	Unpark(ctx context.Context, ids []ident.ID) error
	// Apply writes changes in the order given; results stand at the changes' places. An error means that nothing was written. The
	// built-in directory joins the transaction of the context.
	Apply(ctx context.Context, changes []plan.Change) ([]Result, error)
}

// Reversible is a destination in which changes can be taken back: it keeps what was removed, and only its instance changes it.
type Reversible interface {
	Destination
	// Removed returns those of the removed objects with these ids that can be restored, in no order, with the versions that they had.
	Removed(ctx context.Context, ids []ident.ID) ([]plan.Target, error)
}

// Remote is a destination behind a network. What it is asked for it answers from what was sent and read last, so that a plan costs no request;
// changes are sent outside of transactions. Apply, ApplyGroups, ApplyMembers, Park and Unpark send and record in one, for whoever is outside of a
// transaction.
//
// A change goes through three steps: Intend in a transaction, Send outside of any, and Sent.Record in the transaction that settles what became of
// it. A process may die between any two of them: what is sent again does no harm, and an object that was perhaps created is looked up first.
type Remote interface {
	Destination
	// Prepare does the next piece of what comes before a plan: asking the service what it can do, reading its objects the first time, and Settle.
	// done: nothing is left.
	Prepare(ctx context.Context) (done bool, err error)
	// Settle does the next piece of what sending left: finds out what became of changes whose sending was broken off, gives names back that were set
	// aside, and names managers who were not there yet.
	Settle(ctx context.Context) (done bool, err error)
	// Renew has Prepare read all objects of the service again.
	Renew(ctx context.Context) error
	// Intend notes that the changes are going to be sent.
	Intend(ctx context.Context, changes []plan.Change) error
	// Send sends changes of objects of one type, in the order given as far as one depends on another.
	Send(ctx context.Context, changes []plan.Change) (Sent, error)
}

// Sent is what became of changes that were sent. Results, Members and Pending stand at the changes' places.
type Sent struct {
	// Results are for users and groups, Members for members.
	Results []Result
	Members []MembersResult
	// Pending changes have to be sent again: nobody can say what became of them, or the service could not take them now. Cause says why.
	Pending []bool
	Cause   error
	// Record stores what the service holds now, in the transaction of the context.
	Record func(ctx context.Context) error
}
