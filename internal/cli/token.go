package cli

import (
	"context"
	"fmt"
	"net/http"

	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

type tokenCreateCommand struct {
	remote
	Name string `arg:"" help:"What the token is for, such as backup."`
	Role string `default:"full-administrator" enum:"full-administrator,user-administrator,read-only-administrator,compliance-officer,user" help:"What it may do: ${enum}."`
	User string `help:"Directory user for whom the token acts, by id; with --role user, and only then." placeholder:"ID"`
	Days int    `default:"365" help:"Days until it expires."`
}

// Help gives an example.
func (tokenCreateCommand) Help() string {
	return "Example: rollcall token create laptop --days 90\n\nIn a shell: export ROLLCALL_TOKEN=$(rollcall token create laptop)"
}

// Run makes a token.
func (c *tokenCreateCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	want := api.NewToken{Name: c.Name, Role: directory.Role(c.Role), ExpiresInDays: c.Days}
	if c.User != "" {
		if want.UserID, err = parseID("user", c.User); err != nil {
			return err
		}
	}
	var token api.CreatedToken
	if err := server.call(ctx, http.MethodPost, server.here("tokens"), nil, want, &token); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, token)
	}
	in.say("Token %s (%s), good until %s. It is shown only now:", printable(token.Name), token.ID, short(token.ExpiresAt))
	_, err = fmt.Fprintln(in.stdout, token.Secret)
	return err
}

type tokenListCommand struct{ remote }

// Help gives an example.
func (tokenListCommand) Help() string { return "Example: rollcall token list" }

// Run lists the tokens.
func (c *tokenListCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	tokens, err := list[api.Token](ctx, server, server.here("tokens"), nil)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, tokens)
	}
	out := newTable("ID", "NAME", "ROLE", "STATE", "CREATED", "EXPIRES")
	for _, token := range tokens {
		out.add(token.ID.String(), token.Name, string(token.Role), token.State, short(token.CreatedAt), short(token.ExpiresAt))
	}
	return out.write(in.stdout, "There is no token of the organization.")
}

type tokenRevokeCommand struct {
	remote
	ID string `arg:"" help:"Id of the token, as in token list." name:"id"`
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
	if err := server.call(ctx, http.MethodDelete, server.here("tokens", id.String()), nil, nil, nil); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, map[string]ident.ID{"revoked": id})
	}
	_, err = fmt.Fprintf(in.stdout, "Token %s was revoked.\n", id)
	return err
}
