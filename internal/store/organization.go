package store

import (
	"context"
	"database/sql"
	"strings"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

const organizationColumns = "SELECT id, name, require_verified_domain, blocked_sources, changes_days, audit_days, archive_days, created_at FROM organizations"

func scanOrganization(rows *sql.Rows) (directory.Organization, error) {
	var org directory.Organization
	var blocked string
	err := rows.Scan(&org.ID, &org.Name, &org.RequireVerifiedDomain, &blocked, &org.Retention.Changes, &org.Retention.Audit, &org.Retention.Archive,
		stamp{&org.CreatedAt})
	for source := range strings.FieldsSeq(blocked) {
		org.BlockedSources = append(org.BlockedSources, directory.Source(source))
	}
	return org, err
}

// Organization returns one organization; it fails as fault.NotFound.
func (db *DB) Organization(ctx context.Context, id ident.ID) (directory.Organization, error) {
	inside := db.tx(ctx) != nil
	known, found, version := db.admitted.organization(id)
	if found && !inside {
		return known, nil
	}
	organization, err := one(ctx, db, organizationColumns+" WHERE id = $1", []any{id}, scanOrganization,
		fault.New(fault.NotFound, "UnknownOrganization", "there is no organization %s", id))
	if err == nil && !inside {
		db.admitted.keepOrganization(organization, version)
	}
	return organization, err
}

// ListOrganizations returns all organizations in the order in which they were made.
func (db *DB) ListOrganizations(ctx context.Context) ([]directory.Organization, error) {
	return collect(ctx, db, organizationColumns+" ORDER BY id", nil, scanOrganization)
}

// SaveOrganization inserts or replaces.
func (db *DB) SaveOrganization(ctx context.Context, org directory.Organization) error {
	defer db.afterCommit(ctx, db.admitted.forget)
	blocked := make([]string, len(org.BlockedSources))
	for i, source := range org.BlockedSources {
		blocked[i] = string(source)
	}
	_, err := db.exec(ctx, `INSERT INTO organizations (id, name, require_verified_domain, blocked_sources, changes_days, audit_days, archive_days,
		created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE SET name = excluded.name,
		require_verified_domain = excluded.require_verified_domain, blocked_sources = excluded.blocked_sources,
		changes_days = excluded.changes_days, audit_days = excluded.audit_days, archive_days = excluded.archive_days`,
		org.ID, org.Name, bit(org.RequireVerifiedDomain), strings.Join(blocked, " "), org.Retention.Changes, org.Retention.Audit, org.Retention.Archive,
		micros(org.CreatedAt))
	return err
}

// Domains returns the verified domains of an organization by name.
func (db *DB) Domains(ctx context.Context, org ident.ID) ([]directory.Domain, error) {
	return collect(ctx, db, "SELECT org_id, name, verified_at FROM domains WHERE org_id = $1 ORDER BY name", []any{org},
		func(rows *sql.Rows) (directory.Domain, error) {
			var domain directory.Domain
			err := rows.Scan(&domain.OrgID, &domain.Name, stamp{&domain.VerifiedAt})
			return domain, err
		})
}

// SaveDomain inserts a domain; one that is there already, in any organization, fails as fault.Conflict.
func (db *DB) SaveDomain(ctx context.Context, domain directory.Domain) error {
	count, err := db.exec(ctx, "INSERT INTO domains (name, org_id, verified_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING",
		domain.Name, domain.OrgID, micros(domain.VerifiedAt))
	if err == nil && count == 0 {
		return fault.New(fault.Conflict, "DomainTaken", "the domain %s was added already, here or in another organization", domain.Name)
	}
	return err
}

// DeleteDomain removes a domain of the organization; it fails as fault.NotFound.
func (db *DB) DeleteDomain(ctx context.Context, org ident.ID, name string) error {
	count, err := db.exec(ctx, "DELETE FROM domains WHERE name = $1 AND org_id = $2", name, org)
	if err == nil && count == 0 {
		return fault.New(fault.NotFound, "UnknownDomain", "the organization has no domain %s", name)
	}
	return err
}
