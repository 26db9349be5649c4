package mirror

import (
	"context"
	"slices"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/plan"
)

// Sighting is what a look at the tenant says of one person.
type Sighting struct {
	// Presence is where the tenant has the person now. Asked twice, if it is graph.Gone.
	Presence graph.Presence
	// Before is the person as the mirror had him; the zero User if it did not know him.
	Before User
	// User is what the mirror holds after the look, or would hold, without Seq if it did not know him; the zero User if there is nothing to
	// hold, because a person whom it does not know is deleted.
	User User
}

// maxLooks bounds how often people are looked at who change in the mirror meanwhile.
const maxLooks = 5

// Look reads people, by object id, from the tenant and says what a pull would make of that. It stores nothing. properties are those that are
// needed; the ones that the mirror is kept with are read as well.
func (p *Pull) Look(ctx context.Context, ids, properties []string) (map[string]Sighting, error) {
	sightings, _, err := p.look(ctx, ids, properties)
	return sightings, err
}

// Refresh reads people, by object id, from the tenant and takes them into the mirror as a pull would, without completing it: the other
// people and the place of the next pull stay as they are. What a replica that is behind may have told is mended by the next pull, which
// replays the last changes.
//
// Rule 7 holds: somebody whom the mirror has as live and who is found nowhere is deleted now, and not purged; the next pull tells more. Somebody
// in the recycle bin is purged when two looks found him neither there nor among the users.
func (p *Pull) Refresh(ctx context.Context, ids, properties []string) (map[string]Sighting, error) {
	for range maxLooks {
		sightings, changed, err := p.look(ctx, ids, properties)
		if err != nil {
			return nil, err
		}
		kept, err := p.keep(ctx, ids, sightings, changed)
		if kept || err != nil && !fault.Is(err, fault.Stale) {
			return sightings, err
		}
	}
	return nil, fault.New(fault.Unavailable, "Overtaken", "the people changed in the mirror each of the %d times that they were looked up", maxLooks).
		WithRemedy("Another run reads the same tenant; try again.")
}

// look asks for the people and returns, besides the sightings, those whom the mirror has to change.
func (p *Pull) look(ctx context.Context, ids, properties []string) (map[string]Sighting, []User, error) {
	cursor, err := p.Store.Cursor(ctx, p.Connection)
	if err != nil {
		return nil, nil, err
	}
	known, err := p.Store.LoadUsers(ctx, p.Connection, ids, false)
	if err != nil {
		return nil, nil, err
	}
	properties = slices.Concat(properties, cursor.Attributes, cursor.attributes())
	slices.Sort(properties)
	asked := make([]User, len(ids))
	for i, id := range ids {
		asked[i].SourceID = id
	}
	found, err := p.lookUp(ctx, asked, slices.Compact(properties))
	if err != nil {
		return nil, nil, err
	}
	if err := told(alive(found), properties); err != nil {
		return nil, nil, err
	}
	sightings := make(map[string]Sighting, len(ids))
	var changed []User
	for id, existence := range found {
		user, isKnown := known[id]
		s := Sighting{Presence: existence.Presence, Before: user, User: p.seen(user, isKnown, existence)}
		sightings[id] = s
		if s.User.SourceID != "" && (!isKnown || !same(user, s.User)) {
			changed = append(changed, s.User)
		}
	}
	slices.SortFunc(changed, func(a, b User) int { return int(a.Seq - b.Seq) })
	return sightings, changed, nil
}

func alive(found map[string]graph.Existence) []graph.User {
	var users []graph.User
	for _, existence := range found {
		if existence.Presence == graph.Live {
			users = append(users, existence.User)
		}
	}
	return users
}

// seen is what the mirror should hold of a person after a look.
func (p *Pull) seen(user User, known bool, existence graph.Existence) User {
	switch {
	case existence.Presence == graph.Live:
		next, _ := p.next(user, known, existence.User, true)
		return next
	case !known || user.State == plan.Gone:
		return user
	case existence.Presence == graph.Gone && user.State == plan.Deleted:
		user.State = plan.Gone
	case existence.User.DeletedAt.IsZero() && user.State == plan.Live:
		user.State, user.DeletedAt = plan.Deleted, p.Now().UTC().Truncate(time.Second)
	case user.State == plan.Live || existence.User.DeletedAt.After(user.DeletedAt):
		user.State, user.DeletedAt = plan.Deleted, existence.User.DeletedAt
	}
	return user
}

// keep writes what a look found, unless a pull wrote about one of the people meanwhile: it may have heard what is newer.
func (p *Pull) keep(ctx context.Context, ids []string, sightings map[string]Sighting, changed []User) (kept bool, err error) {
	err = p.Store.InTx(ctx, func(ctx context.Context) error {
		kept = false
		now, err := p.Store.LoadUsers(ctx, p.Connection, ids, true)
		if err != nil {
			return err
		}
		for id, sighting := range sightings {
			if user := now[id]; user.Seq != sighting.Before.Seq || !same(user, sighting.Before) {
				return nil
			}
		}
		if err := p.save(ctx, changed, 0); err != nil {
			return err
		}
		kept = true
		if len(changed) == 0 {
			return nil
		}
		if err := p.arrivedNow(ctx, now, changed); err != nil {
			return err
		}
		return p.replayNext(ctx)
	})
	return kept && err == nil, err
}

// replayNext has the next pull begin at an older delta link. A full read under way replays by itself.
func (p *Pull) replayNext(ctx context.Context) error {
	cursor, err := p.Store.Cursor(ctx, p.Connection)
	if err != nil || cursor.Full != nil {
		return err
	}
	mark := cursor.mark(cursor.Attributes, p.Now().UTC())
	if mark.Link == "" || cursor.Replay != "" && cursor.Next == "" {
		return nil
	}
	if cursor.Replay == "" {
		cursor.Replay = mark.Link
	}
	cursor.Next, cursor.Pages = "", 0
	return p.Store.SaveCursor(ctx, p.Connection, cursor)
}
