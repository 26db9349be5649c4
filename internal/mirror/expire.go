package mirror

import (
	"context"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/plan"
)

const (
	// expiries is how many sets of look-ups one pull spends on people whose thirty days are over. Deltas tell of most purges anyway.
	expiries = 10
	// binPause is how long nobody is looked up after everybody was found to be in the recycle bin still: Graph empties it in its own time.
	binPause = time.Hour
)

// expire finds the people whose thirty days in the recycle bin are over by our clock. They count as purged only when Graph knows them
// neither among the users nor among the deleted (rule 8). It comes after a good pull and does not make it a bad one: while Graph cannot say,
// people wait.
func (p *Pull) expire(ctx context.Context) error {
	cursor, err := p.Store.Cursor(ctx, p.Connection)
	now := p.Now().UTC()
	if err != nil || now.Before(cursor.BinAgain) {
		return err
	}
	waiting := 0
	for range expiries {
		due, err := p.Store.BinUsersBefore(ctx, p.Connection, now.Add(-plan.Retention), waiting+lookUps)
		if err != nil {
			return err
		}
		if len(due) <= waiting {
			break
		}
		stay, err := p.expireSome(ctx, due[waiting:], &cursor)
		if kind := fault.KindOf(err); err != nil && (kind.Temporary() || kind == fault.Stale) {
			return nil // the pull itself was good, and the next one asks again
		}
		if err != nil {
			return err
		}
		waiting += stay
	}
	if waiting == 0 {
		return nil
	}
	cursor.BinAgain = now.Add(binPause)
	return p.saveCursor(ctx, cursor)
}

// expireSome looks up some of the people whose time is over and returns how many are in the recycle bin as before. It fails as fault.Stale
// when another pull of the tenant went on meanwhile: that one may have heard what is newer than the look-up.
func (p *Pull) expireSome(ctx context.Context, due []User, cursor *Cursor) (int, error) {
	found, err := p.lookUp(ctx, due, cursor.Attributes)
	if err != nil {
		return 0, err
	}
	var changed []User
	var alive []graph.User
	stay := 0
	for _, user := range due {
		existence := found[user.SourceID]
		switch {
		case existence.Presence == graph.Gone:
			user.State = plan.Gone
			changed = append(changed, user)
		case existence.Presence == graph.Live: // restored, and no delta said so
			alive = append(alive, existence.User)
		case existence.User.DeletedAt.After(user.DeletedAt): // restored and deleted again between two pulls
			user.DeletedAt = existence.User.DeletedAt
			changed = append(changed, user)
			if user.DeletedAt.Before(p.Now().Add(-plan.Retention)) {
				stay++
			}
		default:
			stay++
		}
	}
	if len(alive)+len(changed) == 0 {
		return stay, nil
	}
	err = p.Store.InTx(ctx, func(ctx context.Context) error {
		if err := p.Store.SaveCursor(ctx, p.Connection, *cursor); err != nil {
			return err
		}
		if err := p.take(ctx, alive, true, *cursor); err != nil {
			return err
		}
		return p.save(ctx, changed, 0)
	})
	if err == nil {
		cursor.Version++
	}
	return stay, err
}
