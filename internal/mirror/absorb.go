package mirror

import (
	"context"
	"slices"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/graph"
	"rollcall/internal/plan"
)

// absorb takes one page into the mirror and saves the cursor with it. Users of whole are complete records (from a list); the others
// are partial (from a delta) and are merged into what is there.
func (p *Pull) absorb(ctx context.Context, page []graph.User, whole bool, cursor Cursor) error {
	return p.Store.InTx(ctx, func(ctx context.Context) error {
		if err := p.take(ctx, page, whole, cursor); err != nil {
			return err
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
}

// absorbDelta takes in a page of a delta. A user whom the mirror does not know yet and of whom the page tells only a part is read whole
// first.
func (p *Pull) absorbDelta(ctx context.Context, page []graph.User, cursor Cursor) error {
	page = merged(page)
	partial := make([]string, 0, 4)
	for _, user := range page {
		if user.Removed == "" && !user.Record.Has("userPrincipalName") {
			partial = append(partial, user.ID)
		}
	}
	if len(partial) > 0 {
		var err error
		if page, err = p.completed(ctx, page, partial, cursor.attributes()); err != nil {
			return err
		}
	}
	return p.absorb(ctx, page, false, cursor)
}

// completed replaces the objects of users unknown to the mirror by what a look-up says of them. Who is not among the users any more is left
// out: a part of a record says nothing that could be planned with, and the delta tells of the removal next.
func (p *Pull) completed(ctx context.Context, page []graph.User, partial, properties []string) ([]graph.User, error) {
	known, err := p.Store.LoadUsers(ctx, p.Connection, partial, true)
	if err != nil {
		return nil, err
	}
	unknown := slices.DeleteFunc(partial, func(id string) bool { _, isKnown := known[id]; return isKnown })
	if len(unknown) == 0 {
		return page, nil
	}
	found, err := p.Tenant.LookUpUsers(ctx, unknown, properties)
	if err != nil {
		return nil, err
	}
	complete := make([]graph.User, 0, len(page))
	for _, user := range page {
		existence, lookedUp := found[user.ID]
		if lookedUp && existence.Presence != graph.Live {
			continue
		}
		if lookedUp {
			user.Record = existence.User.Record
		}
		complete = append(complete, user)
	}
	return complete, nil
}

// take writes what a page says of its users.
func (p *Pull) take(ctx context.Context, page []graph.User, whole bool, cursor Cursor) error {
	if page = merged(page); len(page) == 0 {
		return nil
	}
	known, err := p.Store.LoadUsers(ctx, p.Connection, ids(page), whole)
	if err != nil {
		return err
	}
	var changed []User
	var seen []int64
	for _, incoming := range page {
		user, isKnown := known[incoming.ID]
		next, relevant := p.next(user, isKnown, incoming, whole)
		switch {
		case !relevant:
		case isKnown && same(user, next):
			seen = append(seen, user.Seq)
		default:
			changed = append(changed, next)
		}
	}
	if err := p.save(ctx, changed, cursor.Generation); err != nil {
		return err
	}
	if err := p.arrived(ctx, cursor, known, changed); err != nil {
		return err
	}
	if len(seen) == 0 || cursor.Full == nil {
		return nil
	}
	return p.Store.SawUsers(ctx, p.Connection, seen, cursor.Generation)
}

// next is what the mirror should hold of a user after an object of a page; false when the object says nothing about anybody known.
func (p *Pull) next(user User, known bool, incoming graph.User, whole bool) (User, bool) {
	next := user
	next.SourceID = incoming.ID
	switch incoming.Removed {
	case graph.Changed:
		if user.State == plan.Live && known {
			next.State, next.DeletedAt = plan.Deleted, p.Now().UTC().Truncate(time.Second)
		}
		return next, known
	case graph.Deleted:
		if known && user.State != plan.Gone {
			next.State = plan.Gone
			if next.DeletedAt.IsZero() {
				next.DeletedAt = p.Now().UTC().Truncate(time.Second)
			}
		}
		return next, known
	}
	next.State, next.DeletedAt = plan.Live, time.Time{}
	if whole {
		next.Record = incoming.Record
	} else {
		next.Record = user.Record.Merge(incoming.Record)
	}
	next.Hash = attr.Hash(next.Record.AppendJSON(nil))
	return next, true
}

func same(a, b User) bool {
	return a.Hash == b.Hash && a.State == b.State && a.DeletedAt.Equal(b.DeletedAt)
}

// merged makes one object of several with the same id: Graph may repeat a user on a page.
func merged(page []graph.User) []graph.User {
	at := make(map[string]int, len(page))
	out := page[:0:0]
	for _, user := range page {
		i, repeated := at[user.ID]
		if !repeated {
			at[user.ID] = len(out)
			out = append(out, user)
			continue
		}
		record := out[i].Record.Clone()
		for _, field := range user.Record {
			record.Set(field.Name, field.Value)
		}
		user.Record = record
		out[i] = user
	}
	return out
}

func ids(page []graph.User) []string {
	out := make([]string, len(page))
	for i, user := range page {
		out[i] = user.ID
	}
	slices.SortFunc(out, strings.Compare)
	return out
}

func (p *Pull) save(ctx context.Context, users []User, generation int64) error {
	if len(users) == 0 {
		return nil
	}
	return p.Store.SaveUsers(ctx, p.Connection, users, generation)
}
