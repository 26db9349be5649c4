package engine

import (
	"context"
	"slices"
	"strings"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// Connector is what to do about the Directory Connector when an instance is set up or allowed (B6).
type Connector string

// The choices. Without one, an active connector is a conflict.
const (
	// BlockConnector refuses further writes of the connector.
	BlockConnector Connector = "block"
	// KeepConnector lets both write.
	KeepConnector Connector = "keep"
)

// FeedingConnectors returns the names of the tokens and clients by which the Directory Connector can write to the organization: whose source is the
// on-premises directory, and which is not blocked.
func (e *Engine) FeedingConnectors(ctx context.Context, org ident.ID) ([]string, error) {
	organization, err := e.Directory.Organization(ctx, org)
	if err != nil || slices.Contains(organization.BlockedSources, directory.SourceAD) {
		return nil, err
	}
	tokens, err := e.Directory.ListTokens(ctx, org)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, token := range tokens {
		if token.Source == directory.SourceAD && token.RevokedAt.IsZero() && e.Now().Before(token.ExpiresAt) && token.May(directory.WriteSCIM) {
			names = append(names, token.Name)
		}
	}
	clients, err := e.Directory.Clients(ctx, org)
	for _, client := range clients {
		if client.Source == directory.SourceAD && client.RevokedAt.IsZero() && client.Role.May(directory.WriteSCIM) && client.AdministratorRole != "" {
			names = append(names, client.Name)
		}
	}
	return names, err
}

// settleConnector fails as fault.Conflict while the Directory Connector feeds the organization, unless somebody chose what to do.
func (e *Engine) settleConnector(ctx context.Context, org ident.ID, choice Connector) error {
	if choice == KeepConnector {
		return nil
	}
	names, err := e.FeedingConnectors(ctx, org)
	if err != nil || len(names) == 0 {
		return err
	}
	if choice == BlockConnector {
		return e.StopConnectors(ctx, org)
	}
	return fault.New(fault.Conflict, "DirectoryConnector", "the Directory Connector still feeds this organization, by %s", strings.Join(names, ", ")).
		WithRemedy("Block it (directoryConnector: block, or --directory-connector block): its further writes are refused, and only users that come into scope " +
			"become managed. Or let both write (keep).")
}

// StopConnectors refuses the Directory Connector's further writes to the organization (B6).
func (e *Engine) StopConnectors(ctx context.Context, org ident.ID) error {
	organization, err := e.Directory.Organization(ctx, org)
	if err != nil {
		return err
	}
	return e.Directory.BlockSources(ctx, org, append(slices.Clone(organization.BlockedSources), directory.SourceAD))
}
