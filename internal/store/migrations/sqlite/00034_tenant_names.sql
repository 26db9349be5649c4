-- +goose Up
-- names are the name keys of displayName and userPrincipalName, in two lines: pickers search a tenant's users by them.
ALTER TABLE mirror_users ADD COLUMN names TEXT NOT NULL DEFAULT '';
UPDATE mirror_users SET names = lower(coalesce(json_extract(attributes, '$.displayName'), '') || char(10) || coalesce(json_extract(attributes, '$.userPrincipalName'), ''));
CREATE INDEX mirror_users_by_names ON mirror_users (connection_id, names, seq) WHERE state = 'live';
