package console

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
	"rollcall/internal/source"
)

// found is how many rows a picker shows.
const found = 20

type configUsersView struct {
	fieldsView
	All, Guests  bool
	Users, Never []pickedUser
	Filters      []filterFields
	Attributes   []string
	Edit, Find   string
	MaxFilters   bool
}

// pickedUser is a user of the tenant in a picker.
type pickedUser struct {
	ID, Name, UserName string
	// Picked: he is on the list already. State is said of who is not live.
	Picked bool
	State  string
}

type filterFields struct {
	Index   int
	Name    string
	Clauses []clauseFields
}

type clauseFields struct {
	Index, Filter    int
	Attribute, Value string
	Operators        []Choice
	Unary            bool
}

func (s *server) configUsers(w http.ResponseWriter, r *request) error {
	instance, settings, err := s.configured(r)
	if err != nil {
		return err
	}
	return s.showUsersTab(w, r, http.StatusOK, instance, settings.Scope, nil)
}

func (s *server) showUsersTab(w http.ResponseWriter, r *request, status int, instance engine.Instance, rules scope.Rules, errors []string) error {
	head := s.setupHead(r, instance, "users")
	view := configUsersView{
		fieldsView: fieldsView{head, errors}, All: rules.AllUsers, Guests: rules.IncludeGuests, Attributes: source.Names(),
		Edit: head.Path + "/users/edit", Find: head.Path + "/users/find", MaxFilters: len(rules.Filters) >= scope.MaxFilters,
	}
	var err error
	if view.Users, err = s.pickedUsers(r, instance, rules.Users); err != nil {
		return err
	}
	if view.Never, err = s.pickedUsers(r, instance, rules.NeverTouch); err != nil {
		return err
	}
	for i, filter := range rules.Filters {
		fields := filterFields{Index: i, Name: filter.Name}
		for j, clause := range filter.Clauses {
			c := clauseFields{Index: j, Filter: i, Attribute: clause.Attribute, Value: clause.Value}
			for _, o := range scope.Operators() {
				current := o.Name == clause.Operator
				c.Operators = append(c.Operators, Choice{Text: string(o.Name), Value: string(o.Name), Current: current})
				c.Unary = c.Unary || current && o.Arity == scope.Unary
			}
			fields.Clauses = append(fields.Clauses, c)
		}
		view.Filters = append(view.Filters, fields)
	}
	r.titledConfiguration(head)
	return r.render(w, status, "configusers", view)
}

// pickedUsers are the names of listed users, in the order of the list.
func (s *server) pickedUsers(r *request, instance engine.Instance, ids []string) ([]pickedUser, error) {
	known, err := s.Engine.Store.LoadUsers(r.ctx(), instance.ConnectionID, ids, false)
	if err != nil {
		return nil, err
	}
	list := make([]pickedUser, len(ids))
	for i, id := range ids {
		list[i] = r.pickedUser(known[id], true)
		list[i].ID = id
	}
	return list, nil
}

func (r *request) pickedUser(user mirror.User, picked bool) pickedUser {
	p := pickedUser{ID: user.SourceID, Name: user.Record.Text("displayName"), UserName: user.Record.Text("userPrincipalName"), Picked: picked}
	if p.Name == "" {
		p.Name = p.UserName
	}
	switch {
	case user.SourceID == "":
		p.State = r.say("picker.unknown")
	case user.State != plan.Live:
		p.State = r.say("users.deleted")
	}
	return p
}

// readUsers reads the form of the tab.
func readUsers(r *request, settings *engine.Settings) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	settings.Scope.AllUsers, settings.Scope.IncludeGuests = r.value("all") != "", r.value("guests") != ""
	settings.Scope.Users, settings.Scope.NeverTouch = idsOf(r, "user"), idsOf(r, "never")
	settings.Scope.Filters = nil
	for i := range scope.MaxFilters {
		name := fmt.Sprintf("filter.%d", i)
		if !r.PostForm.Has(name) {
			break
		}
		filter := scope.Filter{Name: r.value(name)}
		for j := range scope.MaxClauses {
			name := fmt.Sprintf("clause.%d.%d.", i, j)
			if !r.PostForm.Has(name + "attribute") {
				break
			}
			clause := scope.Clause{Attribute: r.value(name + "attribute"), Operator: scope.Operator(r.value(name + "operator")), Value: r.PostForm.Get(name + "value")}
			if unary(clause.Operator) {
				clause.Value = ""
			}
			filter.Clauses = append(filter.Clauses, clause)
		}
		settings.Scope.Filters = append(settings.Scope.Filters, filter)
	}
	return nil
}

