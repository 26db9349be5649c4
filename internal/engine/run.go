package engine

import (
	"context"
	"maps"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// Kind says what a run is for.
type Kind string

// The kinds of runs.
const (
	// Initial is the first run of an instance.
	Initial Kind = "initial"
	// Incremental reads what changed since the last run.
	Incremental Kind = "incremental"
	// Full reads the whole tenant again and plans everybody anew.
	Full Kind = "full"
	// DryRun plans everybody and applies nothing.
	DryRun Kind = "dry-run"
	// Application applies exactly the changes that a dry run showed, as far as they are still what they were.
	Application Kind = "apply"
	// OnDemand provisions the people whom somebody asked for, and nobody else.
	OnDemand Kind = "on-demand"
	// Undo takes back what an earlier run did to the built-in directory; UndoDryRun says what that would do.
	Undo       Kind = "undo"
	UndoDryRun Kind = "undo-dry-run"
	// Reconcile compares both sides completely and has the runs after it repair what differs; ReconcileReport only says what differs.
	Reconcile       Kind = "reconcile"
	ReconcileReport Kind = "reconcile-report"
)

// Dry reports whether runs of the kind write nothing but their report.
func (k Kind) Dry() bool { return k == DryRun || k == UndoDryRun || k == ReconcileReport }

// Reconciles reports whether runs of the kind compare both sides completely.
func (k Kind) Reconciles() bool { return k == Reconcile || k == ReconcileReport }

// Proposes reports whether the changes in the journal of such runs are proposals, which they do not apply themselves.
func (k Kind) Proposes() bool { return k.Dry() || k == Reconcile }

// Undoes reports whether runs of the kind take back what an earlier one did.
func (k Kind) Undoes() bool { return k == Undo || k == UndoDryRun }

// State says whether a run is waiting, working, or over.
type State string

// The states of a run.
const (
	Queued    State = "queued"  // waits for the instance's run before it
	Running   State = "running" // owned by a node
	Waiting   State = "waiting" // for NotBefore: the tenant or the destination asked for patience
	Succeeded State = "succeeded"
	Failed    State = "failed"
	Canceled  State = "canceled"
)

// Over reports whether nothing more will happen to the run.
func (s State) Over() bool { return s == Succeeded || s == Failed || s == Canceled }

// Step is the part of a run that comes next. Each step is durable: it begins where the last committed piece of work ended.
type Step string

// The steps of a run in their order.
const (
	StepPull  Step = "pull"
	StepPlan  Step = "plan"
	StepGuard Step = "guard"
	StepApply Step = "apply"
	StepEnd   Step = "end"
)

// Part is what the steps plan, guard and apply are about: first the users, then the groups, then who is in them.
type Part string

// The parts of a run in their order.
const (
	PartUsers   Part = ""
	PartGroups  Part = "groups"
	PartMembers Part = "members"
)

// of returns the type of the objects that the part is about.
func (p Part) of() plan.ObjectType {
	switch p {
	case PartGroups:
		return plan.Group
	case PartMembers:
		return plan.Members
	default:
		return plan.User
	}
}

// Run is one execution of an instance.
type Run struct {
	ID         ident.ID
	OrgID      ident.ID
	InstanceID ident.ID
	Kind       Kind
	// Trigger says what started the run: "schedule", "manual", "approval", "configuration", "follow-up".
	Trigger string
	// RequestedBy names who asked for it; "" for the schedule.
	RequestedBy string
	// ConfigVersion is the configuration that the run was planned with, pinned when it starts.
	ConfigVersion int64
	State         State
	Step          Step
	// Node owns the run while LeaseUntil lies ahead, by the machine's clock; Fence grows with each new owner, and a write under an older
	// fence fails (rule 15).
	Node       ident.ID
	Fence      int64
	LeaseUntil time.Time
	// NotBefore is when a waiting run goes on, by the machine's clock.
	NotBefore                    time.Time
	QueuedAt, StartedAt, EndedAt time.Time
	Progress                     Progress
	// Failure says why the run failed; nil otherwise.
	Failure *Failure
	// Undo says what an undo run takes back; nil for all others. It never changes.
	Undo *Undoing
	// Plan is the dry run whose changes an Application applies; zero for all others. It never changes.
	Plan ident.ID
}

// Progress is how far a run is, and in the end what it did. It is stored as one document.
type Progress struct {
	// PullBegun: the pull of this run began, so a resumed run does not begin another.
	PullBegun bool `json:"pullBegun,omitempty"`
	// Stage of the pull; Read and Expected count its users, Expected is 0 while unknown.
	Stage    string `json:"stage,omitempty"`
	Read     int    `json:"read"`
	Expected int    `json:"expected,omitempty"`
	// Part that is planned, guarded and applied.
	Part Part `json:"part,omitempty"`
	// After is where the plan of users or groups goes on, Members where that of members does, AfterEntry where that of an undo or of an application
	// does; ToPlan and Planned count objects.
	After      int64          `json:"after,omitempty"`
	Members    MembersPlanned `json:"members,omitzero"`
	AfterEntry ident.ID       `json:"afterEntry,omitzero"`
	ToPlan     int            `json:"toPlan"`
	Planned    int            `json:"planned"`
	// ToApply and Applied count changes.
	ToApply int `json:"toApply"`
	Applied int `json:"applied"`
	// Removals of the part that the guard weighs; those of members it counts itself.
	Removals int `json:"removals,omitempty"`
	// NewlyHeld are the removals that the guard of this run held.
	NewlyHeld NewlyHeld `json:"newlyHeld,omitzero"`
	// DespiteEntra counts the changes of an undo that give somebody access whom Entra would not give any.
	DespiteEntra int `json:"despiteEntra,omitempty"`
	// FollowUp: more is to be done in a run of its own, started at once. A run on demand does it itself, Rounds times at most.
	FollowUp bool `json:"followUp,omitempty"`
	Rounds   int  `json:"rounds,omitempty"`
	// Reconciling is how far a reconcile is.
	Reconciling Reconciling `json:"reconciling,omitzero"`
	// Counts by outcome: "create", "update", "deactivate", "reactivate", "delete", "release", "restore" (applied, or for a dry run planned), "match",
	// "out-of-scope", "skipped", "failed", "held", "superseded", and "drift" for what a reconcile found.
	Counts map[string]int `json:"counts,omitempty"`
	// Groups counts the same for groups, and "join", "leave" and "held-members" for their members.
	Groups map[string]int `json:"groups,omitempty"`
	// Passed is the version of newer settings that cannot be put in force, 0 if there is none; Refusal says why.
	Passed  int64    `json:"passed,omitempty"`
	Refusal *Failure `json:"refusal,omitempty"`
	// Held says why removals were held.
	Held string `json:"held,omitempty"`
}

// count adds to the numbers of the part.
func (p *Progress) count(outcome string, n int) { p.countOf(p.Part.of(), outcome, n) }

func (p *Progress) countOf(of plan.ObjectType, outcome string, n int) {
	if of == plan.User {
		p.Counts[outcome] += n
		return
	}
	if p.Groups == nil {
		p.Groups = map[string]int{}
	}
	p.Groups[outcome] += n
}

// clone copies the run with its counts, so that a transaction that fails leaves the original as it was.
func (r Run) clone() Run {
	counts := make(map[string]int, len(r.Progress.Counts)+4)
	maps.Copy(counts, r.Progress.Counts)
	r.Progress.Counts, r.Progress.Groups = counts, maps.Clone(r.Progress.Groups)
	return r
}

// Failure says why a run failed and what to do.
type Failure struct {
	Kind      string `json:"kind"`
	Code      string `json:"code,omitempty"`
	Message   string `json:"message"`
	Remedy    string `json:"remedy,omitempty"`
	RequestID string `json:"requestId,omitempty"`
}

func failureOf(err error) *Failure {
	f := fault.Of(err)
	if f == nil {
		return &Failure{Kind: fault.Internal.String(), Message: err.Error(), Remedy: "Look at the server's log, and report it if it repeats."}
	}
	bare := *f
	bare.Remedy, bare.RequestID = "", ""
	return &Failure{Kind: f.Kind.String(), Code: f.Code, Message: bare.Error(), Remedy: f.Remedy, RequestID: f.RequestID}
}

// RunQuery selects a page of runs, newest first.
type RunQuery struct {
	Org ident.ID
	// Instance, if not zero, keeps only its runs.
	Instance ident.ID
	// Before is the run behind which the page begins.
	Before ident.ID
	Limit  int
}

// Runs keeps runs. Methods join the transaction of the context.
type Runs interface {
	InsertRun(ctx context.Context, run Run) error
	Run(ctx context.Context, id ident.ID) (Run, error)
	// SaveRun replaces the run; it fails as fault.Stale when the stored fence is not the given one.
	SaveRun(ctx context.Context, run Run, fence int64) error
	ListRuns(ctx context.Context, query RunQuery) ([]Run, error)
	// OpenRuns returns the runs that are not over, of one instance or, for the zero id, of all, oldest first.
	OpenRuns(ctx context.Context, instance ident.ID) ([]Run, error)
	// RenewLeases extends the leases of a node's running runs.
	RenewLeases(ctx context.Context, node ident.ID, until time.Time) error
	// DropRun removes a run that left no changes.
	DropRun(ctx context.Context, id ident.ID) error
	// ApplicationsOf returns the runs that apply what a dry run showed, newest first.
	ApplicationsOf(ctx context.Context, plan ident.ID) ([]Run, error)
}
