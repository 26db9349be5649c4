-- +goose Up
-- source and profile: on whose behalf the bearer writes over SCIM, and how strictly its requests are read. old_hash: the secret that was
-- replaced, good until old_until. client_id: the client for which this is an access token.
ALTER TABLE tokens ADD COLUMN source TEXT NOT NULL DEFAULT 'SCIM';
ALTER TABLE tokens ADD COLUMN profile TEXT NOT NULL DEFAULT 'entra';
ALTER TABLE tokens ADD COLUMN old_hash BLOB;
ALTER TABLE tokens ADD COLUMN old_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN client_id BLOB;
CREATE UNIQUE INDEX tokens_by_old_hash ON tokens (old_hash) WHERE old_hash IS NOT NULL;
CREATE INDEX tokens_by_client ON tokens (client_id, expires_at) WHERE client_id IS NOT NULL;

-- Programs that get access tokens for secrets of theirs, or for what another issuer signed (federation: issuer, subject, audience and the
-- address of the issuer's keys, '' for none).
CREATE TABLE clients (
    org_id           BLOB NOT NULL,
    id               BLOB NOT NULL PRIMARY KEY,
    name             TEXT NOT NULL,
    role             TEXT NOT NULL,
    source           TEXT NOT NULL,
    profile          TEXT NOT NULL,
    administrator_id BLOB,
    issuer           TEXT NOT NULL,
    subject          TEXT NOT NULL,
    audience         TEXT NOT NULL,
    keys_url         TEXT NOT NULL,
    created_at       BIGINT NOT NULL,
    revoked_at       BIGINT NOT NULL
);
CREATE INDEX clients_by_org ON clients (org_id, id);

-- announced: how many of the notices about the end of the secret were given.
CREATE TABLE client_secrets (
    client_id  BLOB NOT NULL,
    hash       BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    announced  BIGINT NOT NULL,
    PRIMARY KEY (client_id, hash)
) WITHOUT ROWID;

-- Sources whose tokens may not write to the directory, separated by blanks.
ALTER TABLE organizations ADD COLUMN blocked_sources TEXT NOT NULL DEFAULT '';
