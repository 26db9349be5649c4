package jobs

import (
	"context"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"rollcall/internal/ident"
)

// advanceRun is the one kind of job. Its arguments are shown to operators and hold no more than the run's identifier.
type advanceRun struct {
	Run ident.ID `json:"run"`
}

const (
	queueName  = river.QueueDefault
	kind       = "advance_run"
	longestTry = 4 * time.Second // under River's 5 s of scheduling, which takes its leader
	// maxAttempts counts the first try.
	maxAttempts = 5
)

// Kind names the job in the database.
func (advanceRun) Kind() string { return kind }

// worker advances runs for River.
type worker struct {
	river.WorkerDefaults[advanceRun]
	queue *Queue
}

// Work advances the run until there is nothing to do, its turn is over, or the queue stops.
func (w *worker) Work(ctx context.Context, job *river.Job[advanceRun]) error {
	q, run := w.queue, job.Args.Run
	if !q.busy.enter(run) {
		return nil // whoever is at it will look again
	}
	mine := true
	defer func() {
		if mine { // a panic, too, gives the run up
			q.busy.drop(run)
		}
	}()
	turnOver := time.NewTimer(q.turn)
	defer turnOver.Stop()
	for {
		again, err := q.work.Advance(ctx, run)
		if (err != nil || !again) && q.busy.leave(run) {
			mine = false
			return err
		}
		select {
		case <-q.stopping:
			return river.JobSnooze(0) // stays in the queue for the next start
		case <-turnOver.C:
			return q.enqueue(ctx, run)
		default:
		}
	}
}

// busy knows the runs that are being advanced. A run that is asked for meanwhile is advanced once more by the job that is at it, since
// that one may have looked at the run before the asking transaction committed. The zero value is ready.
type busy struct {
	mu    sync.Mutex
	asked map[ident.ID]bool
}

// enter reports whether the caller has the run for itself now. If not, the one who has it is told to look again.
func (b *busy) enter(run ident.ID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked == nil {
		b.asked = map[ident.ID]bool{}
	}
	_, taken := b.asked[run]
	b.asked[run] = taken
	return !taken
}

// leave gives the run up and reports true, unless it was asked for since the last look.
func (b *busy) leave(run ident.ID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asked[run] {
		b.asked[run] = false
		return false
	}
	delete(b.asked, run)
	return true
}

// drop gives the run up in any case.
func (b *busy) drop(run ident.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.asked, run)
}

// retry is River's retry policy: 1, 2, 4, 4 seconds.
type retry struct{ now func() time.Time }

// NextRetry returns when a job that failed is tried again.
func (r retry) NextRetry(job *rivertype.JobRow) time.Time {
	return r.now().Add(min(time.Second<<len(job.Errors), longestTry))
}
