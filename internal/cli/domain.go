package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"rollcall/internal/api"
)

type domainListCommand struct{ remote }

// Help gives an example.
func (domainListCommand) Help() string { return "Example: rollcall domain list" }

// Run lists the domains.
func (c *domainListCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	domains, err := list[api.Domain](ctx, server, server.here("domains"), nil)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, domains)
	}
	out := newTable("DOMAIN", "SINCE")
	for _, domain := range domains {
		out.add(domain.Name, short(domain.VerifiedAt))
	}
	return out.write(in.stdout, in.columns(), "There is no verified domain.")
}

type domainAddCommand struct {
	remote
	Name string `arg:"" help:"The domain, such as contoso.com."`
}

// Help gives an example.
func (domainAddCommand) Help() string { return "Example: rollcall domain add contoso.com" }

// Run adds a domain.
func (c *domainAddCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	var domain api.Domain
	if err := server.call(ctx, http.MethodPost, server.here("domains"), nil, api.NewDomain{Name: c.Name}, &domain); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, domain)
	}
	_, err = fmt.Fprintf(in.stdout, "Domain %s was added.\n", printable(domain.Name))
	return err
}

type domainRemoveCommand struct {
	remote
	Name string `arg:"" help:"The domain, such as contoso.com."`
}

// Help gives an example.
func (domainRemoveCommand) Help() string { return "Example: rollcall domain remove contoso.com" }

// Run removes a domain.
func (c *domainRemoveCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	if err := server.call(ctx, http.MethodDelete, server.here("domains", url.PathEscape(c.Name)), nil, nil, nil); err != nil {
		return lookUp(err, "List them with `rollcall domain list`.")
	}
	if c.JSON {
		return writeJSON(in.stdout, map[string]string{"removed": c.Name})
	}
	_, err = fmt.Fprintf(in.stdout, "Domain %s was removed.\n", printable(c.Name))
	return err
}
