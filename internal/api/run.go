package api

import (
	"context"
	"net/http"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

// Run is one execution of an instance.
type Run struct {
	ID            ident.ID        `json:"id" format:"uuid" doc:"The run's id."`
	InstanceID    ident.ID        `json:"instanceId" format:"uuid" doc:"Whose run it is."`
	Kind          engine.Kind     `json:"kind" enum:"initial,incremental,full,dry-run,apply,on-demand,undo,undo-dry-run,reconcile,reconcile-report" doc:"What the run is for."`
	Trigger       string          `json:"trigger" enum:"schedule,manual,approval,configuration,follow-up" doc:"What started it."`
	RequestedBy   string          `json:"requestedBy,omitempty" doc:"Who asked for it; absent for the schedule."`
	State         engine.State    `json:"state" enum:"queued,running,waiting,succeeded,failed,canceled" doc:"Whether it waits, works, or is over."`
	Step          engine.Step     `json:"step" enum:"pull,plan,guard,apply,end" doc:"The step that comes next or is under way."`
	ConfigVersion int64           `json:"configVersion" doc:"The version of the settings it was planned with."`
	QueuedAt      time.Time       `json:"queuedAt" doc:"When it was asked for."`
	StartedAt     time.Time       `json:"startedAt,omitzero" doc:"When it began."`
	EndedAt       time.Time       `json:"endedAt,omitzero" doc:"When it was over."`
	NotBefore     time.Time       `json:"notBefore,omitzero" doc:"When a waiting run goes on."`
	Progress      Progress        `json:"progress" doc:"How far it is."`
	Counts        map[string]int  `json:"counts" doc:"Users by outcome: create, update, deactivate, reactivate, delete, release, restore, match, out-of-scope, skipped, failed, held, superseded, drift. A dry run and a reconcile count what would be done."`
	Groups        map[string]int  `json:"groups,omitempty" doc:"Groups by outcome, as counts has users; join and leave count members, held-members those whose leaving is held. Absent if there is nothing to count."`
	Held          string          `json:"held,omitempty" doc:"Why removals were held."`
	Failure       *engine.Failure `json:"failure,omitempty" doc:"Why it failed and what to do."`
	Undo          *Undo           `json:"undo,omitempty" doc:"What it takes back; only for undo runs."`
	PlanID        ident.ID        `json:"planId,omitzero" format:"uuid" doc:"The dry run whose changes it applies; only for such runs."`
}

// Over reports whether nothing more will happen to the run.
func (r Run) Over() bool { return r.State.Over() }

// Progress is how far a run is.
type Progress struct {
	// Part is what the step is about.
	Part string `json:"part" enum:"users,groups,members" doc:"What the step is about: users, then groups, then who is in them."`
	// Done and Total count what the present step works on, users above all; Total is 0 while it is unknown.
	Done  int `json:"done" doc:"How many users, groups or members are done in this step."`
	Total int `json:"total" doc:"How many this step has; 0 while unknown, and for groups and members until they are written."`
	// Read, Planned and Applied count them for the whole run.
	Read    int `json:"read" doc:"Users read from the tenant so far."`
	Planned int `json:"planned" doc:"Users planned so far."`
	Applied int `json:"applied" doc:"Changes applied so far."`
	// Rate is in users each second, over the run so far and all its steps; SecondsLeft is for the present step. 0 where it cannot be told.
	Rate        float64 `json:"rate,omitempty" doc:"Users each second, over all steps so far."`
	SecondsLeft float64 `json:"secondsLeft,omitempty" doc:"Estimated seconds until the step is done; absent where it cannot be told."`
}

// InRun is the part of a request that names a run.
type InRun struct {
	InOrganization
	ID ident.ID `path:"id" format:"uuid" doc:"The run's id."`
}

func (s *server) serveRuns() {
	serve(s, operation{
		id: "listRuns", method: http.MethodGet, path: inOrg + "/runs", tag: "Runs", summary: "List runs",
		detail: "Newest first. Of scheduled runs in a row that found nothing to do, only the last one is kept.",
	}, s.listRuns)
	serve(s, operation{
		id: "getRun", method: http.MethodGet, path: inOrg + "/runs/{id}", tag: "Runs", summary: "Read a run",
	}, func(ctx context.Context, in *InRun) (*body[Run], error) {
		run, err := s.Engine.GetRun(ctx, orgOf(ctx), in.ID)
		return reply(s.runOf(run)), err
	})
	serve(s, operation{
		id: "applyRun", method: http.MethodPost, path: inOrg + "/runs/{id}/apply", tag: "Runs", summary: "Apply exactly what a dry run showed",
		detail: "The answer is a run of its own, which waits for the one before it, also while Auto Sync is off. It reads what changed in the tenant, and applies those changes of the " +
			"dry run that are still what they were; what changed since ends as superseded, and is for the next run. What the dry run would have held is held. Nothing else is written. " +
			"A dry run is applied once, and while the instance has the settings that it was made with.",
		status: http.StatusAccepted, failures: []int{http.StatusConflict},
	}, s.applyRun)
	serve(s, operation{
		id: "listRunChanges", method: http.MethodGet, path: inOrg + "/runs/{id}/changes", tag: "Runs", summary: "List the changes of a run",
		detail: "Each with its reason, before and after.",
	}, s.listRunChanges)
	serve(s, operation{
		id: "getRunReport", method: http.MethodGet, path: inOrg + "/runs/{id}/report", tag: "Runs", summary: "Download the summary of a run",
		detail: "CSV: the columns of Cisco's dry-run summary, then Changes. No cell can start a formula.", streams: "text/csv",
	}, s.report)
	serve(s, operation{
		id: "watchRun", method: http.MethodGet, path: inOrg + "/runs/{id}/events", tag: "Runs", summary: "Watch a run",
		detail: "Server-sent events: `progress` whenever the run changed, and `end` when it is over, after which the stream closes. The data of both " +
			"is the run, as getRun has it.",
		streams: "text/event-stream",
	}, s.watch)
}

func (s *server) listRuns(ctx context.Context, in *struct {
	InOrganization
	Instance ident.ID `query:"instance" format:"uuid" doc:"Only runs of this instance."`
	Paging
},
) (*body[List[Run]], error) {
	before, err := in.id(byRun)
	if err != nil {
		return nil, err
	}
	runs, err := s.Engine.Store.ListRuns(ctx, engine.RunQuery{Org: orgOf(ctx), Instance: in.Instance, Before: before, Limit: in.Limit + 1})
	return reply(page(in.Paging, byRun, runs, func(r engine.Run) string { return r.ID.String() }, s.runOf)), err
}

func (s *server) applyRun(ctx context.Context, in *InRun) (*created[Run], error) {
	run, err := s.Engine.ApplyPlan(ctx, orgOf(ctx), in.ID)
	return &created[Run]{Location: at(ctx, "/runs/%s", run.ID), Body: s.runOf(run)}, err
}

func (s *server) listRunChanges(ctx context.Context, in *struct {
	InRun
	ByObjectType
	ChangeFilter
	Paging
},
) (*body[List[Change]], error) {
	if _, err := s.Engine.GetRun(ctx, orgOf(ctx), in.ID); err != nil {
		return nil, err
	}
	return s.listEntries(ctx, engine.EntryQuery{Run: in.ID, Object: in.one()}, in.ChangeFilter, in.Paging)
}

func (s *server) runOf(run engine.Run) Run {
	out := Run{
		ID: run.ID, InstanceID: run.InstanceID, Kind: run.Kind, Trigger: run.Trigger, RequestedBy: run.RequestedBy, State: run.State,
		Step: run.Step, ConfigVersion: run.ConfigVersion, QueuedAt: run.QueuedAt, StartedAt: run.StartedAt, EndedAt: run.EndedAt,
		NotBefore: run.NotBefore, Progress: ProgressOf(run, s.Now()), Counts: run.Progress.Counts, Groups: run.Progress.Groups, Held: run.Progress.Held,
		Failure: run.Failure, Undo: undoOf(run), PlanID: run.Plan,
	}
	if out.Counts == nil {
		out.Counts = map[string]int{}
	}
	return out
}

// ProgressOf counts what the present step works on. The rate is over all steps: when a step began is not kept, and the work on one user
// takes about as long in each.
func ProgressOf(run engine.Run, now time.Time) Progress {
	p := run.Progress
	out := Progress{Part: "users", Read: p.Read, Planned: p.Planned, Applied: p.Applied}
	if p.Part != engine.PartUsers {
		out.Part = string(p.Part)
	}
	switch {
	case run.Step == engine.StepPull:
		out.Done, out.Total = p.Read, p.Expected
	case run.Step == engine.StepPlan, run.Step == engine.StepGuard, run.Kind.Proposes():
		out.Done, out.Total = p.Planned, p.ToPlan
		if p.Part != engine.PartUsers {
			out.Total = 0 // nobody counted them before
		}
	default:
		out.Done, out.Total = p.Applied, p.ToApply
	}
	until := now
	if run.State.Over() {
		until = run.EndedAt
	}
	took := until.Sub(run.StartedAt).Seconds()
	if run.StartedAt.IsZero() || took <= 0 {
		return out
	}
	out.Rate = float64(p.Read+p.Planned+p.Applied) / took
	if run.State == engine.Running && out.Rate > 0 && out.Total > out.Done {
		out.SecondsLeft = float64(out.Total-out.Done) / out.Rate
	}
	return out
}
