package console

import (
	"net/http"
	"strings"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
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
	// Of is "server" for who looks after all organizations; Scope says so.
	Of, Scope string
}

type invitationRow struct {
	ID, Email, Role string
	Until           *Moment
	Of, Scope       string
}

// ofServer is what a form says of an administrator who looks after all organizations.
const ofServer = "server"

// lookedAfter is what the administrator of a form looks after: this organization, or the server, for which only its own administrators speak.
func (r *request) lookedAfter() ident.ID {
	if r.who.OrgID.IsZero() && r.value("of") == ofServer {
		return ident.ID{}
	}
	return r.org
}

func (s *server) administrators(w http.ResponseWriter, r *request) error {
	return s.showAdministrators(w, r, http.StatusOK, "", nil)
}

// showAdministrators lists the administrators of the organization, and those of the server for one of them.
func (s *server) showAdministrators(w http.ResponseWriter, r *request, status int, link string, wrong error) error {
	organization, err := s.Directory.Organization(r.ctx(), r.org)
	if err != nil {
		return err
	}
	r.page.Organization = organization.Name
	r.titled(r.say("administrators.title"), r.say("nav.settings"), "/administrators")
	view := administratorsView{Link: link, Fields: []Field{
		{Name: "email", Label: r.say("administrators.email"), Type: "email", Value: r.value("email"), Hint: r.say("administrators.email.hint"), Complete: "off", Max: 254},
		{Name: "role", Label: r.say("profile.role"), Type: "select", Options: r.roles(directory.Role(r.value("role")))},
	}}
	if r.who.OrgID.IsZero() {
		view.Fields = append(view.Fields, Field{Name: "of", Label: r.say("administrators.of"), Type: "select", Options: []Choice{
			{Text: r.scopeOf(r.org), Current: r.value("of") != ofServer}, {Text: r.scopeOf(ident.ID{}), Value: ofServer, Current: r.value("of") == ofServer},
		}})
		if err := s.listAdministrators(r, &view, ident.ID{}); err != nil {
			return err
		}
	}
	if err := s.listAdministrators(r, &view, r.org); err != nil {
		return err
	}
	view.Error = r.place(view.Fields, wrong)
	return r.render(w, status, "administrators", view)
}

// scopeOf says what an administrator looks after.
func (r *request) scopeOf(org ident.ID) string {
	if org.IsZero() {
		return r.say("administrators.of.server")
	}
	return r.say("administrators.of.org", "name", r.page.Organization)
}

// listAdministrators adds those who look after an organization, or after the server for the zero id.
func (s *server) listAdministrators(r *request, view *administratorsView, org ident.ID) error {
	people, err := s.Directory.Administrators(r.ctx(), org)
	if err != nil {
		return err
	}
	invitations, err := s.Directory.Invitations(r.ctx(), org)
	if err != nil {
		return err
	}
	of := ""
	if org.IsZero() {
		of = ofServer
	}
	for _, person := range people {
		if person.Email == "" {
			continue // exists for tokens only
		}
		view.Rows = append(view.Rows, administratorRow{
			ID: person.ID.String(), Name: person.Name, Email: person.Email, Roles: r.roles(person.Role), SignedIn: r.moment(person.SignedInAt), Of: of, Scope: r.scopeOf(org),
		})
	}
	for _, invitation := range invitations {
		email := invitation.Email
		if email == "" {
			email = r.say("administrators.anybody")
		}
		view.Invitations = append(view.Invitations, invitationRow{
			ID: invitation.ID.String(), Email: email, Role: r.say("role." + string(invitation.Role)), Until: r.moment(invitation.ExpiresAt),
			Of: of, Scope: r.scopeOf(org),
		})
	}
	return nil
}

func (r *request) roles(current directory.Role) []Choice {
	var choices []Choice
	for _, role := range directory.PersonRoles() {
		choices = append(choices, Choice{Text: r.say("role." + string(role)), Value: string(role), Current: role == current})
	}
	return choices
}

func (s *server) invite(w http.ResponseWriter, r *request) error {
	_, secret, err := s.Directory.Invite(r.ctx(), r.lookedAfter(), directory.Role(r.value("role")), r.value("email"))
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
	if err := s.Directory.ChangeRole(r.ctx(), r.lookedAfter(), id, directory.Role(r.value("role"))); err != nil {
		return s.refusedAdministrator(w, r, err)
	}
	return r.done(w, "/administrators", "form.saved")
}

func (s *server) removeAdministrator(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Directory.RemoveAdministrator(r.ctx(), r.lookedAfter(), id); err != nil {
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
	if err := s.Directory.Uninvite(r.ctx(), r.lookedAfter(), id); err != nil {
		return err
	}
	return r.done(w, "/administrators", "administrators.uninvited")
}
