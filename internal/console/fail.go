package console

import (
	"net/http"
	"net/url"

	"rollcall/internal/fault"
)

// failure is what the page of an error shows: what happened, what it means, what to do.
type failure struct {
	Title, Text, Detail string
	Back                string
}

// fail answers for an error, by its kind; errors that are ours are logged here.
func (s *server) fail(w http.ResponseWriter, r *request, err error) {
	if r.ctx().Err() != nil {
		return
	}
	key, status := "fail.internal", http.StatusInternalServerError
	switch fault.KindOf(err) {
	case fault.Unauthenticated:
		s.askToSignIn(w, r)
		return
	case fault.Denied:
		key, status = "fail.denied", http.StatusForbidden
	case fault.NotFound:
		key, status = "fail.notFound", http.StatusNotFound
	case fault.Conflict, fault.Stale, fault.Invalid, fault.Expired:
		s.failSaying(w, r, http.StatusConflict, "fail.refused", err)
		return
	case fault.Throttled, fault.Unavailable:
		s.failSaying(w, r, http.StatusServiceUnavailable, "fail.unavailable", err)
		return
	default:
		s.Logger.ErrorContext(r.ctx(), "page failed", "request_id", r.id, "route", pattern(r.Request), "error", err.Error())
	}
	s.failWith(w, r, status, key)
}

// askToSignIn leads to the sign-in page and back; a part that refreshes by itself is told to reload the page.
func (s *server) askToSignIn(w http.ResponseWriter, r *request) {
	if r.Header.Get("HX-Request") != "" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	to := "/sign-in"
	if r.Method == http.MethodGet && r.URL.Path != "/" {
		to += "?to=" + url.QueryEscape(r.URL.RequestURI())
	}
	r.lead(w, to)
}

// failWith answers with the page of the word and its ".text".
func (s *server) failWith(w http.ResponseWriter, r *request, status int, key string) {
	s.failShowing(w, r, status, failure{Title: r.say(key), Text: r.say(key+".text", "id", r.id)})
}

func (s *server) failSaying(w http.ResponseWriter, r *request, status int, key string, err error) {
	text, _ := r.fault(err)
	s.failShowing(w, r, status, failure{Title: r.say(key), Text: text})
}

func (s *server) failShowing(w http.ResponseWriter, r *request, status int, view failure) {
	r.Header.Del("HX-Target")
	r.page.Title, r.page.Crumbs, view.Back = view.Title, nil, r.base()+"/"
	if !r.org.IsZero() {
		view.Back = r.at(r.first())
	}
	if err := s.write(w, r, status, "failure", view); err != nil {
		s.Logger.ErrorContext(r.ctx(), "page failed", "request_id", r.id, "error", err.Error())
		http.Error(w, view.Title, status)
	}
}
