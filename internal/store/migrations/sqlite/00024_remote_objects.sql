-- +goose Up
-- What a remote service can do, as it says, and how far the reading of its objects is.
CREATE TABLE remote_states (
    service_id BLOB NOT NULL PRIMARY KEY,
    discovery  TEXT NOT NULL,
    inventory  TEXT NOT NULL
);
-- What a remote service holds: for objects of an instance what was sent last, for all others what was read. kind: 1 user, 2 group. echo has the values
-- that the service made of what was sent, where these differ. external_key is the digest of the external id, 0 for none. parked is the name that was
-- set aside, awaits the tenant's id of a manager who was not there yet.
CREATE TABLE remote_objects (
    service_id   BLOB NOT NULL,
    id           BLOB NOT NULL,
    kind         INTEGER NOT NULL,
    remote_id    TEXT NOT NULL,
    owner_id     BLOB,
    source_id    TEXT NOT NULL,
    name_key     TEXT NOT NULL,
    display_key  TEXT NOT NULL,
    external_key BIGINT NOT NULL,
    version      BIGINT NOT NULL,
    seen         BIGINT NOT NULL,
    parked       TEXT NOT NULL,
    awaits       TEXT NOT NULL,
    to_be_synced INTEGER NOT NULL,
    awaited      BIGINT NOT NULL,
    attributes   TEXT NOT NULL,
    echo         TEXT,
    PRIMARY KEY (service_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX remote_objects_by_remote_id ON remote_objects (service_id, kind, remote_id);
CREATE INDEX remote_objects_by_name ON remote_objects (service_id, kind, name_key);
CREATE INDEX remote_objects_by_display_name ON remote_objects (service_id, kind, display_key) WHERE kind = 1;
CREATE INDEX remote_objects_by_external ON remote_objects (service_id, kind, external_key) WHERE external_key <> 0;
CREATE INDEX remote_objects_by_source ON remote_objects (service_id, owner_id, source_id) WHERE owner_id IS NOT NULL;
CREATE INDEX remote_objects_unsettled ON remote_objects (service_id, owner_id) WHERE parked <> '' OR awaits <> '';
CREATE INDEX remote_objects_by_seen ON remote_objects (service_id, kind, seen);

-- Who is in the groups of a remote service. marks: 1 put in by an instance, 2 seen there and put in by nobody here, 4 and 8 was to be put in, or
-- taken out, and nobody knows yet whether that was done.
CREATE TABLE remote_members (
    service_id BLOB NOT NULL,
    group_id   BLOB NOT NULL,
    member_id  BLOB NOT NULL,
    is_group   INTEGER NOT NULL,
    marks      INTEGER NOT NULL,
    PRIMARY KEY (service_id, group_id, member_id)
) WITHOUT ROWID;
CREATE INDEX remote_members_by_member ON remote_members (service_id, member_id);
CREATE INDEX remote_members_unsure ON remote_members (service_id, group_id) WHERE marks > 3;

-- Changes that are being sent. One that is left over was perhaps done, and perhaps not.
CREATE TABLE remote_intents (
    service_id  BLOB NOT NULL,
    instance_id BLOB NOT NULL,
    object_id   BLOB NOT NULL,
    kind        INTEGER NOT NULL,
    creates     INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    name        TEXT NOT NULL,
    attempts    INTEGER NOT NULL,
    PRIMARY KEY (service_id, instance_id, object_id)
) WITHOUT ROWID;
