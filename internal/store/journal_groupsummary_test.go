package store

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rollcall/internal/ident"
)

// A summary is asked for again and again: what it counts of groups is looked up, however long the journal is.
func TestASummaryLooksUpWhatItSaysOfGroups(t *testing.T) {
	db := openWith(t, filepath.Join(t.TempDir(), "rollcall.db"), embedded())
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var byID condition
	byID.and(inRuns, ident.ID{1})
	in(&byID, "id", []ident.ID{{1}})
	changeByID, _ := byID.text(selectEntries, " ORDER BY id LIMIT $", 1)
	for name, c := range map[string]struct{ query, want string }{
		"ties":         {countGroupLinks, "SEARCH group_links USING PRIMARY KEY (instance_id=?)"},
		"trouble":      {countTroubledGroups, "SEARCH c USING INDEX changes_open_by_instance (instance_id=? AND state=? AND object_type=?)"},
		"list":         {listStanding + " AND l.awaited = 0 ORDER BY l.group_seq LIMIT $4", "SEARCH l USING PRIMARY KEY (instance_id=? AND group_seq>?)"},
		"open":         {countOpen, "SEARCH changes USING COVERING INDEX changes_open_by_instance (instance_id=?)"},
		"open members": {countOpenMembers, "SEARCH changes USING INDEX changes_open_by_instance (instance_id=?)"},
		"one change":   {changeByID, "SEARCH changes USING INDEX sqlite_autoindex_changes_1 (run_id=? AND id=?)"},
	} {
		t.Run(name, func(t *testing.T) {
			args := make([]any, strings.Count(rebind(c.query), "?"))
			for i := range args {
				args[i] = ident.ID{1}
			}
			steps := db.queryPlan(t, c.query, args)
			if !slices.Contains(steps, c.want) || slices.ContainsFunc(steps, func(step string) bool { return strings.HasPrefix(step, "SCAN") }) {
				t.Errorf("want %q and no scan, got %q", c.want, steps)
			}
		})
	}
}
