package store

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// However long the journal is, a page of the log reads the runs in their order and of their changes what the page needs: nothing is sorted.
func TestThePagesOfTheLogAreReadInTheirOrder(t *testing.T) {
	db := openWith(t, filepath.Join(t.TempDir(), "rollcall.db"), embedded())
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := ident.ID{1}
	const byOrg, byInstance = "SEARCH runs USING COVERING INDEX runs_by_org (org_id=?)", "SEARCH runs USING INDEX runs_by_instance (instance_id=?)"
	const all, uncommon = "SEARCH changes USING INDEX sqlite_autoindex_changes_1 (run_id=?)", "SEARCH changes USING INDEX changes_rare (run_id=?)"
	for name, c := range map[string]struct {
		query engine.LogQuery
		want  []string
	}{
		"everything":   {engine.LogQuery{}, []string{strings.Replace(byOrg, "COVERING ", "", 1), all}},
		"an instance":  {engine.LogQuery{Instance: id, Oldest: true}, []string{byInstance, all}},
		"a time":       {engine.LogQuery{Since: time.Unix(1, 0), Until: time.Unix(9, 0)}, []string{"SEARCH runs USING INDEX runs_by_org (org_id=? AND id<?)", all}},
		"rare states":  {engine.LogQuery{Instance: id, States: []engine.EntryState{engine.EntryFailed, engine.Held}}, []string{byInstance, uncommon}},
		"rare actions": {engine.LogQuery{Instance: id, Actions: []plan.Action{plan.Delete}}, []string{byInstance, uncommon}},
		"a code":       {engine.LogQuery{Instance: id, Codes: []string{"InvalidDomain"}}, []string{byInstance, all}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newLogReading(c.query)
			for _, order := range []string{"ASC", "DESC"} {
				text, args := r.text("SELECT "+bareEntryColumns+", NULL", r.place.plus(strings.Join(r.rows.parts, " AND "), r.rows.args...),
					" ORDER BY log_run "+order+", id "+order+" LIMIT $", 10)
				if got := db.queryPlan(t, text, args); !slices.Equal(got, c.want) {
					t.Errorf("%s: want %q, got %q", order, c.want, got)
				}
			}
		})
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// A person's log is looked up, not gone through.
func TestTheLogOfAPersonIsFoundByItsIndexes(t *testing.T) {
	db := openWith(t, filepath.Join(t.TempDir(), "rollcall.db"), embedded())
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := ident.ID{1}
	r := newLogReading(engine.LogQuery{Org: id, Limit: 10, Who: &engine.LogPeople{Sources: []string{"a"}, Objects: []ident.ID{id}}})
	var byPlace, byObject condition
	byPlace.and("instance_id = $ AND source_seq = $", id, 7)
	in(&byPlace, "source_id", r.Who.Sources)
	byObject.and("org_id = $", id)
	in(&byObject, "object_id", r.Who.Objects)
	for want, way := range map[string]condition{
		"SEARCH changes USING INDEX changes_by_place (instance_id=? AND source_seq=?)": byPlace,
		"SEARCH changes USING INDEX changes_by_object (org_id=? AND object_id=?)":      byObject,
	} {
		text, args := r.textOf(way)
		if got := db.queryPlan(t, text, args); len(got) != 3 || got[0] != want || !strings.HasPrefix(got[1], "SEARCH runs USING ") {
			t.Errorf("want %q, then the run and a sort, got %q", want, got)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
