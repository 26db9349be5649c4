-- +goose Up
-- What a change is about: 0 a user, 1 a group, 2 the members of a group. members are those who join or leave, 33 bytes each: object id in the
-- tenant, object id in the destination, and 1 for a user or 2 for a group; NULL for none, and when retention is over. member_count, how many they
-- are or were, stands before them, so that it is read without them. source_seq is the place among the users of the mirror, or, negated, among its
-- groups.
ALTER TABLE changes ADD COLUMN object_type INTEGER NOT NULL DEFAULT 0;
ALTER TABLE changes ADD COLUMN member_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE changes ADD COLUMN members BLOB;
-- Users and groups have one open change each, the members of a group have many.
DROP INDEX changes_open;
CREATE UNIQUE INDEX changes_open ON changes (instance_id, source_id) WHERE open = 1 AND object_type <> 2;
DROP INDEX changes_open_by_instance;
CREATE INDEX changes_open_by_instance ON changes (instance_id, state, object_type) WHERE open = 1;
CREATE INDEX changes_open_members ON changes (instance_id, source_seq, id) WHERE open = 1 AND object_type = 2;
-- What the guard adds up: by type, and for members by group.
DROP INDEX changes_removals;
CREATE INDEX changes_removals ON changes (instance_id, object_type, settled_at) WHERE removal = 1 AND state = 'applied' AND object_type <> 2;
CREATE INDEX changes_leaves ON changes (instance_id, source_seq, settled_at) WHERE removal = 1 AND state = 'applied' AND object_type = 2;

-- The ties of groups, by their place in the mirror. whole: all members are to be compared; awaited: members in scope that are not there yet, -1
-- before that was said.
CREATE TABLE group_links (
    org_id        BLOB NOT NULL,
    connection_id BLOB NOT NULL,
    instance_id   BLOB NOT NULL,
    group_seq     BIGINT NOT NULL,
    object_id     BLOB NOT NULL,
    whole         INTEGER NOT NULL,
    awaited       BIGINT NOT NULL,
    PRIMARY KEY (instance_id, group_seq)
) WITHOUT ROWID;
CREATE INDEX group_links_by_group ON group_links (connection_id, group_seq, instance_id);
-- Groups of which something other than "all are there" was said last.
CREATE INDEX group_links_awaiting ON group_links (instance_id, awaited) WHERE awaited <> 0;

-- Groups, and memberships, to be planned again.
CREATE TABLE dirty_groups (
    instance_id BLOB NOT NULL,
    group_seq   BIGINT NOT NULL,
    PRIMARY KEY (instance_id, group_seq)
) WITHOUT ROWID;
CREATE TABLE dirty_members (
    instance_id BLOB NOT NULL,
    group_seq   BIGINT NOT NULL,
    member_id   BLOB NOT NULL,
    PRIMARY KEY (instance_id, group_seq, member_id)
) WITHOUT ROWID;

-- Whether being a member of a reached group brings people into scope; so far groups were reached for that alone.
ALTER TABLE instance_reach ADD COLUMN by_membership INTEGER NOT NULL DEFAULT 1;

-- listed_in is the full read of groups that found the group in the list of the tenant's groups last, 0 for none.
ALTER TABLE mirror_groups ADD COLUMN listed_in BIGINT NOT NULL DEFAULT 0;

-- Groups that nobody wants stay as long as an instance has to deal with them.
CREATE INDEX mirror_groups_unwanted ON mirror_groups (connection_id, seq) WHERE wanted = 0;
