-- +goose Up
-- What an undo takes back, and how the link of a change stood before it.
ALTER TABLE changes ADD COLUMN undoes BLOB;
ALTER TABLE changes ADD COLUMN status_before TEXT NOT NULL DEFAULT '';

-- What an undo run was asked to take back.
ALTER TABLE runs ADD COLUMN undo TEXT;

-- What was taken back stays so until the source object changes. seq is its place in the mirror of the instance's connection; id is the
-- change that took something back.
CREATE TABLE pins (
    org_id      BLOB NOT NULL,
    instance_id BLOB NOT NULL,
    seq         BIGINT NOT NULL,
    id          BLOB NOT NULL,
    source_id   TEXT NOT NULL,
    object_id   BLOB NOT NULL,
    object_name TEXT NOT NULL,
    run_id      BLOB NOT NULL,
    document    TEXT NOT NULL,
    PRIMARY KEY (instance_id, seq)
);
CREATE UNIQUE INDEX pins_by_id ON pins (org_id, id);
