// Package jobs runs the engine's work once, on one of the nodes: on River, in the engine's own database.
//
// A job says "advance run X" and nothing else; what there is to do stands in the run's own row. So a job may be lost, doubled or killed
// without harm: the queue promises that a run which was enqueued is worked at least once after the enqueuing transaction committed,
// never twice at the same time in one process, and that no run keeps a worker longer than a turn while others wait.
//
// # What each failure does
//
//   - The process dies: its jobs are still marked as running; the next Start sets them back and works them at once. On SQLite one process
//     owns the database, so no job of another process can be meant.
//   - Advance returns an error or panics: River logs it and tries again after 1, 2, 4 and 4 seconds, then drops the job. Settling the
//     run is the engine's business; it enqueues the run again if it still has hope.
//   - Stop: a job ends after the Advance that is under way and stays in the queue if there is more to do.
//
// # Why River's leader is off
//
// River elects a leader that schedules, rescues, reindexes and cleans up, and writes its term every five seconds. With a single process
// there is nothing to elect; retries are so near that River makes them available by itself; what remains is to remove finished jobs, which
// Queue does once a minute.
package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"rollcall/internal/ident"
)

// Work is what the queue runs.
type Work interface {
	// Advance works on a run for at most a few seconds. again reports that there is more to do at once. It is called for every run that
	// was enqueued, also for one that is over or waits: then there is nothing to do. Never twice at the same time for one run.
	Advance(ctx context.Context, run ident.ID) (again bool, err error)
}

const (
	defaultWorkers = 4
	// turn is how long one job may go on before it queues up behind the others.
	turn = 10 * time.Second
	// callLimit ends the context of an Advance that hangs, as a last resort. It is longer than a tenant that does not answer keeps a page: four
	// tries of a minute each and the waits between them; cut off before, such a run would never fail, but begin the same page again.
	callLimit = 10 * time.Minute
	// fetchCooldown is the least time between two looks for jobs, pollInterval the longest: it finds retries, nothing else waits for it.
	fetchCooldown = 5 * time.Millisecond
	pollInterval  = time.Second
	// retention is how long finished jobs stay for a look at them; sweepInterval is how often they are removed.
	retention     = 5 * time.Minute
	sweepInterval = time.Minute
	// hardStop is how long Stop waits for jobs whose context it had to end.
	hardStop = 2 * time.Second
)

// Config says what a Queue works on. DB, Work, Now and Logger are required.
type Config struct {
	// DB is the SQLite database, limited to one open connection, which every transaction given to EnqueueTx holds.
	DB *sql.DB
	// Work is what the jobs do.
	Work Work
	// Now tells the machine's time, from which retries are reckoned.
	Now func() time.Time
	// Logger gets warnings and errors of the queue; no more than identifiers of runs is logged.
	Logger *slog.Logger
	// MaxWorkers is how many runs are worked at the same time; 0 means 4.
	MaxWorkers int
}

// Queue keeps jobs in the database and works them. Make one with New, Start it once, Stop it once.
type Queue struct {
	db     *sql.DB
	client *river.Client[*sql.Tx]
	waker  *waker
	work   Work
	busy   busy
	logger *slog.Logger
	turn   time.Duration

	stopOnce sync.Once
	stopping chan struct{}
	sweeping sync.WaitGroup
}

