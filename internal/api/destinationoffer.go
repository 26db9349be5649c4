package api

import (
	"context"
	"net/http"
	"time"

	"rollcall/internal/destination"
	"rollcall/internal/engine"
	"rollcall/internal/scimclient"
)

// Offer is what a remote service can do: what it says of itself, corrected by its profile.
type Offer struct {
	AskedAt        time.Time `json:"askedAt" doc:"When the service was asked."`
	Users          bool      `json:"users" doc:"It has users."`
	Groups         bool      `json:"groups" doc:"It has groups."`
	Patch          bool      `json:"patch" doc:"Changes are sent as PATCH; otherwise whole resources are replaced."`
	BulkOperations int       `json:"bulkOperations" doc:"How many operations go into one bulk; 0 if they are sent one by one."`
	MaxResults     int       `json:"maxResults" doc:"How many resources a page holds."`
	MaxMembers     int       `json:"maxMembers" doc:"How many members go into one request."`
	CursorPaging   bool      `json:"cursorPaging" doc:"Lists are walked by cursor (RFC 9865)."`
	ETag           bool      `json:"etag" doc:"Changes are sent for the version that was read."`
	Rename         bool      `json:"rename" doc:"Names of users can be changed."`
	MembersTold    bool      `json:"membersTold" doc:"Groups tell their members."`
	Notes          []string  `json:"notes" nullable:"false" doc:"What the service left unsaid or says wrongly, and what is assumed instead, as sentences."`
}

func offerOf(offer destination.Offer) *Offer {
	s := offer.Service
	_, users := s.Types[scimclient.User]
	_, groups := s.Types[scimclient.Group]
	told := &Offer{
		AskedAt: offer.At, Users: users, Groups: groups, Patch: s.Patch, MaxResults: s.MaxResults, MaxMembers: s.MaxMembersPerPatch, CursorPaging: s.Cursor,
		ETag: s.ETag, Rename: s.Rename, MembersTold: s.MembersTold, Notes: append([]string{}, s.Notes...),
	}
	if s.Bulk != nil {
		told.BulkOperations = s.Bulk.MaxOperations
	}
	return told
}

// DestinationSecret is a new secret for a remote service.
type DestinationSecret struct {
	Secret string `json:"secret" minLength:"1" maxLength:"16384" writeOnly:"true" doc:"The new bearer token, or, where tokens are got elsewhere, the new client secret."`
}

func (s *server) serveOffers() {
	serve(s, operation{
		id: "testDestination", method: http.MethodPost, path: inOrg + "/destinations/test", tag: "Instances", summary: "Ask a remote service what it offers",
		detail: "Asks the service that is described, reads a page of its users with the credential, and stores nothing.",
	}, func(ctx context.Context, in *struct {
		InOrganization
		Body Destination
	},
	) (*body[Offer], error) {
		want, err := in.Body.wanted()
		if err != nil {
			return nil, err
		}
		if want == nil {
			want = &engine.NewService{} // refused: the built-in directory is not asked
		}
		return offered(s.Engine.TryService(ctx, *want))
	})
	serve(s, operation{
		id: "testInstanceDestination", method: http.MethodPost, path: inOrg + "/instances/{id}/destination/test", tag: "Instances",
		summary: "Ask the remote service of an instance what it offers",
		detail:  "With a body, as the service would be after that change. Nothing is stored.", failures: []int{http.StatusConflict},
	}, s.testInstanceDestination)
	serve(s, operation{
		id: "renewDestinationSecret", method: http.MethodPost, path: inOrg + "/instances/{id}/destination/secret", tag: "Instances",
		summary: "Replace the secret of an instance's remote service",
		detail: "The new secret is tried before it replaces the one that is stored; what the service refuses replaces nothing. All instances that write to the service use it, and " +
			"with Auto Sync a run starts at once.",
		failures: []int{http.StatusConflict},
	}, s.renewDestinationSecret)
}

func offered(offer destination.Offer, err error) (*body[Offer], error) {
	if err != nil {
		return nil, err
	}
	return reply(*offerOf(offer)), nil
}

func (s *server) testInstanceDestination(ctx context.Context, in *struct {
	InInstance
	Body *DestinationPatch
},
) (*body[Offer], error) {
	instance, err := s.Engine.Instance(ctx, orgOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	change, err := in.Body.wanted()
	if err != nil {
		return nil, err
	}
	if change == nil {
		change = &engine.ServiceChange{}
	}
	return offered(s.Engine.TryChangedService(ctx, instance, *change))
}

func (s *server) renewDestinationSecret(ctx context.Context, in *struct {
	InInstance
	Body DestinationSecret
},
) (*body[Offer], error) {
	instance, err := s.Engine.Instance(ctx, orgOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return offered(s.Engine.TryAndChangeService(ctx, instance, engine.ServiceChange{Secret: &in.Body.Secret}))
}
