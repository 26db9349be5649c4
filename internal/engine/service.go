package engine

import (
	"context"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// RemoteService is a SCIM service that instances of an organization write to. Instances with the same address share it, and what is known of it.
type RemoteService struct {
	ID    ident.ID
	OrgID ident.ID
	// Profile names the kind of service (scimclient.Profiles).
	Profile string
	// BaseURL is the address below which users and groups are found. It never changes.
	BaseURL string
	// TokenURL, ClientID and Scope say where and as whom tokens are got (OAuth 2.0 client credentials); without TokenURL the secret is the token.
	TokenURL, ClientID, Scope string
	// SealedSecret is the token, or the client secret, sealed by package secret.
	SealedSecret []byte
	CreatedAt    time.Time
}

// NewService describes the remote service of an instance. Secret is the token, or, with TokenURL, the client secret; not sealed.
type NewService struct {
	Profile, BaseURL, TokenURL, ClientID, Scope, Secret string
}

// ServiceChange is what may be changed of a remote service; nil fields stay as they are. A way to get tokens comes with its secret.
type ServiceChange struct {
	Profile, TokenURL, ClientID, Scope, Secret *string
}

// Services keeps remote services. Methods join the transaction of the context.
type Services interface {
	// RemoteService fails as fault.NotFound.
	RemoteService(ctx context.Context, id ident.ID) (RemoteService, error)
	// ListRemoteServices returns those of an organization.
	ListRemoteServices(ctx context.Context, org ident.ID) ([]RemoteService, error)
	// SaveRemoteService inserts or replaces.
	SaveRemoteService(ctx context.Context, service RemoteService) error
}

func (e *Engine) checkService(want *NewService) error {
	if want == nil {
		return nil
	}
	var problems []error
	for _, required := range []struct{ name, value string }{{"the address", want.BaseURL}, {"a token or client secret", want.Secret}} {
		if strings.TrimSpace(required.value) == "" {
			problems = append(problems, fault.New(fault.Invalid, "Missing", "the destination needs %s", required.name))
		}
	}
	if problems == nil {
		problems = append(problems, e.CheckService(*want))
	}
	return invalid(problems)
}

// connectService returns the remote service for a new instance: that of an instance with the same address, whose credential is replaced, or a new one.
func (e *Engine) connectService(ctx context.Context, org ident.ID, want *NewService) (ident.ID, error) {
	if want == nil {
		return ident.ID{}, nil
	}
	base := strings.TrimRight(strings.TrimSpace(want.BaseURL), "/")
	service := RemoteService{ID: ident.New(e.Now()), OrgID: org, BaseURL: base, CreatedAt: e.Now()}
	known, err := e.Store.ListRemoteServices(ctx, org)
	if err != nil {
		return ident.ID{}, err
	}
	for _, other := range known {
		if strings.EqualFold(other.BaseURL, base) {
			service = other
		}
	}
	service.Profile, service.TokenURL, service.ClientID, service.Scope = want.Profile, want.TokenURL, want.ClientID, want.Scope
	if service.SealedSecret, err = e.SealService(service.ID, strings.TrimSpace(want.Secret)); err != nil {
		return ident.ID{}, err
	}
	return service.ID, e.Store.SaveRemoteService(ctx, service)
}

// remoteService returns the remote service of an instance that has one.
func (e *Engine) remoteService(ctx context.Context, instance Instance) (RemoteService, error) {
	if instance.ServiceID.IsZero() {
		return RemoteService{}, fault.New(fault.Conflict, "OtherDestination", "the instance %s writes to the built-in directory, and the destination of an instance stays what it is", instance.Name).
			WithRemedy("Create another instance for the other destination.")
	}
	return e.Store.RemoteService(ctx, instance.ServiceID)
}

// take takes in a change, all but the secret, and notes what differs.
func (s *RemoteService) take(change ServiceChange, before, after *attr.Record) error {
	if change.Secret == nil && (change.TokenURL != nil || change.ClientID != nil) {
		return fault.New(fault.Invalid, "Missing", "another way to get tokens needs its client secret")
	}
	for _, field := range []struct {
		name string
		to   *string
		of   *string
	}{
		{"destinationProfile", change.Profile, &s.Profile},
		{"destinationTokenUrl", change.TokenURL, &s.TokenURL},
		{"destinationClientId", change.ClientID, &s.ClientID},
		{"destinationScope", change.Scope, &s.Scope},
	} {
		if field.to != nil && *field.to != *field.of {
			before.Set(field.name, *field.of)
			*field.of = *field.to
			after.Set(field.name, *field.of)
		}
	}
	return nil
}

// described is the service as checkService takes it; without a secret for one whose secret is stored.
func (s *RemoteService) described(secret string) *NewService {
	if secret == "" {
		secret = "kept"
	}
	return &NewService{Profile: s.Profile, BaseURL: s.BaseURL, TokenURL: s.TokenURL, ClientID: s.ClientID, Scope: s.Scope, Secret: secret}
}

// changeService changes profile and credential of an instance's remote service.
func (e *Engine) changeService(ctx context.Context, instance Instance, change *ServiceChange, before, after *attr.Record) error {
	if change == nil {
		return nil
	}
	service, err := e.remoteService(ctx, instance)
	if err != nil {
		return err
	}
	if err := service.take(*change, before, after); err != nil {
		return err
	}
	checked := service.described("")
	if change.Secret != nil {
		checked.Secret = *change.Secret
		if service.SealedSecret, err = e.SealService(service.ID, strings.TrimSpace(*change.Secret)); err != nil {
			return err
		}
		after.Set("destinationSecret", "[replaced]")
	}
	if err := e.checkService(checked); err != nil {
		return err
	}
	return e.Store.SaveRemoteService(ctx, service)
}

// Service returns the remote service of an instance; nil for one that writes to the built-in directory.
func (e *Engine) Service(ctx context.Context, instance Instance) (*RemoteService, error) {
	if instance.ServiceID.IsZero() {
		return nil, nil
	}
	service, err := e.Store.RemoteService(ctx, instance.ServiceID)
	return &service, err
}
