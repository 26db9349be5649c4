package jobs_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"rollcall/internal/ident"
	"rollcall/internal/jobs"
)

// patience bounds what a test waits for; a test that succeeds never waits as long.
const patience = 10 * time.Second

// work tells of each call and answers what the test says.
type work func(ctx context.Context, run ident.ID) (bool, error)

func (w work) Advance(ctx context.Context, run ident.ID) (bool, error) { return w(ctx, run) }

// mustOpen opens a database the way the store does; the caller closes it.
func mustOpen(path string) *sql.DB {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)")
	must(err)
	db.SetMaxOpenConns(1)
	return db
}

func openDatabase(tb testing.TB, path string) *sql.DB {
	tb.Helper()
	db := mustOpen(path)
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}

func newQueue(tb testing.TB, db *sql.DB, workers int, w jobs.Work) *jobs.Queue {
	tb.Helper()
	queue, err := jobs.New(tb.Context(), jobs.Config{
		DB: db, Work: w, Now: time.Now, Logger: slog.New(slog.DiscardHandler), MaxWorkers: workers,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return queue
}

func start(tb testing.TB, queue *jobs.Queue) {
	tb.Helper()
	if err := queue.Start(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { stop(tb, queue) })
}

func stop(tb testing.TB, queue *jobs.Queue) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := queue.Stop(ctx); err != nil {
		tb.Error(err)
	}
}

func begin(tb testing.TB, db *sql.DB) *sql.Tx {
	tb.Helper()
	tx, err := db.BeginTx(tb.Context(), nil)
	if err != nil {
		tb.Fatal(err)
	}
	return tx
}

func enqueue(tb testing.TB, queue *jobs.Queue, db *sql.DB, runs ...ident.ID) {
	tb.Helper()
	tx := begin(tb, db)
	for _, run := range runs {
		if err := queue.EnqueueTx(tb.Context(), tx, run); err != nil {
			tb.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		tb.Fatal(err)
	}
}

func receive[T any](tb testing.TB, c <-chan T, what string) T {
	tb.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		tb.Fatalf("%s did not happen within %v", what, patience)
		panic("unreachable")
	}
}

// countJobs counts jobs by state.
func countJobs(tb testing.TB, db *sql.DB, state string) (n int) {
	tb.Helper()
	if err := db.QueryRowContext(tb.Context(), `SELECT count(*) FROM river_job WHERE state = ?`, state).Scan(&n); err != nil {
		tb.Fatal(err)
	}
	return n
}

func TestARunIsAdvancedWhenItsTransactionCommitsAndNotBefore(t *testing.T) {
	db := openDatabase(t, filepath.Join(t.TempDir(), "q.db"))
	advanced := make(chan ident.ID, 10)
	queue := newQueue(t, db, 0, work(func(_ context.Context, run ident.ID) (bool, error) {
		advanced <- run
		return false, nil
	}))
	start(t, queue)

	dropped, kept := ident.New(time.Now()), ident.New(time.Now())
	tx := begin(t, db)
	if err := queue.EnqueueTx(t.Context(), tx, dropped); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	tx = begin(t, db)
	if err := queue.EnqueueTx(t.Context(), tx, kept); err != nil {
		t.Fatal(err)
	}
	select {
	case run := <-advanced:
		t.Fatalf("run %v was advanced before its transaction committed", run)
	default:
	}
	committed := time.Now()
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if run := receive(t, advanced, "the advance"); run != kept {
		t.Errorf("advanced %v, want %v, the one that was not rolled back", run, kept)
	}
	if took := time.Since(committed); took > 500*time.Millisecond {
		t.Errorf("the run was advanced %v after its commit: it was found by polling, nobody woke the queue", took)
	}
}

func TestARunWithMoreToDoGoesOnUntilItIsDone(t *testing.T) {
	db := openDatabase(t, filepath.Join(t.TempDir(), "q.db"))
	done, calls := make(chan struct{}), 0
	queue := newQueue(t, db, 0, work(func(context.Context, ident.ID) (bool, error) {
		calls++
		if calls == 100 {
			close(done)
		}
		return calls < 100, nil
	}))
	start(t, queue)
	enqueue(t, queue, db, ident.New(time.Now()))
	receive(t, done, "the hundredth advance")
	stop(t, queue)
	if calls != 100 || countJobs(t, db, "completed") != 1 {
		t.Errorf("%d advances in %d jobs, want 100 in 1", calls, countJobs(t, db, "completed"))
	}
}

func TestALongRunDoesNotKeepOthersWaiting(t *testing.T) {
	db := openDatabase(t, filepath.Join(t.TempDir(), "q.db"))
	long, short := ident.New(time.Now()), ident.New(time.Now())
	begun, shortDone := make(chan struct{}), make(chan struct{})
	once := sync.OnceFunc(func() { close(begun) })
	queue := newQueue(t, db, 1, work(func(_ context.Context, run ident.ID) (bool, error) {
		if run == short {
			close(shortDone)
			return false, nil
		}
		once()
		return true, nil // never done
	}))
	queue.SetTurn(20 * time.Millisecond)
	start(t, queue)
	enqueue(t, queue, db, long)
	receive(t, begun, "the long run's first advance")
	enqueue(t, queue, db, short)
	receive(t, shortDone, "the short run's advance beside one that never ends, with one worker")
}

func TestARunWaitsInTheQueueOnce(t *testing.T) {
	db := openDatabase(t, filepath.Join(t.TempDir(), "q.db"))
	queue := newQueue(t, db, 0, work(func(context.Context, ident.ID) (bool, error) { return false, nil }))
	one, other := ident.New(time.Now()), ident.New(time.Now())
	enqueue(t, queue, db, one, one, other)
	enqueue(t, queue, db, one)
	if n := countJobs(t, db, "available"); n != 2 {
		t.Errorf("%d jobs wait for two runs, want 2", n)
	}
}

func TestARunThatIsAskedForWhileItIsAdvancedIsAdvancedOnceMoreAndNeverTwiceAtOnce(t *testing.T) {
	db := openDatabase(t, filepath.Join(t.TempDir(), "q.db"))
	entered, goOn := make(chan struct{}), make(chan struct{})
	var inside sync.Mutex
	queue := newQueue(t, db, 4, work(func(context.Context, ident.ID) (bool, error) {
		if !inside.TryLock() {
			t.Error("the run is advanced twice at the same time")
			return false, nil
		}
		defer inside.Unlock()
		entered <- struct{}{}
		<-goOn
		return false, nil
	}))
	start(t, queue)
	run := ident.New(time.Now())
	enqueue(t, queue, db, run)
	receive(t, entered, "the first advance")
	enqueue(t, queue, db, run) // after the first advance looked
	goOn <- struct{}{}
	receive(t, entered, "the advance that sees what came meanwhile")
	goOn <- struct{}{}
}

func TestAnAdvanceThatFailsOrPanicsIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func() error{
		"error": func() error { return errors.New("no luck") },
		"panic": func() error { panic("a defect") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := openDatabase(t, filepath.Join(t.TempDir(), "q.db"))
			calls := make(chan time.Time, 10)
			first := true
			queue := newQueue(t, db, 0, work(func(context.Context, ident.ID) (bool, error) {
				calls <- time.Now()
				if first {
					first = false
					return false, fail()
				}
				return false, nil
			}))
			start(t, queue)
			enqueue(t, queue, db, ident.New(time.Now()))
			failed := receive(t, calls, "the first try")
			if pause := receive(t, calls, "the second try").Sub(failed); pause < 900*time.Millisecond {
				t.Errorf("tried again after %v, want a second", pause)
			}
		})
	}
}

