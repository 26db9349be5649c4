package console

import (
	"net/http"
	"strconv"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// objectForm is the form of a group or user: a new one, or one to change.
type objectForm struct {
	Error, Action, Back string
	// Version is the one that the form shows; "" for something new.
	Version string
	New     bool
	// Pairs puts two fields beside each other where there is room.
	Pairs bool
	// Button is its text; "" for that of saving or creating.
	Button string
	Fields []Field
}

// groupFields are what people may change of a group.
func groupFields() []formField {
	return []formField{
		{name: "displayName", path: attr.DisplayName, kind: "text", required: true, max: 512},
		{name: "description", path: directory.Description, kind: "text", max: 1024},
	}
}

func (s *server) newGroup(w http.ResponseWriter, r *request) error {
	return s.showGroupForm(w, r, http.StatusOK, directory.Group{}, nil)
}

func (s *server) editGroup(w http.ResponseWriter, r *request) error {
	group, err := s.groupToChange(r)
	if err != nil {
		return err
	}
	return s.showGroupForm(w, r, http.StatusOK, group, nil)
}

// groupToChange is the group of the path, if no instance manages it.
func (s *server) groupToChange(r *request) (directory.Group, error) {
	id, err := r.pathID("id")
	if err != nil {
		return directory.Group{}, err
	}
	group, err := s.Directory.Group(r.ctx(), r.org, id)
	if err == nil && !group.Owner.IsZero() {
		err = fault.New(fault.Conflict, "Managed", "%s is managed by %s and is read-only here", group.Name(), group.OwnerName)
	}
	return group, err
}

func (s *server) showGroupForm(w http.ResponseWriter, r *request, status int, group directory.Group, wrong error) error {
	view := objectForm{New: group.ID.IsZero(), Action: r.at("/groups"), Back: r.at("/groups"), Fields: r.fields("group.", groupFields(), group.Attributes)}
	if view.New {
		r.titled(r.say("group.new"), r.say("groups.title"), "/groups")
	} else {
		path := "/groups/" + group.ID.String()
		view.Action, view.Back, view.Version = r.at(path, "/edit"), r.at(path), strconv.FormatInt(group.Revision, 10)
		r.titled(r.say("form.edit"), r.say("groups.title"), "/groups", group.Name(), path)
	}
	view.Error = r.place(view.Fields, wrong)
	return r.render(w, status, "objectform", view)
}

func (s *server) createGroup(w http.ResponseWriter, r *request) error {
	group, err := s.Directory.CreateGroup(r.ctx(), r.org, r.changed(groupFields(), nil))
	if fault.Is(err, fault.Invalid) {
		return s.showGroupForm(w, r, http.StatusUnprocessableEntity, directory.Group{}, err)
	}
	if err != nil {
		return err
	}
	return r.done(w, "/groups/"+group.ID.String(), "group.created")
}

func (s *server) changeGroup(w http.ResponseWriter, r *request) error {
	group, err := s.groupToChange(r)
	if err != nil {
		return err
	}
	if changes := r.changed(groupFields(), group.Attributes); len(changes) > 0 {
		_, err = s.Directory.ChangeGroup(r.ctx(), r.org, group.ID, changes, r.version())
	}
	if fault.Is(err, fault.Invalid) {
		return s.showGroupForm(w, r, http.StatusUnprocessableEntity, group, err)
	}
	if err != nil {
		return err
	}
	return r.done(w, "/groups/"+group.ID.String(), "form.saved")
}

func (s *server) deleteGroup(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Directory.DeleteGroup(r.ctx(), r.org, id); err != nil {
		return err
	}
	return r.done(w, "/groups", "group.deleted")
}

// How many users, and how many groups, the page that adds members offers.
const candidatesShown = 20

type newMembersView struct {
	Action, Back, Group string
	Managed             bool
	Search              Search
	Candidates          []candidate
}

type candidate struct {
	ID, Name, UserName, Kind string
	// Member already.
	Member bool
}

// newMembers offers users and groups to put into a group.
func (s *server) newMembers(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	group, err := s.Directory.Group(r.ctx(), r.org, id)
	if err != nil {
		return err
	}
	path := "/groups/" + id.String()
	view := newMembersView{
		Action: r.at(path, "/members"), Back: r.at(path), Group: group.Name(), Managed: !group.Owner.IsZero(),
		Search: Search{Label: r.say("group.add.search"), Value: r.query("search"), Action: r.at(path, "/members/new"), Target: "found"},
	}
	if view.Candidates, err = s.candidates(r, id); err != nil {
		return err
	}
	r.titled(r.say("group.add"), r.say("groups.title"), "/groups", group.Name(), path)
	return r.render(w, http.StatusOK, "newmembers", view)
}

// candidates are the first users and groups that the search finds, and whether they are members.
func (s *server) candidates(r *request, group ident.ID) ([]candidate, error) {
	users, err := s.Directory.ListUsers(r.ctx(), r.org, directory.UserQuery{Search: r.query("search"), Limit: candidatesShown})
	if err != nil {
		return nil, err
	}
	groups, err := s.Directory.ListGroups(r.ctx(), r.org, directory.GroupQuery{Search: r.query("search"), Limit: candidatesShown})
	if err != nil {
		return nil, err
	}
	var found []candidate
	var pairs []directory.Pair
	add := func(id ident.ID, kind directory.MemberType, name, userName string) {
		found = append(found, candidate{ID: id.String(), Name: name, UserName: userName, Kind: r.say("group.kind." + string(kind))})
		pairs = append(pairs, directory.Pair{Group: group, Member: id})
	}
	for _, user := range users {
		add(user.ID, directory.UserMember, nameOf(user), user.Name())
	}
	for _, other := range groups {
		if other.ID != group {
			add(other.ID, directory.GroupMember, other.Name(), "")
		}
	}
	existing, err := s.Directory.Memberships(r.ctx(), r.org, pairs)
	for _, membership := range existing {
		for i := range found {
			found[i].Member = found[i].Member || found[i].ID == membership.Member.String()
		}
	}
	return found, err
}

func (s *server) addMembers(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return fault.New(fault.Invalid, "BadForm", "the form could not be read")
	}
	var members []directory.MemberRef
	for _, text := range r.PostForm["member"] {
		member, err := ident.Parse(text)
		if err != nil {
			return fault.New(fault.Invalid, "UnknownMember", "there is nobody with the id %q", text)
		}
		members = append(members, directory.MemberRef{ID: member})
	}
	results, err := s.Directory.AddMembers(r.ctx(), r.org, id, members)
	if err == nil {
		err = firstFailure(results)
	}
	if err != nil {
		return err
	}
	word := "group.added"
	if len(members) == 0 {
		word = ""
	}
	return r.done(w, "/groups/"+id.String(), word)
}

func (s *server) removeMember(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	member, err := r.pathID("member")
	if err != nil {
		return err
	}
	results, err := s.Directory.RemoveMembers(r.ctx(), r.org, id, []ident.ID{member})
	if err == nil {
		err = firstFailure(results)
	}
	if err != nil {
		return err
	}
	return r.done(w, "/groups/"+id.String(), "group.removed")
}

// firstFailure is why somebody could not come or leave, if somebody could not; the others did.
func firstFailure(results []directory.MemberResult) error {
	for _, result := range results {
		if result.Failure != nil {
			return fault.New(fault.Conflict, result.Failure.Code, "%s", result.Failure.Text)
		}
	}
	return nil
}
