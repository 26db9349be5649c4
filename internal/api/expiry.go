package api

import (
	"context"
	"slices"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

// Expiry is a credential that ends within 30 days, or has ended.
type Expiry struct {
	Code    string    `json:"code" enum:"SecretExpires,SecretExpired,TokenExpires,TokenExpired,ClientSecretExpires,ClientSecretExpired" doc:"What it is, for programs: a client secret of a tenant, a token of this server, or a secret of a client of this server; still good, or not any more."`
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
		Remedy: "Give it a new secret with `rollcall token rotate`, and put that in the place of the old one.",
	}
	if notice == directory.Ended {
		expiry.Code, expiry.Message = "TokenExpired", "The token "+token.Name+" ended "+directory.Until(token.ExpiresAt, now)
	}
	return &expiry
}

// clientExpiry warns of a client whose newest secret ends; nil as for tokenExpiry.
func (s *server) clientExpiry(client directory.Client) *Expiry {
	now := s.Now()
	notice := client.NoticeAt(now)
	if notice == directory.NoNotice {
		return nil
	}
	ends := client.Secrets[len(client.Secrets)-1].ExpiresAt
	expiry := Expiry{
		Code: "ClientSecretExpires", At: ends, Message: "The secret of the client " + client.Name + " ends " + directory.Until(ends, now),
		Remedy: "Give it a new one with `rollcall client rotate`, and put that in the place of the old one.",
	}
	if notice == directory.Ended {
		expiry.Code, expiry.Message = "ClientSecretExpired", "The secret of the client "+client.Name+" ended "+directory.Until(ends, now)
	}
	return &expiry
}

// expiries warns of the tokens and clients of an organization that end within a month, or did in the last one, the next one first.
func (s *server) expiries(ctx context.Context, org ident.ID) ([]Expiry, error) {
	tokens, err := s.Directory.ExpiringTokens(ctx)
	if err != nil {
		return nil, err
	}
	clients, err := s.Directory.ExpiringClients(ctx)
	var all []Expiry
	for _, token := range tokens {
		if expiry := s.tokenExpiry(token); token.OrgID == org && expiry != nil {
			all = append(all, *expiry)
		}
	}
	for _, client := range clients {
		if expiry := s.clientExpiry(client); client.OrgID == org && expiry != nil {
			all = append(all, *expiry)
		}
	}
	slices.SortStableFunc(all, func(a, b Expiry) int { return a.At.Compare(b.At) })
	return all, err
}
