-- +goose Up
-- How far an administrator is in a demo's tour: step 0 before it, 1 to 5, then 6; the user of the directory whom it is about; whether he left it for now.
ALTER TABLE administrators ADD COLUMN tour_step BIGINT NOT NULL DEFAULT 0;
ALTER TABLE administrators ADD COLUMN tour_person TEXT NOT NULL DEFAULT '';
ALTER TABLE administrators ADD COLUMN tour_left BIGINT NOT NULL DEFAULT 0;
