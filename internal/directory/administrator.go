package directory

import (
	"context"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// CreateAdministrator adds a person who looks after an organization, or after the server for the zero organization.
func (s *Service) CreateAdministrator(ctx context.Context, org ident.ID, name string, role Role) (Administrator, error) {
	if strings.TrimSpace(name) == "" || role == DirectoryUser || role.Provisions() || rightsOf[role] == nil {
		return Administrator{}, fault.New(fault.Invalid, "BadAdministrator", "an administrator needs a name and an administrator's role")
	}
	administrator := Administrator{ID: ident.New(s.now()), OrgID: org, Name: name, Role: role, CreatedAt: s.now()}
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.exists(ctx, org); err != nil {
			return err
		}
		if err := s.store.SaveAdministrator(ctx, administrator); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{
			OrgID: org, Action: "administrator.create", ObjectID: administrator.ID.String(), ObjectName: name,
			After: attr.From(map[string]any{"role": string(role)}),
		})
	})
	if err != nil {
		return Administrator{}, err
	}
	return administrator, nil
}

// exists fails as fault.NotFound unless there is such an organization, or the server is meant by the zero id.
func (s *Service) exists(ctx context.Context, org ident.ID) error {
	if org.IsZero() {
		return nil
	}
	_, err := s.store.Organization(ctx, org)
	return err
}

// Administrators lists those of an organization, or of the server for the zero organization.
func (s *Service) Administrators(ctx context.Context, org ident.ID) ([]Administrator, error) {
	return s.store.Administrators(ctx, org)
}

// CreateOrganization adds an organization with an empty directory.
func (s *Service) CreateOrganization(ctx context.Context, name string) (Organization, error) {
	if strings.TrimSpace(name) == "" {
		return Organization{}, fault.New(fault.Invalid, "MissingName", "an organization needs a name")
	}
	org := Organization{ID: ident.New(s.now()), Name: name, CreatedAt: s.now()}
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.store.SaveOrganization(ctx, org); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{OrgID: org.ID, Action: "organization.create", ObjectID: org.ID.String(), ObjectName: name})
	})
	if err != nil {
		return Organization{}, err
	}
	return org, nil
}

// Organization returns one organization.
func (s *Service) Organization(ctx context.Context, id ident.ID) (Organization, error) {
	return s.store.Organization(ctx, id)
}

// ListOrganizations returns all organizations of the server.
func (s *Service) ListOrganizations(ctx context.Context) ([]Organization, error) {
	return s.store.ListOrganizations(ctx)
}

// RequireVerifiedDomain switches D10's rule on or off.
func (s *Service) RequireVerifiedDomain(ctx context.Context, id ident.ID, require bool) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		org, err := s.store.Organization(ctx, id)
		if err != nil || org.RequireVerifiedDomain == require {
			return err
		}
		before := attr.From(map[string]any{"requireVerifiedDomain": org.RequireVerifiedDomain})
		org.RequireVerifiedDomain = require
		if err := s.store.SaveOrganization(ctx, org); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{
			OrgID: id, Action: "organization.change", ObjectID: id.String(), ObjectName: org.Name,
			Before: before, After: attr.From(map[string]any{"requireVerifiedDomain": require}),
		})
	})
}
