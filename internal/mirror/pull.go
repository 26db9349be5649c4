package mirror

import (
	"context"
	"slices"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/scope"
)

// lookUps is how many users are looked up at a time: one $batch of Graph has twenty requests, two for each user.
const lookUps = 100

// maxPages bounds the pages of a round: ten million users at the two hundred of a delta page. Links that lead in a circle end there.
const maxPages = 50_000

// Delta links are replayed from within linkLife, a day before Graph forgets them, and marks lie markDistance apart, further than replicas
// are behind each other.
const (
	linkLife     = 6 * 24 * time.Hour
	markDistance = 10 * time.Minute
)

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
	// Groups are the groups that somebody selected, each once, ids in lower case. WithGroups: the caller is one of them, and needs their members; without
	// it no group is asked for.
	Groups     []scope.SelectedGroup
	WithGroups bool
	// AllGroups wants every group of the tenant, whatever Groups says.
	AllGroups bool
}

// Progress says how far a pull has come.
type Progress struct {
	// Done: the mirror is up to date.
	Done bool
	// Full: a full read is under way, or was just completed.
	Full bool
	// Stage of the full read, "delta" for an incremental pull, "groups" when the users have been read.
	Stage string
	// Read counts users, Expected is the announced number, -1 if unknown.
	Read, Expected int
}

// Step does the next piece of the pull: one page, or one set of look-ups. It is called until Done. first must be true on the first
// call of a run: only then an incremental pull may begin, so that a run ends. A step that fails leaves the mirror as it was after the last
// good page, and the next one goes on there.
func (p *Pull) Step(ctx context.Context, want Want, first bool) (Progress, error) {
	cursor, err := p.Store.Cursor(ctx, p.Connection)
	if err != nil {
		return Progress{}, err
	}
	progress, err := p.step(ctx, cursor, want, first)
	if progress.Stage != stageGroups && cursor.groupsDue(want) {
		progress.Done = false // the users are up to date, and the groups come next
	}
	return progress, err
}

func (p *Pull) step(ctx context.Context, cursor Cursor, want Want, first bool) (Progress, error) {
	switch {
	case cursor.Full != nil && !covers(cursor.Full.Attributes, want.Attributes):
		return p.begin(ctx, cursor, want)
	case cursor.Full != nil:
		progress, err := p.full(ctx, cursor)
		if refused(err) && cursor.Delta != "" {
			return p.giveUp(ctx, cursor, err) // others who share the mirror, and former settings, need no full read
		}
		return progress, err
	case cursor.Delta == "" || !covers(cursor.Attributes, want.Attributes) || first && want.Full:
		return p.begin(ctx, cursor, want)
	case first || cursor.Next != "":
		return p.incremental(ctx, cursor)
	case cursor.groupsDue(want):
		return p.groups(ctx, cursor, want)
	}
	return Progress{Done: true, Stage: "delta", Expected: -1}, nil
}

// refused reports whether the tenant will not answer however often it is asked: for a property that it does not know, or that the app has no
// permission for.
func refused(err error) bool {
	return fault.Is(err, fault.Denied) || fault.Is(err, fault.Invalid) || fault.Is(err, fault.NotFound)
}

func covers(have, need []string) bool {
	for _, property := range need {
		if !slices.Contains(have, property) {
			return false
		}
	}
	return true
}

// begin starts a full read of what is wanted, what the mirror holds, and what a read under way was begun for.
func (p *Pull) begin(ctx context.Context, cursor Cursor, want Want) (Progress, error) {
	attributes := slices.Concat(want.Attributes, cursor.Attributes, cursor.attributes())
	slices.Sort(attributes)
	cursor.Groups.Again = cursor.Groups.Again || want.Full
	return p.beginWith(ctx, cursor, FullRead{Attributes: slices.Compact(attributes)})
}

// beginWith starts a full read. The delta link is taken before the list; an older one that is still good is better, since nothing can fall
// between it and the list.
func (p *Pull) beginWith(ctx context.Context, cursor Cursor, read FullRead) (Progress, error) {
	now := p.Now().UTC()
	mark := cursor.mark(read.Attributes, now)
	if mark.Link == "" {
		latest, err := p.Tenant.LatestUsersDelta(ctx, read.Attributes)
		if err != nil {
			return Progress{}, err
		}
		mark, read.Fresh = Mark{Link: latest, At: now}, true
	}
	cursor.Generation++
	cursor.Next, cursor.Pages, cursor.Replay = "", 0, ""
	read.Stage, read.Latest, read.LatestAt, read.Expected = StageList, mark.Link, mark.At, -1
	cursor.Full = &read
	return cursor.progress(), p.saveCursor(ctx, cursor)
}

// mark returns the delta link from which a full read with the attributes can replay; none if there is none that is good for that.
func (c Cursor) mark(attributes []string, now time.Time) Mark {
	if c.Delta == "" || !covers(c.Attributes, attributes) {
		return Mark{}
	}
	for _, mark := range append(slices.Clone(c.Marks), Mark{Link: c.Delta, At: c.DeltaAt}) {
		if now.Sub(mark.At) < linkLife {
			return mark
		}
	}
	return Mark{}
}

func (c Cursor) progress() Progress {
	if c.Full == nil {
		return Progress{Stage: "delta", Expected: -1}
	}
	return Progress{Full: true, Stage: string(c.Full.Stage), Read: c.Full.Listed, Expected: c.Full.Expected}
}

// saveCursor saves the cursor alone.
func (p *Pull) saveCursor(ctx context.Context, cursor Cursor) error {
	return p.Store.InTx(ctx, func(ctx context.Context) error { return p.Store.SaveCursor(ctx, p.Connection, cursor) })
}

// giveUp ends a full read that is worth nothing, so that the next pull begins a new one.
func (p *Pull) giveUp(ctx context.Context, cursor Cursor, cause error) (Progress, error) {
	cursor.Full = nil
	return Progress{}, firstError(p.saveCursor(ctx, cursor), cause)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
