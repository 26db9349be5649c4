package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// userFields are the columns of a user u with its owner i, for userScan.
const userFields = `u.org_id, u.id, u.owner_id, COALESCE(i.name, ''), u.source_id, u.origin, u.version, u.created_at, u.updated_at, u.attributes`

const userColumns = "SELECT " + userFields + " FROM users u LEFT JOIN instances i ON i.id = u.owner_id"

// userScan returns where userFields go, and what to call after the scan.
func userScan(user *directory.User) ([]any, func() error) {
	var attributes sql.RawBytes
	targets := []any{
		&user.OrgID, &user.ID, &user.Owner, &user.OwnerName, &user.SourceID, &user.Origin, &user.Version,
		stamp{&user.CreatedAt},
		stamp{&user.UpdatedAt},
		&attributes,
	}
	return targets, func() error {
		var err error
		user.OwnerName = directory.NameOwner(user.Owner, user.OwnerName)
		user.Attributes, err = recordOf(attributes)
		return err
	}
}

func scanUser(rows *sql.Rows) (directory.User, error) {
	var user directory.User
	targets, finish := userScan(&user)
	if err := rows.Scan(targets...); err != nil {
		return user, err
	}
	return user, finish()
}

func listUsers[T any](ctx context.Context, db *DB, column string, org ident.ID, values []T) ([]directory.User, error) {
	users := make([]directory.User, 0, len(values))
	q := listed{head: userColumns + " WHERE u.org_id = $ AND u." + column}
	err := eachListed(ctx, db, q, []any{org}, values, func(rows *sql.Rows) error {
		user, err := scanUser(rows)
		users = append(users, user)
		return err
	})
	return users, err
}

// UsersByID returns those that exist, in no order.
func (db *DB) UsersByID(ctx context.Context, org ident.ID, ids []ident.ID) ([]directory.User, error) {
	return listUsers(ctx, db, "id", org, ids)
}

// UsersByNameKey returns those that have one of the names.
func (db *DB) UsersByNameKey(ctx context.Context, org ident.ID, keys []string) ([]directory.User, error) {
	return listUsers(ctx, db, "user_name_key", org, keys)
}

// UsersBy returns those that have one of the values in attr.ExternalID (exactly) or attr.DisplayName (by name key).
func (db *DB) UsersBy(ctx context.Context, org ident.ID, path string, values []string) ([]directory.User, error) {
	switch path {
	case attr.ExternalID:
		return db.usersByExternalID(ctx, org, values)
	case attr.DisplayName:
		keys := make([]string, len(values))
		for i, value := range values {
			keys[i] = attr.NameKey(value)
		}
		return listUsers(ctx, db, "display_name_key", org, keys)
	}
	return nil, fmt.Errorf("users cannot be looked up by %s", path)
}

// usersByExternalID looks the digests up and keeps the users who really have one of the values.
func (db *DB) usersByExternalID(ctx context.Context, org ident.ID, values []string) ([]directory.User, error) {
	keys := make([]int64, len(values))
	wanted := make(map[string]bool, len(values))
	for i, value := range values {
		keys[i], wanted[value] = externalKey(value), true
	}
	// The first condition lets the database use the index, which leaves out users without an external id.
	users, err := listUsers(ctx, db, "external_key <> 0 AND u.external_key", org, keys)
	return slices.DeleteFunc(users, func(u directory.User) bool { return !wanted[u.Attributes.Text(attr.ExternalID)] }), err
}

// externalKey is what the index of external ids holds of one; 0 for none.
func externalKey(externalID string) int64 {
	if externalID == "" {
		return 0
	}
	return cmp.Or(attr.Hash([]byte(externalID)), 1)
}

// ListUsers returns a page of users in the order of their name keys.
func (db *DB) ListUsers(ctx context.Context, org ident.ID, query directory.UserQuery) ([]directory.User, error) {
	text, args := usersText(org, query)
	return collect(ctx, db, text, args, scanUser)
}

// usersText writes out what the indexes of rare users have as their condition: of a parameter it is not known when the query is planned.
func usersText(org ident.ID, query directory.UserQuery) (string, []any) {
	var where condition
	where.and("u.org_id = $", org)
	name := "u.user_name_key"
	if query.Search != "" {
		name += " || ''" // an index in the order of names does not have all names
	}
	where.and(name+" > $", query.After)
	switch {
	case query.Active == nil:
	case *query.Active:
		where.and("u.active = 1")
	default:
		where.and("u.active = 0")
	}
	if query.Deleted {
		where.and("u.deleted = 1")
	}
	if query.Origin != "" {
		where.and("u.origin = $", query.Origin)
	}
	if query.Origin != "" && query.Origin != mostlyFrom {
		where.and("u.origin <> '" + mostlyFrom + "'")
	}
	if !query.Owner.IsZero() {
		where.and("u.owner_id = $", query.Owner)
	}
	if query.Search != "" {
		pattern := containing(attr.NameKey(query.Search))
		where.and(`(u.user_name_key LIKE $ ESCAPE '\' OR u.display_name_key LIKE $ ESCAPE '\')`, pattern, pattern)
		return where.text(searchedUsers, " ORDER BY "+name+" LIMIT $) ORDER BY "+name, query.Limit)
	}
	return where.text(userColumns, " ORDER BY u.user_name_key LIMIT $", query.Limit)
}

