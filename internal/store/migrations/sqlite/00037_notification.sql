-- +goose Up
-- Who is told by mail about an instance: addresses as a JSON list, and whether they are told when something fails.
ALTER TABLE instances ADD COLUMN notify_addresses TEXT NOT NULL DEFAULT '[]';
ALTER TABLE instances ADD COLUMN notify_failures BIGINT NOT NULL DEFAULT 0;