func TestAStoppedRunGoesOnAtTheNextStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	run := ident.New(time.Now())
	db := openDatabase(t, path)
	begun := make(chan struct{})
	once := sync.OnceFunc(func() { close(begun) })
	first := newQueue(t, db, 0, work(func(context.Context, ident.ID) (bool, error) {
		once()
		return true, nil
	}))
	start(t, first)
	enqueue(t, first, db, run)
	receive(t, begun, "the first advance")
	stop(t, first)

	resumed := make(chan ident.ID, 1)
	second := newQueue(t, db, 0, work(func(_ context.Context, run ident.ID) (bool, error) {
		resumed <- run
		return false, nil
	}))
	start(t, second)
	if got := receive(t, resumed, "the advance after the restart"); got != run {
		t.Errorf("advanced %v, want %v", got, run)
	}
}

func TestStopEndsTheContextOfAnAdvanceThatTakesTooLong(t *testing.T) {
	db := openDatabase(t, filepath.Join(t.TempDir(), "q.db"))
	begun := make(chan struct{})
	queue := newQueue(t, db, 0, work(func(ctx context.Context, _ ident.ID) (bool, error) {
		close(begun)
		<-ctx.Done()
		return false, ctx.Err()
	}))
	if err := queue.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	enqueue(t, queue, db, ident.New(time.Now()))
	receive(t, begun, "the advance")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := queue.Stop(ctx); err != nil {
		t.Error(err)
	}
	if n := countJobs(t, db, "available"); n != 1 {
		t.Errorf("%d jobs wait for the next start, want the one that was cut off", n)
	}
}

func TestFinishedJobsAreRemovedWhenTheyAreOldEnough(t *testing.T) {
	db := openDatabase(t, filepath.Join(t.TempDir(), "q.db"))
	advanced := make(chan struct{}, 1)
	queue := newQueue(t, db, 0, work(func(context.Context, ident.ID) (bool, error) {
		advanced <- struct{}{}
		return false, nil
	}))
	start(t, queue)
	enqueue(t, queue, db, ident.New(time.Now()))
	receive(t, advanced, "the advance")
	stop(t, queue)
	for _, step := range []struct {
		age  time.Duration
		want int64
	}{{time.Minute, 0}, {-time.Minute, 1}} {
		if n, err := jobs.RemoveFinished(t.Context(), db, step.age); err != nil || n != step.want {
			t.Errorf("removing jobs older than %v removed %d, %v, want %d", step.age, n, err, step.want)
		}
	}
}

func TestADatabaseWithSeveralConnectionsIsRefused(t *testing.T) {
	db := openDatabase(t, filepath.Join(t.TempDir(), "q.db"))
	db.SetMaxOpenConns(2)
	if _, err := jobs.New(t.Context(), jobs.Config{
		DB: db, Work: work(nil), Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	}); err == nil {
		t.Error("a job could be looked for before its transaction committed: New must refuse the pool")
	}
}

// BenchmarkFromCommitToWork is the delay that the queue adds to every run.
func BenchmarkFromCommitToWork(b *testing.B) {
	db := openDatabase(b, filepath.Join(b.TempDir(), "q.db"))
	advanced := make(chan struct{}, 1)
	queue := newQueue(b, db, 0, work(func(context.Context, ident.ID) (bool, error) {
		advanced <- struct{}{}
		return false, nil
	}))
	start(b, queue)
	for b.Loop() {
		enqueue(b, queue, db, ident.New(time.Now()))
		receive(b, advanced, "the advance")
	}
}
