package console

import (
	"net/http"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

type reviewView struct {
	setupHead
	Reading *Progress
	Scope   []Choice
	Pilot   *pilotView
	Find    string
	// Under: the pilot is under way.
	Under bool
}

// pilotView is what became of the one user who was provisioned first.
type pilotView struct {
	Name, Text string
	Outcome    Pill
	Lines      []Line
}

// review shows what will be synchronised before it is allowed (C6, C7).
func (s *server) review(w http.ResponseWriter, r *request) error {
	instance, settings, err := s.configured(r)
	if err != nil {
		return err
	}
	head := s.setupHead(r, instance, "review")
	view := reviewView{setupHead: head, Find: head.Path + "/review/find"}
	run, found, err := s.lastRun(r, instance)
	if err != nil {
		return err
	}
	if found && !run.State.Over() {
		p := r.runProgress(run)
		view.Reading = &p
	}
	if id, err := ident.Parse(r.query("pilot")); err == nil {
		if err := s.pilotResult(r, instance, id, &view); err != nil {
			return err
		}
	}
	users := r.say("review.allUsers")
	if !settings.Scope.AllUsers {
		users = r.say("review.selected", "users", r.say("foresight.users", "n", len(settings.Scope.Users)), "groups", r.say("foresight.groups", "n", len(settings.Scope.Groups)))
	}
	objects := r.say("review.groups.off")
	switch {
	case settings.Scope.GroupObjects && settings.Scope.AllGroups:
		objects = r.say("more.allGroups")
	case settings.Scope.GroupObjects:
		objects = r.say("review.groups.selected", "n", len(settings.Scope.Groups))
	}
	view.Scope = []Choice{
		{Text: r.say("config.tab.users"), Value: users, Href: head.Path + "/users"},
		{Text: r.say("review.filters"), Value: r.say("review.filters.count", "n", len(settings.Scope.Filters)), Href: head.Path + "/users"},
		{Text: r.say("more.objects"), Value: objects, Href: head.Path + "/more"},
		{Text: r.say("config.tab.attributes"), Value: r.say("review.mappings", "n", len(settings.Attributes)), Href: head.Path + "/attributes"},
		{Text: r.say("more.interval"), Value: r.say("more.every", "span", r.span(instance.Interval)), Href: head.Path + "/more"},
	}
	service, err := s.Engine.Service(r.ctx(), instance)
	if err != nil {
		return err
	}
	if service != nil {
		view.Scope = append(view.Scope, Choice{Text: r.say("config.tab.destination"), Value: service.BaseURL, Href: head.Path + "/destination"})
	}
	r.titledConfiguration(head)
	return r.render(w, http.StatusOK, "review", view)
}

// pilotResult tells how the pilot went.
func (s *server) pilotResult(r *request, instance engine.Instance, id ident.ID, view *reviewView) error {
	run, err := s.Engine.Store.Run(r.ctx(), id)
	if err != nil || run.InstanceID != instance.ID {
		return err
	}
	if view.Under = !run.State.Over(); view.Under {
		return nil
	}
	results, err := s.Engine.Store.Results(r.ctx(), id)
	if err != nil || len(results) == 0 {
		return err
	}
	result := results[0]
	tone := map[engine.Outcome]string{engine.OutcomeSuccess: "ok", engine.OutcomeSkipped: "idle", engine.OutcomeFailed: "bad"}[result.Outcome]
	pilot := pilotView{Name: result.Name, Outcome: pill(tone, r.say("pilot."+string(result.Outcome)))}
	if pilot.Name == "" {
		pilot.Name = result.Who
	}
	for _, step := range result.Steps {
		if step.Text != "" && step.State != engine.StepNotReached {
			pilot.Text = step.Text
		}
		for _, attribute := range step.Attributes {
			if attribute.Written {
				pilot.Lines = append(pilot.Lines, Line{Path: attribute.Target, Before: shownValue(attribute.Before), After: shownValue(attribute.After)})
			}
		}
	}
	view.Pilot = &pilot
	return nil
}

// findPilot searches the tenant for somebody to provision first.
func (s *server) findPilot(w http.ResponseWriter, r *request) error {
	instance, _, err := s.configured(r)
	if err != nil {
		return err
	}
	view := foundUsersView{Adds: "pilot", Submits: true, Edit: r.at("/setup/", instance.ID.String(), "/pilot"), None: r.value("search") == ""}
	if view.None {
		return r.render(w, http.StatusOK, "foundusers", view)
	}
	users, err := s.Engine.Store.FindTenantUsers(r.ctx(), instance.ConnectionID, r.value("search"), found)
	if err != nil {
		return err
	}
	for _, user := range users[:min(len(users), 5)] {
		view.Rows = append(view.Rows, r.pickedUser(user, false))
	}
	return r.render(w, http.StatusOK, "foundusers", view)
}

// pilot provisions one user.
func (s *server) pilot(w http.ResponseWriter, r *request) error {
	instance, _, err := s.configured(r)
	if err != nil {
		return err
	}
	run, err := s.Engine.Provision(r.ctx(), instance.ID, []string{r.value("pilot")})
	if err != nil {
		return err
	}
	return r.done(w, "/setup/"+instance.ID.String()+"/review?pilot="+run.ID.String(), "")
}

// allow lets the instance synchronise now, or leaves it for later (C6).
func (s *server) allow(w http.ResponseWriter, r *request) error {
	instance, _, err := s.configured(r)
	if err != nil {
		return err
	}
	if r.value("when") != "now" {
		return r.done(w, "/overview", "review.later")
	}
	if !instance.AutoSync {
		on := true
		if _, err := s.Engine.ChangeInstance(r.ctx(), instance.ID, engine.Change{AutoSync: &on}); err != nil {
			return err
		}
	}
	return r.done(w, "/overview", "review.allowed")
}
