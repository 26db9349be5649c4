package console

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"rollcall/internal/fault"
	"rollcall/internal/plan"
)

// simUserFields are the properties of a user that the form changes, as Graph names them. The manager is told by his userPrincipalName.
var simUserFields = []string{
	"displayName", "givenName", "surname", "userPrincipalName", "mail", "jobTitle", "department", "companyName", "employeeId", "officeLocation",
	"streetAddress", "postalCode", "city", "country", "usageLocation", "mobilePhone", "preferredLanguage",
}

// simCreateFields are what a new user is asked for.
var simCreateFields = []string{"displayName", "givenName", "surname", "userPrincipalName", "department"}

type simListView struct {
	simHead
	Kind, State string
	Total       int
	Filtered    bool
	Filters     []Choice
	Search      Search
	Rows        []simRow
	Pager       Pager
	Fields      []Field
	Error       *Notice
}

type simRow struct {
	Href, Name, Detail, About string
	State, Directory          Pill
	Count                     int
}

// simUsers lists the people of the simulated tenant, and what the directory shows of each.
func (s *server) simUsers(w http.ResponseWriter, r *request) error { return s.simShowUsers(w, r, nil) }

func (s *server) simShowUsers(w http.ResponseWriter, r *request, wrong *Notice) error {
	view, page, err := s.simList(r, "users", "/simulator")
	if err != nil {
		return err
	}
	view.Error = wrong
	for _, name := range simCreateFields {
		field := r.simField(tenantObject{name: r.value(name)}, name, false)
		field.Required = name == "displayName"
		view.Fields = append(view.Fields, field)
	}
	statuses, err := s.simStatuses(r, plan.User, page.Users)
	if err != nil {
		return err
	}
	for _, user := range page.Users {
		view.Rows = append(view.Rows, simRow{
			Href: r.at("/simulator/users/", user.text("id")), Name: user.label(), Detail: user.text("userPrincipalName"), About: user.text("department"),
			State: r.simStatus(user), Directory: statuses[user.text("id")],
		})
	}
	return r.render(w, refusedStatus(wrong), "simusers", view)
}

// simList reads a page of a list of the tenant and makes what stands around it.
func (s *server) simList(r *request, kind, path string) (simListView, tenantPage, error) {
	state := r.query("state")
	if state != "deleted" {
		state = "live"
	}
	view := simListView{simHead: r.simHead(path), Kind: kind, State: state}
	offset, err := r.simOffset()
	if err != nil {
		return view, tenantPage{}, err
	}
	search := r.query("search")
	page, err := s.simulator.list(r.ctx(), kind, search, state, pageSize, offset)
	if err != nil {
		return view, page, err
	}
	r.titled(r.say("sim.title"))
	view.Total, view.Filtered = page.Total, search != "" || state == "deleted"
	view.Pager = r.simPager(offset, len(page.Users)+len(page.Groups), page.Total)
	view.Search = Search{Label: r.say("sim.search"), Value: search, Action: r.at(path), Target: "rows", Hidden: []Choice{{Text: "state", Value: state}}}
	for _, value := range []string{"live", "deleted"} {
		filter := Choice{Text: r.say("sim.filter." + value), Href: r.at(path) + "?" + url.Values{"state": {value}, "search": {search}}.Encode(), Current: value == state}
		view.Filters = append(view.Filters, filter)
	}
	return view, page, nil
}

func (s *server) simCreateUser(w http.ResponseWriter, r *request) error {
	var made tenantObject
	err := s.simulator.call(r.ctx(), http.MethodPost, "/users", r.simChanges(nil, simCreateFields), &made)
	if err != nil {
		wrong, err := r.simRefused(err)
		if err != nil {
			return err
		}
		return s.simShowUsers(w, r, wrong)
	}
	return r.done(w, "/simulator/users/"+made.text("id"), "sim.created")
}

type simUserView struct {
	simHead
	ID, Name  string
	Gone      bool
	Deleted   bool
	Blocked   bool
	State     Pill
	DeletedAt *Moment
	Fields    []Field
	Error     *Notice
	Effect    effect
}

// simUser shows a person of the tenant, and beside him what the directory shows of him.
func (s *server) simUser(w http.ResponseWriter, r *request) error { return s.simShowUser(w, r, nil) }

