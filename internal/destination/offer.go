package destination

import (
	"context"
	"time"

	"rollcall/internal/scimclient"
)

// Offer is what a remote service can do, as it says of itself, corrected by its profile; Service.Notes are what it left unsaid or says wrongly.
type Offer struct {
	// At is when it was asked.
	At      time.Time
	Service scimclient.Service
}

// Described is a destination that knows what its service said of itself.
type Described interface {
	// Offer returns what the service said when it was asked last; the zero Offer if nobody asked yet.
	Offer(ctx context.Context) (Offer, error)
}
