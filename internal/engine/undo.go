package engine

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/destination"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

const (
	// MostUndone is how many objects of a run can be chosen for an undo; all of its objects are any number.
	MostUndone = 1000
	// longestReason is how many characters the reason of an undo may have.
	longestReason = 500
)

// Undoing is what an undo run takes back. It is stored as one document.
type Undoing struct {
	// Run is the run whose changes are taken back.
	Run ident.ID `json:"run"`
	// Entries are the chosen ones of its changes; nil for all.
	Entries []ident.ID `json:"entries,omitempty"`
	// Reason is what the person who asked gave for it.
	Reason string `json:"reason,omitempty"`
}

// UndoRequest asks for an undo.
type UndoRequest struct {
	// Run is the run whose changes are taken back.
	Run ident.ID
	// Objects are ids of users of the directory whose change is to be taken back, at most MostUndone; none for all changes of the run.
	Objects []ident.ID
	// Reason is required unless DryRun; whoever meets a pin reads it.
	Reason string
	// DryRun says what would be taken back, and what cannot be and why, and writes nothing.
	DryRun bool
}

// Undo asks for a run that takes back what an earlier run did to the built-in directory (D17). It waits for its turn like every run.
//
// The run's own undo entries are the inverse of the entries that they take back, made only where an object stands as the earlier change left
// it, or shows that again because all later changes were taken back. What is taken back is pinned (rule 10). An undo can be undone: the
// pins are lifted then.
//
// A run that is not over, was a dry run, belongs to an instance that is deleted, or wrote elsewhere than to the built-in directory fails as
// fault.Conflict; an object that it did not touch as fault.NotFound; a missing reason as fault.Invalid.
func (e *Engine) Undo(ctx context.Context, org ident.ID, want UndoRequest) (Run, error) {
	want.Reason = strings.TrimSpace(want.Reason)
	if err := want.check(); err != nil {
		return Run{}, err
	}
	var run Run
	err := e.Store.InTx(ctx, func(ctx context.Context) error {
		target, instance, err := e.undoable(ctx, org, want.Run)
		if err != nil {
			return err
		}
		undo := Undoing{Run: target.ID, Reason: want.Reason}
		if undo.Entries, err = e.chosen(ctx, target, want.Objects); err != nil {
			return err
		}
		if run, err = e.addUndo(ctx, instance, target, undo, want.DryRun); err != nil {
			return err
		}
		return e.record(ctx, instance, "run.undo", nil, attr.From(map[string]any{
			"run": target.ID.String(), "undoRun": run.ID.String(), "objects": float64(len(undo.Entries)), "reason": undo.Reason, "dryRun": want.DryRun,
		}))
	})
	return run, err
}

// UndoLatest is Undo for what a run did last to one object; to a group also who joined and left.
func (e *Engine) UndoLatest(ctx context.Context, org, object ident.ID, reason string, dryRun bool) (Run, error) {
	run, err := e.latest(ctx, org, object)
	if err != nil {
		return Run{}, err
	}
	return e.Undo(ctx, org, UndoRequest{Run: run, Objects: []ident.ID{object}, Reason: reason, DryRun: dryRun})
}

// Latest returns what UndoLatest would take back of an object, if nothing happened to it since: the applied changes, at most MostUndone, without the ids
// of members. It fails as fault.NotFound if no run has changed the object, and as fault.Conflict as Undo does.
func (e *Engine) Latest(ctx context.Context, org, object ident.ID) ([]Entry, error) {
	run, err := e.latest(ctx, org, object)
	if err != nil {
		return nil, err
	}
	if _, _, err := e.undoable(ctx, org, run); err != nil {
		return nil, err
	}
	entries, err := e.Store.ListEntries(ctx, EntryQuery{Org: org, Run: run, ObjectID: object, States: []EntryState{Applied}, Limit: MostUndone, Bare: true})
	if err != nil {
		return nil, err
	}
	hidden, err := e.redacted(ctx, &work{instance: Instance{OrgID: org}})
	for i := range entries {
		entries[i] = concealed(entries[i], hidden)
	}
	return entries, err
}

