package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
)

// credentialFlags say what proves an application.
type credentialFlags struct {
	ClientSecretFile string `help:"File that holds the client secret's value; - reads it from standard input." placeholder:"FILE"`
	secretEnd
	CertificateFile string `help:"PEM file with the certificate and its private key." placeholder:"FILE"`
	Credential      string `default:"" enum:",workload-identity,managed-identity" help:"A credential of the server itself, if its configuration allows it: workload-identity or managed-identity."`
}

// read returns the credential; given is false if there is none.
func (c credentialFlags) read(in *invocation) (credential api.NewCredential, given bool, err error) {
	credential.Form = engine.CredentialForm(c.Credential)
	if credential.ExpiresAt, err = c.time(); err != nil {
		return credential, false, err
	}
	if c.ClientSecretFile != "" {
		if credential.ClientSecret, err = readSecret(in, c.ClientSecretFile); err != nil {
			return credential, false, err
		}
	}
	if c.CertificateFile != "" {
		text, err := os.ReadFile(c.CertificateFile)
		if err != nil {
			return credential, false, fault.Wrap(fault.Invalid, "CertificateFile", err, "the certificate cannot be read")
		}
		credential.Certificate = string(text)
	}
	return credential, c.ClientSecretFile != "" || c.CertificateFile != "" || c.Credential != "", nil
}

// oneConnection names a connection.
type oneConnection struct {
	remote
	ID string `arg:"" default:"" help:"Id of the connection, its tenant or its name; may be left out where there is only one." optional:""`
}

// find opens the server and finds the connection.
func (c oneConnection) find(ctx context.Context) (*client, api.Connection, error) {
	server, err := c.open()
	if err != nil {
		return nil, api.Connection{}, err
	}
	all, err := list[api.Connection](ctx, server, server.here("connections"), nil)
	if err != nil {
		return nil, api.Connection{}, err
	}
	for _, connection := range all {
		for _, name := range []string{connection.ID.String(), connection.TenantID, connection.TenantName} {
			if c.ID == "" && len(all) == 1 || c.ID != "" && strings.EqualFold(name, c.ID) {
				return server, connection, nil
			}
		}
	}
	if c.ID == "" {
		return nil, api.Connection{}, fault.New(fault.Invalid, "Connection", "there are %d connections", len(all)).WithRemedy("Name one; `rollcall connection list` lists them.")
	}
	return nil, api.Connection{}, fault.New(fault.NotFound, "UnknownConnection", "there is no connection %q", c.ID).WithRemedy("`rollcall connection list` lists them.")
}

// act asks for something about the connection and shows it.
func (c oneConnection) act(ctx context.Context, in *invocation, method, action string, body any) error {
	server, connection, err := c.find(ctx)
	if err != nil {
		return err
	}
	path := server.here("connections", connection.ID.String())
	if action != "" {
		path += "/" + action
	}
	if err := server.call(ctx, method, path, nil, body, &connection); err != nil {
		return err
	}
	return showConnection(in, c.JSON, connection)
}

func showConnection(in *invocation, asJSON bool, c api.Connection) error {
	if asJSON {
		return writeJSON(in.stdout, c)
	}
	reading := ""
	if c.Reading.Stage != "" {
		reading = fmt.Sprintf("%s: %d users, %d groups", c.Reading.Stage, c.Reading.Users, c.Reading.Groups)
	}
	var missing []string
	for _, permission := range c.Permissions {
		if !permission.Granted {
			missing = append(missing, permission.Name)
		}
	}
	if err := facts(
		in.stdout, "Id", c.ID.String(), "Tenant", c.TenantID, "Name", c.TenantName, "Cloud", c.Cloud, "Client id", c.ClientID, "Credential", string(c.Credential.Form),
		"Thumbprint", c.Credential.Thumbprint, "Credential ends", short(c.Credential.ExpiresAt), "State", string(c.State)+": "+c.Explanation,
		"Asked again", short(c.NextCheckAt), "Not granted", strings.Join(missing, ", "), "Tenant read", reading, "Instances", strconv.Itoa(len(c.InstanceIDs)),
	); err != nil {
		return err
	}
	for _, warning := range c.Warnings {
		in.say("Warning: %s. %s", printable(warning.Message), warning.Remedy)
	}
	return nil
}

