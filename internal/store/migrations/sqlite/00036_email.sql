-- +goose Up
-- How organizations send mail; without a host by the server's account. The password is sealed.
CREATE TABLE mail_settings (
    org_id          BLOB NOT NULL PRIMARY KEY,
    host            TEXT NOT NULL,
    port            BIGINT NOT NULL,
    tls_mode        TEXT NOT NULL,
    user_name       TEXT NOT NULL,
    sealed_password BLOB,
    sender          TEXT NOT NULL,
    language        TEXT NOT NULL,
    changed_at      BIGINT NOT NULL
);

-- The outbox: a row for each event and recipient. facts is JSON.
CREATE TABLE mails (
    org_id     BLOB NOT NULL,
    id         BLOB NOT NULL,
    event_key  TEXT NOT NULL,
    kind       TEXT NOT NULL,
    recipient  TEXT NOT NULL,
    facts      TEXT NOT NULL,
    state      TEXT NOT NULL,
    attempts   BIGINT NOT NULL,
    next_at    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    settled_at BIGINT NOT NULL,
    answer     TEXT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX mails_by_event ON mails (org_id, event_key, recipient);
CREATE INDEX mails_waiting ON mails (next_at) WHERE state = 'waiting';
CREATE INDEX mails_settled ON mails (settled_at) WHERE state <> 'waiting';
