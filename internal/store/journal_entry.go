package store

import (
	"database/sql"
	"fmt"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// bareEntryColumns are those of an entry but for its members, whose number is among them: a change of a thousand members has 33,000 bytes of them.
const bareEntryColumns = `org_id, instance_id, run_id, id, action, phase, rank, park, source_id, source_seq, object_id, source_name, object_name,
	reason_code, reason_text, before_doc, after_doc, base_version, link, status, takes_name, frees_name, holder_id, holder_name, removal,
	follow_up, state, open, fingerprint, approved_removal, attempts, failed_at, retry_at, planned_at, settled_at, decided_by,
	undoes, status_before, object_type, member_count`

const entryColumns = bareEntryColumns + ", members"

const (
	selectEntries = "SELECT " + entryColumns + " FROM changes"
	// selectBare is for scanEntry like selectEntries; the members of the entries are counted, but not read.
	selectBare = "SELECT " + bareEntryColumns + ", NULL FROM changes"
)

var insertEntries = insert{head: "INSERT INTO changes (" + entryColumns + ") VALUES", columns: 41}

func appendEntry(args []any, e *engine.Entry) []any {
	return append(args, e.OrgID, e.InstanceID, e.RunID, e.ID, string(e.Action), int64(e.Phase), int64(e.Rank), bit(e.Park), e.SourceID,
		placeInJournal(e.Object, e.SourceSeq), e.ObjectID, e.SourceName, e.ObjectName, e.Reason.Code, e.Reason.Text, record(e.Before), record(e.After),
		e.BaseVersion, bit(e.Link), string(e.Status), e.TakesName, e.FreesName, e.HolderID, e.HolderName, bit(e.Removal), bit(e.FollowUp),
		string(e.State), bit(e.Open), e.Fingerprint, bit(e.ApprovedRemoval), int64(e.Attempts), micros(e.FailedAt), micros(e.RetryAt),
		micros(e.PlannedAt), micros(e.SettledAt), e.DecidedBy, e.Undoes, string(e.StatusBefore), int64(e.Object), int64(e.MemberCount()),
		membersBlob(e.Members))
}

func scanEntry(rows *sql.Rows) (engine.Entry, error) {
	var e engine.Entry
	var before, after, members sql.RawBytes
	err := rows.Scan(&e.OrgID, &e.InstanceID, &e.RunID, &e.ID, &e.Action, &e.Phase, &e.Rank, &e.Park, &e.SourceID,
		&e.SourceSeq, &e.ObjectID, &e.SourceName, &e.ObjectName, &e.Reason.Code, &e.Reason.Text, &before, &after, &e.BaseVersion, &e.Link,
		&e.Status, &e.TakesName, &e.FreesName, &e.HolderID, &e.HolderName, &e.Removal, &e.FollowUp, &e.State, &e.Open,
		&e.Fingerprint, &e.ApprovedRemoval, &e.Attempts, stamp{&e.FailedAt}, stamp{&e.RetryAt}, stamp{&e.PlannedAt},
		stamp{&e.SettledAt}, &e.DecidedBy, &e.Undoes, &e.StatusBefore, &e.Object, &e.Unnamed, &members)
	if err != nil {
		return e, err
	}
	e.SourceSeq = placeInJournal(e.Object, e.SourceSeq)
	if e.Members, err = membersOf(members); err != nil {
		return e, err
	}
	e.Unnamed -= len(e.Members)
	if e.Before, err = recordOf(before); err != nil {
		return e, err
	}
	e.After, err = recordOf(after)
	return e, err
}

// placeInJournal is how a place in the mirror is stored in the journal, and how it is read back: users and groups are numbered apart, and what is
// looked up by place (changes_by_place) must not find the one for the other, so that places among groups are negated.
func placeInJournal(of plan.ObjectType, seq int64) int64 {
	if of == plan.User {
		return seq
	}
	return -seq
}

// memberSize is the length of a member in changes.members.
const memberSize = 33

// membersBlob is how the members of a change are stored, nil for none.
func membersBlob(members []plan.Member) any {
	if len(members) == 0 {
		return nil
	}
	blob := make([]byte, 0, memberSize*len(members))
	for _, member := range members {
		kind := mirror.MemberUser
		if member.Group {
			kind = mirror.MemberGroup
		}
		blob = append(append(append(blob, member.Source[:]...), member.Object[:]...), byte(kind))
	}
	return blob
}

// membersOf reads what membersBlob stored.
func membersOf(blob []byte) ([]plan.Member, error) {
	if len(blob) == 0 {
		return nil, nil
	}
	if len(blob)%memberSize != 0 {
		return nil, fmt.Errorf("members of a change have %d bytes, which is not a multiple of %d", len(blob), memberSize)
	}
	members := make([]plan.Member, len(blob)/memberSize)
	for i := range members {
		raw := blob[i*memberSize:]
		members[i] = plan.Member{Source: ident.ID(raw[:16]), Object: ident.ID(raw[16:32]), Group: raw[32] == byte(mirror.MemberGroup)}
	}
	return members, nil
}