type connectionListCommand struct{ remote }

// Help gives an example.
func (connectionListCommand) Help() string { return "Example: rollcall connection list" }

// Run lists the connections.
func (c *connectionListCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	all, err := list[api.Connection](ctx, server, server.here("connections"), nil)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, all)
	}
	out := newTable("ID", "TENANT", "NAME", "STATE", "CREDENTIAL", "ENDS", "INSTANCES")
	for _, connection := range all {
		out.add(connection.ID.String(), connection.TenantID, connection.TenantName, string(connection.State), string(connection.Credential.Form),
			short(connection.Credential.ExpiresAt), strconv.Itoa(len(connection.InstanceIDs)))
	}
	return out.write(in.stdout, in.columns(), "There is no connection yet; make one with `rollcall connection create`.")
}

type connectionShowCommand struct{ oneConnection }

// Help gives an example.
func (connectionShowCommand) Help() string { return "Example: rollcall connection show" }

// Run shows one connection.
func (c *connectionShowCommand) Run(ctx context.Context, in *invocation) error {
	return c.act(ctx, in, http.MethodGet, "", nil)
}

type connectionCreateCommand struct {
	remote
	Tenant   string `help:"Entra tenant: its id or one of its domains; without it whoever signs in tells it." placeholder:"ID"`
	Cloud    string `default:"global" help:"Cloud of the tenant: global, gcc-high, dod, china, or the server's own."`
	ClientID string `help:"Application (client) ID of the app registration." placeholder:"ID" required:""`
	credentialFlags
}

// Help gives an example.
func (connectionCreateCommand) Help() string {
	return "Example: rollcall connection create --client-id 9f2c6d0e-8a35-4e39-9f4f-2a1f6d7c3b10 --client-secret-file secret.txt --secret-expires 2027-11-30\n\n" +
		"It asks the tenant nothing yet. `rollcall entra register` says how to get a client id."
}

// Run makes the connection.
func (c *connectionCreateCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	credential, _, err := c.read(in)
	if err != nil {
		return err
	}
	var connection api.Connection
	err = server.call(ctx, http.MethodPost, server.here("connections"), nil,
		api.NewConnection{TenantID: c.Tenant, Cloud: c.Cloud, ClientID: c.ClientID, Credential: credential}, &connection)
	if err != nil {
		return err
	}
	return showConnection(in, c.JSON, connection)
}

type connectionCredentialCommand struct {
	oneConnection
	ClientID string `help:"Application (client) ID of another app registration in the same tenant." placeholder:"ID"`
	credentialFlags
}

// Help gives an example.
func (connectionCredentialCommand) Help() string {
	return "Example: rollcall connection credential --certificate-file rollcall.pem\n\nInstances that use the connection run at once if Auto Sync is on."
}

// Run replaces the credential.
func (c *connectionCredentialCommand) Run(ctx context.Context, in *invocation) error {
	credential, given, err := c.read(in)
	if err != nil {
		return err
	}
	if !given {
		return fault.New(fault.Invalid, "Missing", "there is no credential").WithRemedy("Give --client-secret-file, --certificate-file or --credential.")
	}
	patch := api.ConnectionPatch{Credential: &credential}
	if c.ClientID != "" {
		patch.ClientID = &c.ClientID
	}
	return c.act(ctx, in, http.MethodPatch, "", patch)
}

type connectionConsentCommand struct {
	oneConnection
	Step string `default:"" enum:",sign-in,consent" help:"sign-in tells the tenant, consent asks for the permissions; whichever is next if absent."`
}

// Help gives an example.
func (connectionConsentCommand) Help() string {
	return "Example: rollcall connection consent\n\nPrints the address of a page at Microsoft, alone on standard output; also to renew consent. Open it within ten minutes, " +
		"then give the address to which the browser was sent to `rollcall connection callback`, with the same token."
}

