package console

import (
	"net/http"
	"slices"
	"strings"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// How much of the groups inside a selected one is shown.
const (
	treeDepth = 6
	treeWidth = 50
)

type configGroupsView struct {
	fieldsView
	Groups     []pickedGroup
	AllUsers   bool
	Edit, Find string
	// Circular: groups that contain each other are among them.
	Circular bool
}

// pickedGroup is a selected group, or one inside it.
type pickedGroup struct {
	ID, Name, Users, State string
	// Picked: it is selected by itself. Nested: with all groups inside. Reached: it comes with the one above.
	Picked, Nested, Reached bool
	Inside                  []pickedGroup
	More                    bool
}

func (s *server) configGroups(w http.ResponseWriter, r *request) error {
	instance, settings, err := s.configured(r)
	if err != nil {
		return err
	}
	return s.showGroupsTab(w, r, http.StatusOK, instance, settings.Scope, nil)
}

func (s *server) showGroupsTab(w http.ResponseWriter, r *request, status int, instance engine.Instance, rules scope.Rules, errors []string) error {
	head := s.setupHead(r, instance, "groups")
	view := configGroupsView{
		fieldsView: fieldsView{head, errors}, AllUsers: rules.AllUsers, Edit: head.Path + "/groups/edit", Find: head.Path + "/groups/find",
	}
	var ids []string
	for _, group := range rules.Groups {
		ids = append(ids, group.ID)
	}
	known, err := s.Engine.Store.LoadGroups(r.ctx(), instance.ConnectionID, ids)
	if err != nil {
		return err
	}
	tree := groupTree{server: s, r: r, connection: instance.ConnectionID, selected: ids, all: map[string]bool{}}
	for _, group := range rules.Groups {
		picked := pickedGroup{ID: group.ID, Name: known[group.ID].Label(), Picked: true, Nested: group.Nested}
		if known[group.ID].SourceID == "" {
			if picked.Name, err = s.groupName(r, instance, group.ID); err != nil {
				return err
			}
		} else if known[group.ID].State != plan.Live {
			picked.State = r.say("users.deleted")
		}
		if picked.Inside, picked.More, err = tree.inside(group.ID, group.Nested, []string{group.ID}); err != nil {
			return err
		}
		tree.all[group.ID] = true
		view.Groups = append(view.Groups, picked)
	}
	if err := tree.count(view.Groups); err != nil {
		return err
	}
	view.Circular = tree.circular
	r.titledConfiguration(head)
	return r.render(w, status, "configgroups", view)
}

// groupName is the name of a group that the mirror does not follow: that of the picker, else its id.
func (s *server) groupName(r *request, instance engine.Instance, id string) (string, error) {
	parents, err := s.Engine.Store.TenantGroupNames(r.ctx(), instance.ConnectionID, []string{id})
	if err != nil || parents[id] == "" {
		return id, err
	}
	return parents[id], nil
}

// groupTree reads the groups inside groups.
type groupTree struct {
	*server
	r          *request
	connection ident.ID
	selected   []string
	all        map[string]bool
	circular   bool
}

func (t *groupTree) inside(id string, nested bool, above []string) ([]pickedGroup, bool, error) {
	if len(above) > treeDepth {
		return nil, true, nil
	}
	children, err := t.Engine.Store.ListTenantGroups(t.r.ctx(), t.connection, engine.GroupSearch{Parent: id}, treeWidth+1)
	if err != nil {
		return nil, false, err
	}
	more := len(children) > treeWidth
	var list []pickedGroup
	for _, child := range children[:min(len(children), treeWidth)] {
		if slices.Contains(above, child.ID) {
			t.circular = true
			continue
		}
		group := pickedGroup{ID: child.ID, Name: child.Name, Picked: slices.Contains(t.selected, child.ID), Reached: nested}
		if group.Inside, group.More, err = t.inside(child.ID, nested, append(slices.Clone(above), child.ID)); err != nil {
			return nil, false, err
		}
		t.all[child.ID] = true
		list = append(list, group)
	}
	return list, more, nil
}

// count fills in how many users are members of each.
func (t *groupTree) count(groups []pickedGroup) error {
	ids := make([]string, 0, len(t.all))
	for id := range t.all {
		ids = append(ids, id)
	}
	counts, err := t.Engine.Store.CountGroupUsers(t.r.ctx(), t.connection, ids)
	if err != nil {
		return err
	}
	var fill func(groups []pickedGroup)
	fill = func(groups []pickedGroup) {
		for i := range groups {
			if n, known := counts[groups[i].ID]; known {
				groups[i].Users = t.r.say("foresight.users", "n", n)
			}
			fill(groups[i].Inside)
		}
	}
	fill(groups)
	return nil
}

// readGroups reads the form of the tab.
func readGroups(r *request, settings *engine.Settings) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	nested := idsOf(r, "nested")
	settings.Scope.Groups = nil
	for _, id := range idsOf(r, "group") {
		settings.Scope.Groups = append(settings.Scope.Groups, scope.SelectedGroup{ID: id, Nested: slices.Contains(nested, id)})
	}
	return nil
}

