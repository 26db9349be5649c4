package console

import (
	"net/http"
	"strings"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
)

type provisionView struct {
	ID, Name, Kind string
	Tabs           []Choice
	Fields         []Field
	Error          string
}

// provisionForm asks whom to provision on demand: somebody, or a group with chosen members (D14).
func (s *server) provisionForm(w http.ResponseWriter, r *request) error {
	instance, err := s.ofInstance(r)
	if err != nil {
		return err
	}
	return s.showProvision(w, r, instance, http.StatusOK, r.query("kind"), r.query("who"), "", nil)
}

func (s *server) showProvision(w http.ResponseWriter, r *request, instance engine.Instance, code int, kind, who, members string, wrong error) error {
	r.crumbed(r.say("sync.provision"), instance)
	view := provisionView{ID: instance.ID.String(), Name: instance.Name, Kind: "user"}
	if kind == "group" {
		view.Kind = kind
	}
	here := r.at("/instances/", view.ID, "/provision")
	view.Tabs = []Choice{
		{Text: r.say("sync.provision.user"), Href: here, Current: view.Kind == "user"},
		{Text: r.say("sync.provision.group"), Href: here + "?kind=group", Current: view.Kind == "group"},
	}
	if view.Kind == "group" {
		view.Fields = []Field{
			{Name: "who", Label: r.say("sync.type.group"), Hint: r.say("sync.provision.group.hint"), Type: "text", Value: who, Required: true, Max: 1024, Complete: "off"},
			{Name: "members", Label: r.say("sync.provision.members"), Hint: r.say("sync.provision.members.hint", "n", engine.MostAsked), Type: "textarea", Value: members},
		}
	} else {
		view.Fields = []Field{{Name: "who", Label: r.say("sync.type.user"), Hint: r.say("sync.who.hint"), Type: "text", Value: who, Required: true, Max: 1024, Complete: "off"}}
	}
	if wrong != nil {
		view.Fields[0].Error, _ = r.fault(wrong)
	}
	return r.render(w, code, "provision", view)
}

// provision asks for the run, and leads to its results.
func (s *server) provision(w http.ResponseWriter, r *request) error {
	instance, err := s.ofInstance(r)
	if err != nil {
		return err
	}
	kind, who, members := r.value("kind"), r.value("who"), r.value("members")
	var run engine.Run
	switch {
	case who == "":
		err = fault.New(fault.Invalid, "MissingWho", "nobody is named")
	case kind == "group":
		run, err = s.Engine.ProvisionGroup(r.ctx(), instance.ID, who, lines(members))
	default:
		run, err = s.Engine.Provision(r.ctx(), instance.ID, []string{who})
	}
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) {
		return s.showProvision(w, r, instance, http.StatusUnprocessableEntity, kind, who, members, err)
	}
	if err != nil {
		return err
	}
	return r.done(w, "/runs/"+run.ID.String()+"/results", "")
}

// lines are the lines of a text that are not empty.
func lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

type resultsView struct {
	ID, RunHref, InstanceID, Who, Kind string
	Running                            *runningView
	Results                            []explainedView
}

// results is what a run on demand did for each whom it was asked for: Results summary, with its five steps.
func (s *server) results(w http.ResponseWriter, r *request) error {
	run, err := s.ofRun(r)
	if err != nil {
		return err
	}
	found, err := s.Engine.Results(r.ctx(), run)
	if err != nil {
		return err
	}
	names, err := s.instanceNames(r)
	if err != nil {
		return err
	}
	view := resultsView{ID: run.ID.String(), RunHref: r.at("/runs/", run.ID.String())}
	if _, exists := names[run.InstanceID]; exists {
		view.InstanceID = run.InstanceID.String()
	}
	var crumbs []string
	if r.may("provisionUsers") {
		crumbs = []string{r.say("sync.provision"), "/instances/" + run.InstanceID.String() + "/provision"}
	}
	r.belowSync(r.say("sync.results"), crumbs...)
	if !run.State.Over() {
		running := r.running(run)
		view.Running = &running
	}
	for i, result := range found {
		if i == 0 {
			view.Who, view.Kind = result.Who, result.Object.String()
		}
		view.Results = append(view.Results, r.explained(result.Explanation, "sync.outcome."))
	}
	return r.render(w, http.StatusOK, "results", view)
}
