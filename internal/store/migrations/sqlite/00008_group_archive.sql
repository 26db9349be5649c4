-- +goose Up
-- Copies of removed groups. The rows of their members stay in group_members, where nothing reaches them, until the copy is dropped: the group
-- is in group_remains from then on. members and synced_members count them, as in groups.
CREATE TABLE group_archive (
    org_id         BLOB NOT NULL,
    id             BLOB NOT NULL,
    archived_at    BIGINT NOT NULL,
    keep_until     BIGINT NOT NULL,
    reason         TEXT NOT NULL,
    members        BIGINT NOT NULL,
    synced_members BIGINT NOT NULL,
    document       TEXT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX group_archive_by_end ON group_archive (keep_until);