// editGroups answers the fields with a group more or less; nothing is stored.
func (s *server) editGroups(w http.ResponseWriter, r *request) error {
	instance, settings, err := s.configured(r)
	if err != nil {
		return err
	}
	if err := readGroups(r, &settings); err != nil {
		return err
	}
	groups := &settings.Scope.Groups
	if id, err := ident.Parse(r.value("add")); err == nil && !slices.ContainsFunc(*groups, func(g scope.SelectedGroup) bool { return g.ID == id.String() }) {
		*groups = append(*groups, scope.SelectedGroup{ID: id.String()})
	}
	*groups = slices.DeleteFunc(*groups, func(g scope.SelectedGroup) bool { return g.ID == r.value("drop") })
	w.Header().Set("HX-Trigger-After-Swap", "reselected")
	return s.showGroupsTab(w, r, http.StatusOK, instance, settings.Scope, nil)
}

type foundGroupsView struct {
	Rows       []foundGroup
	Edit       string
	More, None bool
	Failure    string
	// Choose is the address of the page that goes on with one group, up to its id; "" where groups are added to a list. Typed is what was searched for, where
	// it may be taken as it is if nothing was found.
	Choose, Typed string
}

type foundGroup struct {
	pickedGroup
	Children int
}

// findGroups searches the tenant as one types (C4). Their names are read from the tenant when nobody did before, or when somebody asks for it.
func (s *server) findGroups(w http.ResponseWriter, r *request) error {
	instance, settings, err := s.configured(r)
	if err != nil {
		return err
	}
	if err := readGroups(r, &settings); err != nil {
		return err
	}
	view := foundGroupsView{Edit: r.at("/setup/", instance.ID.String(), "/groups/edit")}
	if err := s.foundGroups(r, instance, settings.Scope.Groups, &view); err != nil {
		return err
	}
	return r.render(w, http.StatusOK, "foundgroups", view)
}

// foundGroups searches the tenant for groups; picked are those that are on the list already.
func (s *server) foundGroups(r *request, instance engine.Instance, picked []scope.SelectedGroup, view *foundGroupsView) error {
	groups, err := s.searchGroups(r, instance, view)
	if err != nil {
		return err
	}
	if view.More = len(groups) > found; view.More {
		groups = groups[:found]
	}
	ids := make([]string, len(groups))
	for i, group := range groups {
		ids[i] = group.ID
	}
	counts, err := s.Engine.Store.CountGroupUsers(r.ctx(), instance.ConnectionID, ids)
	if err != nil {
		return err
	}
	for _, group := range groups {
		row := foundGroup{pickedGroup{ID: group.ID, Name: strings.TrimSpace(group.Name)}, group.Children}
		row.Picked = slices.ContainsFunc(picked, func(g scope.SelectedGroup) bool { return g.ID == group.ID })
		if n, known := counts[group.ID]; known {
			row.Users = r.number(int64(n))
		}
		view.Rows = append(view.Rows, row)
	}
	return nil
}

// searchGroups lists the groups by name, one more than are shown, after reading them from the tenant where that is wanted.
func (s *server) searchGroups(r *request, instance engine.Instance, view *foundGroupsView) ([]engine.TenantGroup, error) {
	list := func(text string, limit int) ([]engine.TenantGroup, error) {
		return s.Engine.Store.ListTenantGroups(r.ctx(), instance.ConnectionID, engine.GroupSearch{Text: text}, limit)
	}
	known, err := list("", 1)
	if err != nil {
		return nil, err
	}
	if len(known) == 0 || r.value("again") != "" {
		if _, err := s.Engine.ReadTenantGroups(r.ctx(), instance); err != nil {
			view.Failure, _ = r.fault(err)
		}
	}
	return list(r.value("search"), found+1)
}

func (s *server) saveGroups(w http.ResponseWriter, r *request) error {
	instance, settings, err := s.configured(r)
	if err != nil {
		return err
	}
	after := settings
	if err = readGroups(r, &after); err == nil {
		err = s.saveTab(r, instance, settings, after, engine.Change{})
	}
	if err != nil {
		texts, ok := r.mistakes(err)
		if !ok {
			return err
		}
		return s.showGroupsTab(w, r, http.StatusUnprocessableEntity, instance, after.Scope, texts)
	}
	return r.saved(w, s.setupHead(r, instance, "groups"))
}
