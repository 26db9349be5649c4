package console

import (
	"net/http"
	"slices"

	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/oauth"
	"rollcall/internal/scim"
)

type clientsView struct {
	Tabs                []Choice
	TenantURL, TokenURL string
	New                 *newSecret
	Rows                []clientRow
}

type clientRow struct {
	ID, Name, Scope, About, Issuer string
	State                          Pill
	Warning                        string
	Alive                          bool
	// Secrets are the ends of its secrets; a client for which another issuer signs has none.
	Secrets []*Moment
}

func (s *server) clients(w http.ResponseWriter, r *request) error { return s.showClients(w, r, nil) }

// showClients lists the programs that get access tokens for SCIM (OAuth 2.0).
func (s *server) showClients(w http.ResponseWriter, r *request, made *newSecret) error {
	r.titled(r.say("clients.title"), r.say("nav.settings"), "/tokens")
	clients, err := s.Directory.Clients(r.ctx(), r.org)
	if err != nil {
		return err
	}
	base := s.publicURL(r)
	view := clientsView{Tabs: r.credentialTabs("/tokens/clients"), TenantURL: api.TenantURL(base, r.org), TokenURL: base + oauth.Path, New: made}
	for _, client := range clients {
		view.Rows = append(view.Rows, r.clientRow(client))
	}
	return r.render(w, http.StatusOK, "clients", view)
}

func (r *request) clientRow(client directory.Client) clientRow {
	state := client.State()
	row := clientRow{
		ID: client.ID.String(), Name: client.Name, Scope: r.say("role." + string(client.Role)), State: r.credentialPill(state), Issuer: client.Federation.Issuer,
		About: r.say("tokens.source."+string(client.Source)) + " · " + r.say("tokens.profile."+string(client.Profile)), Alive: state != directory.CredentialRevoked,
	}
	for _, secret := range client.Secrets {
		row.Secrets = append(row.Secrets, r.moment(secret.ExpiresAt))
	}
	if row.Alive && client.NoticeAt(r.now()) != directory.NoNotice {
		row.Warning = r.say("tokens.soon")
	}
	return row
}

func (s *server) newClient(w http.ResponseWriter, r *request) error {
	return s.showNewClient(w, r, http.StatusOK, nil)
}

func (s *server) showNewClient(w http.ResponseWriter, r *request, status int, wrong error) error {
	r.titled(r.say("clients.new"), r.say("nav.settings"), "/tokens", r.say("clients.title"), "/tokens/clients")
	fields := append(r.credentialFields([]directory.Role{directory.SCIMWriter, directory.SCIMReader}), r.lifeField())
	for _, name := range []string{"issuer", "subject", "audience", "keysUrl"} {
		field := Field{Name: name, Label: r.say("clients." + name), Type: "text", Value: r.value(name), Max: 1024, Complete: "off"}
		if name == "issuer" {
			field.Hint = r.say("clients.federation")
		}
		fields = append(fields, field)
	}
	view := objectForm{New: true, Action: r.at("/tokens/clients"), Back: r.at("/tokens/clients"), Fields: fields}
	view.Error = r.place(view.Fields, wrong)
	return r.render(w, status, "objectform", view)
}

func (s *server) createClient(w http.ResponseWriter, r *request) error {
	life, err := r.life()
	var client directory.Client
	var secret string
	if err == nil {
		client, secret, err = s.Directory.CreateClient(r.ctx(), r.who.Credential(), r.org, directory.NewClient{
			Name: r.value("name"), Role: directory.Role(r.value("role")), Source: directory.Source(r.value("source")), Profile: scim.Profile(r.value("profile")), Life: life,
			Federation: directory.Federation{Issuer: r.value("issuer"), Subject: r.value("subject"), Audience: r.value("audience"), KeysURL: r.value("keysUrl")},
		})
	}
	if fault.Is(err, fault.Invalid) {
		return s.showNewClient(w, r, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	return s.showClients(w, r, s.madeClient(r, client, secret))
}

// madeClient is what the program's own page asks for; Secret is empty where another issuer signs.
func (s *server) madeClient(r *request, client directory.Client, secret string) *newSecret {
	made := &newSecret{Title: client.Name, Secret: secret, ClientID: client.ID.String(), TokenURL: s.publicURL(r) + oauth.Path}
	if n := len(client.Secrets); n > 0 {
		made.Until = r.day(client.Secrets[n-1].ExpiresAt)
	}
	return made
}

func (s *server) rotateClientForm(w http.ResponseWriter, r *request) error {
	return s.showRotateClient(w, r, http.StatusOK, nil)
}

func (s *server) showRotateClient(w http.ResponseWriter, r *request, status int, wrong error) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	clients, err := s.Directory.Clients(r.ctx(), r.org)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(clients, func(client directory.Client) bool {
		return client.ID == id && client.RevokedAt.IsZero() && client.Federation.Issuer == ""
	})
	if i < 0 {
		return fault.New(fault.NotFound, "UnknownClient", "there is no client %s that could be rotated", id)
	}
	return s.showRotation(w, r, status, clients[i].Name, "/tokens/clients", id, wrong)
}

func (s *server) rotateClient(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	how, err := r.rotation()
	if err != nil {
		return s.showRotateClient(w, r, http.StatusUnprocessableEntity, err)
	}
	client, secret, err := s.Directory.RotateClient(r.ctx(), r.who.Credential(), r.org, id, how)
	if err != nil {
		return err
	}
	return s.showClients(w, r, s.madeClient(r, client, secret))
}

func (s *server) revokeClient(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Directory.RevokeClient(r.ctx(), r.org, id); err != nil {
		return err
	}
	return r.done(w, "/tokens/clients", "clients.revoked")
}
