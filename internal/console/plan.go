package console

import (
	"net/http"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
)

// planOf offers to apply exactly what a dry run showed (D13), or says why that cannot be any more.
func (s *server) planOf(r *request, run engine.Run, instance string, view *runView) error {
	if run.Kind != engine.DryRun || run.State != engine.Succeeded {
		return nil
	}
	applications, err := s.Engine.ApplicationsOf(r.ctx(), run)
	if err != nil {
		return err
	}
	for _, application := range applications {
		id := application.ID.String()
		view.Facts = append(view.Facts, Choice{Text: r.say("sync.plan.applied"), Value: id, Href: r.at("/runs/", id)})
	}
	err = s.Engine.Applicable(r.ctx(), run)
	switch f := fault.Of(err); {
	case err == nil && r.may("applyRun"):
		confirm := ask("plan", r.say("sync.plan.title", "name", instance), r.say("sync.plan.text"), r.at("/runs/", view.ID, "/apply"), r.say("sync.plan.button"), "primary")
		confirm.Facts = r.planCounts(run)
		view.Plan = &confirm
	case err == nil, f != nil && f.Kind == fault.Conflict && (len(applications) > 0 || view.InstanceID == "" || nothingShown(run)):
	case f != nil && f.Kind == fault.Conflict:
		text, _ := r.fault(err)
		view.Notices = append(view.Notices, notice("info", r.say("sync.plan.over"), text))
	default:
		return err
	}
	return nil
}

func nothingShown(run engine.Run) bool {
	return written(run.Progress.Counts)+written(run.Progress.Groups) == 0
}

// planCounts lists what a dry run would do, and hold.
func (r *request) planCounts(run engine.Run) []Choice {
	var counts []Choice
	for _, filter := range runFilters {
		switch filter.name {
		case "changes", "match", "skipped", "failed", "superseded":
			continue
		}
		text := r.runFilter(run, filter.name)
		if filter.name == "held" { // counted by its action as well
			text = r.say("sync.plan.held")
		}
		if n := countEntries(run, filter.name); n > 0 {
			counts = append(counts, Choice{Text: text, Value: r.number(int64(n))})
		}
	}
	return counts
}

// applyPlan applies exactly what a dry run showed.
func (s *server) applyPlan(w http.ResponseWriter, r *request) error {
	run, err := s.ofRun(r)
	if err != nil {
		return err
	}
	applied, err := s.Engine.ApplyPlan(r.ctx(), r.org, run.ID)
	if err != nil {
		return err
	}
	return r.done(w, "/runs/"+applied.ID.String(), "sync.asked")
}
