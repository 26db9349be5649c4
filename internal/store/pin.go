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
	head: "INSERT INTO pins (org_id, instance_id, seq, object_type, id, source_id, object_id, object_name, run_id, document) VALUES", columns: 10,
	tail: `ON CONFLICT (instance_id, seq, object_type) DO UPDATE SET id = excluded.id, source_id = excluded.source_id, object_id = excluded.object_id,
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
		return append(args, pin.OrgID, pin.InstanceID, pin.SourceSeq, int64(pin.Object), pin.ID, pin.SourceID, pin.ObjectID, pin.ObjectName, pin.RunID,
			documents[i])
	})
}

// DeletePins removes the pins of source objects by Seq, but not those of the members of groups.
func (db *DB) DeletePins(ctx context.Context, instance ident.ID, seqs []int64) error {
	_, err := execListed(ctx, db, listed{head: "DELETE FROM pins WHERE instance_id = $ AND object_type <> 2 AND seq"}, []any{instance}, seqs)
	return err
}

const selectPins = `SELECT org_id, instance_id, seq, object_type, id, source_id, object_id, object_name, run_id, document, CASE object_type WHEN 2 THEN
	(SELECT COUNT(*) FROM member_pins m WHERE m.instance_id = pins.instance_id AND m.group_seq = -pins.seq) ELSE 0 END FROM pins`

func scanPin(rows *sql.Rows) (engine.Pin, error) {
	var pin engine.Pin
	var raw sql.RawBytes
	err := rows.Scan(&pin.OrgID, &pin.InstanceID, &pin.SourceSeq, &pin.Object, &pin.ID, &pin.SourceID, &pin.ObjectID, &pin.ObjectName, &pin.RunID,
		&raw, &pin.Members)
	if err != nil {
		return pin, err
	}
	if err := json.Unmarshal(raw, &pin.Pin); err != nil {
		return pin, fmt.Errorf("read the pin %s: %w", pin.ID, err)
	}
	return pin, nil
}

const pinsBetween = " WHERE instance_id = $1 AND seq >= $2 AND seq <= $3 AND object_type <> 2 ORDER BY seq"

// PinsBetween returns the instance's pins of the source objects from one Seq to another, both included, but not those of the members of groups.
func (db *DB) PinsBetween(ctx context.Context, instance ident.ID, from, to int64) ([]engine.Pin, error) {
	return collect(ctx, db, selectPins+pinsBetween, []any{instance, from, to}, scanPin)
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
