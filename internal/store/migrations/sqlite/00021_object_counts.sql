-- +goose Up
-- How many users and groups an organization has: counting the rows of a large directory takes longer than reading a page of it.
CREATE TABLE object_counts (
    org_id BLOB NOT NULL PRIMARY KEY,
    users  BIGINT NOT NULL,
    groups BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO object_counts (org_id, users, groups)
    SELECT o.id, (SELECT COUNT(*) FROM users u WHERE u.org_id = o.id), (SELECT COUNT(*) FROM groups g WHERE g.org_id = o.id)
    FROM organizations o;
