-- +goose Up
-- The dry run whose changes a run applies.
ALTER TABLE runs ADD COLUMN plan_id BLOB;
CREATE INDEX runs_of_plan ON runs (plan_id) WHERE plan_id IS NOT NULL;
