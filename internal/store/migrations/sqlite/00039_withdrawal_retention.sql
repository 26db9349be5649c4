-- +goose Up
-- The instance that is deleted when the tenant's consent was taken back, and whether others may lose it; NULL and 0 for the other steps.
ALTER TABLE sign_ins ADD COLUMN instance_id BLOB;
ALTER TABLE sign_ins ADD COLUMN shared INTEGER NOT NULL DEFAULT 0;

-- For how many days the organization keeps things; 0 for as long as the server says.
ALTER TABLE organizations ADD COLUMN changes_days INTEGER NOT NULL DEFAULT 0;
ALTER TABLE organizations ADD COLUMN audit_days INTEGER NOT NULL DEFAULT 0;
ALTER TABLE organizations ADD COLUMN archive_days INTEGER NOT NULL DEFAULT 0;
