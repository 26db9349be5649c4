package mirror

import (
	"context"
	"slices"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
)

// full does the next piece of a full read.
func (p *Pull) full(ctx context.Context, cursor Cursor) (Progress, error) {
	read := *cursor.Full
	read.Pages++
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

// enter goes on to the next stage.
func (r *FullRead) enter(stage Stage, link string) {
	r.Stage, r.Next, r.Pages, r.Tries = stage, link, 0, 0
}

// noFullPage is noPage for a full read. The list of the users is given up, so that the next pull begins anew; replay and bin begin with their
// first page.
func (p *Pull) noFullPage(ctx context.Context, cursor Cursor, cause error) error {
	read := cursor.Full
	if ctx.Err() != nil || fault.Is(cause, fault.Throttled) || read.Next == "" || read.Stage == StageReplay && read.Next == read.Latest {
		return cause
	}
	read.Pages--
	if read.Tries++; read.Tries > maxTries {
		switch read.Stage {
		case StageReplay:
			read.enter(StageReplay, read.Latest)
		case StageBin:
			read.enter(StageBin, "")
		default:
			cursor.Full = nil
		}
	}
	return firstError(p.saveCursor(ctx, cursor), cause)
}

func (p *Pull) list(ctx context.Context, cursor Cursor) (Progress, error) {
	read := cursor.Full
	page, err := p.follow(ctx, read.Next, func() (graph.Page, error) { return p.Tenant.ListUsers(ctx, read.Attributes) })
	if err != nil {
		return p.restartIfExpired(ctx, cursor, err)
	}
	if page.Count >= 0 {
		read.Expected = page.Count
	}
	if err := told(page.Users, read.Attributes); err != nil {
		return Progress{}, err
	}
	page.Users = merged(page.Users)
	if len(page.Users) > 0 && page.Users[0].ID != read.First {
		read.First = page.Users[0].ID
		read.Listed += len(page.Users)
	}
	read.Next, read.Tries = page.Next, 0
	if read.Pages > maxPages || read.Expected >= 0 && read.Pages > 100+read.Expected/10 {
		return p.giveUp(ctx, cursor, endless("the list of the tenant's %d users has not ended after %d pages", read.Expected, read.Pages))
	}
	if page.Next == "" {
		read.enter(StageReplay, read.Latest)
	}
	if err := p.absorb(ctx, page.Users, true, cursor); err != nil {
		return Progress{}, err
	}
	return cursor.progress(), nil
}

// told refuses a page on which nobody's accountEnabled is told although it was asked for: an app with less consent than it needs gets other
// properties all the same, and taken as it stands such a page would let everybody in who is blocked.
func told(page []graph.User, attributes []string) error {
	const signIn = "accountEnabled"
	tells := func(user graph.User) bool { return user.Record.Has(signIn) }
	if len(page) == 0 || !slices.Contains(attributes, signIn) || slices.ContainsFunc(page, tells) {
		return nil
	}
	return fault.New(fault.Denied, "PropertiesWithheld", "Microsoft Graph tells of nobody whether he may sign in (%s)", signIn).
		WithRemedy("Grant admin consent for User.Read.All to the app registration; nothing was changed.")
}

func (p *Pull) replay(ctx context.Context, cursor Cursor) (Progress, error) {
	read := cursor.Full
	page, err := p.follow(ctx, read.Next, nil)
	if err != nil {
		return p.restartIfExpired(ctx, cursor, err)
	}
	if read.Pages > maxPages {
		return p.giveUp(ctx, cursor, endless("the changes since the beginning of the full read have not ended after %d pages", read.Pages))
	}
	for _, user := range page.Users {
		if user.Removed != "" {
			read.Removed++
		}
	}
	read.Next, read.Tries = page.Next, 0
	if page.Next == "" {
		read.Delta = page.Delta
		read.enter(StageBin, "")
	}
	if err := p.absorbDelta(ctx, page.Users, cursor); err != nil {
		return Progress{}, err
	}
	return cursor.progress(), nil
}

// short returns how many users the list lacks of those that Graph announced. It matters only where nothing else tells of them: users whom the
// mirror knows are looked up, and a replay from an older link brings new ones.
func (r *FullRead) short() int {
	if !r.Fresh || r.Expected < 0 {
		return 0
	}
	return max(0, r.Expected-r.Listed-r.Removed)
}

// tolerated reports whether a list may lack so many users: few, and as many in two reads, since Graph counts by an index that can be off by
// what changed in the last minutes.
func (r *FullRead) tolerated(short, before int) bool {
	return short == 0 || short == before && short <= max(3, r.Expected/50)
}

// restartIfExpired begins a full read anew, once, when Graph no longer accepts its links.
func (p *Pull) restartIfExpired(ctx context.Context, cursor Cursor, err error) (Progress, error) {
	if !fault.Is(err, fault.Expired) {
		return Progress{}, p.noFullPage(ctx, cursor, err)
	}
	cursor.Delta, cursor.Marks = "", nil
	if cursor.Full.Restarted {
		return p.giveUp(ctx, cursor, err)
	}
	return p.beginWith(ctx, cursor, FullRead{Attributes: cursor.Full.Attributes, Restarted: true})
}

// complete ends a full read.
func (p *Pull) complete(ctx context.Context, cursor Cursor) (Progress, error) {
	read := cursor.Full
	now := p.Now().UTC()
	cursor.Attributes, cursor.Delta, cursor.DeltaAt, cursor.Replay = read.Attributes, read.Delta, now, read.Latest
	cursor.Marks = []Mark{{Link: read.Latest, At: read.LatestAt}}
	cursor.Groups.Pending = true
	cursor.Full, cursor.Next, cursor.Pages, cursor.Short, cursor.LastGood = nil, "", 0, 0, now
	progress := Progress{Done: true, Full: true, Stage: "done", Read: read.Listed, Expected: read.Listed}
	if err := p.saveCursor(ctx, cursor); err != nil {
		return Progress{}, err
	}
	return progress, p.expire(ctx)
}
