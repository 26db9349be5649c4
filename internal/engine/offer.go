package engine

import (
	"context"
	"errors"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/fault"
)

// tryFor is how long a service that is tried may take: somebody waits.
const tryFor = 20 * time.Second

// Offer returns what the remote service of an instance said when a run asked it last; nil for the built-in directory, and before the first run.
func (e *Engine) Offer(ctx context.Context, instance Instance) (*destination.Offer, error) {
	described, remote := e.Destination(instance).(destination.Described)
	if !remote {
		return nil, nil
	}
	offer, err := described.Offer(ctx)
	if err != nil || offer.At.IsZero() {
		return nil, err
	}
	return &offer, nil
}

// TryService asks a service what it offers, and reads a page of users with the credential; nothing is stored. What is wrong with address, credential or
// service is a fault.Invalid.
func (e *Engine) TryService(ctx context.Context, want NewService) (destination.Offer, error) {
	if err := e.checkService(&want); err != nil {
		return destination.Offer{}, err
	}
	return e.try(ctx, RemoteService{
		Profile: want.Profile, BaseURL: want.BaseURL, TokenURL: want.TokenURL, ClientID: want.ClientID, Scope: want.Scope,
	}, want.Secret)
}

// TryChangedService does so with the remote service of an instance, as the change would make it: with the secret that is stored unless the change has one.
func (e *Engine) TryChangedService(ctx context.Context, instance Instance, change ServiceChange) (destination.Offer, error) {
	service, err := e.remoteService(ctx, instance)
	if err != nil {
		return destination.Offer{}, err
	}
	if err := service.take(change, &attr.Record{}, &attr.Record{}); err != nil {
		return destination.Offer{}, err
	}
	secret := ""
	if change.Secret != nil {
		secret = *change.Secret
	}
	if err := e.checkService(service.described(secret)); err != nil {
		return destination.Offer{}, err
	}
	return e.try(ctx, service, secret)
}

// TryAndChangeService changes the remote service of an instance after it was tried as it is going to be; what does not work replaces nothing.
func (e *Engine) TryAndChangeService(ctx context.Context, instance Instance, change ServiceChange) (destination.Offer, error) {
	offer, err := e.TryChangedService(ctx, instance, change)
	if err != nil {
		return offer, err
	}
	_, err = e.ChangeInstance(ctx, instance.ID, Change{Service: &change})
	return offer, err
}

// try calls the service. How it fails is the caller's business, not the way that the caller's own request fails.
func (e *Engine) try(ctx context.Context, service RemoteService, secret string) (destination.Offer, error) {
	within, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	offer, err := e.AskService(within, service, secret)
	if err == nil || ctx.Err() != nil {
		return offer, err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return offer, fault.New(fault.Invalid, "DestinationFailed", "the destination: it did not answer within %s", tryFor).
			WithRemedy("Check the address of the service, network and proxy.")
	}
	failed := ofDestination(err)
	if f := fault.Of(failed); f != nil && f.Kind != fault.Internal {
		f.Kind, f.Code, f.RetryAfter = fault.Invalid, "DestinationFailed", 0
	}
	return offer, failed
}
