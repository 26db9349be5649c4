package store

import (
	"context"
	"database/sql"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

var insertMemberPins = insert{
	head: "INSERT INTO member_pins (instance_id, group_seq, member_id, run_id, is_in, status, keeps) VALUES", columns: 7,
	tail: `ON CONFLICT (instance_id, group_seq, member_id) DO UPDATE SET run_id = excluded.run_id, is_in = excluded.is_in, status = excluded.status,
		keeps = excluded.keeps`,
}

// SaveMemberPins inserts or replaces.
func (db *DB) SaveMemberPins(ctx context.Context, instance, run ident.ID, pins []engine.MemberPin) error {
	return db.insertRows(ctx, insertMemberPins, len(pins), func(args []any, i int) []any {
		pin := &pins[i]
		return append(args, instance, pin.Group, pin.Member, run, bit(pin.In), string(pin.Status), bit(pin.Keeps))
	})
}

const somePinned = "SELECT EXISTS (SELECT 1 FROM member_pins WHERE instance_id = $1 AND group_seq = $2)"

var memberPins = listed{head: "SELECT member_id, is_in, status, keeps FROM member_pins WHERE instance_id = $ AND group_seq = $ AND member_id"}

// MemberPins returns the pins of members of a group. Most groups have none, which is asked first.
func (db *DB) MemberPins(ctx context.Context, instance ident.ID, group int64, members []ident.ID) (map[ident.ID]plan.MembershipPin, error) {
	some, err := db.count(ctx, somePinned, instance, group)
	if err != nil || some == 0 {
		return nil, err
	}
	pins := map[ident.ID]plan.MembershipPin{}
	err = eachListed(ctx, db, memberPins, []any{instance, group}, members, func(rows *sql.Rows) error {
		var member ident.ID
		var pin plan.MembershipPin
		err := rows.Scan(&member, &pin.In, &pin.Status, &pin.Keeps)
		pins[member] = pin
		return err
	})
	return pins, err
}

var (
	deleteMemberPins = listed{head: "DELETE FROM member_pins WHERE instance_id = $ AND group_seq = $ AND member_id"}
	deleteRunPins    = listed{head: "DELETE FROM member_pins WHERE instance_id = $ AND run_id = $ AND member_id"}
	deleteGroupPins  = listed{head: "DELETE FROM member_pins WHERE instance_id = $ AND group_seq"}
	deleteLists      = listed{head: "DELETE FROM pins WHERE instance_id = $ AND object_type = 2 AND seq"}
)

// deleteEmptyLists removes what is said of pinned members where there are none any more.
const deleteEmptyLists = `DELETE FROM pins WHERE instance_id = $1 AND object_type = 2 AND NOT EXISTS
	(SELECT 1 FROM member_pins m WHERE m.instance_id = pins.instance_id AND m.group_seq = -pins.seq)`

// DeleteMemberPins removes the pins of members of a group.
func (db *DB) DeleteMemberPins(ctx context.Context, instance ident.ID, group int64, members []ident.ID) error {
	return db.unpinMembers(ctx, instance, deleteMemberPins, []any{instance, group}, members)
}

// DeleteRunMemberPins removes the pins that a run gave to members, in all groups.
func (db *DB) DeleteRunMemberPins(ctx context.Context, instance, run ident.ID, members []ident.ID) error {
	return db.unpinMembers(ctx, instance, deleteRunPins, []any{instance, run}, members)
}

// unpinMembers removes pins of members, and with the last ones of a group what is said of them.
func (db *DB) unpinMembers(ctx context.Context, instance ident.ID, remove listed, args []any, members []ident.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		removed, err := execListed(ctx, db, remove, args, members)
		if err != nil || removed == 0 {
			return err
		}
		_, err = db.exec(ctx, deleteEmptyLists, instance)
		return err
	})
}

// DeleteGroupMemberPins removes all pins of members of groups.
func (db *DB) DeleteGroupMemberPins(ctx context.Context, instance ident.ID, groups []int64) error {
	places := make([]int64, len(groups))
	for i, seq := range groups {
		places[i] = -seq
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		_, err := execListed(ctx, db, deleteGroupPins, []any{instance}, groups)
		if err != nil {
			return err
		}
		_, err = execListed(ctx, db, deleteLists, []any{instance}, places)
		return err
	})
}
