package store

import (
	"context"
	"database/sql"

	"rollcall/internal/attr"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

var (
	insertTenantGroups = insert{
		head: "INSERT INTO tenant_groups (connection_id, source_id, name, name_key, generation) VALUES", columns: 5,
		tail: "ON CONFLICT (connection_id, source_id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key, generation = excluded.generation",
	}
	insertTenantNesting = insert{
		head: "INSERT INTO tenant_nesting (connection_id, parent_id, child_id, generation) VALUES", columns: 4,
		tail: "ON CONFLICT (connection_id, parent_id, child_id) DO UPDATE SET generation = excluded.generation",
	}
)

// SaveTenantGroups inserts or replaces groups with the groups that they are in, by their ids.
func (db *DB) SaveTenantGroups(ctx context.Context, connection ident.ID, generation int64, groups []engine.TenantGroup, parents map[string][]string) error {
	var edges [][2]string
	for _, group := range groups {
		for _, parent := range parents[group.ID] {
			edges = append(edges, [2]string{parent, group.ID})
		}
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		err := db.insertRows(ctx, insertTenantGroups, len(groups), func(args []any, i int) []any {
			return append(args, connection, groups[i].ID, groups[i].Name, attr.NameKey(groups[i].Name), generation)
		})
		if err != nil {
			return err
		}
		return db.insertRows(ctx, insertTenantNesting, len(edges), func(args []any, i int) []any {
			return append(args, connection, edges[i][0], edges[i][1], generation)
		})
	})
}

// DropTenantGroups forgets what a generation has not seen.
func (db *DB) DropTenantGroups(ctx context.Context, connection ident.ID, generation int64) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if _, err := db.exec(ctx, "DELETE FROM tenant_groups WHERE connection_id = $1 AND generation <> $2", connection, generation); err != nil {
			return err
		}
		_, err := db.exec(ctx, "DELETE FROM tenant_nesting WHERE connection_id = $1 AND generation <> $2", connection, generation)
		return err
	})
}

// ListTenantGroups returns up to limit groups by name, behind a place, of which the name's key contains the text; with parent those that are its
// direct members.
func (db *DB) ListTenantGroups(ctx context.Context, connection ident.ID, find engine.GroupSearch, limit int) ([]engine.TenantGroup, error) {
	query, args := tenantGroupsText(connection, find, limit)
	return collect(ctx, db, query, args, func(rows *sql.Rows) (engine.TenantGroup, error) {
		var g engine.TenantGroup
		err := rows.Scan(&g.ID, &g.Name, &g.Children)
		return g, err
	})
}

func tenantGroupsText(connection ident.ID, find engine.GroupSearch, limit int) (string, []any) {
	var where condition
	head := `SELECT g.source_id, g.name, (SELECT COUNT(*) FROM tenant_nesting n WHERE n.connection_id = g.connection_id AND n.parent_id = g.source_id) FROM `
	if find.Parent != "" { // it has few, whom the order of names would be searched for
		head += "tenant_nesting p CROSS JOIN "
		where.and("p.connection_id = $ AND p.parent_id = $ AND g.source_id = p.child_id", connection, find.Parent)
	}
	where.and("g.connection_id = $", connection)
	if find.AfterName != "" || find.AfterID != "" {
		after := attr.NameKey(find.AfterName)
		where.and("(g.name_key > $ OR g.name_key = $ AND g.source_id > $)", after, after, find.AfterID)
	}
	if find.Text != "" {
		where.and(`g.name_key LIKE $ ESCAPE '\'`, containing(attr.NameKey(find.Text)))
	}
	return where.text(head+"tenant_groups g", " ORDER BY g.name_key, g.source_id LIMIT $", limit)
}