// New brings the queue's tables up to date and returns a queue that accepts jobs but works none before Start.
func New(ctx context.Context, config Config) (*Queue, error) {
	if config.DB == nil || config.Work == nil || config.Now == nil || config.Logger == nil {
		return nil, errors.New("job queue: DB, Work, Now and Logger are required")
	}
	if limit := config.DB.Stats().MaxOpenConnections; limit != 1 {
		return nil, fmt.Errorf("job queue: the database must be limited to one open connection, not %d", limit)
	}
	if config.MaxWorkers == 0 {
		config.MaxWorkers = defaultWorkers
	}
	logger := slog.New(atLeast{config.Logger.Handler(), slog.LevelWarn})
	if err := migrate(ctx, config.DB, logger); err != nil {
		return nil, err
	}
	q := &Queue{
		db: config.DB, waker: newWaker(), work: config.Work, logger: config.Logger, turn: turn, stopping: make(chan struct{}),
	}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &worker{queue: q}); err != nil {
		return nil, fmt.Errorf("job queue: %w", err)
	}
	client, err := river.NewClient(driver{riversqlite.New(config.DB), q.waker}, &river.Config{
		FetchCooldown:          fetchCooldown,
		FetchPollInterval:      pollInterval,
		JobTimeout:             turn + callLimit,
		LeaderElectionDisabled: true,
		Logger:                 logger,
		MaxAttempts:            maxAttempts,
		Queues:                 map[string]river.QueueConfig{queueName: {MaxWorkers: config.MaxWorkers}},
		RetryPolicy:            retry{now: config.Now},
		Workers:                workers,
	})
	if err != nil {
		return nil, fmt.Errorf("job queue: %w", err)
	}
	q.client = client
	return q, nil
}

// Start takes up what a killed process left and begins to work jobs. Only Stop ends that: the end of ctx stops the start, not the queue.
func (q *Queue) Start(ctx context.Context) error {
	left, err := recoverRunning(ctx, q.db)
	if err != nil {
		return err
	}
	if left > 0 {
		q.logger.InfoContext(ctx, "taking up jobs that the last process left", slog.Int64("jobs", left))
	}
	lasting := context.WithoutCancel(ctx)
	if err := q.client.Start(lasting); err != nil {
		return fmt.Errorf("job queue: start: %w", err)
	}
	q.sweeping.Go(func() { q.sweepUntilStopped(lasting) })
	return nil
}

// Stop lets every job finish the Advance that is under way. When ctx ends before that, the contexts of the jobs end too, and Stop returns
// an error if they do not heed it within two seconds. Jobs with more to do stay in the queue. The database must stay open until Stop returns.
func (q *Queue) Stop(ctx context.Context) error {
	q.stopOnce.Do(func() { close(q.stopping) })
	defer q.sweeping.Wait()
	if err := q.client.Stop(ctx); err == nil || !errors.Is(err, ctx.Err()) {
		return err
	}
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), hardStop)
	defer cancel()
	if err := q.client.StopAndCancel(hard); err != nil {
		return fmt.Errorf("job queue: jobs did not end when asked to: %w", err)
	}
	return nil
}

// EnqueueTx asks for the run to be advanced, as part of the transaction: after its commit a worker starts within milliseconds, after a
// rollback nothing was asked. A run that already waits in the queue is not queued twice. A run that is being advanced is advanced once
// more, so that what the transaction wrote is seen.
func (q *Queue) EnqueueTx(ctx context.Context, tx *sql.Tx, run ident.ID) error {
	waits, err := isWaiting(ctx, tx, run)
	if err != nil {
		return err
	}
	if waits {
		return nil
	}
	if _, err := q.client.InsertTx(ctx, tx, advanceRun{Run: run}, nil); err != nil {
		return fmt.Errorf("job queue: enqueue run %s: %w", run, err)
	}
	// The transaction holds the only connection: the look for jobs that begins now gets it when the transaction is over.
	q.waker.wake()
	return nil
}

// enqueue is EnqueueTx in a transaction of its own.
func (q *Queue) enqueue(ctx context.Context, run ident.ID) error {
	tx, err := q.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("job queue: enqueue run %s: %w", run, err)
	}
	if err := q.EnqueueTx(ctx, tx, run); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("job queue: enqueue run %s: %w", run, err)
	}
	return nil
}

func (q *Queue) sweepUntilStopped(ctx context.Context) {
	ticker := time.NewTicker(sweepInterval)
	defer ticker.Stop()
	for {
		select {
		case <-q.stopping:
			return
		case <-ticker.C:
			if _, err := removeFinished(ctx, q.db, retention); err != nil {
				q.logger.WarnContext(ctx, "finished jobs stay in the queue's table until the next try", slog.Any("error", err))
			}
		}
	}
}
