package cli

import (
	"context"
	"fmt"
	"net/http"

	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

type clientCreateCommand struct {
	remote
	Name string `arg:"" help:"What the client is for, such as entra."`
	Role string `default:"scim-writer" enum:"scim-writer,scim-reader" help:"The most that an access token may be asked for: ${enum}."`
	Days int    `help:"Days until the secret expires; 365 if absent." placeholder:"DAYS"`
	provisioning
	Issuer   string `help:"Issuer that signs for the client (the claim iss); then it has no secret. With --subject and --audience." placeholder:"URL"`
	Subject  string `help:"The claim sub of what the issuer signs." placeholder:"TEXT"`
	Audience string `help:"What the claim aud of it must hold." placeholder:"TEXT"`
	KeysURL  string `help:"Where the issuer's keys are; if absent, where its discovery document says." name:"keys-url" placeholder:"URL"`
}

// Help gives an example.
func (clientCreateCommand) Help() string {
	return "Example: rollcall client create okta --source OKTA\n\nFor Entra, which signs for itself (workload identity federation): rollcall client create entra" +
		" --source AAD --issuer https://login.microsoftonline.com/TENANT/v2.0 --subject SUBJECT --audience AUDIENCE"
}

// Run registers a client.
func (c *clientCreateCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	want := api.NewClient{
		Name: c.Name, Role: directory.Role(c.Role), Source: directory.Source(c.Source), Profile: scim.Profile(c.Profile), ExpiresInDays: c.Days,
		TakeOver: c.TakeOver,
	}
	federated := c.Issuer != "" || c.Subject != "" || c.Audience != "" || c.KeysURL != ""
	switch {
	case c.Days < 0:
		return fault.New(fault.Invalid, "Days", "--days %d is not 1 or more", c.Days)
	case federated && (c.Issuer == "" || c.Subject == "" || c.Audience == ""):
		return fault.New(fault.Invalid, "Federation", "--issuer, --subject and --audience belong together").
			WithRemedy("Give all three, or none for a client with a secret.")
	case federated:
		want.Federation = &api.Federation{Issuer: c.Issuer, Subject: c.Subject, Audience: c.Audience, KeysURL: c.KeysURL}
	}
	var client api.CreatedClient
	if err := server.call(ctx, http.MethodPost, server.here("clients"), nil, want, &client); err != nil {
		return err
	}
	return showClient(in, c.JSON, client)
}

// showClient writes a new secret, alone on standard output, and what else there is to know beside it.
func showClient(in *invocation, asJSON bool, client api.CreatedClient) error {
	if asJSON {
		return writeJSON(in.stdout, client)
	}
	in.say("Client %s\nClient ID: %s\nToken URL: %s\nTenant URL: %s", printable(client.Name), client.ID, client.TokenURL, client.TenantURL)
	if client.Secret == "" {
		in.say("It has no secret: %s signs for it.", printable(client.Federation.Issuer))
		return nil
	}
	newest := client.Secrets[len(client.Secrets)-1]
	in.say("The secret is good until %s. It is shown only now:", short(newest.ExpiresAt))
	_, err := fmt.Fprintln(in.stdout, client.Secret)
	return err
}

type clientListCommand struct{ remote }

// Help gives an example.
func (clientListCommand) Help() string { return "Example: rollcall client list" }

// Run lists the clients.
func (c *clientListCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	clients, err := list[api.Client](ctx, server, server.here("clients"), nil)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, clients)
	}
	out := newTable("ID", "NAME", "ROLE", "STATE", "FOR SCIM", "PROOF")
	for _, client := range clients {
		out.add(client.ID.String(), client.Name, string(client.Role), client.State, forSCIMText(client.Source, client.Profile, client.TakeOver), proof(client))
	}
	if err := out.write(in.stdout, in.columns(), "There is no client; register one with `rollcall client create NAME`."); err != nil {
		return err
	}
	for _, client := range clients {
		if client.Warning != nil {
			in.say("Warning: %s. %s", printable(client.Warning.Message), client.Warning.Remedy)
		}
	}
	return nil
}

// proof says how a client proves who it is.
func proof(client api.Client) string {
	if client.Federation != nil {
		return "signed by " + client.Federation.Issuer
	}
	if len(client.Secrets) == 0 {
		return ""
	}
	newest := client.Secrets[len(client.Secrets)-1]
	return counted(len(client.Secrets), "secret", "secrets") + " until " + short(newest.ExpiresAt)
}

type clientRevokeCommand struct {
	remote
	ID string `arg:"" help:"Id of the client, as in client list." name:"id"`
}

// Help gives an example.
func (clientRevokeCommand) Help() string {
	return "Example: rollcall client revoke 01932d5e-7c1a-7b3e-9f00-3c5d8e2a4b61"
}

// Run ends a client.
func (c *clientRevokeCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	id, err := parseID("client", c.ID)
	if err != nil {
		return err
	}
	if err := server.call(ctx, http.MethodDelete, server.here("clients", id.String()), nil, nil, nil); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, map[string]ident.ID{"revoked": id})
	}
	_, err = fmt.Fprintf(in.stdout, "Client %s and its access tokens were revoked.\n", id)
	return err
}
