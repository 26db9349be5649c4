package store

import (
	"context"
	"database/sql"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

const onceOnly = " ON CONFLICT DO NOTHING"

// MarkAllDirty makes every object of the instance's mirror dirty.
func (db *DB) MarkAllDirty(ctx context.Context, instance engine.Instance) error {
	_, err := db.exec(ctx, "INSERT INTO dirty (instance_id, seq) SELECT $1, seq FROM mirror_users WHERE connection_id = $2"+onceOnly,
		instance.ID, instance.ConnectionID)
	return err
}

// MarkDirty makes objects dirty; those that the mirror does not hold are passed over.
func (db *DB) MarkDirty(ctx context.Context, instance engine.Instance, sourceIDs []string) error {
	_, err := execListed(ctx, db, listed{
		head: "INSERT INTO dirty (instance_id, seq) SELECT $, seq FROM mirror_users WHERE connection_id = $ AND source_id", tail: onceOnly,
	}, []any{instance.ID, instance.ConnectionID}, sourceIDs)
	return err
}

// forgotten are the users of the mirror who are gone, have no link any more, and need not be planned again.
const forgotten = ` WHERE mirror_users.connection_id = $1 AND mirror_users.state = 'gone'
	AND NOT EXISTS (SELECT 1 FROM instances i JOIN links l ON l.instance_id = i.id
		WHERE i.connection_id = mirror_users.connection_id AND l.seq = mirror_users.seq)
	AND NOT EXISTS (SELECT 1 FROM instances i JOIN dirty d ON d.instance_id = i.id
		WHERE i.connection_id = mirror_users.connection_id AND d.seq = mirror_users.seq)`

// dropForgotten looks the rows up by the index of members; otherwise SQLite reads all members of the connection.
var dropForgotten = listed{
	head: `DELETE FROM mirror_members WHERE (connection_id, group_seq, member_id) IN
		(SELECT connection_id, group_seq, member_id FROM mirror_members WHERE connection_id = $ AND member_id`, tail: ")",
}

// unwantedGroups are the groups of the mirror that no selection needs, and that no instance has to deal with: none reached them when it looked last,
// has an object for them, or is to plan them.
const unwantedGroups = ` WHERE mirror_groups.connection_id = $ AND mirror_groups.wanted = 0
	AND NOT EXISTS (SELECT 1 FROM instance_groups r WHERE r.connection_id = mirror_groups.connection_id AND r.group_seq = mirror_groups.seq)
	AND NOT EXISTS (SELECT 1 FROM group_links l WHERE l.connection_id = mirror_groups.connection_id AND l.group_seq = mirror_groups.seq)
	AND NOT EXISTS (SELECT 1 FROM instances i JOIN dirty_groups d ON d.instance_id = i.id
		WHERE i.connection_id = mirror_groups.connection_id AND d.group_seq = mirror_groups.seq)
	AND NOT EXISTS (SELECT 1 FROM mirror_members e WHERE e.connection_id = mirror_groups.connection_id AND e.group_seq = mirror_groups.seq)`

// Sweep forgets users of the mirror who are gone, have no link any more, and need not be planned again, and their memberships; and groups without
// members that nobody wants, for which the same holds.
func (db *DB) Sweep(ctx context.Context, connection ident.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		sourceIDs, err := collect(ctx, db, "SELECT mirror_users.source_id FROM mirror_users"+forgotten, []any{connection}, scanText)
		if err != nil {
			return err
		}
		if _, err = execListed(ctx, db, dropForgotten, []any{connection}, memberIDs(sourceIDs)); err != nil {
			return err
		}
		if _, err = db.exec(ctx, "DELETE FROM mirror_users"+forgotten, connection); err != nil {
			return err
		}
		_, err = db.exec(ctx, numbered("DELETE FROM mirror_groups"+unwantedGroups), connection)
		return err
	})
}

func scanText(rows *sql.Rows) (text string, err error) {
	err = rows.Scan(&text)
	return text, err
}
