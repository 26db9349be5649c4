package cli

import (
	"fmt"
	"net/url"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
)

type entraRegisterCommand struct {
	BaseURL string `env:"ROLLCALL_BASE_URL" default:"http://127.0.0.1:8480" help:"Public address of the server, https except on this machine." name:"base-url" placeholder:"URL"`
	Name    string `default:"Rollcall" help:"Name of the application, which administrators see when they consent."`
	Cloud   string `default:"global" enum:"global,gcc-high,dod,china" help:"Cloud of the tenant: ${enum}."`
	Only    string `default:"" enum:",manifest,script" help:"Print the manifest (JSON) alone, or the script for Microsoft's command line (az)."`
}

// Help gives an example.
func (entraRegisterCommand) Help() string {
	return "Example: rollcall entra register --base-url https://rollcall.example.com --only script\n\nNothing is sent anywhere: it says what to create in Entra. " +
		"Read the script, then run it where az is, or do by hand on entra.microsoft.com what is listed."
}

// Run prints what to create.
func (c *entraRegisterCommand) Run(in *invocation) error {
	redirect, err := engine.RedirectURI(c.BaseURL)
	if err != nil {
		return err
	}
	if c.Name == "" {
		return fault.New(fault.Invalid, "Name", "--name is empty")
	}
	registration := graph.Registration{Name: c.Name, RedirectURI: redirect, Cloud: c.Cloud}
	switch c.Only {
	case "manifest":
		_, err = fmt.Fprintln(in.stdout, registration.Manifest())
		return err
	case "script":
		_, err = fmt.Fprint(in.stdout, registration.Script())
		return err
	}
	if err := facts(in.stdout, "Application", printable(c.Name), "Accounts", "this organizational directory only", "Redirect address (Web)", redirect); err != nil {
		return err
	}
	out := newTable("PERMISSION (MICROSOFT GRAPH, APPLICATION)", "NEEDED", "USE")
	for _, permission := range graph.Permissions() {
		needed := "no"
		if permission.Needed {
			needed = "yes"
		}
		out.add(permission.Name, needed, permission.Use)
	}
	if _, err := fmt.Fprintln(in.stdout); err != nil {
		return err
	}
	if err := out.write(in.stdout, in.columns(), ""); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(in.stdout, "\nManifest:\n%s\n\nScript for Microsoft's command line:\n%s", registration.Manifest(), registration.Script()); err != nil {
		return err
	}
	if u, err := url.Parse(redirect); err == nil && u.Scheme == "http" && u.Hostname() != "localhost" {
		in.say("Entra's pages take plain http for localhost only; enter this address by the manifest or the script, or use http://localhost:%s.", u.Port())
	}
	in.say("Then: rollcall connection create --client-id CLIENT-ID --client-secret-file rollcall-secret.txt, and rollcall connection consent. Start the server with --base-url %s.",
		c.BaseURL)
	return nil
}
