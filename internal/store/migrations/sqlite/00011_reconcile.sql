-- +goose Up
-- When and how an instance compares both sides completely: reconcile_micros apart, 0 for never; with repair or only reported; so many objects in a
-- second at most, 0 for no limit.
ALTER TABLE instances ADD COLUMN reconcile_micros BIGINT NOT NULL DEFAULT 604800000000;
ALTER TABLE instances ADD COLUMN reconcile_repair INTEGER NOT NULL DEFAULT 1;
ALTER TABLE instances ADD COLUMN reconcile_per_second BIGINT NOT NULL DEFAULT 2000;
