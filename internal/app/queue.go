package app

import (
	"context"
	"errors"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/jobs"
	"rollcall/internal/plan"
	"rollcall/internal/store"
	"rollcall/internal/telemetry"
)

// runQueue is the job queue as the engine wants it.
type runQueue struct{ jobs *jobs.Queue }

// Enqueue asks for work on the run, in the transaction of the context.
func (q *runQueue) Enqueue(ctx context.Context, run ident.ID) error {
	tx := store.TxFrom(ctx)
	if tx == nil {
		return errors.New("a run is enqueued outside a transaction")
	}
	return q.jobs.EnqueueTx(ctx, tx, run)
}

// Wake has nothing to do: EnqueueTx has a worker wait for the connection that the transaction holds.
func (*runQueue) Wake() {}

// observer counts what the engine tells.
type observer struct{ metrics *telemetry.Metrics }

// RunEnded counts a run.
func (o observer) RunEnded(run engine.Run, took time.Duration) {
	o.metrics.ObserveRun(string(run.Kind), string(run.State), took)
}

// CredentialsExpiring tells how many credentials end soon.
func (o observer) CredentialsExpiring(kind string, counts map[directory.Notice]int) {
	for _, notice := range directory.Notices() {
		o.metrics.SetExpiring(kind, notice.String(), counts[notice])
	}
}

// EntriesSettled counts changes.
func (o observer) EntriesSettled(action plan.Action, state engine.EntryState, count int) {
	o.metrics.CountChanges(string(action), string(state), count)
}
