-- +goose Up
-- form: what proves the application; thumbprint: of its certificate. standing: what the tenant said last, and how far it was read, as JSON.
ALTER TABLE connections ADD COLUMN form TEXT NOT NULL DEFAULT 'client-secret';
ALTER TABLE connections ADD COLUMN thumbprint TEXT NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN state TEXT NOT NULL DEFAULT 'not-connected';
ALTER TABLE connections ADD COLUMN standing TEXT NOT NULL DEFAULT '{}';
UPDATE connections SET state = 'connected' WHERE id IN (SELECT connection_id FROM cursors);

-- Browsers that were sent to Microsoft and are expected back, once. state_hash and bound are SHA-256.
CREATE TABLE sign_ins (
    org_id          BLOB NOT NULL,
    connection_id   BLOB NOT NULL,
    state_hash      BLOB NOT NULL PRIMARY KEY,
    step            TEXT NOT NULL,
    bound           BLOB NOT NULL,
    redirect_uri    TEXT NOT NULL,
    nonce           TEXT NOT NULL,
    sealed_verifier BLOB,
    expires_at      BIGINT NOT NULL
);
CREATE INDEX sign_ins_by_end ON sign_ins (expires_at);
