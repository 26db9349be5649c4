package cli

import (
	"context"
	"net/http"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/fault"
)

// rotation are the flags of commands that make a new secret.
type rotation struct {
	Overlap time.Duration `default:"24h" help:"How long the old secret lives on, in whole hours, such as 48h; 0 ends it at once."`
	Days    int           `default:"365" help:"Days until the new secret expires."`
}

func (r rotation) wanted() (api.Rotation, error) {
	hours := int(r.Overlap / time.Hour)
	switch {
	case r.Overlap < 0 || r.Overlap%time.Hour != 0:
		return api.Rotation{}, fault.New(fault.Invalid, "Overlap", "--overlap %s is not a number of whole hours", r.Overlap).
			WithRemedy("Give one such as 48h, or 0.")
	case r.Days < 1:
		return api.Rotation{}, fault.New(fault.Invalid, "Days", "--days %d is not 1 or more", r.Days)
	}
	return api.Rotation{OverlapHours: &hours, ExpiresInDays: r.Days}, nil
}

type tokenRotateCommand struct {
	remote
	ID string `arg:"" help:"Id of the token, as in token list." name:"id"`
	rotation
	serverWide
}

// Help gives an example.
func (tokenRotateCommand) Help() string {
	return "Example: rollcall token rotate 01932d5e-7c1a-7b3e-9f00-3c5d8e2a4b61 --overlap 48h"
}

// Run makes a new secret.
func (c *tokenRotateCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	id, err := parseID("token", c.ID)
	if err != nil {
		return err
	}
	how, err := c.wanted()
	if err != nil {
		return err
	}
	var token api.CreatedToken
	if err := server.call(ctx, http.MethodPost, c.tokens(server, id.String(), "rotate"), nil, how, &token); err != nil {
		return err
	}
	return showToken(in, c.JSON, token)
}

type clientRotateCommand struct {
	remote
	ID string `arg:"" help:"Id of the client, as in client list." name:"id"`
	rotation
}

// Help gives an example.
func (clientRotateCommand) Help() string {
	return "Example: rollcall client rotate 01932d5e-7c1a-7b3e-9f00-3c5d8e2a4b61 --overlap 48h"
}

// Run makes a new secret.
func (c *clientRotateCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	id, err := parseID("client", c.ID)
	if err != nil {
		return err
	}
	how, err := c.wanted()
	if err != nil {
		return err
	}
	var client api.CreatedClient
	if err := server.call(ctx, http.MethodPost, server.here("clients", id.String(), "rotate"), nil, how, &client); err != nil {
		return err
	}
	return showClient(in, c.JSON, client)
}
