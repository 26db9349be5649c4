package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"rollcall/internal/fault"
)

// groupSize is how many callers share one commit at most.
const groupSize = 64

type txKey struct{}

// transaction is what a context carries inside InTx.
type transaction struct {
	db *DB
	tx *sql.Tx
	// after is what to do when the transaction is committed.
	after *[]func()
}

// TxFrom returns the transaction that InTx put into the context, so that others who keep rows in the same database can write in it;
// nil outside InTx.
func TxFrom(ctx context.Context) *sql.Tx {
	if t, ok := ctx.Value(txKey{}).(transaction); ok {
		return t.tx
	}
	return nil
}

func (db *DB) tx(ctx context.Context) *sql.Tx {
	if t, ok := ctx.Value(txKey{}).(transaction); ok && t.db == db {
		return t.tx
	}
	return nil
}

// InTx runs fn in one transaction, and joins the one that the context carries already. Callers that wait at the same time, or come while
// others work, share one commit; an error of fn takes back what fn wrote and nothing else. InTx returns when what fn wrote is on the disk.
//
// A context that ends while the call waits for its turn ends the call. From then on the context that fn gets does not end any more,
// because a statement interrupted half-way would take the others of the group with it.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if db.tx(ctx) != nil {
		return fn(ctx)
	}
	call := &call{turn: make(chan *sql.Tx, 1), finished: make(chan error, 1), result: make(chan error, 1)}
	if err := db.commits.add(call); err != nil {
		return err
	}
	var tx *sql.Tx
	select {
	case tx = <-call.turn:
	case err := <-call.result:
		return explain(db.path, err)
	case <-ctx.Done():
		if call.claimed.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		select { // its turn came at the same moment
		case tx = <-call.turn:
		case err := <-call.result:
			return explain(db.path, err)
		}
	}
	var after []func()
	inside := context.WithValue(context.WithoutCancel(ctx), txKey{}, transaction{db: db, tx: tx, after: &after})
	call.run(inside, fn)
	err := explain(db.path, <-call.result)
	for _, fn := range after {
		fn()
	}
	return err
}

// afterCommit has fn run when the transaction of the context is committed, or has failed, before its caller has the answer; at once outside
// of one.
func (db *DB) afterCommit(ctx context.Context, fn func()) {
	if t, ok := ctx.Value(txKey{}).(transaction); ok && t.db == db {
		*t.after = append(*t.after, fn)
		return
	}
	fn()
}

var errAbandoned = errors.New("the work in the transaction ended without returning")

// call is one caller of InTx. It runs its work itself, on its own goroutine, when its turn comes.
type call struct {
	// claimed by whoever decides first: the writer that it runs, or the caller that it does not wait any longer.
	claimed  atomic.Bool
	turn     chan *sql.Tx
	finished chan error
	result   chan error
}

// run does the work and says how it went, also when the work panics or ends its goroutine.
func (c *call) run(ctx context.Context, fn func(ctx context.Context) error) {
	outcome := errAbandoned
	defer func() { c.finished <- outcome }()
	outcome = fn(ctx)
}

// writer gives callers their turns and commits for all that waited together. It holds the one writing connection only while it works.
type writer struct {
	db *sql.DB
	// after runs after each commit.
	after   func()
	mu      sync.Mutex
	waiting []*call
	closed  bool
	wake    chan struct{}
	ended   chan struct{}
	commits atomic.Int64
}

func newWriter(db *sql.DB, after func()) *writer {
	w := &writer{db: db, after: after, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go w.loop()
	return w
}

func (w *writer) add(c *call) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return fault.New(fault.Unavailable, "Closed", "the database is closed")
	}
	w.waiting = append(w.waiting, c)
	w.nudge()
	return nil
}

func (w *writer) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// close lets those who wait finish and ends the loop.
func (w *writer) close() {
	w.mu.Lock()
	w.closed = true
	w.nudge()
	w.mu.Unlock()
	<-w.ended
}

func (w *writer) loop() {
	defer close(w.ended)
	for range w.wake {
		for w.serve() {
		}
		if w.over() {
			return
		}
	}
}

// next takes the caller who has waited longest; nil if nobody waits.
func (w *writer) next() *call {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) == 0 {
		return nil
	}
	c := w.waiting[0]
	w.waiting = slices.Delete(w.waiting, 0, 1)
	return c
}

// over reports whether nobody waits and nobody will.
func (w *writer) over() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closed && len(w.waiting) == 0
}

// serve runs those who wait, and those who come meanwhile, in one transaction. It reports whether somebody waited.
func (w *writer) serve() bool {
	c := w.next()
	if c == nil {
		return false
	}
	tx, err := w.db.BeginTx(context.Background(), nil)
	if err != nil {
		for ; c != nil; c = w.next() {
			if c.claimed.CompareAndSwap(false, true) {
				c.result <- err
			}
		}
		return true
	}
	var done []*call
	for ; c != nil; c = w.next() {
		if !c.claimed.CompareAndSwap(false, true) {
			continue
		}
		ok, err := turn(tx, c, len(done) > 0)
		if ok {
			done = append(done, c)
		}
		if err != nil { // the whole transaction is lost
			_ = tx.Rollback() // the error that matters is err
			answer(done, err)
			return true
		}
		if len(done) == 0 || len(done) == groupSize {
			break
		}
	}
	if len(done) == 0 {
		_ = tx.Rollback() // nothing is to be kept
		return true
	}
	if err = tx.Commit(); err == nil {
		w.commits.Add(1)
	}
	answer(done, err)
	w.after()
	return true
}

// answer tells callers whose work is done what became of it.
func answer(done []*call, err error) {
	for _, c := range done {
		c.result <- err
	}
}

// turn lets one caller work. It reports whether the work is to be committed; an error means that the transaction is gone with the work
// of the others. A caller whose work failed has its answer. What it wrote is taken back here if the transaction is shared; whoever is the first
// in it has it rolled back, which saves all that are alone a savepoint.
func turn(tx *sql.Tx, c *call, shared bool) (bool, error) {
	ctx := context.Background()
	if shared {
		if _, err := tx.ExecContext(ctx, "SAVEPOINT caller"); err != nil {
			c.result <- err
			return false, err
		}
	}
	c.turn <- tx
	failure := <-c.finished
	if failure == nil {
		if !shared {
			return true, nil
		}
		_, err := tx.ExecContext(ctx, "RELEASE caller")
		return true, err
	}
	c.result <- failure
	if !shared {
		return false, nil
	}
	if _, err := tx.ExecContext(ctx, "ROLLBACK TO caller"); err != nil {
		return false, failure // a full disk, for example, ends the whole transaction
	}
	_, err := tx.ExecContext(ctx, "RELEASE caller")
	return false, err
}
