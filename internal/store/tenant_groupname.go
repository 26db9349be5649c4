package store

import (
	"context"
	"database/sql"

	"rollcall/internal/ident"
)

// TenantGroupNames returns the names of groups of the tenant by their ids; groups that no picker knows are absent.
func (db *DB) TenantGroupNames(ctx context.Context, connection ident.ID, groups []string) (map[string]string, error) {
	names := make(map[string]string, len(groups))
	q := listed{head: "SELECT source_id, name FROM tenant_groups WHERE connection_id = $ AND source_id"}
	err := eachListed(ctx, db, q, []any{connection}, groups, func(rows *sql.Rows) error {
		var id, name string
		err := rows.Scan(&id, &name)
		names[id] = name
		return err
	})
	return names, err
}
