package entrasim

import (
	"net/http"
	"slices"
	"time"
)

// A consentRequest is what somebody asked the administrators of the tenant for.
type consentRequest struct {
	ID            string    `json:"id"`
	Account       string    `json:"account"`
	Justification string    `json:"justification"`
	At            time.Time `json:"createdDateTime"`
	State         string    `json:"state"` // pending, approved, denied
}

// requestConsent notes a request; one of the same account that is pending is replaced.
func (s *Server) requestConsent(upn, justification string, now time.Time) {
	id := s.requestID().String()
	s.app.set(func(a *appState) {
		kept := slices.DeleteFunc(slices.Clone(a.requests), func(r consentRequest) bool { return r.Account == upn && r.State == "pending" })
		a.requests = append(kept, consentRequest{ID: id, Account: upn, Justification: justification, At: now, State: "pending"})
	})
}

// decide approves or denies a pending request; approval is the tenant's consent.
func (s *Server) decide(id string, approve bool) (consentRequest, bool) {
	var decided consentRequest
	s.app.set(func(a *appState) {
		i := slices.IndexFunc(a.requests, func(r consentRequest) bool { return r.ID == id && r.State == "pending" })
		if i < 0 {
			return
		}
		a.requests = slices.Clone(a.requests)
		a.requests[i].State = "denied"
		if approve {
			a.requests[i].State = "approved"
			a.consent()
		}
		decided = a.requests[i]
	})
	return decided, decided.ID != ""
}

// consentRequests is the administrators' page. It stands for one in Microsoft's admin center, behind a sign-in.
func (x *exchange) consentRequests() {
	if x.ofTenant("invalid_tenant") {
		x.page("requests", http.StatusOK, shown{Title: "Admin consent requests", Requests: x.server.app.now().requests})
	}
}

func (x *exchange) decideConsentRequest() {
	if !x.ofTenant("invalid_tenant") {
		return
	}
	if err := x.request.ParseForm(); err != nil {
		x.signInError(90014, "The request could not be read.")
		return
	}
	x.server.decide(x.request.PostForm.Get("id"), x.request.PostForm.Get("action") == "approve")
	x.header.Set("Location", x.request.URL.Path)
	x.status = http.StatusSeeOther
}

func (x *exchange) simConsentRequests() (int, any, error) {
	return http.StatusOK, map[string]any{"value": append([]consentRequest{}, x.server.app.now().requests...)}, nil
}

func simDecision(approve bool) func(*exchange) (int, any, error) {
	return func(x *exchange) (int, any, error) {
		id := x.request.PathValue("id")
		decided, found := x.server.decide(id, approve)
		if !found {
			return 0, nil, refuse(http.StatusNotFound, "there is no pending request %s: GET /sim/consent/requests lists them", id)
		}
		return http.StatusOK, decided, nil
	}
}

func (x *exchange) simConsentWorkflow() (int, any, error) {
	var in struct {
		Enabled *bool `json:"enabled"`
	}
	if err := x.readControl(&in); err != nil {
		return 0, nil, err
	}
	if in.Enabled == nil {
		return 0, nil, refuse(http.StatusBadRequest, `send {"enabled":true} or {"enabled":false}`)
	}
	x.server.app.set(func(a *appState) { a.workflowOff = !*in.Enabled })
	return http.StatusOK, map[string]bool{"enabled": *in.Enabled}, nil
}
