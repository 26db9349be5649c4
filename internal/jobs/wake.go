package jobs

import (
	"context"
	"database/sql"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// driver is River's driver for SQLite with notifications inside the process.
//
// River's own ones are rows of a table that is polled every 50 ms through the connection that writes: twenty queries a second for
// nothing, and a job starts 25 ms late. Here is one process only, and the one that inserts is the one that works.
type driver struct {
	*riversqlite.Driver
	waker *waker
}

// GetListener returns the listener that the process itself wakes.
func (d driver) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener { return d.waker }

// SupportsListenNotify keeps River from writing notifications into the database.
func (driver) SupportsListenNotify() bool { return false }

// GetExecutor, UnwrapExecutor and UnwrapTx are those of the embedded driver; the assertion names what River needs.
var _ riverdriver.Driver[*sql.Tx] = driver{}

// insertion is what River's producer listens to (its internal/notifier has the topic, its producer the payload).
var insertion = riverdriver.Notification{Topic: "river_insert", Payload: `{"queue":"` + queueName + `"}`}

// waker is a riverdriver.Listener that hears of new jobs from wake.
type waker struct{ calls chan struct{} }

func newWaker() *waker { return &waker{calls: make(chan struct{}, 1)} }

// wake makes River look for jobs at once. Calls that come before the look are one.
func (w *waker) wake() {
	select {
	case w.calls <- struct{}{}:
	default:
	}
}

// WaitForNotification returns when somebody called wake or ctx ends.
func (w *waker) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	select {
	case <-w.calls:
		heard := insertion
		return &heard, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Connect has nothing to connect to.
func (*waker) Connect(context.Context) error { return nil }

// Close has nothing to close.
func (*waker) Close(context.Context) error { return nil }

// Listen accepts every topic; only insertions are ever told.
func (*waker) Listen(context.Context, string) error { return nil }

// Unlisten accepts every topic.
func (*waker) Unlisten(context.Context, string) error { return nil }

// Ping finds the process alive.
func (*waker) Ping(context.Context) error { return nil }

// Schema is the default one.
func (*waker) Schema() string { return "" }

// SetAfterConnectExec is for River's own tests.
func (*waker) SetAfterConnectExec(string) {}
