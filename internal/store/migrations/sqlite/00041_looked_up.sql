-- +goose Up
-- What is counted or searched again and again is looked up in an index that has all of it, and that costs what is not in it nothing.

-- The place of who failed or is skipped: ties are kept by it, and are counted in their order.
DROP INDEX changes_open_by_instance;
CREATE INDEX changes_open_by_instance ON changes (instance_id, state, object_type, source_seq) WHERE open = 1;
-- Who is in the recycle bin is found by his name.
CREATE INDEX mirror_users_in_bin_by_names ON mirror_users (connection_id, names, seq) WHERE state = 'deleted';
-- With the columns that are asked for: an index of the group alone was passed over for the table's own order.
DROP INDEX remote_members_unsure;
CREATE INDEX remote_members_unsure ON remote_members (service_id, group_id, member_id, marks, is_group) WHERE marks > 3;
-- All names of users, for a text that few have. Ids are ordered by time, so it grows at its end.
CREATE INDEX users_searched ON users (org_id, id, user_name_key, display_name_key);