func (s *server) simShowUser(w http.ResponseWriter, r *request, wrong *Notice) error {
	id := r.PathValue("id")
	user, err := s.simulator.one(r.ctx(), "users", id)
	if err != nil {
		return err
	}
	view := simUserView{simHead: r.simHead("/simulator"), ID: cmp.Or(user.text("id"), id), Gone: user == nil, State: r.simStatus(user), Error: wrong}
	if view.Effect, err = s.simEffect(r, plan.User, view.ID); err != nil {
		return err
	}
	if view.Gone && len(view.Effect.History) == 0 {
		return fault.New(fault.NotFound, "SimulatorUnknown", "there is no such person")
	}
	view.Name, view.Deleted, view.DeletedAt = simName(user, view.Effect, id), user.deleted(), r.simMoment(user.text("deletedDateTime"))
	if enabled, isUser := user["accountEnabled"].(bool); isUser {
		view.Blocked = !enabled
	}
	if !view.Gone {
		if view.Fields, err = s.simUserFields(r, user); err != nil {
			return err
		}
	}
	r.titled(view.Name, r.say("sim.title"), "/simulator")
	return r.render(w, refusedStatus(wrong), "simuser", view)
}

// simUserFields are the form's inputs, those of a refused form as they were typed.
func (s *server) simUserFields(r *request, user tenantObject) ([]Field, error) {
	manager, err := s.simManager(r, user)
	if err != nil {
		return nil, err
	}
	shown := tenantObject{"manager": manager}
	for _, name := range simUserFields {
		shown[name] = user.text(name)
	}
	var fields []Field
	for _, name := range append(slices.Clone(simUserFields), "manager") {
		if sent := r.PostForm[name]; len(sent) > 0 {
			shown[name] = sent[0]
		}
		field := r.simField(shown, name, user.deleted() || !r.may("changeUser"))
		if name == "manager" {
			field.Hint = r.say("sim.field.manager.hint")
		}
		fields = append(fields, field)
	}
	return fields, nil
}

// simManager is the userPrincipalName of the person's manager, "" without one.
func (s *server) simManager(r *request, user tenantObject) (string, error) {
	if user.text("manager") == "" {
		return "", nil
	}
	manager, err := s.simulator.one(r.ctx(), "users", user.text("manager"))
	return manager.text("userPrincipalName"), err
}

func (s *server) simChangeUser(w http.ResponseWriter, r *request) error {
	id := r.PathValue("id")
	user, err := s.simulator.one(r.ctx(), "users", id)
	if err != nil {
		return err
	}
	manager, err := s.simManager(r, user)
	if err != nil {
		return err
	}
	changes := r.simChanges(user, simUserFields)
	maps.Copy(changes, r.simChanges(tenantObject{"manager": manager}, []string{"manager"}))
	if len(changes) == 0 {
		return r.done(w, "/simulator/users/"+url.PathEscape(id), "sim.unchanged")
	}
	if err := s.simulator.call(r.ctx(), http.MethodPatch, "/users/"+url.PathEscape(id), changes, nil); err != nil {
		wrong, err := r.simRefused(err)
		if err != nil {
			return err
		}
		return s.simShowUser(w, r, wrong)
	}
	return r.done(w, "/simulator/users/"+url.PathEscape(id), "sim.done")
}

// simUserStep blocks, unblocks, deletes, restores or purges.
func (s *server) simUserStep(w http.ResponseWriter, r *request) error {
	if !slices.Contains([]string{"block", "unblock", "delete", "restore", "purge"}, r.PathValue("step")) {
		return fault.New(fault.NotFound, "UnknownPath", "there is nothing at this address")
	}
	if err := s.simStep(r, "users"); err != nil {
		wrong, err := r.simRefused(err)
		if err != nil {
			return err
		}
		return s.simShowUser(w, r, wrong)
	}
	return r.done(w, "/simulator/users/"+url.PathEscape(r.PathValue("id")), "sim.done")
}

// simStep does the step of the path to the object of the path.
func (s *server) simStep(r *request, kind string) error {
	method, path := http.MethodPost, "/"+kind+"/"+url.PathEscape(r.PathValue("id"))
	if step := r.PathValue("step"); step == "delete" {
		method = http.MethodDelete
	} else {
		path += "/" + step
	}
	return s.simulator.call(r.ctx(), method, path, nil, nil)
}
