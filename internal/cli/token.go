package cli

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

type tokenCreateCommand struct {
	remote
	Name string `arg:"" help:"What the token is for, such as backup."`
	Role string `default:"full-administrator" enum:"full-administrator,user-administrator,read-only-administrator,compliance-officer,scim-writer,scim-reader,user" help:"What it may do: ${enum}."`
	User string `help:"Directory user for whom the token acts, by id; with --role user, and only then." placeholder:"ID"`
	Days int    `default:"365" help:"Days until it expires."`
	provisioning
	serverWide
}

// provisioning are the flags of credentials for SCIM.
type provisioning struct {
	Source   string `default:"" enum:",SCIM,AAD,AD,OKTA" help:"On whose behalf it writes over SCIM: SCIM (if absent), AAD (Entra), AD (the Directory Connector) or OKTA." placeholder:"SOURCE"`
	TakeOver bool   `help:"What somebody else manages becomes its source's when it writes to it over SCIM, instead of being refused."`
	Profile  string `default:"" enum:",entra,strict" help:"How its requests over SCIM are read: entra (if absent), as Entra and others really send them, or strict, to the letter of the RFC." placeholder:"PROFILE"`
}

// serverWide is the flag of commands that can be about the server's own tokens instead of an organization's.
type serverWide struct {
	ServerWide bool `help:"The server's own tokens, which are good for all its organizations; asks for a token of the server."`
}

// tokens is the path of the tokens meant.
func (s serverWide) tokens(c *client, parts ...string) string {
	parts = append([]string{"tokens"}, parts...)
	if s.ServerWide {
		return strings.Join(parts, "/")
	}
	return c.here(parts...)
}

// Help gives an example.
func (tokenCreateCommand) Help() string {
	return "Example: rollcall token create laptop --days 90\n\nIn a shell: export ROLLCALL_TOKEN=$(rollcall token create laptop)\n\n" +
		"For Entra's provisioning service: rollcall token create entra --role scim-writer --source AAD\n\n" +
		"It belongs to one organization; with --server-wide it is good for all of them, and for what is about the server itself."
}

// Run makes a token.
func (c *tokenCreateCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	want := api.NewToken{Name: c.Name, Role: directory.Role(c.Role), ExpiresInDays: c.Days, Source: directory.Source(c.Source), Profile: scim.Profile(c.Profile), TakeOver: c.TakeOver}
	if c.User != "" {
		if want.UserID, err = parseID("user", c.User); err != nil {
			return err
		}
	}
	var token api.CreatedToken
	if err := server.call(ctx, http.MethodPost, c.tokens(server), nil, want, &token); err != nil {
		return err
	}
	return showToken(in, c.JSON, token)
}

// showToken writes a new secret, alone on standard output, and what else there is to know beside it.
func showToken(in *invocation, asJSON bool, token api.CreatedToken) error {
	if asJSON {
		return writeJSON(in.stdout, token)
	}
	if token.TenantURL != "" {
		in.say("Organization ID: %s\nTenant URL: %s", token.OrganizationID, token.TenantURL)
	}
	if !token.OldSecretUntil.IsZero() {
		in.say("The secret before it is good until %s.", short(token.OldSecretUntil))
	}
	in.say("Token %s (%s), good until %s. It is shown only now:", printable(token.Name), token.ID, short(token.ExpiresAt))
	_, err := fmt.Fprintln(in.stdout, token.Secret)
	return err
}

func (c *tokenCreateCommand) check() error {
	switch forUser := c.Role == string(directory.DirectoryUser); {
	case (c.Source != "" || c.Profile != "" || c.TakeOver) && !directory.Role(c.Role).Provisions():
		return fault.New(fault.Invalid, "TokenSource", "--source, --profile and --take-over are for SCIM").
			WithRemedy("Use them with --role %s or --role %s.", directory.SCIMWriter, directory.SCIMReader)
	case c.Days < 1:
		return fault.New(fault.Invalid, "Days", "--days %d is not 1 or more", c.Days)
	case forUser && c.User == "", !forUser && c.User != "":
		return fault.New(fault.Invalid, "TokenUser", "--role user and --user belong together").
			WithRemedy("Name a directory user's id, as in `rollcall user list`, with --user, or choose another role.")
	}
	return nil
}

type tokenListCommand struct {
	remote
	serverWide
}

// Help gives an example.
func (tokenListCommand) Help() string { return "Example: rollcall token list" }

// Run lists the tokens.
func (c *tokenListCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	tokens, err := list[api.Token](ctx, server, c.tokens(server), nil)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, tokens)
	}
	out := newTable("ID", "NAME", "ROLE", "STATE", "CREATED", "EXPIRES", "USED", "FOR SCIM")
	for _, token := range tokens {
		state, expires := token.State, short(token.ExpiresAt)
		forSCIM := ""
		if token.Source != "" {
			forSCIM = forSCIMText(token.Source, token.Profile, token.TakeOver)
		}
		out.add(token.ID.String(), token.Name, string(token.Role), state, short(token.CreatedAt), expires, short(token.UsedAt), forSCIM)
	}
	if err := out.write(in.stdout, in.columns(), "There is no such token; make one with `rollcall token create NAME`."); err != nil {
		return err
	}
	for _, token := range tokens {
		if token.Warning != nil {
			in.say("Warning: %s. %s", printable(token.Warning.Message), token.Warning.Remedy)
		}
	}
	return nil
}

// forSCIMText says how a credential is used with SCIM.
func forSCIMText(source directory.Source, profile scim.Profile, takeOver bool) string {
	text := string(source) + ", " + string(profile)
	if takeOver {
		text += ", takes over"
	}
	return text
}

type tokenRevokeCommand struct {
	remote
	ID string `arg:"" help:"Id of the token, as in token list." name:"id"`
	serverWide
}

// Help gives an example.
func (tokenRevokeCommand) Help() string {
	return "Example: rollcall token revoke 01932d5e-7c1a-7b3e-9f00-3c5d8e2a4b61"
}

// Run ends a token.
func (c *tokenRevokeCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	id, err := parseID("token", c.ID)
	if err != nil {
		return err
	}
	if err := server.call(ctx, http.MethodDelete, c.tokens(server, id.String()), nil, nil, nil); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, map[string]ident.ID{"revoked": id})
	}
	_, err = fmt.Fprintf(in.stdout, "Token %s was revoked.\n", id)
	return err
}
