-- +goose Up
-- next_group_seq is the place that the next group of the mirror gets.
ALTER TABLE connections ADD COLUMN next_group_seq BIGINT NOT NULL DEFAULT 1;

-- Groups that somebody's selection needs or needed. due: its members are to be read in full; read_in: the full read that read them last, 0
-- for none; doubt: what the last read lacked that was not believed; others: members that are neither users nor groups.
CREATE TABLE mirror_groups (
    connection_id BLOB NOT NULL,
    seq           BIGINT NOT NULL,
    source_id     TEXT NOT NULL,
    state         TEXT NOT NULL,
    deleted_at    BIGINT NOT NULL,
    wanted        INTEGER NOT NULL,
    due           INTEGER NOT NULL,
    read_in       BIGINT NOT NULL,
    doubt         BIGINT NOT NULL,
    others        BIGINT NOT NULL,
    attributes    TEXT NOT NULL,
    PRIMARY KEY (connection_id, seq)
);
CREATE UNIQUE INDEX mirror_groups_by_source ON mirror_groups (connection_id, source_id);
CREATE INDEX mirror_groups_due ON mirror_groups (connection_id, seq) WHERE due = 1;

-- Direct members of wanted groups. member_id is the object id, sixteen bytes; kind: 1 a user, 2 a group; seen_in: the full read that saw
-- the member last.
CREATE TABLE mirror_members (
    connection_id BLOB NOT NULL,
    group_seq     BIGINT NOT NULL,
    member_id     BLOB NOT NULL,
    kind          INTEGER NOT NULL,
    seen_in       BIGINT NOT NULL,
    PRIMARY KEY (connection_id, group_seq, member_id)
) WITHOUT ROWID;
CREATE INDEX mirror_members_by_member ON mirror_members (connection_id, member_id, group_seq);
CREATE INDEX mirror_members_nested ON mirror_members (connection_id, group_seq, member_id) WHERE kind = 2;

-- Users who came, or came back, after the groups were read: no change of a group tells of their memberships.
CREATE TABLE mirror_arrivals (
    connection_id BLOB NOT NULL,
    source_id     TEXT NOT NULL,
    PRIMARY KEY (connection_id, source_id)
) WITHOUT ROWID;

-- The groups whose members an instance's selection brings, as they were when it was planned last, and what they were computed from.
CREATE TABLE instance_groups (
    connection_id BLOB NOT NULL,
    instance_id   BLOB NOT NULL,
    group_seq     BIGINT NOT NULL,
    PRIMARY KEY (instance_id, group_seq)
) WITHOUT ROWID;
CREATE INDEX instance_groups_by_group ON instance_groups (connection_id, group_seq, instance_id);
CREATE TABLE instance_reach (
    instance_id    BLOB NOT NULL PRIMARY KEY,
    config_version BIGINT NOT NULL,
    graph_version  BIGINT NOT NULL
) WITHOUT ROWID;
