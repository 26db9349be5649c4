package app

import (
	"bytes"
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"rollcall/internal/destination"
	"rollcall/internal/destination/orgdir"
	"rollcall/internal/destination/scimapp"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/scimclient"
	"rollcall/internal/secret"
	"rollcall/internal/store"
)

// services makes the client of each remote service once, so that what was learnt of its pace is used again, and anew when its credential changed.
type services struct {
	store   *store.DB
	sealer  *secret.Sealer
	http    *http.Client
	machine func() time.Time
	logger  *slog.Logger
	version string

	mu    sync.Mutex
	known map[ident.ID]service
}

type service struct {
	row    engine.RemoteService
	client *scimclient.Client
}

// serviceContext ties a sealed secret to its service.
func serviceContext(id ident.ID) string { return "service/" + id.String() }

// seal seals the secret of a remote service.
func (s *services) seal(id ident.ID, plain string) ([]byte, error) {
	return s.sealer.Seal(plain, serviceContext(id))
}

// check fails as fault.Invalid for a service that cannot be called so.
func (s *services) check(want engine.NewService) error {
	_, err := s.build(engine.RemoteService{
		Profile: want.Profile, BaseURL: want.BaseURL, TokenURL: want.TokenURL, ClientID: want.ClientID, Scope: want.Scope,
	}, want.Secret)
	return err
}

// build makes the client of a service.
func (s *services) build(row engine.RemoteService, plain string) (*scimclient.Client, error) {
	profile, ok := scimclient.ProfileNamed(row.Profile)
	if !ok {
		var names []string
		for _, known := range scimclient.Profiles() {
			names = append(names, known.Name)
		}
		return nil, fault.New(fault.Invalid, "UnknownProfile", "the profile %q of the destination is not known", row.Profile).
			WithRemedy("Use one of %s.", strings.Join(names, ", "))
	}
	token := scimclient.Bearer(plain)
	if row.TokenURL != "" {
		var err error
		token, err = scimclient.ClientCredentials{
			TokenURL: row.TokenURL, ClientID: row.ClientID, ClientSecret: plain, Scope: row.Scope, HTTP: s.http, Now: s.machine,
		}.Tokens()
		if err != nil {
			return nil, err
		}
	}
	return scimclient.New(scimclient.Config{
		BaseURL: row.BaseURL, Profile: profile, Token: token, HTTP: s.http, Now: s.machine, Jitter: rand.Float64, UserAgent: "Rollcall/" + s.version, Logger: s.logger,
	})
}

// ask asks a service what it offers, and reads a page of users: what a service says of itself it often tells everybody. Without a secret it uses the one that
// is stored.
func (s *services) ask(ctx context.Context, row engine.RemoteService, plain string) (destination.Offer, error) {
	if plain == "" {
		stored, err := s.sealer.Open(row.SealedSecret, serviceContext(row.ID))
		if err != nil {
			return destination.Offer{}, err
		}
		plain = stored.Reveal()
	}
	client, err := s.build(row, strings.TrimSpace(plain))
	if err != nil {
		return destination.Offer{}, err
	}
	offer := destination.Offer{At: s.machine()}
	if offer.Service, err = client.Discover(ctx); err != nil {
		return offer, err
	}
	if _, has := offer.Service.Types[scimclient.User]; has {
		_, err = client.List(ctx, scimclient.User, scimclient.Page{Count: 1})
	}
	return offer, err
}

// client returns the way to a service.
func (s *services) client(ctx context.Context, id ident.ID) (*scimclient.Client, error) {
	row, err := s.store.RemoteService(ctx, id)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.known[id]; ok && sameService(known.row, row) {
		return known.client, nil
	}
	plain, err := s.sealer.Open(row.SealedSecret, serviceContext(id))
	if err != nil {
		return nil, err
	}
	client, err := s.build(row, plain.Reveal())
	if err != nil {
		return nil, err
	}
	s.known[id] = service{row, client}
	return client, nil
}

func sameService(a, b engine.RemoteService) bool {
	return a.Profile == b.Profile && a.BaseURL == b.BaseURL && a.TokenURL == b.TokenURL && a.ClientID == b.ClientID && a.Scope == b.Scope &&
		bytes.Equal(a.SealedSecret, b.SealedSecret)
}

// destinations returns where instances write: to the built-in directory, or to their remote service.
func (s *services) destinations(built *directory.Service, now func() time.Time) func(engine.Instance) destination.Destination {
	return func(instance engine.Instance) destination.Destination {
		if instance.ServiceID.IsZero() {
			return orgdir.New(built, instance.OrgID, instance.ID)
		}
		return scimapp.New(scimapp.Config{
			Store: s.store, Service: instance.ServiceID, Instance: instance.ID, Now: now,
			Client: func(ctx context.Context) (*scimclient.Client, error) { return s.client(ctx, instance.ServiceID) },
		})
	}
}
