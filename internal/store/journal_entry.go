package store

import (
	"database/sql"

	"rollcall/internal/engine"
)

const entryColumns = `org_id, instance_id, run_id, id, action, phase, rank, park, source_id, source_seq, object_id, source_name, object_name,
	reason_code, reason_text, before_doc, after_doc, base_version, link, status, takes_name, frees_name, holder_id, holder_name, removal,
	follow_up, state, open, fingerprint, approved_removal, attempts, failed_at, retry_at, planned_at, settled_at, decided_by,
	undoes, status_before`

const selectEntries = "SELECT " + entryColumns + " FROM changes"

var insertEntries = insert{head: "INSERT INTO changes (" + entryColumns + ") VALUES", columns: 38}

func appendEntry(args []any, e *engine.Entry) []any {
	return append(args, e.OrgID, e.InstanceID, e.RunID, e.ID, string(e.Action), int64(e.Phase), int64(e.Rank), bit(e.Park), e.SourceID,
		e.SourceSeq, e.ObjectID, e.SourceName, e.ObjectName, e.Reason.Code, e.Reason.Text, record(e.Before), record(e.After), e.BaseVersion, bit(e.Link),
		string(e.Status), e.TakesName, e.FreesName, e.HolderID, e.HolderName, bit(e.Removal), bit(e.FollowUp), string(e.State), bit(e.Open),
		e.Fingerprint, bit(e.ApprovedRemoval), int64(e.Attempts), micros(e.FailedAt), micros(e.RetryAt), micros(e.PlannedAt),
		micros(e.SettledAt), e.DecidedBy, e.Undoes, string(e.StatusBefore))
}

func scanEntry(rows *sql.Rows) (engine.Entry, error) {
	var e engine.Entry
	var before, after sql.RawBytes
	err := rows.Scan(&e.OrgID, &e.InstanceID, &e.RunID, &e.ID, &e.Action, &e.Phase, &e.Rank, &e.Park, &e.SourceID,
		&e.SourceSeq, &e.ObjectID, &e.SourceName, &e.ObjectName, &e.Reason.Code, &e.Reason.Text, &before, &after, &e.BaseVersion, &e.Link,
		&e.Status, &e.TakesName, &e.FreesName, &e.HolderID, &e.HolderName, &e.Removal, &e.FollowUp, &e.State, &e.Open,
		&e.Fingerprint, &e.ApprovedRemoval, &e.Attempts, stamp{&e.FailedAt}, stamp{&e.RetryAt}, stamp{&e.PlannedAt},
		stamp{&e.SettledAt}, &e.DecidedBy, &e.Undoes, &e.StatusBefore)
	if err != nil {
		return e, err
	}
	if e.Before, err = recordOf(before); err != nil {
		return e, err
	}
	e.After, err = recordOf(after)
	return e, err
}
