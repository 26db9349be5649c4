package store

import (
	"path/filepath"
	"slices"
	"testing"

	"rollcall/internal/ident"
)

// However much is kept, a clean-up and its preview read what is over, of one organization.
func TestACleanUpReadsOnlyWhatIsOver(t *testing.T) {
	db := openWith(t, filepath.Join(t.TempDir(), "rollcall.db"), embedded())
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		query string
		want  []string
	}{
		"events": {"SELECT 1 FROM audit_events WHERE " + oldEvents, []string{"SEARCH audit_events USING COVERING INDEX sqlite_autoindex_audit_events_1 (org_id=? AND id<?)"}},
		"changes": {"SELECT 1 FROM " + oldChanges, []string{
			"SEARCH changes USING INDEX sqlite_autoindex_changes_1 (run_id=?)", "LIST SUBQUERY 1", "SEARCH runs USING COVERING INDEX runs_by_org (org_id=? AND id<?)",
		}},
		"archive": {"SELECT 1 FROM archive WHERE org_id = $1 AND archived_at < $2 LIMIT $3", []string{"SEARCH archive USING COVERING INDEX archive_by_time (org_id=? AND archived_at<?)"}},
	} {
		args := []any{ident.ID{1}, ident.ID{2}, 3}
		if name == "events" {
			args = args[:2]
		}
		if got := db.queryPlan(t, c.query, args); !slices.Equal(got, c.want) {
			t.Errorf("%s: want %q, got %q", name, c.want, got)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
