package console

import (
	"net/http"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
)

type overviewView struct {
	Users, Groups int
	Attention     []Notice
	Instances     []instanceCard
}

type instanceCard struct {
	Name, Explanation, Href string
	Status                  Pill
	Held, Broken            bool
	LastRun                 *Moment
	Progress                *Progress
	Counts                  []Choice
}

// overview shows how the instances stand and what needs somebody.
func (s *server) overview(w http.ResponseWriter, r *request) error {
	r.titled(r.say("overview.title"))
	var view overviewView
	users, err := s.Directory.SearchUsers(r.ctx(), r.org, directory.ResourceQuery{Total: true})
	if err != nil {
		return err
	}
	groups, err := s.Directory.SearchGroups(r.ctx(), r.org, directory.ResourceQuery{Total: true})
	if err != nil {
		return err
	}
	view.Users, view.Groups = users.Total, groups.Total
	instances, err := s.Engine.Store.ListInstances(r.ctx(), r.org)
	if err != nil {
		return err
	}
	for _, instance := range instances {
		status, err := s.Engine.Status(r.ctx(), instance)
		if err != nil {
			return err
		}
		view.Instances = append(view.Instances, r.instanceCard(instance, status))
		for _, warning := range status.Warnings {
			view.Attention = append(view.Attention, notice("warn", instance.Name, warning.Message+" "+warning.Remedy))
		}
		if status.Overdue {
			view.Attention = append(view.Attention, notice("warn", instance.Name, r.say("overview.overdue")))
		}
	}
	return r.render(w, http.StatusOK, "overview", view)
}

// statusTones are the colours of the job statuses.
var statusTones = map[engine.JobStatus]string{
	engine.StatusActive: "ok", engine.StatusNotRun: "idle", engine.StatusRunning: "info", engine.StatusHeld: "warn", engine.StatusPaused: "idle",
	engine.StatusQuarantine: "bad", engine.StatusDisabled: "bad", engine.StatusWaitingForConsent: "warn", engine.StatusFailing: "bad",
}

func (r *request) instanceCard(instance engine.Instance, status engine.Status) instanceCard {
	tone := statusTones[status.Job]
	card := instanceCard{
		Name: instance.Name, Explanation: r.explanation(status), Status: pill(tone, r.say("status."+string(status.Job))),
		Held: tone == "warn", Broken: tone == "bad", LastRun: r.moment(instance.Health.LastRunAt), Counts: r.syncCounts(instance.ID, status),
		Href: r.at("/instances/", instance.ID.String(), "/summary"),
	}
	if held := heldOf(status); held > 0 {
		card.Counts = append(card.Counts, Choice{Text: r.say("count.held"), Href: r.at("/instances/", instance.ID.String(), "/held"), Count: &held, Current: true})
	}
	if run := status.Running; run != nil {
		p := r.runProgress(*run)
		card.Progress = &p
	}
	return card
}

// explanation says what the status means: in the language's words where there are some, else as the engine says it, with the names it knows.
func (r *request) explanation(status engine.Status) string {
	if key := "status." + string(status.Job) + ".text"; r.has(key) {
		return r.say(key)
	}
	return status.Explanation
}

// runProgress is how far a run is in the step that it is at.
func (r *request) runProgress(run engine.Run) Progress {
	p := api.ProgressOf(run, r.now())
	return r.progress(r.say("step."+string(run.Step)), p.Done, p.Total, p.Rate, time.Duration(p.SecondsLeft*float64(time.Second)))
}
