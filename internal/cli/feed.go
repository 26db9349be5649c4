package cli

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

const (
	// feedLines is how many changes of one run are shown.
	feedLines = 20
	// feedRuns is how many runs are looked back at most.
	feedRuns = 100
)

// feed shows what the runs of an instance do, as they end: a line for each change that was applied, failed or is held, and nothing while
// nothing happens.
type feed struct {
	client   *client
	instance ident.ID
	// name of the instance and program are for commands that are suggested.
	name, program string
	say           func(format string, args ...any)
	// seen is the newest run that was shown; runs are ordered by id.
	seen ident.ID
	// failing is what the last run failed with, so that it is not said again every two seconds.
	failing string
}

// look shows the runs that ended since the last look, the oldest first. A run under way is left for the next look, with all after it. A server
// that does not answer now is asked again then. Dry runs are left out: nothing happened in them, and whoever asked for one reads its report.
func (f *feed) look(ctx context.Context) error {
	runs, err := first[api.Run](ctx, f.client, f.client.here("runs"), url.Values{"instance": {f.instance.String()}}, feedRuns)
	for _, run := range slices.Backward(runs) {
		if run.Kind.Reconciles() {
			continue // others overtake it; what it repairs the runs after it show
		}
		if err != nil || !run.Over() {
			break
		}
		if bytes.Compare(run.ID[:], f.seen[:]) > 0 {
			if run.Kind != engine.DryRun {
				err = f.show(ctx, run)
			}
			if err == nil {
				f.seen = run.ID
			}
		}
	}
	if kind := fault.KindOf(err); err != nil && (kind.Temporary() || kind == fault.NotFound) { // a run that found nothing to do is dropped
		return nil
	}
	return err
}

func (f *feed) show(ctx context.Context, run api.Run) error {
	query := url.Values{"state": {"applied,failed,held"}, "action": {"create,update,deactivate,reactivate,delete,release,join,leave,fail"}}
	changes, err := first[api.Change](ctx, f.client, f.client.here("runs", run.ID.String(), "changes"), query, largestPage)
	if err != nil {
		return err
	}
	held := 0
	for i, change := range changes {
		if change.State == engine.Held {
			held++
		}
		if i < feedLines {
			f.say("%s", feedLine(change))
		}
	}
	if more := len(changes) - feedLines; more > 0 {
		f.say("          … and %s more (%s run show %s)", atLeast(more, len(changes)), f.program, run.ID)
	}
	if held > 0 {
		f.advise(run, atLeast(held, len(changes)))
	}
	f.fail(run)
	return nil
}

// atLeast is a count of changes that were read, which may not be all.
func atLeast(count, read int) string {
	if read < largestPage {
		return fmt.Sprint(count)
	}
	return fmt.Sprintf("at least %d", count)
}

// advise says what to do about what is held.
func (f *feed) advise(run api.Run, count string) {
	reason := ""
	if run.Held != "" {
		reason = " (" + run.Held + ")"
	}
	f.say("          Held for approval: %s%s. Nothing happens to them until somebody decides:", count, reason)
	f.say("            %s held list", f.program)
	f.say("            %s held approve %s --all   # or: held reject", f.program, shellWord(f.name))
}

// fail says that a run failed, once for each reason, and when runs succeed again.
func (f *feed) fail(run api.Run) {
	switch {
	case run.Failure != nil && run.Failure.Message != f.failing:
		f.say("%s  run failed   %s. %s", clockTime(run.EndedAt), printable(run.Failure.Message), printable(run.Failure.Remedy))
		f.failing = run.Failure.Message
	case run.Failure == nil && run.State == engine.Succeeded && f.failing != "":
		f.say("%s  runs succeed again", clockTime(run.EndedAt))
		f.failing = ""
	}
}

// feedLine tells one change: time, what happened, to whom, why.
func feedLine(change api.Change) string {
	at := change.SettledAt
	if at.IsZero() {
		at = change.PlannedAt
	}
	return fmt.Sprintf("%s  %-11s  %s  %s", clockTime(at), happened(change), printable(who(change)), printable(why(change)))
}

func why(change api.Change) string {
	switch {
	case change.State == engine.Held:
		return "would be " + pastTense[change.Action] + ": " + change.Reason.Text
	case change.Action == plan.Update && change.Summary != "":
		return change.Summary
	}
	return change.Reason.Text
}

// happened is the word for what became of a change.
func happened(change api.Change) string {
	switch change.State {
	case engine.Held:
		return "held"
	case engine.EntryFailed:
		return "failed"
	default:
		return pastTense[change.Action]
	}
}

var pastTense = map[plan.Action]string{
	plan.Create: "created", plan.Update: "updated", plan.Deactivate: "deactivated", plan.Reactivate: "reactivated", plan.Delete: "removed",
	plan.Release: "released", plan.Restore: "restored", plan.Join: "joined", plan.Leave: "left",
}

// clockTime is the time of day.
func clockTime(at time.Time) string { return at.Local().Format(time.TimeOnly) }
