-- +goose Up
-- When the client secret of a connection ends, as somebody said, 0 if nobody did, and how many of the notices about it were given.
ALTER TABLE connections ADD COLUMN secret_expires_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE connections ADD COLUMN secret_notice BIGINT NOT NULL DEFAULT 0;
-- The same of tokens.
ALTER TABLE tokens ADD COLUMN notice BIGINT NOT NULL DEFAULT 0;
CREATE INDEX tokens_by_end ON tokens (expires_at) WHERE revoked_at = 0;