// latest returns the run that changed an object last, or, if it is a group, who is in it.
func (e *Engine) latest(ctx context.Context, org, object ident.ID) (ident.ID, error) {
	deeds, err := e.Store.Deeds(ctx, org, []ident.ID{object})
	if err != nil {
		return ident.ID{}, err
	}
	of := plan.Members
	moved, err := e.Store.ListEntries(ctx, EntryQuery{
		Org: org, ObjectID: object, Object: &of, States: []EntryState{Applied}, Newest: true, Limit: 1, Bare: true,
	})
	if err != nil {
		return ident.ID{}, err
	}
	history := plan.NewHistory(deeds[object])
	switch last := len(history) - 1; {
	case len(moved) > 0 && (last < 0 || cmp.Or(moved[0].SettledAt.Compare(history[last].At), bytes.Compare(moved[0].RunID[:], history[last].Run[:])) > 0):
		return moved[0].RunID, nil
	case last < 0:
		return ident.ID{}, fault.New(fault.NotFound, "NothingToUndo", "no run has changed an object %s", object)
	default:
		return history[last].Run, nil
	}
}

func (r UndoRequest) check() error {
	switch {
	case r.Reason == "" && !r.DryRun:
		return fault.New(fault.Invalid, "Missing", "an undo needs a reason: it is shown with what is pinned")
	case utf8.RuneCountInString(r.Reason) > longestReason:
		return fault.New(fault.Invalid, "ValueTooLong", "the reason has more than %d characters", longestReason)
	case len(r.Objects) > MostUndone:
		return fault.New(fault.Invalid, "TooMany", "%d objects are named; at most %d can be chosen", len(r.Objects), MostUndone).
			WithRemedy("Undo the whole run, or choose in several turns.")
	}
	return nil
}

// undoable returns a run whose changes can be taken back, and its instance.
func (e *Engine) undoable(ctx context.Context, org, id ident.ID) (Run, Instance, error) {
	run, err := e.GetRun(ctx, org, id)
	if err != nil {
		return run, Instance{}, err
	}
	switch {
	case run.Kind.Proposes():
		return run, Instance{}, fault.New(fault.Conflict, "NothingToUndo", "the run %s was a dry run, or a reconcile; it changed nothing", id)
	case !run.State.Over():
		return run, Instance{}, fault.New(fault.Conflict, "RunNotOver", "the run %s is not over yet", id).WithRemedy("Wait until it is.")
	}
	instance, err := e.Store.Instance(ctx, run.InstanceID)
	if fault.Is(err, fault.NotFound) {
		return run, instance, fault.New(fault.Conflict, "InstanceDeleted",
			"the instance of the run %s is deleted; nobody manages its users any more, so what it did cannot be taken back", id).
			WithRemedy("Change the users by hand: they are editable now.")
	}
	if err != nil {
		return run, instance, err
	}
	if _, reversible := e.Destination(instance).(destination.Reversible); !reversible {
		return run, instance, fault.New(fault.Conflict, "NotReversible",
			"the run %s wrote to another destination than the built-in directory; only there changes can be taken back", id)
	}
	return run, instance, nil
}

// chosen returns the entries of the run about the objects, in their order; nil for no objects.
func (e *Engine) chosen(ctx context.Context, run Run, objects []ident.ID) ([]ident.ID, error) {
	var chosen []ident.ID
	for _, object := range objects {
		entries, err := e.Store.ListEntries(ctx, EntryQuery{Org: run.OrgID, Run: run.ID, ObjectID: object, Limit: MostUndone, Bare: true})
		if err != nil {
			return nil, err
		}
		if len(entries) == 0 {
			return nil, fault.New(fault.NotFound, "UnknownObject", "the run %s has no change of an object %s", run.ID, object).
				WithRemedy("Look at the changes of the run.")
		}
		for _, entry := range entries {
			if !slices.Contains(chosen, entry.ID) {
				chosen = append(chosen, entry.ID)
			}
		}
	}
	return chosen, nil
}

func (e *Engine) addUndo(ctx context.Context, instance Instance, target Run, undo Undoing, dry bool) (Run, error) {
	open, err := e.Store.OpenRuns(ctx, instance.ID)
	if err != nil {
		return Run{}, err
	}
	now := e.Now()
	run := Run{
		ID: ident.New(now), OrgID: instance.OrgID, InstanceID: instance.ID, Kind: Undo, Trigger: TriggerManual,
		RequestedBy: audit.ActorOf(ctx).Name, State: Queued, Step: StepPlan, ConfigVersion: instance.ConfigVersion, QueuedAt: now, Undo: &undo,
	}
	if dry {
		run.Kind = UndoDryRun
	}
	if run.Progress.ToPlan = len(undo.Entries); undo.Entries == nil {
		run.Progress.ToPlan = target.Progress.Applied
	}
	if err := e.Store.InsertRun(ctx, run); err != nil || len(open) > 0 {
		return run, err
	}
	return run, e.Queue.Enqueue(ctx, run.ID)
}
