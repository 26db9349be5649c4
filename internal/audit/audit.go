// Package audit describes who changed what, when and from where.
//
// What a run writes is recorded by its change rows; audit events record what people and tokens write, in the transaction of the write.
package audit

import (
	"context"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
)

// Actor is who acts: a person or a token.
type Actor struct {
	// TokenID is the API token that was used; zero for the program itself.
	TokenID ident.ID
	// Name is what people call the actor.
	Name string
	// Address is where the request came from, as an IP address; "" for the program itself.
	Address string
	// RequestID ties the event to the log lines of its request.
	RequestID string
}

// System is the program itself, acting at start-up or on a schedule.
func System() Actor { return Actor{Name: "Rollcall"} }

// Event is one thing that an actor did.
type Event struct {
	ID    ident.ID
	OrgID ident.ID
	At    time.Time
	Actor Actor
	// Action is a verb with its object, such as "user.create", "domain.add", "held.approve".
	Action string
	// ObjectID and ObjectName identify the object; the name as it was.
	ObjectID, ObjectName string
	// Before and After hold what changed.
	Before, After attr.Record
}

type actorKey struct{}

// WithActor returns a context whose writes are made by the actor.
func WithActor(ctx context.Context, actor Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// ActorOf returns who acts in the context; the program itself if nobody else does.
func ActorOf(ctx context.Context) Actor {
	if actor, ok := ctx.Value(actorKey{}).(Actor); ok {
		return actor
	}
	return System()
}
