package engine

import (
	"context"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
)

// TenantUsers is the store as pickers search it (C3, C4). Methods join the transaction of the context.
type TenantUsers interface {
	// FindTenantUsers returns up to limit live users of the tenant whose displayName or userPrincipalName contains the text, without regard to case,
	// by name; all for "".
	FindTenantUsers(ctx context.Context, connection ident.ID, text string, limit int) ([]mirror.User, error)
	// NamedTenantUser returns the user of the tenant with a userPrincipalName, in any case: a live one, or else one in the recycle bin; the zero User if
	// there is none.
	NamedTenantUser(ctx context.Context, connection ident.ID, name string) (mirror.User, error)
	// CountGroupUsers counts the users who are direct members of groups, by the group's id; groups that the mirror does not follow, and those without users,
	// are absent.
	CountGroupUsers(ctx context.Context, connection ident.ID, groups []string) (map[string]int, error)
	// TenantGroupNames returns the names of groups of the tenant by their ids; groups that no picker knows are absent.
	TenantGroupNames(ctx context.Context, connection ident.ID, groups []string) (map[string]string, error)
}

// groupsTime is how long ReadTenantGroups reads at most.
const groupsTime = 15 * time.Second

// ReadTenantGroups reads the names and the nesting of the tenant's groups now, for pickers. complete is false if there are too many for the time
// that somebody waits; those that were read are kept.
func (e *Engine) ReadTenantGroups(ctx context.Context, instance Instance) (complete bool, err error) {
	connection, err := e.Store.Connection(ctx, instance.ConnectionID)
	if err != nil {
		return false, err
	}
	tenant, err := e.Tenant(connection)
	if err != nil {
		return false, err
	}
	generation, until := e.Machine().UnixMicro(), e.Machine().Add(groupsTime)
	page, err := tenant.ListGroups(ctx, []string{"displayName"})
	for ; err == nil; page, err = tenant.FollowGroups(ctx, page.Next) {
		if err = e.keepTenantGroups(ctx, tenant, connection.ID, generation, page); err != nil {
			return false, err
		}
		if page.Next == "" {
			return true, e.Store.DropTenantGroups(ctx, connection.ID, generation)
		}
		if e.Machine().After(until) {
			return false, nil
		}
	}
	return false, fault.Wrap(fault.KindOf(err), "TenantUnread", err, "the groups of the tenant cannot be read now")
}

// keepTenantGroups stores a page of groups with the groups that they are in.
func (e *Engine) keepTenantGroups(ctx context.Context, tenant mirror.Tenant, connection ident.ID, generation int64, page graph.GroupPage) error {
	groups, ids := make([]TenantGroup, len(page.Groups)), make([]string, len(page.Groups))
	for i, group := range page.Groups {
		groups[i], ids[i] = TenantGroup{ID: group.ID, Name: group.Record.Text("displayName")}, group.ID
	}
	memberships, err := tenant.MemberOf(ctx, graph.TypeGroup, ids)
	if err != nil {
		return err
	}
	parents := map[string][]string{}
	for child, all := range memberships {
		for _, in := range all {
			if in.Type == graph.TypeGroup {
				parents[child] = append(parents[child], in.ID)
			}
		}
	}
	return e.Store.SaveTenantGroups(ctx, connection, generation, groups, parents)
}
