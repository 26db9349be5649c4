package mirror

import (
	"context"
	"slices"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// lookUps is how many users are looked up at a time: one $batch of Graph has twenty requests, two for each user.
const lookUps = 100

// Pull brings the mirror of one connection up to date, one durable step at a time.
type Pull struct {
	Connection ident.ID
	Tenant     Tenant
	Store      Store
	Now        func() time.Time
}

// Want says what a pull must achieve.
type Want struct {
	// Attributes are the Graph properties that the mirror must hold.
	Attributes []string
	// Full demands a full read; one that is under way already is finished first and will do.
	Full bool
}

// Progress says how far a pull has come.
type Progress struct {
	// Done: the mirror is up to date.
	Done bool
	// Full: a full read is under way, or was just completed.
	Full bool
	// Stage of the full read, "delta" for an incremental pull.
	Stage string
	// Read counts users, Expected is the announced number, -1 if unknown.
	Read, Expected int
}

// Step does the next piece of the pull: one page, or one set of look-ups. It is called until Done. first must be true on the first
// call of a run: only then an incremental pull may begin, so that a run ends.
func (p *Pull) Step(ctx context.Context, want Want, first bool) (Progress, error) {
	cursor, err := p.Store.Cursor(ctx, p.Connection)
	if err != nil {
		return Progress{}, err
	}
	switch {
	case cursor.Full != nil && !covers(cursor.Full.Attributes, want.Attributes):
		return p.begin(ctx, cursor, want)
	case cursor.Full != nil:
		return p.full(ctx, cursor)
	case cursor.Delta == "" || !covers(cursor.Attributes, want.Attributes) || first && want.Full:
		return p.begin(ctx, cursor, want)
	case first || cursor.Next != "":
		return p.incremental(ctx, cursor)
	}
	return Progress{Done: true, Stage: "delta", Expected: -1}, nil
}

func covers(have, need []string) bool {
	for _, property := range need {
		if !slices.Contains(have, property) {
			return false
		}
	}
	return true
}

// begin starts a full read. The delta link is taken before the list; an older one that is still good is better, since nothing can
// fall between it and the list.
func (p *Pull) begin(ctx context.Context, cursor Cursor, want Want) (Progress, error) {
	attributes := slices.Concat(want.Attributes, cursor.Attributes)
	slices.Sort(attributes)
	attributes = slices.Compact(attributes)
	latest := cursor.Delta
	if latest == "" || !covers(cursor.Attributes, attributes) {
		var err error
		if latest, err = p.Tenant.LatestUsersDelta(ctx, attributes); err != nil {
			return Progress{}, err
		}
	}
	cursor.Generation++
	cursor.Next, cursor.Replay = "", ""
	cursor.Full = &FullRead{Stage: StageList, Attributes: attributes, Latest: latest, Expected: -1}
	return cursor.progress(), p.saveCursor(ctx, cursor)
}

func (c Cursor) progress() Progress {
	if c.Full == nil {
		return Progress{Stage: "delta", Expected: -1}
	}
	return Progress{Full: true, Stage: string(c.Full.Stage), Read: c.Full.Listed, Expected: c.Full.Expected}
}

// full does the next piece of a full read.
func (p *Pull) full(ctx context.Context, cursor Cursor) (Progress, error) {
	read := *cursor.Full
	cursor.Full = &read
	switch read.Stage {
	case StageList:
		return p.list(ctx, cursor)
	case StageReplay:
		return p.replay(ctx, cursor)
	case StageBin:
		return p.bin(ctx, cursor)
	default:
		return p.verify(ctx, cursor)
	}
}

func (p *Pull) list(ctx context.Context, cursor Cursor) (Progress, error) {
	read := cursor.Full
	page, err := p.follow(ctx, read.Next, func() (graph.Page, error) { return p.Tenant.ListUsers(ctx, read.Attributes) })
	if err != nil {
		return Progress{}, p.restartIfExpired(ctx, cursor, err)
	}
	if page.Count >= 0 {
		read.Expected = page.Count
	}
	read.Listed += len(page.Users)
	read.Next = page.Next
	if page.Next == "" {
		read.Stage, read.Next = StageReplay, read.Latest
	}
	return cursor.progress(), p.absorb(ctx, page.Users, true, cursor)
}

func (p *Pull) replay(ctx context.Context, cursor Cursor) (Progress, error) {
	read := cursor.Full
	page, err := p.Tenant.Follow(ctx, read.Next)
	if err != nil {
		return Progress{}, p.restartIfExpired(ctx, cursor, err)
	}
	read.Next = page.Next
	if page.Next == "" {
		read.Delta, read.Stage = page.Delta, StageBin
	}
	if err := p.absorbDelta(ctx, page.Users, cursor); err != nil {
		return Progress{}, err
	}
	return cursor.progress(), nil
}

// bin looks for the missing in the recycle bin; skipped when nobody is missing.
func (p *Pull) bin(ctx context.Context, cursor Cursor) (Progress, error) {
	read := cursor.Full
	missing, err := p.Store.UnseenUsers(ctx, p.Connection, cursor.Generation, 0, 1)
	if err != nil {
		return Progress{}, err
	}
	if len(missing) == 0 {
		return p.complete(ctx, cursor)
	}
	page, err := p.follow(ctx, read.Next, func() (graph.Page, error) { return p.Tenant.DeletedUsers(ctx, []string{"id", "deletedDateTime"}) })
	if err != nil {
		return Progress{}, p.restartIfExpired(ctx, cursor, err)
	}
	read.Next = page.Next
	if page.Next == "" {
		read.Stage = StageVerify
	}
	err = p.Store.InTx(ctx, func(ctx context.Context) error {
		if err := p.bury(ctx, page.Users, cursor.Generation); err != nil {
			return err
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
	return cursor.progress(), err
}

// bury marks users found in the recycle bin as deleted, with their date, and keeps their last records.
func (p *Pull) bury(ctx context.Context, found []graph.User, generation int64) error {
	known, err := p.Store.LoadUsers(ctx, p.Connection, ids(found), false)
	if err != nil {
		return err
	}
	var changed []User
	for _, deleted := range found {
		user, isKnown := known[deleted.ID]
		if !isKnown || user.State == plan.Deleted && user.DeletedAt.Equal(deleted.DeletedAt) {
			continue
		}
		user.State, user.DeletedAt = plan.Deleted, deleted.DeletedAt
		changed = append(changed, user)
	}
	if len(changed) == 0 {
		return nil
	}
	return p.Store.SaveUsers(ctx, p.Connection, changed, generation)
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
	found, err := p.Tenant.LookUpUsers(ctx, sourceIDs(missing), read.Attributes)
	if err != nil {
		return Progress{}, err
	}
	var alive []graph.User
	var changed []User
	for _, user := range missing {
		switch existence := found[user.SourceID]; existence.Presence {
		case graph.Live:
			alive = append(alive, existence.User)
		case graph.Binned:
			user.State, user.DeletedAt = plan.Deleted, existence.User.DeletedAt
			changed = append(changed, user)
		default:
			user.State, user.DeletedAt = plan.Deleted, p.Now().UTC().Truncate(time.Second)
			changed = append(changed, user)
		}
	}
	read.Found += len(alive)
	if read.Found > lookUps/5 {
		cursor.Full = nil
		return Progress{}, firstError(p.saveCursor(ctx, cursor), incomplete(read.Found, read.Found+len(changed)))
	}
	err = p.Store.InTx(ctx, func(ctx context.Context) error {
		if len(alive) > 0 {
			if err := p.take(ctx, alive, true, cursor); err != nil {
				return err
			}
		}
		if len(changed) > 0 {
			if err := p.Store.SaveUsers(ctx, p.Connection, changed, cursor.Generation); err != nil {
				return err
			}
		}
		return p.Store.SaveCursor(ctx, p.Connection, cursor)
	})
	return cursor.progress(), err
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func sourceIDs(users []User) []string {
	out := make([]string, len(users))
	for i, user := range users {
		out[i] = user.SourceID
	}
	return out
}

// complete ends a full read.
func (p *Pull) complete(ctx context.Context, cursor Cursor) (Progress, error) {
	read := cursor.Full
	now := p.Now().UTC()
	cursor.Attributes, cursor.Delta, cursor.DeltaAt, cursor.Replay = read.Attributes, read.Delta, now, read.Latest
	cursor.Full, cursor.Next, cursor.LastGood = nil, "", now
	progress := Progress{Done: true, Full: true, Stage: "done", Read: read.Listed, Expected: read.Listed}
	return progress, p.saveCursor(ctx, cursor)
}

// lost reports whether a link can no longer be followed, so that only a full read helps: Graph does not accept it any more, or it leads to
// another host than the cloud's, whose address was changed.
func lost(err error) bool {
	f := fault.Of(err)
	return f != nil && (f.Kind == fault.Expired || f.Code == "LinkOffHost")
}

// restartIfExpired forgets a full read whose links are lost, so that the next one starts from the beginning.
func (p *Pull) restartIfExpired(ctx context.Context, cursor Cursor, err error) error {
	if !lost(err) {
		return err
	}
	cursor.Full, cursor.Delta = nil, ""
	return firstError(p.saveCursor(ctx, cursor), err)
}

// follow fetches the page behind the link, or the first one.
func (p *Pull) follow(ctx context.Context, link string, first func() (graph.Page, error)) (graph.Page, error) {
	if link == "" {
		return first()
	}
	return p.Tenant.Follow(ctx, link)
}
