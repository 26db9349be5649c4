package cli

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/directory"
)

// self is the path of the organization.
func (c *client) self() string { return "organizations/" + url.PathEscape(c.org) }

type organizationShowCommand struct{ remote }

// Help gives an example.
func (organizationShowCommand) Help() string { return "Example: rollcall organization show" }

// Run shows the organization.
func (c *organizationShowCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	var org api.Organization
	if err := server.get(ctx, server.self(), nil, &org); err != nil {
		return err
	}
	return showOrganization(in, c.JSON, org)
}

func showOrganization(in *invocation, asJSON bool, org api.Organization) error {
	if asJSON {
		return writeJSON(in.stdout, org)
	}
	blocked := make([]string, len(org.BlockedSources))
	for i, source := range org.BlockedSources {
		blocked[i] = string(source)
	}
	required := "no"
	if org.RequireVerifiedDomain {
		required = "yes"
	}
	return facts(in.stdout, "Name", org.Name, "Organization ID", org.ID.String(), "Tenant URL", org.TenantURL, "Created", short(org.CreatedAt),
		"Users must have a verified domain", required, "Blocked sources", strings.Join(blocked, ", "))
}

type organizationBlockCommand struct {
	remote
	Source string `arg:"" enum:"SCIM,AAD,AD,OKTA" help:"The source: SCIM, AAD (Entra), AD (the Directory Connector) or OKTA."`
}

// Help gives an example.
func (organizationBlockCommand) Help() string {
	return "Example: rollcall organization block AD\n\nTokens of the source go on reading, and write again when it is lifted."
}

// Run blocks a source.
func (c *organizationBlockCommand) Run(ctx context.Context, in *invocation) error {
	return c.changeBlocked(ctx, in, func(blocked []directory.Source) []directory.Source {
		return append(blocked, directory.Source(c.Source))
	})
}

type organizationUnblockCommand struct {
	remote
	Source string `arg:"" enum:"SCIM,AAD,AD,OKTA" help:"The source: SCIM, AAD (Entra), AD (the Directory Connector) or OKTA."`
}

// Help gives an example.
func (organizationUnblockCommand) Help() string { return "Example: rollcall organization unblock AD" }

// Run lets a source write again.
func (c *organizationUnblockCommand) Run(ctx context.Context, in *invocation) error {
	return c.changeBlocked(ctx, in, func(blocked []directory.Source) []directory.Source {
		return slices.DeleteFunc(blocked, func(source directory.Source) bool { return source == directory.Source(c.Source) })
	})
}

// changeBlocked reads which sources are blocked and writes what becomes of them.
func (r remote) changeBlocked(ctx context.Context, in *invocation, change func([]directory.Source) []directory.Source) error {
	server, err := r.open()
	if err != nil {
		return err
	}
	var org api.Organization
	if err := server.get(ctx, server.self(), nil, &org); err != nil {
		return err
	}
	blocked := change(org.BlockedSources)
	if err := server.call(ctx, http.MethodPatch, server.self(), nil, api.OrganizationPatch{BlockedSources: &blocked}, &org); err != nil {
		return err
	}
	return showOrganization(in, r.JSON, org)
}
