package console

import (
	"net/http"
	"strconv"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
)

// userFields are what people may change of a user: what the default mapping fills, without what ties him to a tenant.
func userFields() []formField {
	work := func(of string) string { return `addresses[type eq "work"].` + of }
	return []formField{
		{name: "userName", path: attr.UserName, kind: "text", required: true, max: 254},
		{name: "displayName", path: attr.DisplayName, kind: "text", max: 512},
		{name: "givenName", path: "name.givenName", kind: "text", max: 1024},
		{name: "familyName", path: "name.familyName", kind: "text", max: 1024},
		{name: "title", path: "title", kind: "text", max: 512},
		{name: "workPhone", path: `phoneNumbers[type eq "work"].value`, kind: "tel", max: 256},
		{name: "mobile", path: `phoneNumbers[type eq "mobile"].value`, kind: "tel", max: 256},
		{name: "fax", path: `phoneNumbers[type eq "fax"].value`, kind: "tel", max: 256},
		{name: "street", path: work("streetAddress"), kind: "text", max: 1024},
		{name: "postalCode", path: work("postalCode"), kind: "text", max: 256},
		{name: "city", path: work("locality"), kind: "text", max: 256},
		{name: "region", path: work("region"), kind: "text", max: 256},
		{name: "country", path: work("country"), kind: "text", max: 2},
		{name: "active", path: attr.Active, kind: "checkbox"},
	}
}

func (s *server) newUser(w http.ResponseWriter, r *request) error {
	return s.showUserForm(w, r, http.StatusOK, directory.User{}, nil)
}

func (s *server) editUser(w http.ResponseWriter, r *request) error {
	user, err := s.userToChange(r)
	if err != nil {
		return err
	}
	return s.showUserForm(w, r, http.StatusOK, user, nil)
}

// userToChange is the user of the path, if no instance manages him.
func (s *server) userToChange(r *request) (directory.User, error) {
	id, err := r.pathID("id")
	if err != nil {
		return directory.User{}, err
	}
	user, err := s.Directory.User(r.ctx(), r.org, id)
	if err == nil && !user.Owner.IsZero() {
		err = fault.New(fault.Conflict, "Managed", "%s is managed by %s and is read-only here", user.Name(), user.OwnerName)
	}
	return user, err
}

func (s *server) showUserForm(w http.ResponseWriter, r *request, status int, user directory.User, wrong error) error {
	view := objectForm{Pairs: true, New: user.ID.IsZero(), Action: r.at("/users"), Back: r.at("/users"), Fields: r.fields("user.", userFields(), user.Attributes)}
	if view.New {
		r.titled(r.say("user.new"), r.say("users.title"), "/users")
	} else {
		path := "/users/" + user.ID.String()
		view.Action, view.Back, view.Version = r.at(path, "/edit"), r.at(path), strconv.FormatInt(user.Version, 10)
		r.titled(r.say("form.edit"), r.say("users.title"), "/users", nameOf(user), path)
	}
	view.Error = r.place(view.Fields, wrong)
	return r.render(w, status, "objectform", view)
}

// refusedInForm reports whether the form is shown again with what is wrong.
func refusedInForm(err error) bool {
	f := fault.Of(err)
	return f != nil && (f.Kind == fault.Invalid || f.Code == "NameHeld")
}

func (s *server) createUser(w http.ResponseWriter, r *request) error {
	user, err := s.Directory.CreateUser(r.ctx(), r.org, r.changed(userFields(), nil))
	if refusedInForm(err) {
		return s.showUserForm(w, r, http.StatusUnprocessableEntity, directory.User{}, err)
	}
	if err != nil {
		return err
	}
	return r.done(w, "/users/"+user.ID.String(), "user.added")
}

func (s *server) changeUser(w http.ResponseWriter, r *request) error {
	user, err := s.userToChange(r)
	if err != nil {
		return err
	}
	if changes := r.changed(userFields(), user.Attributes); len(changes) > 0 {
		_, err = s.Directory.ChangeUser(r.ctx(), r.org, user.ID, changes, r.version())
	}
	if refusedInForm(err) {
		return s.showUserForm(w, r, http.StatusUnprocessableEntity, user, err)
	}
	if err != nil {
		return err
	}
	return r.done(w, "/users/"+user.ID.String(), "form.saved")
}

// switchUser makes a user Active, or Inactive.
func (s *server) switchUser(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	active, word := r.value("active") == "true", "user.deactivated"
	if active {
		word = "user.activated"
	}
	if _, err := s.Directory.ChangeUser(r.ctx(), r.org, id, attr.From(map[string]any{attr.Active: active}), 0); err != nil {
		return err
	}
	return r.done(w, "/users/"+id.String(), word)
}

func (s *server) deleteUser(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Directory.DeleteUser(r.ctx(), r.org, id); err != nil {
		return err
	}
	return r.done(w, "/users", "user.removed")
}
