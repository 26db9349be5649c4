package scimapp

import (
	"context"

	"rollcall/internal/destination"
)

// Offer returns what the service said when it was asked last; the zero Offer if nobody asked yet.
func (a *App) Offer(ctx context.Context) (destination.Offer, error) {
	said, _, err := a.Store.RemoteState(ctx, a.Service)
	return destination.Offer{At: said.At, Service: said.Service}, err
}
