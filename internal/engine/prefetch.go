package engine

import (
	"context"

	"rollcall/internal/ident"
)

// TenantGroup is a group of the tenant as pickers show it.
type TenantGroup struct {
	ID, Name string
	// Children counts the groups that are its direct members.
	Children int
}

// TenantGroups keeps the names and the nesting of all groups of tenants, beside the mirror, which holds those that somebody selected. Methods
// join the transaction of the context.
type TenantGroups interface {
	// SaveTenantGroups inserts or replaces groups with the groups that they are in, by their ids.
	SaveTenantGroups(ctx context.Context, connection ident.ID, generation int64, groups []TenantGroup, parents map[string][]string) error
	// DropTenantGroups forgets what a generation has not seen.
	DropTenantGroups(ctx context.Context, connection ident.ID, generation int64) error
	// ListTenantGroups returns up to limit groups by name, behind a place (name key and id; "" for the front), of which the name's key contains the
	// text; with parent those that are its direct members.
	ListTenantGroups(ctx context.Context, connection ident.ID, find GroupSearch, limit int) ([]TenantGroup, error)
}

// GroupSearch chooses groups of a tenant.
type GroupSearch struct {
	// Text is a part of the name, without regard to case; "" for all.
	Text string
	// Parent is the id of a group whose direct members are wanted; "" for all groups.
	Parent string
	// AfterName and AfterID are the last group of the page before.
	AfterName, AfterID string
}
