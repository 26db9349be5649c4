-- +goose Up
-- Administrators who sign in have an address, unique on the server by its name key, and a password (a PHC string of argon2id). Those without
-- exist for tokens only.
ALTER TABLE administrators ADD COLUMN email TEXT NOT NULL DEFAULT '';
ALTER TABLE administrators ADD COLUMN email_key TEXT NOT NULL DEFAULT '';
ALTER TABLE administrators ADD COLUMN password TEXT NOT NULL DEFAULT '';
ALTER TABLE administrators ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE administrators ADD COLUMN theme TEXT NOT NULL DEFAULT '';
ALTER TABLE administrators ADD COLUMN signed_in_at BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX administrators_by_email ON administrators (email_key) WHERE email_key <> '';

-- A session is a browser in which an administrator is signed in. hash is the SHA-256 of the cookie's secret.
CREATE TABLE sessions (
    id               BLOB NOT NULL PRIMARY KEY,
    administrator_id BLOB NOT NULL,
    hash             BLOB NOT NULL,
    address          TEXT NOT NULL,
    agent            TEXT NOT NULL,
    created_at       BIGINT NOT NULL,
    used_at          BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL
);
CREATE UNIQUE INDEX sessions_by_hash ON sessions (hash);
CREATE INDEX sessions_by_administrator ON sessions (administrator_id, id);

-- An invitation is a one-time link with which somebody becomes an administrator. org_id is sixteen zero bytes for the server.
CREATE TABLE invitations (
    org_id     BLOB NOT NULL,
    id         BLOB NOT NULL PRIMARY KEY,
    role       TEXT NOT NULL,
    email      TEXT NOT NULL,
    hash       BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX invitations_by_hash ON invitations (hash);
CREATE INDEX invitations_by_org ON invitations (org_id, id);
