-- +goose Up
-- take_over: what somebody else manages becomes the source's when the bearer writes to it over SCIM. Of users and groups that a source took over,
-- owner_id is fifteen zero bytes and the number of the source (directory.Source.Owner).
ALTER TABLE tokens ADD COLUMN take_over INTEGER NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN take_over INTEGER NOT NULL DEFAULT 0;

-- Assertions of other issuers (RFC 7523) that were used, by a digest of client and jti, until they would have expired.
CREATE TABLE used_assertions (
    digest     BLOB NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX used_assertions_by_end ON used_assertions (expires_at);
