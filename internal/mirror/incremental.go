package mirror

import (
	"context"
	"time"

	"rollcall/internal/fault"
)

// incremental reads the next page of changes. A delta link that Graph no longer accepts leads to a full read.
func (p *Pull) incremental(ctx context.Context, cursor Cursor) (Progress, error) {
	link := cursor.Next
	if link == "" {
		link, cursor.Pages = cursor.Delta, 0
		if cursor.Replay != "" {
			link = cursor.Replay
		}
	}
	page, err := p.follow(ctx, link, nil)
	if fault.Is(err, fault.Expired) {
		cursor.Delta, cursor.Next, cursor.Replay, cursor.Marks = "", "", "", nil
		return Progress{Full: true, Stage: string(StageList), Expected: -1}, p.saveCursor(ctx, cursor)
	}
	if err != nil {
		return Progress{}, p.noPage(ctx, cursor, err)
	}
	cursor.Next, cursor.Tries = page.Next, 0
	if cursor.Pages++; cursor.Pages > maxPages {
		cursor.Next = ""
		err := endless("the changes of the tenant's users have not ended after %d pages", cursor.Pages)
		return Progress{}, firstError(p.saveCursor(ctx, cursor), err)
	}
	progress := cursor.progress()
	progress.Read = len(page.Users)
	if page.Next == "" {
		// The round is complete. What came with the last page is taken in before anybody is held to be purged by the clock.
		cursor.close(page.Delta, p.Now().UTC())
		progress.Done = true
	}
	if err := p.absorbDelta(ctx, page.Users, cursor); err != nil {
		return Progress{}, err
	}
	if !progress.Done {
		return progress, nil
	}
	return progress, p.expire(ctx)
}

// noPage notes that a page of changes could not be read. The next runs ask for it again, and begin the round anew when that fails as well: the
// link to the page may be broken for good, and a round can be read twice.
func (p *Pull) noPage(ctx context.Context, cursor Cursor, cause error) error {
	if ctx.Err() != nil || fault.Is(cause, fault.Throttled) || cursor.Next == "" {
		return cause
	}
	if cursor.Tries++; cursor.Tries > maxTries {
		cursor.Tries, cursor.Next = 0, ""
	}
	return firstError(p.saveCursor(ctx, cursor), cause)
}

// close notes the end of a round.
func (c *Cursor) close(delta string, now time.Time) {
	c.Delta, c.DeltaAt, c.Replay, c.LastGood, c.Pages, c.Groups.Pending = delta, now, "", now, 0, true
	if last := len(c.Marks) - 1; last < 0 || now.Sub(c.Marks[last].At) >= markDistance {
		c.Marks = append(c.Marks[max(0, last):len(c.Marks):len(c.Marks)], Mark{Link: delta, At: now})
	}
}
