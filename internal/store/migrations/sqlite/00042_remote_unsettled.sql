-- +goose Up
-- Finding the few objects of a service that are not settled must not read all of them.
DROP INDEX remote_objects_unsettled;
CREATE INDEX remote_objects_unsettled ON remote_objects (service_id, owner_id, parked, awaits) WHERE parked <> '' OR awaits <> '';
