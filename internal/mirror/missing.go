package mirror

import (
	"context"
	"maps"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/plan"
)

// manyAlive is how many of the missing may turn out to be alive before the whole read is worth nothing.
const manyAlive = 20

// bin looks for the missing in the recycle bin; skipped when nobody is missing.
func (p *Pull) bin(ctx context.Context, cursor Cursor) (Progress, error) {
	read := cursor.Full
	if short := read.short(); !read.tolerated(short, cursor.Short) {
		cursor.Short = short
		return p.giveUp(ctx, cursor, fault.New(fault.Unavailable, "IncompleteRead",
			"the full read of the tenant ended after %d of %d users; nothing was removed", read.Listed, read.Expected).WithRemedy(readAgain))
	}
	missing, err := p.Store.UnseenUsers(ctx, p.Connection, cursor.Generation, 0, 1)
	if err != nil {
		return Progress{}, err
	}
	if len(missing) == 0 {
		return p.complete(ctx, cursor)
	}
	page, err := p.follow(ctx, read.Next, func() (graph.Page, error) { return p.Tenant.DeletedUsers(ctx, []string{"id", "deletedDateTime"}) })
	if fault.Is(err, fault.Expired) {
		read.enter(StageBin, "") // the next run reads the bin from its beginning
		return Progress{}, firstError(p.saveCursor(ctx, cursor), err)
	}
	if err != nil {
		return Progress{}, p.noFullPage(ctx, cursor, err)
	}
	if read.Pages > maxPages {
		return p.giveUp(ctx, cursor, endless("the recycle bin has not ended after %d pages", read.Pages))
	}
	read.Next, read.Tries = page.Next, 0
	if page.Next == "" {
		read.enter(StageVerify, "")
	}
	err = p.Store.InTx(ctx, func(ctx context.Context) error {
		if err := p.bury(ctx, page.Users, cursor.Generation); err != nil {
			return err
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
	if err != nil {
		return Progress{}, err
	}
	return cursor.progress(), nil
}

const readAgain = "The next run reads again; if this repeats, look at the health of Microsoft Graph."

// bury marks missing users found in the recycle bin as deleted, with their date, and keeps their last records. Whoever the read has seen
// alive stays alive: the replica that serves the bin can be behind a restoration.
func (p *Pull) bury(ctx context.Context, found []graph.User, generation int64) error {
	known, err := p.Store.LoadUsers(ctx, p.Connection, ids(found), false)
	if err != nil {
		return err
	}
	var changed []User
	for _, deleted := range found {
		user, isKnown := known[deleted.ID]
		if !isKnown || deleted.DeletedAt.IsZero() || user.State == plan.Gone || user.State == plan.Deleted && user.DeletedAt.Equal(deleted.DeletedAt) {
			continue
		}
		if user.State == plan.Live {
			missing, err := p.Store.UnseenUsers(ctx, p.Connection, generation, user.Seq-1, 1)
			if err != nil {
				return err
			}
			if len(missing) == 0 || missing[0].Seq != user.Seq {
				continue
			}
		}
		user.State, user.DeletedAt = plan.Deleted, deleted.DeletedAt
		changed = append(changed, user)
	}
	return p.save(ctx, changed, generation)
}

// verify looks up who is missing and not in the recycle bin. Somebody found alive was missed by the read; when there are many of
// them the read is worth nothing. Somebody found nowhere is treated as deleted now, never as purged at once.
func (p *Pull) verify(ctx context.Context, cursor Cursor) (Progress, error) {
	read := cursor.Full
	missing, err := p.Store.UnseenUsers(ctx, p.Connection, cursor.Generation, 0, lookUps)
	if err != nil {
		return Progress{}, err
	}
	if len(missing) == 0 {
		return p.complete(ctx, cursor)
	}
	found, err := p.lookUp(ctx, missing, read.Attributes)
	if err != nil {
		return Progress{}, err
	}
	var alive []graph.User
	var changed []User
	for _, user := range missing {
		existence := found[user.SourceID]
		if existence.Presence == graph.Live {
			alive = append(alive, existence.User)
			continue
		}
		user.State, user.DeletedAt = plan.Deleted, existence.User.DeletedAt
		if user.DeletedAt.IsZero() {
			user.DeletedAt = p.Now().UTC().Truncate(time.Second)
		}
		changed = append(changed, user)
	}
	if read.Found += len(alive); read.Found > manyAlive {
		return p.giveUp(ctx, cursor, fault.New(fault.Unavailable, "IncompleteRead",
			"the full read of the tenant missed users who exist: %d were found by looking them up; nobody was removed", read.Found).WithRemedy(readAgain))
	}
	err = p.Store.InTx(ctx, func(ctx context.Context) error {
		if err := p.take(ctx, alive, true, cursor); err != nil {
			return err
		}
		if err := p.save(ctx, changed, cursor.Generation); err != nil {
			return err
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
	if err != nil {
		return Progress{}, err
	}
	return cursor.progress(), nil
}

// lookUp asks the tenant where the users are. The two questions of a look-up are not asked at one instant, and a user restored between them
// seems gone, so that whoever seems gone is asked for again.
func (p *Pull) lookUp(ctx context.Context, users []User, properties []string) (map[string]graph.Existence, error) {
	found, err := p.Tenant.LookUpUsers(ctx, sourceIDs(users), properties)
	if err != nil {
		return nil, err
	}
	var gone []string
	for id, existence := range found {
		if existence.Presence == graph.Gone {
			gone = append(gone, id)
		}
	}
	if len(gone) == 0 {
		return found, nil
	}
	again, err := p.Tenant.LookUpUsers(ctx, gone, properties)
	if err != nil {
		return nil, err
	}
	maps.Copy(found, again)
	return found, nil
}

func sourceIDs(users []User) []string {
	out := make([]string, len(users))
	for i, user := range users {
		out[i] = user.SourceID
	}
	return out
}
