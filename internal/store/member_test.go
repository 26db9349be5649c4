package store

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rollcall/internal/ident"
)

// What is asked of members must cost the same in a group of ten and in one of 250,000.
func TestQueriesOfMembersReadOnlyTheRowsThatTheyName(t *testing.T) {
	db := openWith(t, filepath.Join(t.TempDir(), "rollcall.db"), embedded())
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := ident.ID{1}
	byKey := []string{"SEARCH group_members USING PRIMARY KEY (org_id=? AND group_id=? AND member_id=?)"}
	for name, c := range map[string]struct {
		query string
		args  []any
		want  []string
	}{
		"rows by pair":    {db.bulkText(selectMembers, 2), []any{id, id, id, id, id, id}, byKey},
		"removal by pair": {db.bulkText(deleteMembers, 2), []any{id, id, id, id, id, id}, byKey},
		"a page of members": {
			memberColumns + " WHERE m.org_id = $ AND m.group_id = $ AND m.member_id > $ ORDER BY m.member_id LIMIT $",
			[]any{id, id, id, 10},
			[]string{
				"SEARCH m USING PRIMARY KEY (org_id=? AND group_id=? AND member_id>?)",
				"SEARCH u USING INDEX sqlite_autoindex_users_1 (org_id=? AND id=?) LEFT-JOIN",
				"SEARCH g USING INDEX sqlite_autoindex_groups_1 (org_id=? AND id=?) LEFT-JOIN",
			},
		},
		"a page of those whom a sync put in": {
			syncedMembers,
			[]any{id, id, id, id, 10},
			[]string{
				"SEARCH o USING INDEX sqlite_autoindex_groups_1 (org_id=? AND id=?)",
				"SEARCH m USING PRIMARY KEY (org_id=? AND group_id=? AND member_id>?)",
				"SEARCH u USING INDEX sqlite_autoindex_users_1 (org_id=? AND id=?) LEFT-JOIN",
				"SEARCH g USING INDEX sqlite_autoindex_groups_1 (org_id=? AND id=?) LEFT-JOIN",
			},
		},
		"the groups of a member": {
			memberOfColumns,
			[]any{id, id, 10},
			[]string{
				"SEARCH m USING INDEX group_members_by_member (member_id=? AND group_id>?)",
				"SEARCH g USING INDEX sqlite_autoindex_groups_1 (org_id=? AND id=?)",
				"SEARCH i USING INDEX sqlite_autoindex_instances_1 (id=?) LEFT-JOIN",
			},
		},
		"what removed members were in": {
			db.listedText(membershipsOf, 4),
			[]any{id, id, id, id},
			[]string{
				"SEARCH m USING INDEX group_members_by_member (member_id=?)",
				"CORRELATED SCALAR SUBQUERY 1",
				"SEARCH r USING PRIMARY KEY (org_id=? AND group_id=?)",
			},
		},
		"a page of groups": {
			groupColumns + " WHERE g.org_id = $ AND (g.display_name_key, g.id) > ($, $) ORDER BY g.display_name_key, g.id LIMIT $",
			[]any{id, "a", id, 10},
			[]string{
				"SEARCH g USING INDEX groups_by_name (org_id=? AND (display_name_key,id)>(?,?))",
				"SEARCH i USING INDEX sqlite_autoindex_instances_1 (id=?) LEFT-JOIN",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := slices.DeleteFunc(db.queryPlan(t, c.query, c.args), func(step string) bool {
				return strings.HasPrefix(step, "LIST SUBQUERY") || strings.HasSuffix(step, "VALUES CLAUSE") // the values that were given
			})
			if !slices.Equal(got, c.want) {
				t.Errorf("want %q, got %q", c.want, got)
			}
		})
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
