package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

var insertPins = insert{
	head: "INSERT INTO pins (org_id, instance_id, seq, id, source_id, object_id, object_name, run_id, document) VALUES", columns: 9,
	tail: `ON CONFLICT (instance_id, seq) DO UPDATE SET id = excluded.id, source_id = excluded.source_id, object_id = excluded.object_id,
		object_name = excluded.object_name, run_id = excluded.run_id, document = excluded.document`,
}

// SavePins inserts or replaces.
func (db *DB) SavePins(ctx context.Context, pins []engine.Pin) error {
	documents := make([]string, len(pins))
	for i, pin := range pins {
		var err error
		if documents[i], err = document(pin.Pin); err != nil {
			return err
		}
	}
	return db.insertRows(ctx, insertPins, len(pins), func(args []any, i int) []any {
		pin := &pins[i]
		return append(args, pin.OrgID, pin.InstanceID, pin.SourceSeq, pin.ID, pin.SourceID, pin.ObjectID, pin.ObjectName, pin.RunID, documents[i])
	})
}

// DeletePins removes the pins of source objects by Seq.
func (db *DB) DeletePins(ctx context.Context, instance ident.ID, seqs []int64) error {
	_, err := execListed(ctx, db, listed{head: "DELETE FROM pins WHERE instance_id = $ AND seq"}, []any{instance}, seqs)
	return err
}

const selectPins = "SELECT org_id, instance_id, seq, id, source_id, object_id, object_name, run_id, document FROM pins"

func scanPin(rows *sql.Rows) (engine.Pin, error) {
	var pin engine.Pin
	var raw sql.RawBytes
	err := rows.Scan(&pin.OrgID, &pin.InstanceID, &pin.SourceSeq, &pin.ID, &pin.SourceID, &pin.ObjectID, &pin.ObjectName, &pin.RunID, &raw)
	if err != nil {
		return pin, err
	}
	if err := json.Unmarshal(raw, &pin.Pin); err != nil {
		return pin, fmt.Errorf("read the pin %s: %w", pin.ID, err)
	}
	return pin, nil
}

// PinsBetween returns the instance's pins of the source objects from one Seq to another, both included.
func (db *DB) PinsBetween(ctx context.Context, instance ident.ID, from, to int64) ([]engine.Pin, error) {
	return collect(ctx, db, selectPins+" WHERE instance_id = $1 AND seq >= $2 AND seq <= $3 ORDER BY seq", []any{instance, from, to}, scanPin)
}

// ListPins returns a page of pins in the order of their ids.
func (db *DB) ListPins(ctx context.Context, query engine.PinQuery) ([]engine.Pin, error) {
	var where condition
	where.and("org_id = $", query.Org)
	if !query.Instance.IsZero() {
		where.and("instance_id = $", query.Instance)
	}
	if !query.After.IsZero() {
		where.and("id > $", query.After)
	}
	text, args := where.text(selectPins, " ORDER BY id LIMIT $", query.Limit)
	return collect(ctx, db, text, args, scanPin)
}

// Pin fails as fault.NotFound.
func (db *DB) Pin(ctx context.Context, org, id ident.ID) (engine.Pin, error) {
	return one(ctx, db, selectPins+" WHERE org_id = $1 AND id = $2", []any{org, id}, scanPin,
		fault.New(fault.NotFound, "UnknownPin", "there is no pin %s (any more)", id).WithRemedy("List them with `rollcall pin list`."))
}
