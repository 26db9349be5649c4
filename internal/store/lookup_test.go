package store

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// What pages and every run ask for is looked up among what it is about, however many others there are.
func TestWhatIsAskedForAgainAndAgainIsLookedUp(t *testing.T) {
	db := openWith(t, filepath.Join(t.TempDir(), "rollcall.db"), embedded())
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	const (
		troubled = "SEARCH c USING COVERING INDEX changes_open_by_instance (instance_id=? AND state=? AND object_type=?"
		link     = "SEARCH l USING PRIMARY KEY (instance_id=? AND seq=?)"
	)
	away := func(index string) []string {
		open := []string{"CORRELATED SCALAR SUBQUERY 1", troubled + " AND source_seq=?)"}
		return slices.Concat([]string{"SEARCH m USING " + index + " (connection_id=?)"}, open, []string{"CORRELATED SCALAR SUBQUERY 2", link}, open)
	}
	search := func(query directory.UserQuery) string {
		query.Search = "lind"
		text, _ := usersText(ident.ID{1}, query)
		return text
	}
	searched := func(index string) []string {
		return []string{
			"SEARCH u USING INDEX sqlite_autoindex_users_1 (org_id=? AND id=?)", "LIST SUBQUERY 3", "SEARCH u USING " + index + " (org_id=?)",
			"USE TEMP B-TREE FOR ORDER BY", "SEARCH i USING INDEX sqlite_autoindex_instances_1 (id=?) LEFT-JOIN", "USE TEMP B-TREE FOR ORDER BY",
		}
	}
	children, _ := tenantGroupsText(ident.ID{1}, engine.GroupSearch{Parent: "a"}, 10)
	active := true
	for name, c := range map[string]struct {
		query string
		want  []string
	}{
		"troubled users":            {countTroubled, []string{troubled + ")", link + " LEFT-JOIN"}},
		"users in the bin":          {countAway(plan.Deleted), away("COVERING INDEX mirror_users_in_bin_by_names")},
		"users who are gone":        {countAway(plan.Gone), away("COVERING INDEX mirror_users_gone")},
		"a live user by name":       {namedUser(plan.Live), []string{"SEARCH m USING INDEX mirror_users_by_names (connection_id=?)"}},
		"a user in the bin by name": {namedUser(plan.Deleted), []string{"SEARCH m USING INDEX mirror_users_in_bin_by_names (connection_id=?)"}},
		"a search of users":         {search(directory.UserQuery{}), searched("COVERING INDEX users_searched")},
		"a search of active users":  {search(directory.UserQuery{Active: &active}), searched("INDEX users_searched")},
		"groups in a group": {children, []string{
			"SEARCH p USING PRIMARY KEY (connection_id=? AND parent_id=?)", "SEARCH g USING PRIMARY KEY (connection_id=? AND source_id=?)",
			"CORRELATED SCALAR SUBQUERY 1", "SEARCH n USING PRIMARY KEY (connection_id=? AND parent_id=?)", "USE TEMP B-TREE FOR ORDER BY",
		}},
		"users in groups": {db.listedText(countGroupUsers, 20), []string{
			"SEARCH g USING INDEX mirror_groups_by_source (connection_id=? AND source_id=?)",
			"CORRELATED SCALAR SUBQUERY 1", "SEARCH m USING PRIMARY KEY (connection_id=? AND group_seq=?)",
		}},
		"members perhaps not told of": {unsureRemoteMembers, []string{
			"SEARCH m USING COVERING INDEX remote_members_unsure (service_id=?)",
			"SEARCH g USING PRIMARY KEY (service_id=? AND id=?)",
			"SEARCH o USING PRIMARY KEY (service_id=? AND id=?) LEFT-JOIN",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			args := make([]any, strings.Count(rebind(c.query), "?"))
			for i := range args {
				args[i] = ident.ID{1}
			}
			if got := db.queryPlan(t, c.query, args); !slices.Equal(got, c.want) {
				t.Errorf("want %q, got %q", c.want, got)
			}
		})
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
