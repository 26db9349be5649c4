package store

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

// logOf reads a page of the log of people by the indexes of objects and of places in the mirror. It reports false if these do not know the
// people: then the log has to be gone through.
func (db *DB) logOf(ctx context.Context, r logReading) (logPage, bool, error) {
	ways, known, err := db.waysTo(ctx, r)
	if err != nil || !known {
		return logPage{}, false, err
	}
	found := map[ident.ID]engine.Entry{}
	for _, way := range ways {
		text, args := r.textOf(way)
		entries, err := collect(ctx, db, text, args, scanEntry)
		if err != nil {
			return logPage{}, true, err
		}
		for _, entry := range entries {
			found[entry.ID] = entry
		}
	}
	return r.cut(slices.Collect(maps.Values(found))), true, nil
}

// textOf selects a page of the rows that a way leads to.
func (r logReading) textOf(way condition) (string, []any) {
	if after := r.After; !after.IsZero() {
		way = way.plus("(run_id "+r.behind+" $ OR run_id = $ AND id "+r.behind+" $)", after.Run, after.Run, after.Entry)
	}
	rows := way.plus(strings.Join(r.rows.parts, " AND "), r.rows.args...)
	text := "SELECT " + bareEntryColumns + ", NULL FROM changes CROSS JOIN (SELECT id AS log_run FROM runs WHERE " + strings.Join(r.runs.parts, " AND ") +
		") AS logged WHERE log_run = run_id AND " + strings.Join(rows.parts, " AND ") + " ORDER BY run_id " + r.order + ", id " + r.order + " LIMIT $"
	return numbered(text), slices.Concat(r.runs.args, rows.args, []any{r.Limit + 1})
}

// cut makes a page of entries in any order.
func (r logReading) cut(entries []engine.Entry) logPage {
	slices.SortFunc(entries, func(a, b engine.Entry) int {
		order := cmp.Or(slices.Compare(a.RunID[:], b.RunID[:]), slices.Compare(a.ID[:], b.ID[:]))
		if r.Oldest {
			return order
		}
		return -order
	})
	if len(entries) <= r.Limit {
		return logPage{entries: entries}
	}
	entries = entries[:r.Limit]
	return logPage{entries: entries, next: placeOf(entries[r.Limit-1])}
}

// placesOfUsers and placesOfGroups select places in mirrors as the journal keeps them (placeInJournal).
var (
	placesOfUsers = listed{head: `SELECT i.id, m.seq FROM instances i JOIN mirror_users m ON m.connection_id = i.connection_id
		WHERE i.org_id = $ AND m.source_id`}
	placesOfGroups = listed{head: `SELECT i.id, -m.seq FROM instances i JOIN mirror_groups m ON m.connection_id = i.connection_id
		WHERE i.org_id = $ AND m.source_id`}
)

// waysTo returns conditions, each with an index, that find the rows about the people; false if there is none. A person of the tenant is found by
// his place in the mirror, because an index of source ids would grow in random order with every first sync.
func (db *DB) waysTo(ctx context.Context, r logReading) ([]condition, bool, error) {
	who := r.Who
	if len(who.Sources)+len(who.Objects) == 0 {
		return nil, false, nil
	}
	var ways []condition
	for _, q := range []listed{placesOfUsers, placesOfGroups} {
		err := eachListed(ctx, db, q, []any{r.Org}, who.Sources, func(rows *sql.Rows) error {
			var instance ident.ID
			var seq int64
			if err := rows.Scan(&instance, &seq); err != nil {
				return err
			}
			var way condition
			way.and("instance_id = $ AND source_seq = $", instance, seq)
			in(&way, "source_id", who.Sources)
			ways = append(ways, way)
			return nil
		})
		if err != nil {
			return nil, false, err
		}
	}
	if len(who.Objects) == 0 {
		return ways, len(ways) > 0, nil
	}
	var way condition
	way.and("org_id = $", r.Org)
	in(&way, "object_id", who.Objects)
	text, args := way.text("SELECT 1 FROM changes", " LIMIT 1")
	one, err := db.count(ctx, text, args...)
	return append(ways, way), len(ways)+one > 0, err
}

// about keeps rows about the people, without an index. Of names it keeps a few too many.
func about(who engine.LogPeople) (string, []any) {
	if len(who.Sources)+len(who.Objects) == 0 {
		pattern := resembling(who.Part)
		return `(source_name LIKE $ ESCAPE '\' OR object_name LIKE $ ESCAPE '\')`, []any{pattern, pattern}
	}
	var sources, objects condition
	in(&sources, "source_id", who.Sources)
	in(&objects, "object_id", who.Objects)
	return "(" + sources.parts[0] + " OR " + objects.parts[0] + ")", slices.Concat(sources.args, objects.args)
}

// resembling is the LIKE pattern of texts that may contain the text without regard to case: the database compares ASCII letters only, so that
// others stand for anything, and the caller looks closer.
func resembling(text string) string {
	pattern := containing(strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return 0
		}
		return r
	}, norm.NFC.String(text)))
	return strings.ReplaceAll(pattern, "\x00", "%")
}
