package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// logScan is how many rows one page of the log looks at where a filter passes hardly any: some tenths of a second.
const logScan = 50_000

// rare is the condition of the index changes_rare, in its very words, or the database would not use it.
const rare = "(state NOT IN ('planned', 'parked', 'applied', 'proposed') OR action NOT IN ('match', 'create', 'update'))"

// happenedAt is engine.Entry.At.
const happenedAt = "CASE WHEN state IN ('applied', 'failed') AND settled_at > 0 THEN settled_at ELSE planned_at END"

// ListLog returns a page of the provisioning log, and where the next one begins; the zero place at the end.
func (db *DB) ListLog(ctx context.Context, query engine.LogQuery) ([]engine.Entry, engine.LogPlace, error) {
	reading := newLogReading(query)
	if query.Who != nil {
		found, known, err := db.logOf(ctx, reading)
		if err != nil || known {
			return found.entries, found.next, err
		}
		part, args := about(*query.Who)
		reading.rows = reading.rows.plus(part, args...)
	}
	if after := query.After; !after.IsZero() { // the rest of that run, then the runs behind it
		within := reading
		within.runs = reading.runs.plus("id = $", after.Run)
		within.place = reading.place.plus("id "+reading.behind+" $", after.Entry)
		if done, err := db.logStretch(ctx, within); err != nil || done {
			return reading.page.entries, reading.page.next, err
		}
		reading.runs = reading.runs.plus("id "+reading.behind+" $", after.Run)
	}
	if query.Run.IsZero() || query.After.IsZero() {
		if _, err := db.logStretch(ctx, reading); err != nil {
			return nil, engine.LogPlace{}, err
		}
	}
	return reading.page.entries, reading.page.next, nil
}

// logReading is one reading of a page: what of runs, of places and of rows is looked at.
type logReading struct {
	engine.LogQuery
	// runs is about rows of runs; place and rows are about rows of changes: where they stand, and what they are like.
	runs, place, rows condition
	// behind compares with a place that lies before, and order sorts.
	behind, order string
	page          *logPage
}

type logPage struct {
	entries []engine.Entry
	next    engine.LogPlace
}

func newLogReading(query engine.LogQuery) logReading {
	r := logReading{LogQuery: query, behind: "<", order: "DESC", page: &logPage{}}
	if query.Oldest {
		r.behind, r.order = ">", "ASC"
	}
	r.runs.and("org_id = $", query.Org)
	if !query.Instance.IsZero() {
		r.runs.and("instance_id = $", query.Instance)
	}
	if !query.Run.IsZero() {
		r.runs.and("id = $", query.Run)
	} else if !slices.Contains(query.States, engine.Proposed) {
		r.runs.and("kind NOT IN ('dry-run', 'undo-dry-run', 'reconcile', 'reconcile-report')")
	}
	r.place.and("run_id = log_run")
	if unusual(query.States, usualStates) || unusual(query.Actions, usualActions) {
		r.place.and(rare)
	}
	if !query.Since.IsZero() {
		r.runs.and("(ended_at = 0 OR ended_at >= $)", micros(query.Since))
		r.rows.and(happenedAt+" >= $", micros(query.Since))
	}
	if !query.Until.IsZero() {
		r.runs.and("id < $", ident.Before(query.Until))
		r.rows.and(happenedAt+" < $", micros(query.Until))
	}
	if len(query.States) > 0 {
		in(&r.rows, "state", texts(query.States))
	}
	if len(query.Actions) > 0 {
		in(&r.rows, "action", texts(query.Actions))
	}
	if len(query.Objects) > 0 {
		in(&r.rows, "object_type", typeNumbers(query.Objects))
	}
	if len(query.Codes) > 0 {
		in(&r.rows, "reason_code", query.Codes)
	}
	return r
}

// typeNumbers are types of objects as the journal stores them.
func typeNumbers(types []plan.ObjectType) []int64 {
	numbers := make([]int64, len(types))
	for i, of := range types {
		numbers[i] = int64(of)
	}
	return numbers
}

var (
	usualStates  = []engine.EntryState{engine.Planned, engine.Parked, engine.Applied, engine.Proposed}
	usualActions = []plan.Action{plan.Match, plan.Create, plan.Update}
)

// unusual reports whether something is asked for, and nothing that most rows are.
func unusual[T comparable](asked, usual []T) bool {
	return len(asked) > 0 && !slices.ContainsFunc(asked, func(one T) bool { return slices.Contains(usual, one) })
}

// logStretch adds the entries of a stretch of the log to the page and reports whether the page is done: full, or so much was looked at that
// the rest is for the next one.
func (db *DB) logStretch(ctx context.Context, r logReading) (bool, error) {
	rows := r.place.plus(strings.Join(r.rows.parts, " AND "), r.rows.args...)
	var end engine.LogPlace
	if len(r.rows.parts) > 0 {
		var err error
		if end, err = db.logEnd(ctx, r); err != nil {
			return false, err
		}
		if !end.IsZero() {
			rows.and("(log_run "+r.before()+" $ OR log_run = $ AND id "+r.before()+"= $)", end.Run, end.Run, end.Entry)
		}
	}
	room := r.Limit - len(r.page.entries)
	text, args := r.text("SELECT "+bareEntryColumns+", NULL", rows, " ORDER BY log_run "+r.order+", id "+r.order+" LIMIT $", room+1)
	entries, err := collect(ctx, db, text, args, scanEntry)
	if err != nil {
		return false, err
	}
	if len(entries) > room {
		entries = entries[:room]
		if room == 0 { // the page was full already, and there is more
			r.page.next = placeOf(r.page.entries[len(r.page.entries)-1])
			return true, nil
		}
		end = placeOf(entries[room-1])
	}
	for _, entry := range entries {
		if r.Who == nil || r.Who.Named(entry) {
			r.page.entries = append(r.page.entries, entry)
		}
	}
	r.page.next = end
	return !end.IsZero(), nil
}

// logEnd returns the place up to which a stretch is looked at; the zero place if that is its end.
func (db *DB) logEnd(ctx context.Context, r logReading) (engine.LogPlace, error) {
	text, args := r.text("SELECT log_run, id", r.place, " ORDER BY log_run "+r.order+", id "+r.order+" LIMIT 1 OFFSET $", logScan)
	places, err := collect(ctx, db, text, args, scanPlace)
	if err != nil || len(places) == 0 {
		return engine.LogPlace{}, err
	}
	return places[0], nil
}

// before is the comparison with a place that lies behind.
func (r logReading) before() string {
	if r.Oldest {
		return "<"
	}
	return ">"
}

// text joins the runs, in their order, with their changes.
func (r logReading) text(head string, rows condition, tail string, args ...any) (string, []any) {
	text := head + " FROM (SELECT id AS log_run FROM runs WHERE " + strings.Join(r.runs.parts, " AND ") + ") AS logged CROSS JOIN changes WHERE " +
		strings.Join(rows.parts, " AND ") + tail
	return numbered(text), slices.Concat(r.runs.args, rows.args, args)
}

// plus is the condition with one part more; the original stays as it is. An empty part is none.
func (c condition) plus(part string, args ...any) condition {
	if part == "" {
		return c
	}
	return condition{parts: append(slices.Clone(c.parts), part), args: append(slices.Clone(c.args), args...)}
}

func placeOf(entry engine.Entry) engine.LogPlace {
	return engine.LogPlace{Run: entry.RunID, Entry: entry.ID}
}

func scanPlace(rows *sql.Rows) (engine.LogPlace, error) {
	var place engine.LogPlace
	err := rows.Scan(&place.Run, &place.Entry)
	return place, err
}