func unary(operator scope.Operator) bool {
	return slices.ContainsFunc(scope.Operators(), func(o scope.OperatorInfo) bool { return o.Name == operator && o.Arity == scope.Unary })
}

// editUsers answers the fields with one thing added or taken away; nothing is stored.
func (s *server) editUsers(w http.ResponseWriter, r *request) error {
	instance, settings, err := s.configured(r)
	if err != nil {
		return err
	}
	if err := readUsers(r, &settings); err != nil {
		return err
	}
	rules := &settings.Scope
	rules.Users = edited(rules.Users, r.value("add"), r.value("drop"))
	rules.NeverTouch = edited(rules.NeverTouch, r.value("spare"), r.value("unspare"))
	clause := func() scope.Clause { return scope.Clause{Attribute: "department", Operator: scope.Equals} }
	if r.value("new") == "filter" {
		rules.Filters = append(rules.Filters, scope.Filter{Clauses: []scope.Clause{clause()}})
	}
	if i, err := strconv.Atoi(r.value("moreOf")); err == nil && i >= 0 && i < len(rules.Filters) {
		rules.Filters[i].Clauses = append(rules.Filters[i].Clauses, clause())
	}
	if i, err := strconv.Atoi(r.value("dropFilter")); err == nil && i >= 0 && i < len(rules.Filters) {
		rules.Filters = slices.Delete(rules.Filters, i, i+1)
	}
	var i, j int
	if n, _ := fmt.Sscanf(r.value("dropClause"), "%d.%d", &i, &j); n == 2 && i >= 0 && i < len(rules.Filters) && j >= 0 && j < len(rules.Filters[i].Clauses) {
		rules.Filters[i].Clauses = slices.Delete(rules.Filters[i].Clauses, j, j+1)
		if len(rules.Filters[i].Clauses) == 0 {
			rules.Filters = slices.Delete(rules.Filters, i, i+1)
		}
	}
	w.Header().Set("HX-Trigger-After-Swap", "reselected")
	return s.showUsersTab(w, r, http.StatusOK, instance, *rules, nil)
}

// edited is a list of ids with one more, or one less.
func edited(ids []string, add, drop string) []string {
	if id, err := ident.Parse(add); err == nil && !slices.Contains(ids, id.String()) {
		ids = append(ids, id.String())
	}
	return slices.DeleteFunc(ids, func(id string) bool { return id == drop })
}

// foundUsersView is what a picker found.
type foundUsersView struct {
	Rows []pickedUser
	// Adds names the button's parameter. Edit is where it is sent: to get the fields anew, or, with Submits, to provision that user at once.
	Adds, Edit string
	Submits    bool
	// Typed is what was searched for, where it may be taken as it is if nobody was found.
	Typed      string
	More, None bool
}

// foundUsers searches the tenant for users; picked are those who are on the list already.
func (s *server) foundUsers(r *request, instance engine.Instance, picked []string, view *foundUsersView) error {
	users, err := s.Engine.Store.FindTenantUsers(r.ctx(), instance.ConnectionID, r.value("search"), found+1)
	if err != nil {
		return err
	}
	if view.More = len(users) > found; view.More {
		users = users[:found]
	}
	for _, user := range users {
		view.Rows = append(view.Rows, r.pickedUser(user, slices.Contains(picked, user.SourceID)))
	}
	return nil
}

// findUsers searches the tenant as one types (C3).
func (s *server) findUsers(w http.ResponseWriter, r *request) error {
	instance, settings, err := s.configured(r)
	if err != nil {
		return err
	}
	if err := readUsers(r, &settings); err != nil {
		return err
	}
	view := foundUsersView{Adds: "add", Edit: r.at("/setup/", instance.ID.String(), "/users/edit")}
	picked := settings.Scope.Users
	if r.value("for") == "never" {
		view.Adds, picked = "spare", settings.Scope.NeverTouch
		if view.None = r.value("search") == ""; view.None {
			return r.render(w, http.StatusOK, "foundusers", view)
		}
	}
	if err := s.foundUsers(r, instance, picked, &view); err != nil {
		return err
	}
	return r.render(w, http.StatusOK, "foundusers", view)
}

func (s *server) saveUsers(w http.ResponseWriter, r *request) error {
	instance, settings, err := s.configured(r)
	if err != nil {
		return err
	}
	after := settings
	if err = readUsers(r, &after); err == nil {
		err = s.saveTab(r, instance, settings, after, engine.Change{})
	}
	if err != nil {
		texts, ok := r.mistakes(err)
		if !ok {
			return err
		}
		return s.showUsersTab(w, r, http.StatusUnprocessableEntity, instance, after.Scope, texts)
	}
	return r.saved(w, s.setupHead(r, instance, "users"))
}
