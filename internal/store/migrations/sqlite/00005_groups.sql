-- +goose Up
-- version counts writes of attributes and owner, on which runs compare and set; revision counts those and changes of members as well.
-- members and synced_members count the rows of group_members: all of them, and those that the owner put in.
CREATE TABLE groups (
    org_id           BLOB NOT NULL,
    id               BLOB NOT NULL,
    display_name_key TEXT NOT NULL,
    external_key     BIGINT NOT NULL, -- digest of the external id, 0 for none
    owner_id         BLOB,
    source_id        TEXT NOT NULL,
    origin           TEXT NOT NULL,
    version          BIGINT NOT NULL,
    revision         BIGINT NOT NULL,
    members          BIGINT NOT NULL,
    synced_members   BIGINT NOT NULL,
    to_be_synced     INTEGER NOT NULL,
    awaited          BIGINT NOT NULL, -- members in scope that are not there yet
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    attributes       TEXT NOT NULL,
    PRIMARY KEY (org_id, id)
);
-- Names of groups repeat.
CREATE INDEX groups_by_name ON groups (org_id, display_name_key, id);
CREATE INDEX groups_by_external_key ON groups (org_id, external_key) WHERE external_key <> 0;

-- kind: 1 a user, 2 a group. marks: 1 put in by the group's owner, 2 by hand, 3 by both.
CREATE TABLE group_members (
    org_id    BLOB NOT NULL,
    group_id  BLOB NOT NULL,
    member_id BLOB NOT NULL,
    kind      INTEGER NOT NULL,
    marks     INTEGER NOT NULL,
    PRIMARY KEY (org_id, group_id, member_id)
) WITHOUT ROWID;
-- A member belongs to one organization, so what he is a member of is asked for without it: led by it, SQLite, which takes every first column
-- for selective, would rather go through all members of the organization.
CREATE INDEX group_members_by_member ON group_members (member_id, group_id);

-- Groups that were deleted and whose rows of members are still there, to be removed in batches.
CREATE TABLE group_remains (
    org_id   BLOB NOT NULL,
    group_id BLOB NOT NULL,
    PRIMARY KEY (org_id, group_id)
) WITHOUT ROWID;
