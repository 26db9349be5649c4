-- +goose Up
-- What a run on demand found and did about each of the people whom it was asked for.
CREATE TABLE run_results (
    org_id   BLOB NOT NULL,
    run_id   BLOB NOT NULL,
    place    BIGINT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (run_id, place)
);
