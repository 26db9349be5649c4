package store

import (
	"context"

	"rollcall/internal/ident"
)

var wakeHolders = listed{
	head: markUsers + failedEntries + "c.instance_id = $ AND c.run_id <> $ AND c.object_id", tail: onceOnly,
}

// WakeHolders makes the people of the instance dirty whose objects these are and whose own open failed entry is not of the run, and returns how many.
func (db *DB) WakeHolders(ctx context.Context, instance, run ident.ID, objects []ident.ID) (int, error) {
	return execListed(ctx, db, wakeHolders, []any{instance, run}, objects)
}
