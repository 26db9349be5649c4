package api

import (
	"context"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

// Expiry is a credential that ends within 30 days, or has ended.
type Expiry struct {
	Code    string    `json:"code" enum:"SecretExpires,SecretExpired,TokenExpires,TokenExpired" doc:"What it is, for programs: a client secret of a tenant, or a token of this server; still good, or not any more."`
	Message string    `json:"message" doc:"What ends, and when."`
	Remedy  string    `json:"remedy" doc:"What to do about it."`
	At      time.Time `json:"at" doc:"When it ends, or ended."`
}

func expiryOf(e engine.Expiry) Expiry { return Expiry(e) }

// tokenExpiry warns of a token that ends; nil if it does not, or was made for less time than is announced ahead.
func (s *server) tokenExpiry(token directory.Token) *Expiry {
	now := s.Now()
	notice := token.NoticeAt(now)
	if notice == directory.NoNotice || !token.RevokedAt.IsZero() {
		return nil
	}
	expiry := Expiry{
		Code: "TokenExpires", At: token.ExpiresAt, Message: "The token " + token.Name + " ends " + directory.Until(token.ExpiresAt, now),
		Remedy: "Make a new one with `rollcall token create`, put it in the place of the old one, and revoke that.",
	}
	if notice == directory.Ended {
		expiry.Code, expiry.Message = "TokenExpired", "The token "+token.Name+" ended "+directory.Until(token.ExpiresAt, now)
	}
	return &expiry
}

// tokenExpiries warns of the tokens of an organization that end within a month, or did in the last one.
func (s *server) tokenExpiries(ctx context.Context, org ident.ID) ([]Expiry, error) {
	tokens, err := s.Directory.ExpiringTokens(ctx)
	var all []Expiry
	for _, token := range tokens {
		if expiry := s.tokenExpiry(token); token.OrgID == org && expiry != nil {
			all = append(all, *expiry)
		}
	}
	return all, err
}
