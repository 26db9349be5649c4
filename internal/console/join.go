package console

import (
	"net/http"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// JoinPath is where the one-time link of an invitation leads: the secret follows.
const JoinPath = "/join/"

type joinView struct {
	Error, Role string
	// First: there is no administrator yet who can sign in.
	First  bool
	Fields []Field
}

// invited returns the invitation of the link, after counting the attempt: nobody guesses links.
func (s *server) invited(r *request) (directory.Invitation, error) {
	if _, ok := s.limits.allow("", r.address, s.Machine()); !ok {
		return directory.Invitation{}, fault.New(fault.Throttled, "TooManyAttempts", "there were too many attempts from this address")
	}
	return s.Directory.Invitation(r.ctx(), r.PathValue("secret"))
}

func (s *server) joinForm(w http.ResponseWriter, r *request) error {
	invitation, err := s.invited(r)
	if err != nil {
		return s.noInvitation(w, r, err)
	}
	return s.showJoin(w, r, http.StatusOK, invitation, nil)
}

// noInvitation says of a link that is not good, which is no secret, what to do.
func (s *server) noInvitation(w http.ResponseWriter, r *request, err error) error {
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	s.failWith(w, r, http.StatusNotFound, "join.gone")
	return nil
}

func (s *server) showJoin(w http.ResponseWriter, r *request, status int, invitation directory.Invitation, wrong error) error {
	people, err := s.Directory.Administrators(r.ctx(), ident.ID{})
	if err != nil {
		return err
	}
	view := joinView{Role: r.say("role." + string(invitation.Role)), First: true}
	for _, person := range people {
		view.First = view.First && person.Password == ""
	}
	email := r.value("email")
	if email == "" {
		email = invitation.Email
	}
	view.Fields = []Field{
		{Name: "name", Label: r.say("join.name"), Type: "text", Value: r.value("name"), Complete: "name", Required: true, Max: 200},
		{Name: "email", Label: r.say("join.email"), Type: "email", Value: email, Complete: "username", Required: true, Max: 254, Locked: invitation.Email != ""},
		{Name: "password", Label: r.say("join.password"), Type: "password", Complete: "new-password", Required: true, Max: 1024, Hint: r.say("join.password.hint", "n", directory.MinPassword)},
	}
	view.Error = r.place(view.Fields, wrong)
	r.page.Title, r.page.Alone = r.say("join.title"), true
	return r.render(w, status, "join", view)
}

// fieldOf says which field a fault is about.
var fieldOf = map[string]string{
	"MissingName": "name", "BadEmail": "email", "OtherEmail": "email", "EmailHeld": "email",
	"TokenLife": "days", "Federation": "issuer", "MissingDisplayName": "displayName", "MissingUserName": "userName", "NameHeld": "userName", "InvalidDomain": "userName",
	"PasswordTooShort": "password", "PasswordTooLong": "password", "PasswordCommon": "password", "PasswordIsName": "password", "WrongPassword": "old",
}

// place puts what went wrong beside the field that it is about; what is about none of them is returned.
func (r *request) place(fields []Field, wrong error) string {
	if wrong == nil {
		return ""
	}
	text, _ := r.fault(wrong)
	if f := fault.Of(wrong); f != nil {
		for i := range fields {
			if fields[i].Name == fieldOf[f.Code] {
				fields[i].Error = text
				return ""
			}
		}
	}
	return text
}

func (s *server) join(w http.ResponseWriter, r *request) error {
	invitation, err := s.invited(r)
	if err != nil {
		return s.noInvitation(w, r, err)
	}
	session, secret, err := s.Directory.AcceptInvitation(r.ctx(), r.PathValue("secret"), directory.NewAdministrator{
		Name: r.value("name"), Email: r.value("email"), Password: r.PostFormValue("password"),
	}, r.address, r.UserAgent())
	switch {
	case fault.Is(err, fault.Invalid), fault.Is(err, fault.Conflict):
		return s.showJoin(w, r, http.StatusUnprocessableEntity, invitation, err)
	case err != nil:
		return s.noInvitation(w, r, err)
	}
	if err := s.endPrevious(r); err != nil {
		return err
	}
	s.keep(w, r, session, secret)
	r.lead(w, "/")
	return nil
}
