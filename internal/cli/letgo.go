package cli

import (
	"context"
	"fmt"
	"net/http"

	"rollcall/internal/api"
)

type userLetGoCommand struct {
	remote
	User string `arg:"" help:"Who: userName, id, or object id in the tenant."`
}

// Help gives an example.
func (userLetGoCommand) Help() string {
	return "Example: rollcall user let-go ada@contoso.com\n\nFor users whom a program with --take-over made its own. Instances may match them again."
}

// Run lets go of a user.
func (c *userLetGoCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	user, err := server.user(ctx, c.User)
	if err != nil {
		return err
	}
	if err := server.call(ctx, http.MethodPost, server.here("users", user.ID.String(), "let-go"), nil, nil, &user); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, user)
	}
	_, err = fmt.Fprintf(in.stdout, "Nobody manages %s any more.\n", printable(user.UserName))
	return err
}

type groupLetGoCommand struct {
	remote
	Group string `arg:"" help:"Which: displayName, id, or object id in the tenant."`
}

// Help gives an example.
func (groupLetGoCommand) Help() string {
	return "Example: rollcall group let-go Sales\n\nFor groups that a program with --take-over made its own. Instances may match them again."
}

// Run lets go of a group.
func (c *groupLetGoCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	group, err := server.group(ctx, c.Group)
	if err != nil {
		return err
	}
	var left api.Group
	if err := server.call(ctx, http.MethodPost, server.here("groups", group.ID.String(), "let-go"), nil, nil, &left); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, left)
	}
	_, err = fmt.Fprintf(in.stdout, "Nobody manages the group %s any more.\n", printable(left.DisplayName))
	return err
}
