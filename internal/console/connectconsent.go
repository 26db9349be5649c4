package console

import (
	"net/http"
	"slices"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
)

type consentView struct {
	connectionCard
	ID, Redirect string
	Unsafe       *Notice
	// Renew: the tenant had consented before.
	Renew bool
	// AskTenant: nobody has told the tenant yet.
	AskTenant   *Field
	Permissions []permissionRow
}

// beforeConsent lists every permission with its use, before somebody leaves for Microsoft (B1).
func (s *server) beforeConsent(w http.ResponseWriter, r *request) error {
	connection, err := s.pathConnection(r)
	if err != nil {
		return err
	}
	return s.showBeforeConsent(w, r, http.StatusOK, connection, nil)
}

func (s *server) showBeforeConsent(w http.ResponseWriter, r *request, status int, c engine.Connection, wrong error) error {
	view := consentView{connectionCard: r.connectionCard(c, nil), ID: c.ID.String(), Unsafe: r.unsafeAddress(), Permissions: r.permissionRows(c)}
	view.Renew = c.State == engine.Connected || c.LacksConsent()
	if view.Unsafe == nil {
		view.Redirect, _ = engine.RedirectURI(r.publicURL()) // it was checked just before
	}
	if c.TenantID == "" {
		view.AskTenant = &Field{Name: "tenant", Label: r.say("connect.tenant"), Type: "text", Value: r.value("tenant"), Hint: r.say("consent.tenant.hint"), Required: true, Max: 256, Complete: "off"}
		if wrong != nil {
			view.AskTenant.Error, _ = r.fault(wrong)
		}
	}
	title := r.say("consent.title")
	if view.Renew {
		title = r.say("connection.renew")
	}
	r.belowSync(title, r.say("connections.title"), "/connections", view.Name, "/connections/"+view.ID)
	return r.render(w, status, "connectconsent", view)
}

// boundTo ties a way to Microsoft and back to the session that begins it.
func boundTo(r *request) string { return "session/" + r.session.ID.String() }

type leaveView struct{ URL string }

// sendToMicrosoft leads the browser away to consent.
func (s *server) sendToMicrosoft(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	departure, err := s.Engine.SendAway(r.ctx(), r.org, id, engine.Leave{PublicURL: r.publicURL(), Bound: boundTo(r)})
	if err != nil {
		return err
	}
	return r.leave(w, departure)
}

// leave leads the browser to Microsoft. The header does it and not a redirect, since the policy lets forms lead to this server only.
func (r *request) leave(w http.ResponseWriter, departure engine.Departure) error {
	w.Header().Set("Refresh", "0; url="+departure.URL)
	r.belowSync(r.say("leave.title"))
	return r.render(w, http.StatusOK, "connectleave", leaveView{departure.URL})
}

// arrivalView says why nothing came of it; Kept: the instance that was to be deleted is as it was.
type arrivalView struct {
	Text, Href string
	Kept       bool
}

// arrive takes what the browser brings back from Microsoft. The address names no organization: the state, which is of this session alone, does.
func (s *server) arrive(w http.ResponseWriter, r *request) error {
	back := engine.Return{
		Bound: boundTo(r), State: r.query("state"), Code: r.query("code"), AdminConsent: r.query("admin_consent"), Tenant: r.query("tenant"),
		Error: r.query("error"), ErrorSubcode: r.query("error_subcode"), ErrorDescription: r.query("error_description"),
	}
	begun, err := s.Engine.Begun(r.ctx(), back.State, back.Bound)
	if err == nil && !slices.ContainsFunc(r.organizations, func(o directory.Organization) bool { return o.ID == begun.OrgID }) {
		err = fault.New(fault.NotFound, "UnknownOrganization", "the organization does not exist any more")
	}
	if err != nil {
		href := "/"
		if len(r.organizations) > 0 {
			r.org = r.organizations[0].ID
			href = r.at("/connections")
		}
		return s.notArrived(w, r, arrivalView{Href: href}, err)
	}
	r.org = begun.OrgID
	path, withdraws := "/connections/"+begun.ConnectionID.String(), begun.Step == engine.StepWithdraw
	if withdraws {
		path = "/directory-synchronization"
	}
	arrival, err := s.Engine.WelcomeBack(r.ctx(), r.org, back)
	switch {
	case err != nil:
		return s.notArrived(w, r, arrivalView{Href: r.at(path), Kept: withdraws}, err)
	case withdraws:
		return r.done(w, path, "withdraw.done")
	case arrival.Next != nil:
		http.Redirect(w, r.Request, arrival.Next.URL, http.StatusSeeOther)
		return nil
	}
	return r.done(w, path, "")
}

// notArrived says why nothing came of it. Faults that are ours are left to the caller.
func (s *server) notArrived(w http.ResponseWriter, r *request, view arrivalView, err error) error {
	text, ours := r.fault(err)
	if ours {
		return err
	}
	view.Text = text
	r.titled(r.say("arrival.title"))
	return r.render(w, http.StatusBadRequest, "connectback", view)
}

// requestAccess lets the connection wait until somebody in Entra consents, who may (B2).
func (s *server) requestAccess(w http.ResponseWriter, r *request) error {
	connection, err := s.pathConnection(r)
	if err != nil {
		return err
	}
	if tenant := r.value("tenant"); connection.TenantID == "" {
		if tenant == "" {
			err = fault.New(fault.Invalid, "TenantMissing", "the tenant's id is missing")
		} else {
			_, err = s.Engine.ChangeConnection(r.ctx(), r.org, connection.ID, engine.ConnectionChange{TenantID: &tenant})
		}
	}
	if err == nil {
		_, err = s.Engine.WaitForConsent(r.ctx(), r.org, connection.ID)
	}
	if fault.Is(err, fault.Invalid) {
		return s.showBeforeConsent(w, r, http.StatusUnprocessableEntity, connection, err)
	}
	if err != nil {
		return err
	}
	return r.done(w, "/connections/"+connection.ID.String(), "")
}
