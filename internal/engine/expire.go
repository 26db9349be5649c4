package engine

import (
	"context"

	"rollcall/internal/ident"
)

// scrubBatch is how many entries are scrubbed in one transaction.
const scrubBatch = 2000

// Expire scrubs what the journal knows of people in the organization's runs older than so many days; what was done and why, by code, stays (I5).
func (e *Engine) Expire(ctx context.Context, org ident.ID, days int) error {
	before := ident.Before(e.Now().AddDate(0, 0, -days))
	if _, err := e.Store.DropResults(ctx, org, before); err != nil {
		return err
	}
	for {
		count, err := e.Store.ScrubEntries(ctx, org, before, scrubBatch)
		if err != nil || count < scrubBatch {
			return err
		}
	}
}
