package store

import (
	"path/filepath"
	"slices"
	"testing"

	"rollcall/internal/ident"
)

// One change in a group of 250,000 must cost what it costs in a group of ten.
func TestQueriesOfMirroredMembersReadOnlyWhatTheyName(t *testing.T) {
	db := openWith(t, filepath.Join(t.TempDir(), "rollcall.db"), embedded())
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := ident.ID{1}
	for name, c := range map[string]struct {
		query string
		args  []any
		want  []string
	}{
		"who joined or left": {
			db.listedText(touchMembers, 4),
			[]any{id, 1, id, id, id, id},
			[]string{
				"SEARCH g USING COVERING INDEX instance_groups_by_group (connection_id=? AND group_seq=?)",
				"SEARCH r USING PRIMARY KEY (instance_id=?)",
				"SEARCH e USING COVERING INDEX mirror_members_by_member (connection_id=? AND member_id=? AND group_seq=?)",
				"SEARCH m USING INDEX mirror_users_by_source (connection_id=? AND source_id=?)",
			},
		},
		"taken out": {
			db.listedText(dropMembers, 4),
			[]any{id, 1, id, id, id, id},
			[]string{
				"SEARCH mirror_members USING PRIMARY KEY (connection_id=? AND group_seq=? AND member_id=?)",
			},
		},
		"taken out of all": {
			db.listedText(dropForgotten, 4),
			[]any{id, id, id, id, id},
			[]string{
				"SEARCH mirror_members USING PRIMARY KEY (connection_id=? AND group_seq=? AND member_id=?)",
				"LIST SUBQUERY 2",
				"SEARCH mirror_members USING COVERING INDEX mirror_members_by_member (connection_id=? AND member_id=?)",
			},
		},
		"the groups of people": {
			db.listedText(groupsOf, 4),
			[]any{id, id, id, id, id},
			[]string{
				"SEARCH mirror_members USING COVERING INDEX mirror_members_by_member (connection_id=? AND member_id=?)",
			},
		},
		"all of a group": {
			db.listedText(touchGroups, 1),
			[]any{id, id, 1},
			[]string{
				"SEARCH e USING PRIMARY KEY (connection_id=? AND group_seq=?)",
				"SEARCH m USING INDEX mirror_users_by_source (connection_id=? AND source_id=?)",
			},
		},
		"nested groups": {
			nestedGroups,
			[]any{id},
			[]string{
				"SEARCH mirror_members USING COVERING INDEX mirror_members_nested (connection_id=?)",
			},
		},
		"unseen": {
			numbered(dropMembers.head + " IN " + unseenMembers),
			[]any{id, 1, id, 1, 1, 10},
			[]string{
				"SEARCH mirror_members USING PRIMARY KEY (connection_id=? AND group_seq=? AND member_id=?)",
				"LIST SUBQUERY 3",
				"SEARCH e USING PRIMARY KEY (connection_id=? AND group_seq=?)",
				"CORRELATED SCALAR SUBQUERY 1",
				"SEARCH m USING INDEX mirror_users_by_source (connection_id=? AND source_id=?)",
				"CORRELATED SCALAR SUBQUERY 2",
				"SEARCH g USING INDEX mirror_groups_by_source (connection_id=? AND source_id=?)",
			},
		},
		"seen": {
			seenMembers,
			[]any{id, 1, 1},
			[]string{
				"SEARCH mirror_members USING PRIMARY KEY (connection_id=? AND group_seq=?)",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := db.queryPlan(t, c.query, c.args); !slices.Equal(got, c.want) {
				t.Errorf("want %q, got %q", c.want, got)
			}
		})
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
