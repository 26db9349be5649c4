package console

import (
	"net/http"
	"strings"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
)

type connectionsView struct {
	Rows      []connectionCard
	Connector *connectorDialog
}

// connectionCard is a connection as the list and its own page show it.
type connectionCard struct {
	Href, Name, Tenant, Cloud, ClientID string
	State                               Pill
	// Text says in plain words what the state means; Reason why it is so, and Remedy what helps.
	Text, Reason, Remedy string
	Held, Broken         bool
	Since                *Moment
	// Ends says when the credential does.
	Ends *Pill
	// Instances are the names of those that use it.
	Instances []string
	Reading   *Progress
	// Read says what was read, and ReadAt when, once it is done; Rests why reading rests, until TryAt.
	Read, Rests   string
	ReadAt, TryAt *Moment
}

// connections lists the organization's connections (B).
func (s *server) connections(w http.ResponseWriter, r *request) error {
	found, err := s.Engine.Store.ListConnections(r.ctx(), r.org)
	if err != nil {
		return err
	}
	names, err := s.connectionUsers(r)
	if err != nil {
		return err
	}
	var view connectionsView
	for _, connection := range found {
		view.Rows = append(view.Rows, r.connectionCard(connection, names[connection.ID]))
	}
	if view.Connector, err = s.connectorDialog(r, "/connections"); err != nil {
		return err
	}
	r.belowSync(r.say("connections.title"))
	return r.render(w, http.StatusOK, "connections", view)
}

// connectionUsers are the names of the instances that use each connection.
func (s *server) connectionUsers(r *request) (map[ident.ID][]string, error) {
	instances, err := s.Engine.Store.ListInstances(r.ctx(), r.org)
	users := map[ident.ID][]string{}
	for _, instance := range instances {
		users[instance.ConnectionID] = append(users[instance.ConnectionID], instance.Name)
	}
	return users, err
}

func (r *request) connectionCard(c engine.Connection, instances []string) connectionCard {
	card := connectionCard{
		Href: r.at("/connections/", c.ID.String()), Name: r.tenantName(c), Tenant: c.TenantID, Cloud: r.cloudName(c.Cloud), ClientID: c.ClientID,
		Text: r.say("connection.state." + string(c.State) + ".text"), Since: r.moment(c.Standing.Since), Ends: r.credentialEnd(c), Instances: instances,
	}
	if card.Tenant == card.Name {
		card.Tenant = ""
	}
	tone := map[engine.ConnectionState]string{
		engine.NotConnected: "idle", engine.WaitingForConsent: "warn", engine.Connected: "ok", engine.Refused: "bad",
	}[c.State]
	card.State, card.Held, card.Broken = pill(tone, r.say("connection.state."+string(c.State))), tone == "warn", tone == "bad"
	if c.State == engine.Refused && c.Standing.Reason != nil {
		card.Reason, card.Remedy = r.reasonText(c)
	}
	if c.State == engine.Connected {
		r.readingOf(c, &card)
	}
	return card
}

// tenantName is what people call the connection's tenant.
func (r *request) tenantName(c engine.Connection) string {
	switch {
	case c.Standing.TenantName != "":
		return c.Standing.TenantName
	case c.TenantID != "":
		return c.TenantID
	}
	return r.say("connection.noTenant")
}

// cloudName is how people call a cloud: Microsoft's by their names, others as the configuration does.
func (r *request) cloudName(name string) string {
	if key := "cloud." + name; r.has(key) {
		return r.say(key)
	}
	return name
}

// reasonText says why the tenant refuses and what helps: in the language's words where there are some, else as the engine says it.
func (r *request) reasonText(c engine.Connection) (reason, remedy string) {
	code := c.Standing.Reason.Code
	if key := "connection.reason." + code; r.has(key) {
		return r.say(key, "permissions", strings.Join(graph.Missing(c.Standing.Permissions), ", ")), r.say("connection.remedy." + code)
	}
	return c.Standing.Reason.Message, c.Standing.Reason.Remedy
}

// credentialEnd says when the credential ends: as a warning within a month, as a failure once it has.
func (r *request) credentialEnd(c engine.Connection) *Pill {
	if c.SecretExpiresAt.IsZero() {
		return nil
	}
	tone, key := "idle", "connection.ends"
	switch directory.NoticeOf(c.SecretExpiresAt, r.now()) {
	case directory.NoNotice:
	case directory.Ended:
		tone, key = "bad", "connection.ended"
	default:
		tone = "warn"
	}
	p := pill(tone, r.say(key, "day", r.day(c.SecretExpiresAt)))
	return &p
}

// readingOf says how far the tenant was read ahead of any run.
func (r *request) readingOf(c engine.Connection, card *connectionCard) {
	p := c.Standing.Prefetch
	switch p.Stage {
	case engine.PrefetchUsers:
		bar := r.progress(r.say("connection.reading.users"), p.Read, p.Expected, 0, 0)
		card.Reading = &bar
	case engine.PrefetchGroups:
		bar := r.progress(r.say("connection.reading.groups"), p.Groups, 0, 0, 0)
		card.Reading = &bar
	case engine.PrefetchDone:
		groups := r.say("connection.groups", "n", p.Groups)
		card.Read, card.ReadAt = r.say("connection.read", "users", r.say("connection.users", "n", p.Read), "groups", groups), r.moment(p.DoneAt)
		if p.Read == 0 { // only what changed since the last time, which is not counted
			card.Read = r.say("connection.readChanges", "groups", groups)
		}
	}
	if p.Failure != nil {
		card.Rests, card.TryAt = p.Failure.Message, r.moment(p.TryAt)
	}
}
