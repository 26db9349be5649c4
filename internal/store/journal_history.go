package store

import (
	"context"
	"database/sql"

	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// Deeds returns the applied changes of objects of the organization, by object, in no order. Who joined or left a group is no change of the group.
func (db *DB) Deeds(ctx context.Context, org ident.ID, objects []ident.ID) (map[ident.ID][]plan.Deed, error) {
	deeds := make(map[ident.ID][]plan.Deed, len(objects))
	q := listed{head: `SELECT object_id, id, undoes, run_id, action, base_version, settled_at FROM changes
		WHERE org_id = $ AND state = 'applied' AND object_type <> 2 AND object_id`}
	err := eachListed(ctx, db, q, []any{org}, objects, func(rows *sql.Rows) error {
		var object ident.ID
		var deed plan.Deed
		err := rows.Scan(&object, &deed.Entry, &deed.Undoes, &deed.Run, &deed.Action, &deed.Base, stamp{&deed.At})
		deeds[object] = append(deeds[object], deed)
		return err
	})
	return deeds, err
}
