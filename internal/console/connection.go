package console

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
)

type connectionView struct {
	connectionCard
	ID, SignedIn string
	// Live is after how many seconds the state is asked for again.
	Live  int
	Error string
	// Waiting: somebody in Entra must consent. Renew: a consent mends it. Begin: nobody was sent to Microsoft yet, or he came back without.
	Waiting, Renew, Begin bool
	NextCheck             *Moment
	// Managed: an identity of the machine, which has no page for consent.
	Managed     bool
	Permissions []permissionRow
	Form        connectForm
	// Edit: the form is open.
	Edit bool
	// Continue is where the set-up goes on; "" while there is nothing to go on with.
	Continue  string
	Connector *connectorDialog
	// Facts about the credential.
	Facts []Choice
}

// permissionRow is one of Entra's permissions with its use.
type permissionRow struct {
	Name, Use string
	Needed    bool
	Granted   Pill
}

// connection shows one connection, what to do about it, and goes on by itself while somebody looks.
func (s *server) connection(w http.ResponseWriter, r *request) error {
	connection, err := s.pathConnection(r)
	if err != nil {
		return err
	}
	return s.showConnection(w, r, http.StatusOK, connection, nil)
}

func (s *server) pathConnection(r *request) (engine.Connection, error) {
	id, err := r.pathID("id")
	if err != nil {
		return engine.Connection{}, err
	}
	return s.Engine.GetConnection(r.ctx(), r.org, id)
}

func (s *server) showConnection(w http.ResponseWriter, r *request, status int, c engine.Connection, wrong error) error {
	names, err := s.connectionUsers(r)
	if err != nil {
		return err
	}
	view := connectionView{
		connectionCard: r.connectionCard(c, names[c.ID]), ID: c.ID.String(), SignedIn: c.Standing.SignedIn, Live: 10, NextCheck: r.moment(c.Standing.CheckAt),
		Waiting: c.State == engine.WaitingForConsent, Managed: c.Form == engine.FormManaged, Permissions: r.permissionRows(c), Edit: wrong != nil,
		Facts: r.credentialFacts(c),
	}
	view.Tenant = c.TenantID
	switch c.State {
	case engine.NotConnected:
		view.Begin = true
	case engine.Refused:
		view.Renew = c.LacksConsent()
		view.Begin = !view.Renew && c.Standing.Reason != nil && slices.Contains([]string{"ConsentDeclined", "SignInFailed", "WrongTenant"}, c.Standing.Reason.Code)
	case engine.WaitingForConsent, engine.Connected:
	}
	if view.Waiting || view.Reading != nil || view.Renew {
		view.Live = 2
	}
	view.Form = s.connectionForm(r, &c, len(view.Instances) > 0, wrong)
	if err := s.onward(r, c, &view); err != nil {
		return err
	}
	r.belowSync(view.Name, r.say("connections.title"), "/connections")
	return r.render(w, status, "connection", view)
}

// onward offers what comes after the consent, behind the dialog if the Directory Connector still writes (B6).
func (s *server) onward(r *request, c engine.Connection, view *connectionView) error {
	next := "/setup?connection=" + c.ID.String()
	if c.State != engine.Connected || !r.may("createInstance") {
		next = ""
	}
	var err error
	if view.Connector, err = s.connectorDialog(r, cmp.Or(next, "/connections/"+c.ID.String())); err != nil {
		return err
	}
	if next != "" {
		view.Continue = r.at(next)
	}
	return nil
}

// permissionRows are all that the product asks for, with what the tenant granted when it was asked last; without that where there is no tenant.
func (r *request) permissionRows(c engine.Connection) []permissionRow {
	var rows []permissionRow
	for _, permission := range graph.Permissions() {
		row := permissionRow{Name: permission.Name, Use: permission.Use, Needed: permission.Needed}
		if key := "permission." + permission.Name; r.has(key) {
			row.Use = r.say(key)
		}
		switch {
		case c.ID.IsZero():
		case slices.Contains(c.Standing.Permissions, permission.Name):
			row.Granted = pill("ok", r.say("permissions.granted"))
		case permission.Needed && c.State == engine.Refused:
			row.Granted = pill("bad", r.say("permissions.missing"))
		case len(c.Standing.Permissions) == 0 && c.State == engine.Connected: // by an instance that works: nobody asked which ones
			row.Granted = pill("idle", r.say("permissions.unchecked"))
		default:
			row.Granted = pill("idle", r.say("permissions.notGranted"))
		}
		rows = append(rows, row)
	}
	return rows
}

func (r *request) credentialFacts(c engine.Connection) []Choice {
	facts := []Choice{{Text: r.say("connection.form"), Value: r.say("credential." + string(c.Form))}}
	add := func(key, value string) {
		if value != "" {
			facts = append(facts, Choice{Text: r.say(key), Value: value})
		}
	}
	add("connection.client", c.ClientID)
	add("connection.thumbprint", c.Thumbprint)
	if !c.SecretExpiresAt.IsZero() {
		add("connection.until", r.day(c.SecretExpiresAt))
	}
	return facts
}

// onConnection makes a page of what is done with one connection; the word is said afterwards.
func (s *server) onConnection(do func(*engine.Engine, context.Context, ident.ID, ident.ID) (engine.Connection, error), word string) func(http.ResponseWriter, *request) error {
	return func(w http.ResponseWriter, r *request) error {
		id, err := r.pathID("id")
		if err != nil {
			return err
		}
		if _, err := do(s.Engine, r.ctx(), r.org, id); err != nil {
			return err
		}
		return r.done(w, "/connections/"+id.String(), word)
	}
}

func (s *server) deleteConnection(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Engine.DeleteConnection(r.ctx(), r.org, id); err != nil {
		return err
	}
	return r.done(w, "/connections", "connection.deleted")
}

// changeConnection replaces the credential, the app registration, or the tenant of a connection that nobody uses. A form that nobody touched
// changes nothing.
func (s *server) changeConnection(w http.ResponseWriter, r *request) error {
	connection, err := s.pathConnection(r)
	if err != nil {
		return err
	}
	var change engine.ConnectionChange
	if tenant := r.value("tenant"); r.PostForm.Has("tenant") && tenant != connection.TenantID {
		change.TenantID = &tenant
	}
	if client := r.value("client"); client != connection.ClientID {
		change.ClientID = &client
	}
	credential, err := r.enteredCredential()
	if err == nil && (credential.ClientSecret != "" || credential.Certificate != "" || !credential.ExpiresAt.IsZero() || credential.Form != connection.Form) {
		change.Credential = &credential
	}
	path := "/connections/" + connection.ID.String()
	if err == nil && change == (engine.ConnectionChange{}) {
		return r.done(w, path, "connection.unchanged")
	}
	if err == nil {
		_, err = s.Engine.ChangeConnection(r.ctx(), r.org, connection.ID, change)
	}
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		return s.showConnection(w, r, http.StatusUnprocessableEntity, connection, err)
	}
	if err != nil {
		return err
	}
	return r.done(w, path, "form.saved")
}
