// Package clock tells the time, the machine's or a simulated tenant's.
//
// Schedules, retries, quarantine, the recycle bin and the life of tokens all ask one clock, so that thirty days can pass in a test of
// the whole program. Leases of runs use the machine's time.
package clock

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// System returns the machine's time in UTC.
func System() time.Time { return time.Now().UTC() }

// Follower tells the machine's time plus the offset of another clock.
type Follower struct {
	base   func() time.Time
	client *http.Client
	url    string
	offset atomic.Int64
}

// Follow returns a clock that follows the one at url, which answers {"offset_ms": N}. Call Refresh or Run to learn the offset.
func Follow(base func() time.Time, client *http.Client, url string) *Follower {
	return &Follower{base: base, client: client, url: url}
}

// Now returns the followed time in UTC.
func (f *Follower) Now() time.Time { return f.base().Add(time.Duration(f.offset.Load())).UTC() }

// Refresh asks for the offset once.
func (f *Follower) Refresh(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url, nil)
	if err != nil {
		return fmt.Errorf("clock %s: %w", f.url, err)
	}
	response, err := f.client.Do(request)
	if err != nil {
		return fmt.Errorf("clock %s: %w", f.url, err)
	}
	defer response.Body.Close()
	var answer struct {
		OffsetMS int64 `json:"offset_ms"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return fmt.Errorf("clock %s: %w", f.url, err)
	}
	f.offset.Store(answer.OffsetMS * int64(time.Millisecond))
	return nil
}

// Run refreshes the offset at every interval until ctx ends. A failed refresh keeps the last offset.
func (f *Follower) Run(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			_ = f.Refresh(ctx) // the last known offset stays in force
		}
	}
}
