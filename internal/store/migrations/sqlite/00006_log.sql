-- +goose Up
-- What the provisioning log is asked for most, among the many rows of what simply went well. A first sync never touches it.
CREATE INDEX changes_rare ON changes (run_id, id)
    WHERE state NOT IN ('planned', 'parked', 'applied', 'proposed') OR action NOT IN ('match', 'create', 'update');
-- The history of one person of a tenant, by his place in the mirror: it grows at its end, which an index of source ids would not.
CREATE INDEX changes_by_place ON changes (instance_id, source_seq);
-- Unique, so that SQLite knows that the changes of runs in the order of runs need not be sorted.
DROP INDEX runs_by_org;
DROP INDEX runs_by_instance;
CREATE UNIQUE INDEX runs_by_org ON runs (org_id, id);
CREATE UNIQUE INDEX runs_by_instance ON runs (instance_id, id);
