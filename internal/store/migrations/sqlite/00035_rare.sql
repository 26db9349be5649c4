-- +goose Up
-- What is rare among very many has an index of its own, which costs the others nothing.

-- Nearly all links of an instance are in scope: the others are counted by this index, and those as the rest.
CREATE INDEX links_elsewhere ON links (instance_id, status) WHERE status <> 'in-scope';
-- The lists of users by what they are filtered by.
CREATE INDEX users_deleted ON users (org_id, user_name_key) WHERE deleted = 1;
CREATE INDEX users_inactive ON users (org_id, user_name_key) WHERE active = 0;
CREATE INDEX users_elsewhence ON users (org_id, origin, user_name_key) WHERE origin <> 'Entra';
