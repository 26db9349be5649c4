package console

import (
	"net/http"

	"rollcall/internal/fault"
)

type signInView struct {
	Error, To string
	Fields    []Field
	Languages []Choice
}

func (s *server) signInForm(w http.ResponseWriter, r *request) error {
	if !r.who.ID.IsZero() {
		r.lead(w, r.query("to"))
		return nil
	}
	return s.showSignIn(w, r, http.StatusOK, r.query("to"), "", "")
}

func (s *server) showSignIn(w http.ResponseWriter, r *request, status int, to, email, wrong string) error {
	r.page.Title, r.page.Alone = r.say("signIn.title"), true
	return r.render(w, status, "signin", signInView{
		Error: wrong, To: local(to), Languages: r.languages(),
		Fields: []Field{
			{Name: "email", Label: r.say("join.email"), Type: "email", Value: email, Complete: "username", Required: true, Max: 254},
			{Name: "password", Label: r.say("join.password"), Type: "password", Complete: "current-password", Required: true, Max: 1024},
		},
	})
}

// signIn checks address and password. Too many attempts wait, by the account and by the client's address.
func (s *server) signIn(w http.ResponseWriter, r *request) error {
	email := r.value("email")
	if wait, ok := s.limits.allow(email, r.address, s.Machine()); !ok {
		return s.showSignIn(w, r, http.StatusTooManyRequests, r.value("to"), email, r.say("signIn.wait", "span", r.span(wait)))
	}
	session, secret, err := s.Directory.SignIn(r.ctx(), email, r.PostFormValue("password"), r.address, r.UserAgent())
	if fault.Is(err, fault.Unauthenticated) {
		return s.showSignIn(w, r, http.StatusUnauthorized, r.value("to"), email, r.say("signIn.failed"))
	}
	if err != nil {
		return err
	}
	if err := s.endPrevious(r); err != nil {
		return err
	}
	s.keep(w, r, session, secret)
	r.lead(w, r.value("to"))
	return nil
}

// endPrevious ends the session in which the browser was before: each sign-in has a secret of its own.
func (s *server) endPrevious(r *request) error {
	if r.who.ID.IsZero() {
		return nil
	}
	if err := s.Directory.EndSession(r.ctx(), r.who.ID, r.session.ID); !fault.Is(err, fault.NotFound) {
		return err
	}
	return nil // another tab was quicker
}

func (s *server) signOut(w http.ResponseWriter, r *request) error {
	if err := s.endPrevious(r); err != nil {
		return err
	}
	s.forget(w, r)
	w.Header().Set("Clear-Site-Data", `"cache"`)
	r.lead(w, "/sign-in")
	return nil
}
