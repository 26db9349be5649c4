package engine

import (
	"context"
	"strings"
	"time"

	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// JobStatus is what the instance card shows (D11).
type JobStatus string

// The job statuses.
const (
	StatusActive     JobStatus = "Active"
	StatusNotRun     JobStatus = "NotRun"
	StatusQuarantine JobStatus = "Quarantine"
	StatusRunning    JobStatus = "Running"
	StatusHeld       JobStatus = "Held"
	StatusPaused     JobStatus = "Paused"
	StatusDisabled   JobStatus = "Disabled"
	// StatusWaitingForConsent: a quarantine that somebody in Entra must end, by consent or by bringing the application back.
	StatusWaitingForConsent JobStatus = "WaitingForConsent"
	// StatusFailing: the last run failed, and the next one will try again.
	StatusFailing JobStatus = "Failing"
)

// Status is how an instance stands.
type Status struct {
	Job JobStatus
	// Explanation says what the status means here and what to do.
	Explanation string
	// Running is the run under way, nil if there is none.
	Running *Run
	// Overdue: Auto Sync is on, and there was no good run in three intervals (D20).
	Overdue bool
	// Synced users are linked and in scope and neither Skipped nor Failed, which have an open entry that says why; Held ones wait for a
	// decision; OutOfScope are the other live users of the tenant; InBin are linked and deleted in the tenant. Held ones who are still in scope
	// are Synced as well, until somebody decides.
	Synced, Skipped, Failed, Held, OutOfScope, InBin int
	// Rejected are those whose removal a person rejected, so that they stay as they are; counted as they stand, too.
	Rejected int
	// Warnings are what will stop the instance if nobody acts.
	Warnings []Expiry
	// LostGroups are the ids of selected groups that bring nobody, because the tenant does not know them or they are in the recycle bin.
	LostGroups []string
	// OddGroups are other selected groups that are not as a group should be.
	OddGroups []OddGroup
	// Groups are the instance's groups.
	Groups GroupCounts
}

// Status tells how an instance stands.
func (e *Engine) Status(ctx context.Context, instance Instance) (Status, error) {
	var status Status
	open, err := e.Store.OpenRuns(ctx, instance.ID)
	if err != nil {
		return status, err
	}
	if err := e.count(ctx, instance, &status); err != nil {
		return status, err
	}
	if status.LostGroups, status.OddGroups, err = e.selection(ctx, instance); err != nil {
		return status, err
	}
	connection, err := e.Store.Connection(ctx, instance.ConnectionID)
	if err != nil {
		return status, err
	}
	status.Warnings = connection.Warnings(e.Now())
	for i, run := range open { // a reconcile is shown by itself, since it goes on beside the others for hours
		if run.State != Queued && !run.Kind.Reconciles() {
			status.Running = &open[i]
		}
	}
	status.Overdue = instance.overdue(e.Now())
	status.Job, status.Explanation = status.job(instance, connection)
	return status, nil
}

// overdue: Auto Sync is on, and there was no good run in three intervals, and a minute.
func (i Instance) overdue(now time.Time) bool {
	return i.AutoSync && !i.CreatedAt.IsZero() && now.Sub(later(i.Health.LastGoodAt, i.CreatedAt)) > 3*i.Interval+time.Minute
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (s Status) job(instance Instance, connection Connection) (JobStatus, string) {
	health := instance.Health
	switch {
	case !health.DisabledAt.IsZero():
		return StatusDisabled, health.disabled()
	case s.Running != nil:
		return StatusRunning, "A run is under way: " + string(s.Running.Step) + "."
	case health.Quarantine != nil && health.Quarantine.awaitsConsent():
		return StatusWaitingForConsent, health.Quarantine.waiting()
	case connection.LacksConsent(): // no run of this instance has met it yet
		return StatusWaitingForConsent, connection.Explain()
	case health.Quarantine != nil:
		return StatusQuarantine, sentences(health.Quarantine.Reason, health.Quarantine.Remedy)
	case s.Held+s.Groups.Held+s.Groups.Leaving > 0:
		return StatusHeld, "Removals wait for approval. Look at them with `rollcall held list`, then approve or reject them."
	case health.LastRunAt.IsZero():
		if !instance.AutoSync {
			return StatusNotRun, "There was no run yet. Sync is not allowed yet: nothing is written by itself until Auto Sync is switched on."
		}
		return StatusNotRun, "There was no run yet."
	case health.LastFailure != nil:
		return StatusFailing, health.LastFailure.Message + ". " + health.LastFailure.Remedy
	case !instance.AutoSync:
		return StatusPaused, strings.TrimSpace("Auto Sync is off; nothing is written by itself. " + lostSentence(s.LostGroups))
	}
	if len(s.LostGroups) > 0 {
		return StatusActive, "The last run was good. " + lostSentence(s.LostGroups)
	}
	return StatusActive, "The last run was good."
}

// disabled says why runs failed for 28 days.
func (h Health) disabled() string {
	texts := []string{"Runs failed for 28 days"}
	if h.Quarantine != nil {
		texts = append(texts, h.Quarantine.Reason, h.Quarantine.Remedy)
	}
	return sentences(append(texts, "When the cause is mended, switch Auto Sync on")...)
}

func (e *Engine) count(ctx context.Context, instance Instance, status *Status) error {
	links, err := e.Store.CountLinks(ctx, instance.ID)
	if err != nil {
		return err
	}
	entries, err := e.Store.CountOpen(ctx, instance.ID, plan.User)
	if err != nil {
		return err
	}
	users, err := e.Store.CountMirror(ctx, instance.ConnectionID)
	if err != nil {
		return err
	}
	troubled, err := e.Store.CountTroubled(ctx, instance)
	if err != nil {
		return err
	}
	status.Synced, status.InBin = links[plan.InScope]-troubled.InScope, links[plan.InBin]
	status.Skipped, status.Failed, status.Held, status.Rejected = entries[EntrySkipped], entries[EntryFailed], entries[Held], entries[Rejected]
	status.OutOfScope = users[plan.Live] - (status.Synced - troubled.Away) - troubled.Live
	status.Groups, err = e.countGroups(ctx, instance)
	return err
}

// Instance returns an instance of the organization.
func (e *Engine) Instance(ctx context.Context, org, id ident.ID) (Instance, error) {
	instance, err := e.Store.Instance(ctx, id)
	if err == nil && instance.OrgID != org {
		return Instance{}, notFound("instance", id)
	}
	return instance, err
}
