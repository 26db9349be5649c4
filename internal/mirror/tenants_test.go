package mirror_test

import (
	"context"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
)

// staleBin shows the recycle bin as it was before somebody was restored.
type staleBin struct {
	hooked
	restore func()
}

func (b staleBin) ListUsers(ctx context.Context, properties []string) (graph.Page, error) {
	bin, err := b.client.DeletedUsers(ctx, []string{"id"})
	if err != nil {
		return graph.Page{}, err
	}
	b.seen = &bin
	b.restore()
	return b.hooked.ListUsers(ctx, properties)
}

func (b staleBin) DeletedUsers(context.Context, []string) (graph.Page, error) { return *b.seen, nil }

// uncounted does not say how many users there are.
type uncounted struct{ hooked }

func (u uncounted) ListUsers(ctx context.Context, properties []string) (graph.Page, error) {
	page, err := u.hooked.ListUsers(ctx, properties)
	page.Count = -1
	return page, err
}

// silentDelta tells of no changes.
type silentDelta struct {
	hooked
	looks *[]string
}

func (s silentDelta) Follow(_ context.Context, link string) (graph.Page, error) {
	return graph.Page{Delta: link, Count: -1}, nil
}

// lateBin has everybody in the recycle bin still, but one.
type lateBin struct {
	silentDelta
	gone string
}

func (l lateBin) LookUpUsers(ctx context.Context, ids, properties []string) (map[string]graph.Existence, error) {
	found, err := l.silentDelta.LookUpUsers(ctx, ids, properties)
	for id := range found {
		if id != l.gone {
			found[id] = graph.Existence{Presence: graph.Binned, User: graph.User{ID: id, DeletedAt: noon.Truncate(time.Second)}}
		}
	}
	return found, err
}

// givenPage answers with one page of changes.
type givenPage struct {
	hooked
	users []graph.User
}

func (g givenPage) Follow(_ context.Context, link string) (graph.Page, error) {
	return graph.Page{Users: g.users, Delta: link, Count: -1}, nil
}

// circle is two pages that name each other as the next one.
type circle struct {
	hooked
	calls *int
}

func (c circle) ListUsers(ctx context.Context, _ []string) (graph.Page, error) {
	page, err := c.Follow(ctx, "")
	page.Count = 30
	return page, err
}

func (c circle) Follow(context.Context, string) (graph.Page, error) {
	*c.calls++
	return graph.Page{Next: c.server.URL + [...]string{"/a", "/b"}[*c.calls%2], Count: -1}, nil
}

// cursorOnly keeps the cursor in memory; the pages of its tests are empty.
type cursorOnly struct {
	mirror.Store
	cursor mirror.Cursor
}

func (c *cursorOnly) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	return fn(ctx)
}

func (c *cursorOnly) Cursor(context.Context, ident.ID) (mirror.Cursor, error) { return c.cursor, nil }

func (c *cursorOnly) SaveCursor(_ context.Context, _ ident.ID, cursor mirror.Cursor) error {
	c.cursor = cursor
	return nil
}

// expiredBin has a recycle bin of two pages, whose link does not work the first time.
type expiredBin struct {
	hooked
	bins, refused int
}

func (e *expiredBin) DeletedUsers(context.Context, []string) (graph.Page, error) {
	e.bins++
	return graph.Page{Next: "second page", Count: -1}, nil
}

func (e *expiredBin) Follow(ctx context.Context, link string) (graph.Page, error) {
	if link != "second page" {
		return e.hooked.Follow(ctx, link)
	}
	if e.refused++; e.refused == 1 {
		return graph.Page{}, fault.New(fault.Expired, "Directory_ExpiredPageToken", "the link is too old")
	}
	return e.client.DeletedUsers(ctx, []string{"id"})
}
