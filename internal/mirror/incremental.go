package mirror

import (
	"context"

	"rollcall/internal/graph"
	"rollcall/internal/plan"
)

// incremental reads the next page of changes. A delta link that can no longer be followed leads to a full read.
func (p *Pull) incremental(ctx context.Context, cursor Cursor) (Progress, error) {
	link := cursor.Next
	if link == "" {
		link = cursor.Delta
		if cursor.Replay != "" {
			link = cursor.Replay
		}
	}
	page, err := p.Tenant.Follow(ctx, link)
	if lost(err) {
		cursor.Delta, cursor.Next, cursor.Replay = "", "", ""
		return Progress{Full: true, Stage: string(StageList), Expected: -1}, p.saveCursor(ctx, cursor)
	}
	if err != nil {
		return Progress{}, err
	}
	cursor.Next = page.Next
	progress := cursor.progress()
	progress.Read = len(page.Users)
	if page.Next != "" {
		return progress, p.absorbDelta(ctx, page.Users, cursor)
	}
	// The round is complete. What came with the last page is taken in before anybody is held to be purged by the clock.
	now := p.Now().UTC()
	cursor.Delta, cursor.DeltaAt, cursor.Replay, cursor.LastGood = page.Delta, now, "", now
	progress.Done = true
	if err := p.absorbDelta(ctx, page.Users, cursor); err != nil {
		return Progress{}, err
	}
	return progress, p.expire(ctx)
}

// expire finds the people whose thirty days in the recycle bin are over by our clock. They count as purged only when Graph knows them
// neither among the users nor among the deleted (rule 8).
func (p *Pull) expire(ctx context.Context) error {
	due, err := p.Store.BinUsersBefore(ctx, p.Connection, p.Now().Add(-plan.Retention), lookUps)
	if err != nil || len(due) == 0 {
		return err
	}
	gone, err := p.gone(ctx, due)
	if err != nil {
		return err
	}
	// A user who is restored between the two questions of a look-up seems gone, and removal cannot be taken back: ask again.
	if gone, err = p.gone(ctx, gone); err != nil {
		return err
	}
	if len(gone) == 0 {
		return nil
	}
	return p.Store.InTx(ctx, func(ctx context.Context) error {
		return p.Store.SaveUsers(ctx, p.Connection, gone, 0)
	})
}

// gone returns those of the users whom the tenant knows neither among the users nor in the recycle bin, as gone.
func (p *Pull) gone(ctx context.Context, users []User) ([]User, error) {
	if len(users) == 0 {
		return nil, nil
	}
	found, err := p.Tenant.LookUpUsers(ctx, sourceIDs(users), []string{"id"})
	if err != nil {
		return nil, err
	}
	var gone []User
	for _, user := range users {
		if found[user.SourceID].Presence == graph.Gone {
			user.State = plan.Gone
			gone = append(gone, user)
		}
	}
	return gone, nil
}
