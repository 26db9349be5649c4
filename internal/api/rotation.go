package api

import (
	"context"
	"net/http"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// Rotation says how a new secret takes the place of an old one.
type Rotation struct {
	// OverlapHours is how long the old secret lives on; nil for 24.
	OverlapHours *int `json:"overlapHours,omitempty" minimum:"0" maximum:"8760" example:"24" doc:"Hours for which the old secret lives on, but not longer than it would have; 24 if absent, 0 ends it at once."`
	// ExpiresInDays is how long the new secret lives; 0 for 365.
	ExpiresInDays int `json:"expiresInDays,omitempty" minimum:"1" maximum:"3650" example:"90" doc:"Days until the new secret expires; 365 if absent."`
}

func (r Rotation) rotation() directory.Rotation {
	how := directory.Rotation{Life: days(r.ExpiresInDays)}
	if r.OverlapHours != nil {
		overlap := time.Duration(*r.OverlapHours) * time.Hour
		how.Overlap = &overlap
	}
	return how
}

const rotateDetail = "The secret is in the answer and never told again. The one before lives on for a while, so that the program that uses it can be " +
	"given the new one; there are never more than these two. It belongs to the administrator for whom the token of the request was made from now on."

// serveRotation serves the new secrets of tokens, of an organization and of the server.
func (s *server) serveRotation() {
	serve(s, operation{
		id: "rotateToken", method: http.MethodPost, path: inOrg + "/tokens/{id}/rotate", tag: "Tokens", summary: "Give a token a new secret",
		detail: rotateDetail, failures: []int{http.StatusConflict},
	}, func(ctx context.Context, in *struct {
		InOrganization
		ID   ident.ID `path:"id" format:"uuid" doc:"The token's id."`
		Body Rotation
	},
	) (*body[CreatedToken], error) {
		return s.rotateToken(ctx, orgOf(ctx), in.ID, in.Body)
	})
	serve(s, operation{
		id: "rotateServerToken", method: http.MethodPost, path: "/tokens/{id}/rotate", tag: "Tokens", summary: "Give a token a new secret, whosever it is",
		detail: rotateDetail, failures: []int{http.StatusConflict},
	}, func(ctx context.Context, in *struct {
		ID   ident.ID `path:"id" format:"uuid" doc:"The token's id."`
		Body Rotation
	},
	) (*body[CreatedToken], error) {
		return s.rotateToken(ctx, ident.ID{}, in.ID, in.Body)
	})
}

func (s *server) rotateToken(ctx context.Context, org, id ident.ID, how Rotation) (*body[CreatedToken], error) {
	token, secret, err := s.Directory.RotateToken(ctx, callerOf(ctx).token, org, id, how.rotation())
	return reply(s.createdToken(ctx, token, secret)), err
}
