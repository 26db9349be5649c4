-- +goose Up
-- Names and nesting of all groups of a tenant, for pickers; the mirror has those that somebody selected. generation: the read that saw the row.
CREATE TABLE tenant_groups (
    connection_id BLOB NOT NULL,
    source_id     TEXT NOT NULL,
    name          TEXT NOT NULL,
    name_key      TEXT NOT NULL,
    generation    BIGINT NOT NULL,
    PRIMARY KEY (connection_id, source_id)
) WITHOUT ROWID;
CREATE INDEX tenant_groups_by_name ON tenant_groups (connection_id, name_key, source_id);

CREATE TABLE tenant_nesting (
    connection_id BLOB NOT NULL,
    parent_id     TEXT NOT NULL,
    child_id      TEXT NOT NULL,
    generation    BIGINT NOT NULL,
    PRIMARY KEY (connection_id, parent_id, child_id)
) WITHOUT ROWID;