// searchedUsers begins a search, which goes through users_searched and reads only the users whom it finds.
const searchedUsers = userColumns + " WHERE (u.org_id, u.id) IN (SELECT u.org_id, u.id FROM users u"

// mostlyFrom is the source of which users_elsewhence leaves users out.
const mostlyFrom = "Entra"

// containing is the LIKE pattern of texts that contain a text.
func containing(text string) string { return "%" + literal(text) + "%" }

// literal is the LIKE pattern of a text.
func literal(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}

var insertUsers = insert{
	head: `INSERT INTO users (org_id, id, user_name_key, display_name_key, external_key, active, deleted, owner_id, source_id, origin, version,
		created_at, updated_at, attributes) VALUES`,
	columns: 14,
}

// InsertUsers adds new users; a name that is taken fails the call as fault.Conflict.
func (db *DB) InsertUsers(ctx context.Context, users []directory.User) error {
	err := db.InTx(ctx, func(ctx context.Context) error {
		err := db.insertRows(ctx, insertUsers, len(users), func(args []any, i int) []any {
			u := users[i]
			return append(args, u.OrgID, u.ID, attr.NameKey(u.Name()), attr.NameKey(u.Attributes.Text(attr.DisplayName)),
				externalKey(u.Attributes.Text(attr.ExternalID)), bit(u.Active()), bit(!u.DeletedAt().IsZero()), u.Owner, u.SourceID, u.Origin,
				u.Version, micros(u.CreatedAt), micros(u.UpdatedAt), attributes(u.Attributes))
		})
		for org, count := range perOrganization(len(users), func(i int) ident.ID { return users[i].OrgID }) {
			if err == nil {
				err = db.countMore(ctx, org, count, 0)
			}
		}
		return err
	})
	return nameTaken(err)
}

func nameTaken(err error) error {
	if isDuplicate(err) {
		return fault.Wrap(fault.Conflict, "NameHeld", err, "the name is held by another user")
	}
	return err
}

// attributes is how the attributes of an object are stored: never NULL.
func attributes(r attr.Record) string { return string(r.AppendJSON(make([]byte, 0, 64*len(r)+2))) }

// UpdateUser replaces the user if the stored version is the given one; else it fails as fault.Stale. A name that is taken fails as
// fault.Conflict.
func (db *DB) UpdateUser(ctx context.Context, user directory.User, version int64) error {
	count, err := db.exec(ctx, `UPDATE users SET user_name_key = $1, display_name_key = $2, external_key = $3, active = $4, deleted = $5,
		owner_id = $6, source_id = $7, version = $8, updated_at = $9, attributes = $10 WHERE org_id = $11 AND id = $12 AND version = $13`,
		attr.NameKey(user.Name()), attr.NameKey(user.Attributes.Text(attr.DisplayName)), externalKey(user.Attributes.Text(attr.ExternalID)),
		bit(user.Active()), bit(!user.DeletedAt().IsZero()), user.Owner, user.SourceID, user.Version, micros(user.UpdatedAt),
		attributes(user.Attributes), user.OrgID, user.ID, version)
	if err == nil && count == 0 {
		return fault.New(fault.Stale, "VersionMismatch", "%s was changed or removed meanwhile", user.Name()).
			WithRemedy("Read it again and repeat the change.")
	}
	return nameTaken(err)
}

// DeleteUsers removes users; those that do not exist are passed over.
func (db *DB) DeleteUsers(ctx context.Context, org ident.ID, ids []ident.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		count, err := execListed(ctx, db, listed{head: "DELETE FROM users WHERE org_id = $ AND id"}, []any{org}, ids)
		if err != nil {
			return err
		}
		return db.countMore(ctx, org, -count, 0)
	})
}

// ParkNames sets the name keys of the users aside, so that others can take them in the same run; attributes and versions stay. The next
// write of the user gives it the key of its name again.
func (db *DB) ParkNames(ctx context.Context, org ident.ID, ids []ident.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		for _, id := range ids {
			// No name begins with a control character that is followed by the user's own id.
			parked := "\x01" + hex.EncodeToString(id[:])
			if _, err := db.exec(ctx, "UPDATE users SET user_name_key = $1 WHERE org_id = $2 AND id = $3", parked, org, id); err != nil {
				return err
			}
		}
		return nil
	})
}
