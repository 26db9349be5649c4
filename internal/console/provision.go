package console

import (
	"net/http"
	"slices"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
)

// provisionView asks whom to provision on demand: somebody, or a group with chosen members (D14). What was chosen stands in the address and the form alone.
type provisionView struct {
	// Path is that of the page, to which the form is sent.
	Path, Name string
	Group      bool
	Tabs       []Choice
	// Chosen is the user or group; nil while one is searched for.
	Chosen *pickedUser
	// Members are the chosen ones of the group, at most Limit; Full: no more can be chosen.
	Members []pickedUser
	Limit   int
	Full    bool
	Error   string
}

// onDemand is whom a run on demand is asked for.
type onDemand struct {
	kind, who string
	members   []string
}

func (s *server) provisionForm(w http.ResponseWriter, r *request) error {
	instance, err := s.ofInstance(r)
	if err != nil {
		return err
	}
	return s.showProvision(w, r, instance, http.StatusOK, onDemand{r.query("kind"), r.query("who"), nil}, nil)
}

// readAsked reads the form; a member who is named twice is one.
func readAsked(r *request) onDemand {
	a := onDemand{kind: r.value("kind"), who: r.value("who")}
	for _, member := range r.PostForm["member"] {
		a.members = withMember(a.members, member)
	}
	return a
}

// withMember is a list with one more, once.
func withMember(members []string, member string) []string {
	if member == "" || slices.Contains(members, member) {
		return members
	}
	return append(members, member)
}

func (s *server) showProvision(w http.ResponseWriter, r *request, instance engine.Instance, code int, a onDemand, wrong error) error {
	r.crumbed(r.say("sync.provision"), instance)
	view := provisionView{
		Path: r.at("/instances/", instance.ID.String(), "/provision"), Name: instance.Name, Group: a.kind == "group",
		Limit: engine.MostAsked, Full: len(a.members) >= engine.MostAsked,
	}
	view.Tabs = []Choice{
		{Text: r.say("sync.type.user"), Href: view.Path, Current: !view.Group},
		{Text: r.say("sync.type.group"), Href: view.Path + "?kind=group", Current: view.Group},
	}
	if wrong != nil {
		view.Error, _ = r.fault(wrong)
	}
	var err error
	if a.who != "" {
		if view.Chosen, err = s.chosen(r, instance, a); err != nil {
			return err
		}
	}
	if view.Members, err = s.named(r, instance, a.members); err != nil {
		return err
	}
	return r.render(w, code, "provision", view)
}

// chosen is the user or group that was chosen, with the name that the tenant has for the id.
func (s *server) chosen(r *request, instance engine.Instance, a onDemand) (*pickedUser, error) {
	if a.kind == "group" {
		name, err := s.groupName(r, instance, a.who)
		return &pickedUser{ID: a.who, Name: name}, err
	}
	named, err := s.named(r, instance, []string{a.who})
	return &named[0], err
}

// named are users by their ids; whoever was named otherwise is looked up when the run asks the tenant.
func (s *server) named(r *request, instance engine.Instance, who []string) ([]pickedUser, error) {
	list, err := s.pickedUsers(r, instance, who)
	for i, user := range list {
		if user.Name == "" {
			list[i] = pickedUser{ID: user.ID, Name: user.ID}
		}
	}
	return list, err
}

// editProvision answers the chosen members with one more or less; nothing is asked for yet.
func (s *server) editProvision(w http.ResponseWriter, r *request) error {
	instance, err := s.ofInstance(r)
	if err != nil {
		return err
	}
	a := readAsked(r)
	if a.who == "" {
		return fault.New(fault.Invalid, "MissingWho", "nobody is named")
	}
	if len(a.members) < engine.MostAsked {
		a.members = withMember(a.members, r.value("add"))
	}
	a.members = slices.DeleteFunc(a.members, func(member string) bool { return member == r.value("drop") })
	w.Header().Set("HX-Trigger-After-Swap", "reselected")
	return s.showProvision(w, r, instance, http.StatusOK, a, nil)
}

// findProvision searches the tenant as one types: for a user, a group, or a member of one. What it does not find can be taken as it was typed: the run asks
// the tenant itself, which may know more than the last read.
func (s *server) findProvision(w http.ResponseWriter, r *request) error {
	instance, err := s.ofInstance(r)
	if err != nil {
		return err
	}
	path, text := r.at("/instances/", instance.ID.String(), "/provision"), r.value("search")
	if r.value("for") == "group" {
		view := foundGroupsView{Choose: path + "?kind=group&who=", Typed: text}
		if err := s.foundGroups(r, instance, nil, &view); err != nil {
			return err
		}
		return r.render(w, http.StatusOK, "foundgroups", view)
	}
	view := foundUsersView{Adds: "who", Submits: true, Edit: path, Typed: text}
	a := readAsked(r)
	if r.value("for") == "member" {
		view.Adds, view.Submits, view.Edit = "add", false, path+"/edit"
	}
	if err := s.foundUsers(r, instance, a.members, &view); err != nil {
		return err
	}
	return r.render(w, http.StatusOK, "foundusers", view)
}

// provision asks for the run, and leads to its results.
func (s *server) provision(w http.ResponseWriter, r *request) error {
	instance, err := s.ofInstance(r)
	if err != nil {
		return err
	}
	a := readAsked(r)
	var run engine.Run
	switch {
	case a.who == "":
		err = fault.New(fault.Invalid, "MissingWho", "nobody is named")
	case a.kind == "group":
		run, err = s.Engine.ProvisionGroup(r.ctx(), instance.ID, a.who, a.members)
	default:
		run, err = s.Engine.Provision(r.ctx(), instance.ID, []string{a.who})
	}
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.NotFound) {
		return s.showProvision(w, r, instance, http.StatusUnprocessableEntity, a, err)
	}
	if err != nil {
		return err
	}
	return r.done(w, "/runs/"+run.ID.String()+"/results", "")
}

type resultsView struct {
	ID, RunHref, InstanceID, Who, Kind string
	// Members are those who were asked for with a group.
	Members []string
	Running *runningView
	Results []explainedView
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
		} else {
			view.Members = append(view.Members, result.Who)
		}
		view.Results = append(view.Results, r.explained(result.Explanation, "sync.outcome."))
	}
	return r.render(w, http.StatusOK, "results", view)
}
