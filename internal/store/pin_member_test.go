package store

import (
	"path/filepath"
	"strings"
	"testing"

	"rollcall/internal/ident"
)

// Neither a planned membership nor a lifted pin costs more because much else is pinned.
func TestPinsAreFoundByTheirIndexes(t *testing.T) {
	db := openWith(t, filepath.Join(t.TempDir(), "rollcall.db"), embedded())
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := ident.ID{1}
	for query, args := range map[string][]any{
		somePinned:                                    {id, 1},
		db.listedText(memberPins, 2):                  {id, 1, id, id},
		db.listedText(deleteMemberPins, 2):            {id, 1, id, id},
		db.listedText(deleteRunPins, 2):               {id, id, id, id},
		deleteEmptyLists:                              {id},
		db.listedText(deleteGroupPins, 2):             {id, 1, 2},
		db.listedText(deleteLists, 2):                 {id, 1, 2},
		selectPins + pinsBetween:                      {id, 1, 2},
		selectPins + " WHERE org_id = $1 AND id = $2": {id, id},
	} {
		for _, step := range db.queryPlan(t, query, args) {
			if strings.HasPrefix(step, "SCAN") && step != "SCAN CONSTANT ROW" {
				t.Errorf("%s: %s", query, step)
			}
		}
	}
}
