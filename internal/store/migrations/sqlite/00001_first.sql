-- +goose Up
-- Times are microseconds since 1970 (0: none), booleans 0 and 1, ids sixteen bytes. Tables whose rows are short and that are only ever
-- read by their key are WITHOUT ROWID; those with documents are not, because long rows make such a table slow.

-- The last start: on which file (see identity), and when. One row.
CREATE TABLE starts (
    file       TEXT NOT NULL,
    started_at BIGINT NOT NULL
);

CREATE TABLE organizations (
    id                      BLOB NOT NULL PRIMARY KEY,
    name                    TEXT NOT NULL,
    require_verified_domain INTEGER NOT NULL,
    created_at              BIGINT NOT NULL
);

-- org_id is sixteen zero bytes for administrators and tokens of the server, and for events outside any organization.
CREATE TABLE administrators (
    org_id     BLOB NOT NULL,
    id         BLOB NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX administrators_by_org ON administrators (org_id, id);

CREATE TABLE tokens (
    org_id           BLOB NOT NULL,
    id               BLOB NOT NULL PRIMARY KEY,
    name             TEXT NOT NULL,
    role             TEXT NOT NULL,
    user_id          BLOB,
    administrator_id BLOB,
    created_at       BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    revoked_at       BIGINT NOT NULL,
    hash             BLOB NOT NULL
);
CREATE UNIQUE INDEX tokens_by_hash ON tokens (hash);
CREATE INDEX tokens_by_org ON tokens (org_id, id);
CREATE INDEX tokens_by_user ON tokens (org_id, user_id) WHERE user_id IS NOT NULL;

-- A domain belongs to one organization of the server.
CREATE TABLE domains (
    name        TEXT NOT NULL PRIMARY KEY,
    org_id      BLOB NOT NULL,
    verified_at BIGINT NOT NULL
);
CREATE INDEX domains_by_org ON domains (org_id, name);

CREATE TABLE users (
    org_id           BLOB NOT NULL,
    id               BLOB NOT NULL,
    user_name_key    TEXT NOT NULL,
    display_name_key TEXT NOT NULL,
    external_key     BIGINT NOT NULL, -- digest of the external id, 0 for none; as a text it would be the largest index, in random order
    active           INTEGER NOT NULL,
    deleted          INTEGER NOT NULL,
    owner_id         BLOB,
    source_id        TEXT NOT NULL,
    origin           TEXT NOT NULL,
    version          BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    attributes       TEXT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX users_by_name ON users (org_id, user_name_key);
CREATE INDEX users_by_external_key ON users (org_id, external_key) WHERE external_key <> 0;

CREATE TABLE archive (
    org_id          BLOB NOT NULL,
    id              BLOB NOT NULL,
    name            TEXT NOT NULL,
    former_name     TEXT NOT NULL,
    name_key        TEXT NOT NULL,
    former_name_key TEXT NOT NULL,
    archived_at     BIGINT NOT NULL,
    keep_until      BIGINT NOT NULL,
    reason          TEXT NOT NULL,
    document        TEXT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX archive_by_time ON archive (org_id, archived_at, id);
CREATE INDEX archive_by_name ON archive (org_id, name_key);
CREATE INDEX archive_by_former_name ON archive (org_id, former_name_key);
CREATE INDEX archive_by_end ON archive (keep_until);

CREATE TABLE audit_events (
    org_id      BLOB NOT NULL,
    id          BLOB NOT NULL,
    at          BIGINT NOT NULL,
    token_id    BLOB,
    actor_name  TEXT NOT NULL,
    address     TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    action      TEXT NOT NULL,
    object_id   TEXT NOT NULL,
    object_name TEXT NOT NULL,
    before_doc  TEXT,
    after_doc   TEXT,
    PRIMARY KEY (org_id, id)
);

-- next_seq is the place that the next user of the mirror gets.
CREATE TABLE connections (
    org_id        BLOB NOT NULL,
    id            BLOB NOT NULL PRIMARY KEY,
    tenant_id     TEXT NOT NULL,
    cloud         TEXT NOT NULL,
    client_id     TEXT NOT NULL,
    sealed_secret BLOB,
    created_at    BIGINT NOT NULL,
    next_seq      BIGINT NOT NULL
);

CREATE TABLE cursors (
    connection_id BLOB NOT NULL PRIMARY KEY,
    version       BIGINT NOT NULL,
    document      TEXT NOT NULL
);

CREATE TABLE instances (
    org_id           BLOB NOT NULL,
    id               BLOB NOT NULL PRIMARY KEY,
    connection_id    BLOB NOT NULL,
    name             TEXT NOT NULL,
    name_key         TEXT NOT NULL,
    auto_sync        INTEGER NOT NULL,
    interval_micros  BIGINT NOT NULL,
    config_version   BIGINT NOT NULL,
    next_run_at      BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    health           TEXT NOT NULL
);
CREATE UNIQUE INDEX instances_by_name ON instances (org_id, name_key);
CREATE INDEX instances_by_connection ON instances (connection_id);

CREATE TABLE configs (
    instance_id BLOB NOT NULL,
    version     BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    document    TEXT NOT NULL,
    PRIMARY KEY (instance_id, version)
);

CREATE TABLE mirror_users (
    connection_id BLOB NOT NULL,
    seq           BIGINT NOT NULL,
    source_id     TEXT NOT NULL,
    state         TEXT NOT NULL,
    deleted_at    BIGINT NOT NULL,
    hash          BIGINT NOT NULL,
    seen          BIGINT NOT NULL,
    attributes    TEXT NOT NULL,
    PRIMARY KEY (connection_id, seq)
);
CREATE UNIQUE INDEX mirror_users_by_source ON mirror_users (connection_id, source_id);
CREATE INDEX mirror_users_in_bin ON mirror_users (connection_id, deleted_at) WHERE state = 'deleted';
CREATE INDEX mirror_users_gone ON mirror_users (connection_id, seq) WHERE state = 'gone';

CREATE TABLE dirty (
    instance_id BLOB NOT NULL,
    seq         BIGINT NOT NULL,
    PRIMARY KEY (instance_id, seq)
) WITHOUT ROWID;

-- seq is the source object's place in the mirror of the instance's connection.
CREATE TABLE links (
    org_id      BLOB NOT NULL,
    instance_id BLOB NOT NULL,
    seq         BIGINT NOT NULL,
    object_id   BLOB NOT NULL,
    status      TEXT NOT NULL,
    PRIMARY KEY (instance_id, seq)
) WITHOUT ROWID;

CREATE TABLE runs (
    org_id         BLOB NOT NULL,
    id             BLOB NOT NULL PRIMARY KEY,
    instance_id    BLOB NOT NULL,
    kind           TEXT NOT NULL,
    started_by     TEXT NOT NULL,
    requested_by   TEXT NOT NULL,
    config_version BIGINT NOT NULL,
    state          TEXT NOT NULL,
    step           TEXT NOT NULL,
    node           BLOB,
    fence          BIGINT NOT NULL,
    lease_until    BIGINT NOT NULL,
    not_before     BIGINT NOT NULL,
    queued_at      BIGINT NOT NULL,
    started_at     BIGINT NOT NULL,
    ended_at       BIGINT NOT NULL,
    progress       TEXT NOT NULL,
    failure        TEXT
);
CREATE INDEX runs_by_org ON runs (org_id, id);
CREATE INDEX runs_by_instance ON runs (instance_id, id);
CREATE INDEX runs_open ON runs (id) WHERE state IN ('queued', 'running', 'waiting');

CREATE TABLE changes (
    org_id           BLOB NOT NULL,
    instance_id      BLOB NOT NULL,
    run_id           BLOB NOT NULL,
    id               BLOB NOT NULL,
    action           TEXT NOT NULL,
    phase            INTEGER NOT NULL,
    rank             INTEGER NOT NULL,
    park             INTEGER NOT NULL,
    source_id        TEXT NOT NULL,
    source_seq       BIGINT NOT NULL, -- the source's place in the mirror, by which links are kept
    object_id        BLOB,
    source_name      TEXT NOT NULL,
    object_name      TEXT NOT NULL,
    reason_code      TEXT NOT NULL,
    reason_text      TEXT NOT NULL,
    before_doc       TEXT,
    after_doc        TEXT,
    base_version     BIGINT NOT NULL,
    link             INTEGER NOT NULL,
    status           TEXT NOT NULL,
    takes_name       TEXT NOT NULL,
    frees_name       TEXT NOT NULL,
    holder_id        BLOB,
    holder_name      TEXT NOT NULL,
    removal          INTEGER NOT NULL,
    follow_up        INTEGER NOT NULL,
    state            TEXT NOT NULL,
    open             INTEGER NOT NULL,
    fingerprint      TEXT NOT NULL,
    approved_removal INTEGER NOT NULL,
    attempts         INTEGER NOT NULL,
    failed_at        BIGINT NOT NULL,
    retry_at         BIGINT NOT NULL,
    planned_at       BIGINT NOT NULL,
    settled_at       BIGINT NOT NULL,
    decided_by       TEXT NOT NULL,
    PRIMARY KEY (run_id, id)
);
-- What a run has still to do, in the order in which it does it.
CREATE INDEX changes_pending ON changes (run_id, phase, rank, id) WHERE state IN ('planned', 'parked');
-- Names to set aside first; and names that somebody else holds.
CREATE INDEX changes_to_park ON changes (run_id, phase, rank, id) WHERE state = 'planned' AND park = 1;
CREATE INDEX changes_held_names ON changes (run_id, holder_id) WHERE holder_id IS NOT NULL;
CREATE UNIQUE INDEX changes_open ON changes (instance_id, source_id) WHERE open = 1;
CREATE INDEX changes_open_by_id ON changes (id) WHERE open = 1;
-- What waits, by instance for counting, waking and deciding, and by organization for lists: a few rows of a journal of millions.
CREATE INDEX changes_open_by_instance ON changes (instance_id, state) WHERE open = 1;
CREATE INDEX changes_open_by_state ON changes (org_id, state, id) WHERE open = 1;
CREATE INDEX changes_open_names ON changes (org_id, takes_name) WHERE open = 1;
CREATE INDEX changes_open_objects ON changes (org_id, object_id) WHERE open = 1;
CREATE INDEX changes_removals ON changes (instance_id, settled_at) WHERE removal = 1 AND state = 'applied';
-- The history of one user. Ids of objects are ordered by time, so this index grows at its end.
CREATE INDEX changes_by_object ON changes (org_id, object_id);
