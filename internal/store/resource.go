package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

var (
	userObjects  = objects{table: "users", values: "user_values", schemas: scim.Users().Schemas()}
	groupObjects = objects{table: "groups", values: "group_values", schemas: scim.Groups().Schemas()}
)

// QueryUsers answers a query of SCIM.
func (db *DB) QueryUsers(ctx context.Context, org ident.ID, query directory.ResourceQuery) (directory.UserPage, error) {
	page, err := queryObjects(ctx, db, userObjects, org, query, func(rows *sql.Rows, user *directory.User, more ...any) (ident.ID, error) {
		targets, finish := userScan(user)
		if err := rows.Scan(append(targets, more...)...); err != nil {
			return user.ID, err
		}
		return user.ID, finish()
	})
	return directory.UserPage{Users: page.items, Total: page.total, Next: page.next}, err
}

// QueryGroups answers a query of SCIM.
func (db *DB) QueryGroups(ctx context.Context, org ident.ID, query directory.ResourceQuery) (directory.GroupPage, error) {
	page, err := queryObjects(ctx, db, groupObjects, org, query, func(rows *sql.Rows, group *directory.Group, more ...any) (ident.ID, error) {
		targets, finish := groupScan(group)
		if err := rows.Scan(append(targets, more...)...); err != nil {
			return group.ID, err
		}
		return group.ID, finish()
	})
	return directory.GroupPage{Groups: page.items, Total: page.total, Next: page.next}, err
}

// The index of members holds all that is asked for: no row is looked up.
var pairsOf = listed{head: "SELECT org_id, group_id, member_id FROM group_members WHERE member_id"}

// PairsOf returns what users or groups are direct members of. Groups that are there no more may be among it.
func (db *DB) PairsOf(ctx context.Context, org ident.ID, members []ident.ID) ([]directory.Pair, error) {
	var pairs []directory.Pair
	err := eachListed(ctx, db, pairsOf, nil, members, func(rows *sql.Rows) error {
		var of ident.ID
		var pair directory.Pair
		err := rows.Scan(&of, &pair.Group, &pair.Member)
		if of == org {
			pairs = append(pairs, pair)
		}
		return err
	})
	return pairs, err
}

// columns of an object o with its owner i, for userScan and groupScan.
func (o objects) columns() string {
	if o.users() {
		return strings.ReplaceAll(userFields, "u.", "o.")
	}
	return strings.ReplaceAll(groupFields, "g.", "o.")
}

// deepSkip is how many objects may be skipped like nothing.
const deepSkip = 20_000

// page is one page of objects.
type page[T any] struct {
	items []T
	total int
	next  string
}

// queryObjects answers a query. A page is found by ids alone, as far as indexes go, and only then are its objects read. scan reads an object
// and says its id.
func queryObjects[T any](ctx context.Context, db *DB, of objects, org ident.ID, query directory.ResourceQuery,
	scan func(rows *sql.Rows, item *T, more ...any) (ident.ID, error),
) (page[T], error) {
	var out page[T]
	order := of.order(query)
	from, err := order.cursor(query.After)
	if err != nil {
		return out, err
	}
	where := predicate{objects: of, org: org}
	where.add("o.org_id = $", org)
	if query.Filter != nil {
		where.add(" AND ")
		where.filter(query.Filter)
	}
	whole := where.clone()
	if db.tx(ctx) == nil && (query.Filter != nil && !where.selective || order.by != nil && order.column == "" || query.Skip > deepSkip) {
		done, err := db.scans.take(ctx, org)
		if err != nil {
			return out, err
		}
		defer done()
	}
	if query.Limit > 0 {
		text, args := order.pageText(&where, from, query)
		if err := out.read(ctx, db, text, args, query, order, scan); err != nil {
			return out, err
		}
	}
	if !query.Total {
		return out, nil
	}
	if from == nil && query.Limit > 0 && out.next == "" && (len(out.items) > 0 || query.Skip == 0) {
		out.total = query.Skip + len(out.items)
		return out, nil
	}
	out.total, err = db.total(ctx, &whole, query.Filter)
	return out, err
}

// read reads the objects of a page.
func (p *page[T]) read(ctx context.Context, db *DB, text string, args []any, query directory.ResourceQuery, order ordering,
	scan func(rows *sql.Rows, item *T, more ...any) (ident.ID, error),
) error {
	if query.Filter == nil {
		p.items = make([]T, 0, min(query.Limit, 1000)) // most pages are full
	}
	var last position
	return db.eachText(ctx, rebind(numbered(text)), args, func(rows *sql.Rows) (err error) {
		if len(p.items) == query.Limit { // one more than asked for says that there is a next page
			p.next = order.after(last)
			return nil
		}
		p.items = append(p.items, *new(T))
		last.id, err = scan(rows, &p.items[len(p.items)-1], &last.missing, &last.key)
		return err
	})
}

// total counts the objects that fit.
func (db *DB) total(ctx context.Context, where *predicate, filter *scim.Filter) (int, error) {
	var total int
	scan := func(rows *sql.Rows) error { return rows.Scan(&total) }
	if filter == nil {
		err := db.each(ctx, "SELECT "+where.table+" FROM object_counts WHERE org_id = $1", []any{where.org}, scan)
		return total, err
	}
	text, args := where.from("SELECT COUNT(*)")
	err := db.eachText(ctx, rebind(numbered(text)), args, scan)
	return total, err
}

// from completes a query that begins with head: the table and the condition.
func (p *predicate) from(head string) (string, []any) {
	text, args := head+" FROM "+p.table+" o", []any(nil)
	if p.managers {
		// Each manager once, by the instance that owns him and his id in its tenant.
		text += ` LEFT JOIN (SELECT COALESCE(owner_id, '') AS owner, source_id, MIN(id) AS id FROM users WHERE org_id = $ AND source_id <> ''
			GROUP BY 1, 2) m ON m.owner = COALESCE(o.owner_id, '') AND m.source_id = json_extract(o.attributes, $)`
		args = append(args, p.org, pathOf(attr.Manager))
	}
	return text + " WHERE " + p.text.String(), append(args, p.args...)
}

func (p *predicate) clone() predicate {
	copied := predicate{objects: p.objects, org: p.org, args: slices.Clone(p.args), managers: p.managers}
	copied.text.WriteString(p.text.String())
	return copied
}
