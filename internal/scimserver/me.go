package scimserver

import (
	"net/http"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
)

// ownAccount is what /Me asks for: the bearer acts for a user of the directory.
const ownAccount directory.Right = "own-account"

// Codes of errors that have a status of their own.
const (
	notImplemented = "NotImplemented"
	notAllowed     = "MethodNotAllowed"
)

// serveMe registers the user for whom the bearer acts (RFC 7644, section 3.11). He may read himself; what he may change is a matter for
// administrators.
func (s *server) serveMe() {
	s.route("GET", "/Me", ownAccount, func(w http.ResponseWriter, r *http.Request) error {
		id := callerOf(r.Context()).token.UserID
		if id.IsZero() {
			return fault.New(fault.NotFound, "NoUser", "the token acts for no user of the directory")
		}
		w.Header().Set("Content-Location", callerOf(r.Context()).base+"/Users/"+id.String())
		return s.read(w, r, s.users, id)
	})
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		s.route(method, "/Me", ownAccount, func(http.ResponseWriter, *http.Request) error {
			return fault.New(fault.Invalid, notImplemented, "users do not change themselves here").
				WithRemedy("Change them as /Users/ID, with a token that may.")
		})
	}
}

// elsewhere answers for paths and methods that nothing is registered for.
func (s *server) elsewhere(w http.ResponseWriter, r *http.Request) {
	allowed := false
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := s.mux.Handler(probe); pattern != "/" && pattern != "" {
			allowed = true
			w.Header().Add("Allow", method)
		}
	}
	if allowed {
		s.refuse(w, r, fault.New(fault.Invalid, notAllowed, "this path does not know the method %s", r.Method))
		return
	}
	s.refuse(w, r, fault.New(fault.NotFound, "UnknownPath", "there is nothing at this path").
		WithRemedy("The address of a service is /identity/scim/ORGANIZATION/v2, with /Users, /Groups and /ServiceProviderConfig below it."))
}