// Run prints where to go.
func (c *connectionConsentCommand) Run(ctx context.Context, in *invocation) error {
	server, connection, err := c.find(ctx)
	if err != nil {
		return err
	}
	var departure api.Departure
	err = server.call(ctx, http.MethodPost, server.here("connections", connection.ID.String(), "consent"), nil, api.Leave{Step: engine.SignInStep(c.Step)}, &departure)
	if err != nil {
		return err
	}
	return c.showDeparture(in, departure)
}

func (r remote) showDeparture(in *invocation, departure api.Departure) error {
	if r.JSON {
		return writeJSON(in.stdout, departure)
	}
	in.say("Open this page until %s (%s); the browser comes back to %s:", short(departure.ExpiresAt), departure.Step, departure.RedirectURI)
	_, err := fmt.Fprintln(in.stdout, departure.URL)
	return err
}

type connectionCallbackCommand struct {
	remote
	Address string `arg:"" help:"The whole address to which Microsoft sent the browser."`
}

// Help gives an example.
func (connectionCallbackCommand) Help() string {
	return "Example: rollcall connection callback 'http://localhost:8480/connect/callback?admin_consent=True&tenant=…&state=…'"
}

// Run takes what the browser brought back.
func (c *connectionCallbackCommand) Run(ctx context.Context, in *invocation) error {
	address, err := url.Parse(c.Address)
	if err != nil || address.Query().Get("state") == "" {
		return fault.New(fault.Invalid, "Address", "this is not an address to which Microsoft sent a browser: it has no state")
	}
	server, err := c.open()
	if err != nil {
		return err
	}
	query := address.Query()
	var arrival api.Arrival
	err = server.call(ctx, http.MethodPost, server.here("consent", "callback"), nil, api.Return{
		State: query.Get("state"), Code: query.Get("code"), AdminConsent: query.Get("admin_consent"), Tenant: query.Get("tenant"),
		Error: query.Get("error"), ErrorSubcode: query.Get("error_subcode"), ErrorDescription: query.Get("error_description"),
	}, &arrival)
	if err != nil {
		return err
	}
	if arrival.Next == nil || c.JSON {
		if c.JSON {
			return writeJSON(in.stdout, arrival)
		}
		if arrival.Deleted != nil {
			_, err := fmt.Fprintln(in.stdout, "The tenant's consent was taken back and the instance was deleted; its users stay and are unmanaged now.")
			return err
		}
		return showConnection(in, false, arrival.Connection)
	}
	return c.showDeparture(in, *arrival.Next)
}

type connectionWaitCommand struct{ oneConnection }

// Help gives an example.
func (connectionWaitCommand) Help() string {
	return "Example: rollcall connection wait\n\nFor accounts that may not consent: request it in Entra, and the server asks by itself whether somebody consented."
}

// Run lets the connection wait.
func (c *connectionWaitCommand) Run(ctx context.Context, in *invocation) error {
	return c.act(ctx, in, http.MethodPost, "wait", nil)
}

type connectionCheckCommand struct{ oneConnection }

// Help gives an example.
func (connectionCheckCommand) Help() string { return "Example: rollcall connection check" }

// Run asks the tenant now.
func (c *connectionCheckCommand) Run(ctx context.Context, in *invocation) error {
	return c.act(ctx, in, http.MethodPost, "check", nil)
}

type connectionReadCommand struct{ oneConnection }

// Help gives an example.
func (connectionReadCommand) Help() string { return "Example: rollcall connection read" }

// Run reads the tenant again.
func (c *connectionReadCommand) Run(ctx context.Context, in *invocation) error {
	return c.act(ctx, in, http.MethodPost, "read", nil)
}

type connectionDeleteCommand struct{ oneConnection }

// Help gives an example.
func (connectionDeleteCommand) Help() string {
	return "Example: rollcall connection delete contoso.onmicrosoft.com\n\nOnly one that no instance uses; nothing changes in Entra."
}

// Run deletes the connection.
func (c *connectionDeleteCommand) Run(ctx context.Context, in *invocation) error {
	server, connection, err := c.find(ctx)
	if err != nil {
		return err
	}
	if err := server.call(ctx, http.MethodDelete, server.here("connections", connection.ID.String()), nil, nil, nil); err != nil {
		return err
	}
	_, err = fmt.Fprintf(in.stdout, "Connection %s was deleted.\n", connection.ID)
	return err
}
