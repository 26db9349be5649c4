-- +goose Up
-- Pins of groups, and of members of groups, have the type of their object as changes have it. seq is negated for them: it is the place among the
-- groups of the mirror. The one of type 2 is for all pinned members of a group together, and says who took back what and why the last time.
CREATE TABLE pins_by_type (
    org_id      BLOB NOT NULL,
    instance_id BLOB NOT NULL,
    seq         BIGINT NOT NULL,
    object_type INTEGER NOT NULL,
    id          BLOB NOT NULL,
    source_id   TEXT NOT NULL,
    object_id   BLOB NOT NULL,
    object_name TEXT NOT NULL,
    run_id      BLOB NOT NULL,
    document    TEXT NOT NULL,
    PRIMARY KEY (instance_id, seq, object_type)
);
INSERT INTO pins_by_type SELECT org_id, instance_id, seq, 0, id, source_id, object_id, object_name, run_id, document FROM pins;
DROP TABLE pins;
ALTER TABLE pins_by_type RENAME TO pins;
CREATE UNIQUE INDEX pins_by_id ON pins (org_id, id);
CREATE INDEX pins_of_members ON pins (instance_id, seq) WHERE object_type = 2;

-- Memberships that stay as an undo left them, as long as the tenant says of them what it said then: whether he is a member, and, where the pin keeps
-- him in the group, the status of his tie. run_id is the undo run.
CREATE TABLE member_pins (
    instance_id BLOB NOT NULL,
    group_seq   BIGINT NOT NULL,
    member_id   BLOB NOT NULL,
    run_id      BLOB NOT NULL,
    is_in       INTEGER NOT NULL,
    status      TEXT NOT NULL,
    keeps       INTEGER NOT NULL,
    PRIMARY KEY (instance_id, group_seq, member_id)
) WITHOUT ROWID;
CREATE INDEX member_pins_by_member ON member_pins (instance_id, member_id);
