package console

import (
	"net/http"
	"strings"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/inbound"
)

type administratorsView struct {
	// Link is that of an invitation just made, shown only now.
	Link, Error string
	Rows        []administratorRow
	Invitations []invitationRow
	Fields      []Field
}

type administratorRow struct {
	ID, Name, Email string
	Roles           []Choice
	SignedIn        *Moment
}

type invitationRow struct {
	ID, Email, Role string
	Until           *Moment
}

func (s *server) administrators(w http.ResponseWriter, r *request) error {
	return s.showAdministrators(w, r, http.StatusOK, "", nil)
}

// showAdministrators lists the administrators who look after the same as who asks: the server, or his organization.
func (s *server) showAdministrators(w http.ResponseWriter, r *request, status int, link string, wrong error) error {
	people, err := s.Directory.Administrators(r.ctx(), r.who.OrgID)
	if err != nil {
		return err
	}
	invitations, err := s.Directory.Invitations(r.ctx(), r.who.OrgID)
	if err != nil {
		return err
	}
	r.titled(r.say("administrators.title"), r.say("nav.settings"), "/administrators")
	view := administratorsView{Link: link, Fields: []Field{
		{Name: "email", Label: r.say("administrators.email"), Type: "email", Value: r.value("email"), Hint: r.say("administrators.email.hint"), Complete: "off", Max: 254},
		{Name: "role", Label: r.say("profile.role"), Type: "select", Options: r.roles(directory.Role(r.value("role")))},
	}}
	view.Error = r.place(view.Fields, wrong)
	for _, person := range people {
		if person.Email == "" {
			continue // exists for tokens only
		}
		view.Rows = append(view.Rows, administratorRow{
			ID: person.ID.String(), Name: person.Name, Email: person.Email, Roles: r.roles(person.Role), SignedIn: r.moment(person.SignedInAt),
		})
	}
	for _, invitation := range invitations {
		email := invitation.Email
		if email == "" {
			email = r.say("administrators.anybody")
		}
		view.Invitations = append(view.Invitations, invitationRow{
			ID: invitation.ID.String(), Email: email, Role: r.say("role." + string(invitation.Role)), Until: r.moment(invitation.ExpiresAt),
		})
	}
	return r.render(w, status, "administrators", view)
}

func (r *request) roles(current directory.Role) []Choice {
	var choices []Choice
	for _, role := range directory.PersonRoles() {
		choices = append(choices, Choice{Text: r.say("role." + string(role)), Value: string(role), Current: role == current})
	}
	return choices
}

func (s *server) invite(w http.ResponseWriter, r *request) error {
	_, secret, err := s.Directory.Invite(r.ctx(), r.who.OrgID, directory.Role(r.value("role")), r.value("email"))
	if fault.Is(err, fault.Invalid) {
		return s.showAdministrators(w, r, http.StatusUnprocessableEntity, "", err)
	}
	if err != nil {
		return err
	}
	r.PostForm.Del("email")
	return s.showAdministrators(w, r, http.StatusOK, s.publicURL(r)+JoinPath+secret, nil)
}

// publicURL is the server's own address as others reach it, without a slash at its end.
func (s *server) publicURL(r *request) string {
	if s.BaseURL != "" {
		return strings.TrimRight(s.BaseURL, "/")
	}
	return inbound.BaseURL(r.Request, s.TrustedProxies)
}

func (s *server) changeRole(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Directory.ChangeRole(r.ctx(), r.who.OrgID, id, directory.Role(r.value("role"))); err != nil {
		return s.refusedAdministrator(w, r, err)
	}
	return r.done(w, "/administrators", "form.saved")
}

func (s *server) removeAdministrator(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Directory.RemoveAdministrator(r.ctx(), r.who.OrgID, id); err != nil {
		return s.refusedAdministrator(w, r, err)
	}
	return r.done(w, "/administrators", "administrators.removed")
}

func (s *server) refusedAdministrator(w http.ResponseWriter, r *request, err error) error {
	if !fault.Is(err, fault.Conflict) {
		return err
	}
	return s.showAdministrators(w, r, http.StatusConflict, "", err)
}

func (s *server) uninvite(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Directory.Uninvite(r.ctx(), r.who.OrgID, id); err != nil {
		return err
	}
	return r.done(w, "/administrators", "administrators.uninvited")
}
