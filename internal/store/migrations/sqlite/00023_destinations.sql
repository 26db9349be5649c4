-- +goose Up
-- Remote services that instances of an organization write to; an instance without one writes to the built-in directory. The secret is a token,
-- or, where there is a token_url, that of an OAuth client.
CREATE TABLE remote_services (
    id            BLOB NOT NULL PRIMARY KEY,
    org_id        BLOB NOT NULL,
    profile       TEXT NOT NULL,
    base_url      TEXT NOT NULL,
    token_url     TEXT NOT NULL,
    client_id     TEXT NOT NULL,
    scope         TEXT NOT NULL,
    sealed_secret BLOB NOT NULL,
    created_at    BIGINT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX remote_services_by_url ON remote_services (org_id, base_url);
ALTER TABLE instances ADD COLUMN service_id BLOB;
