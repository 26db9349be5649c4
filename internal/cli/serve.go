package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rollcall/internal/app"
	"rollcall/internal/clock"
	"rollcall/internal/config"
)

type serveCommand struct {
	config.Config `embed:""`
	Organization  string `default:"Default" env:"ROLLCALL_ORGANIZATION" help:"Name of the organization that the first start makes." placeholder:"NAME"`
}

// bootstrapLife is how long the token of the first start is good.
const bootstrapLife = time.Hour

// Help gives an example.
func (serveCommand) Help() string {
	return "Example: rollcall serve --data /var/lib/rollcall --listen 127.0.0.1:8480\n\nThe first start on an empty folder prints a link that creates the first administrator of the console, and a token, good for one hour, with which " +
		"`rollcall token create NAME --server-wide` makes a lasting one. SIGTERM and SIGINT end the server after what is under way."
}

// Run serves until it is asked to end.
func (c *serveCommand) Run(ctx context.Context, in *invocation) error {
	server, err := app.Open(ctx, c.Config, app.Options{
		Version: in.version, Getenv: in.getenv, Log: in.stderr, Machine: clock.System,
	})
	if err != nil {
		return err
	}
	start, made, err := server.Bootstrap(ctx, c.Organization, bootstrapLife)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	if made {
		in.say("%s", firstWords(server.URL(), start))
	}
	link, err := server.FirstLink(ctx)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	if link != "" {
		in.say("%s", linkWords(link))
	}
	tuneCollector(in)
	return server.Run(ctx)
}

// linkWords say what the one-time link is for.
func linkWords(link string) string {
	return fmt.Sprintf(`
Nobody can sign in to the console yet. Open this link, good once and for one hour, to create the first full administrator:

  %s
`, link)
}

// firstWords say what to do with the first token.
func firstWords(url string, start app.FirstStart) string {
	return fmt.Sprintf(`
This server has no token of its own that is good. Here is one, shown only now and good until %s.
It belongs to the administrator of the server and of the organization %q. Make a lasting one with it:

  export ROLLCALL_SERVER=%s
  export ROLLCALL_TOKEN=%s
  export ROLLCALL_TOKEN=$(rollcall token create admin --server-wide)
`, short(start.ExpiresAt), start.Organization.Name, url, start.Token)
}
