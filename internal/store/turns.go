package store

import (
	"context"
	"sync"

	"rollcall/internal/ident"
)

// maxScans is how many queries without an index run at the same time: the other readers are for those that take microseconds.
const maxScans = readers / 2

// turns lets queries that read a whole table take turns: one of each organization at a time, and a few of all of them, so that an
// organization that asks for many slows itself down and nobody else. The zero value is not ready: see newTurns.
type turns struct {
	slots chan struct{}
	mu    sync.Mutex
	// own holds the turn of each organization that has one or waits for one.
	own map[ident.ID]*ownTurn
}

type ownTurn struct {
	slot    chan struct{}
	waiting int
}

func newTurns(slots int) *turns {
	return &turns{slots: make(chan struct{}, slots), own: map[ident.ID]*ownTurn{}}
}

// take waits for the organization's turn; done gives it back. It fails when the context ends before.
func (t *turns) take(ctx context.Context, org ident.ID) (done func(), err error) {
	own := t.enter(org)
	select {
	case own.slot <- struct{}{}:
	case <-ctx.Done():
		t.leave(org)
		return nil, ctx.Err()
	}
	select {
	case t.slots <- struct{}{}:
	case <-ctx.Done():
		<-own.slot
		t.leave(org)
		return nil, ctx.Err()
	}
	return func() {
		<-t.slots
		<-own.slot
		t.leave(org)
	}, nil
}

func (t *turns) enter(org ident.ID) *ownTurn {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.own[org]
	if own == nil {
		own = &ownTurn{slot: make(chan struct{}, 1)}
		t.own[org] = own
	}
	own.waiting++
	return own
}

func (t *turns) leave(org ident.ID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := t.own[org]
	if own.waiting--; own.waiting == 0 {
		delete(t.own, org)
	}
}
