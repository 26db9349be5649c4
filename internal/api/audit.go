package api

import (
	"context"
	"net/http"
	"time"

	"rollcall/internal/audit"
	"rollcall/internal/ident"
)

// Event is one thing that a person or a token did (A7).
type Event struct {
	ID         ident.ID       `json:"id" format:"uuid" doc:"The event's id."`
	At         time.Time      `json:"at" doc:"When."`
	Actor      Actor          `json:"actor" doc:"Who, and from where."`
	Action     string         `json:"action" example:"domain.add" doc:"What was done."`
	ObjectID   string         `json:"objectId" doc:"To what."`
	ObjectName string         `json:"objectName" doc:"Its name as it was."`
	Before     map[string]any `json:"before,omitempty" doc:"What it was before."`
	After      map[string]any `json:"after,omitempty" doc:"What it was after."`
}

// Actor is who acted.
type Actor struct {
	TokenID   ident.ID `json:"tokenId,omitzero" format:"uuid" doc:"The token that was used; absent for the program itself."`
	Name      string   `json:"name" doc:"What people call the actor."`
	Address   string   `json:"address,omitempty" doc:"The client's IP address."`
	RequestID string   `json:"requestId,omitempty" doc:"The request, as in X-Request-Id."`
}

func (s *server) serveAudit() {
	serve(s, operation{
		id: "listEvents", method: http.MethodGet, path: inOrg + "/audit", tag: "Audit", summary: "List what people and tokens did",
		detail: "Newest first. What runs did is in their changes.",
	}, func(ctx context.Context, in *struct {
		InOrganization
		Paging
	},
	) (*body[List[Event]], error) {
		return s.listEvents(ctx, in.Paging)
	})
	serve(s, operation{
		id: "listServerEvents", method: http.MethodGet, path: "/audit", tag: "Audit", summary: "List what was done to the server itself",
		detail: "Its administrators and tokens. Newest first. Each organization has a log of its own.",
	}, func(ctx context.Context, in *struct{ Paging }) (*body[List[Event]], error) {
		return s.listEvents(ctx, in.Paging)
	})
}

// listEvents lists the events of the organization that the request is about, of the server if it is about none.
func (s *server) listEvents(ctx context.Context, p Paging) (*body[List[Event]], error) {
	after, err := p.id(byEvent)
	if err != nil {
		return nil, err
	}
	events, err := s.Directory.Events(ctx, orgOf(ctx), after, p.Limit+1)
	return reply(page(p, byEvent, events, func(e audit.Event) string { return e.ID.String() }, EventOf)), err
}

// EventOf shows an event.
func EventOf(event audit.Event) Event {
	return Event{
		ID: event.ID, At: event.At, Action: event.Action, ObjectID: event.ObjectID, ObjectName: event.ObjectName,
		Actor: Actor{
			TokenID: event.Actor.TokenID, Name: event.Actor.Name, Address: event.Actor.Address, RequestID: event.Actor.RequestID,
		},
		Before: attributesOf(event.Before), After: attributesOf(event.After),
	}
}
