//go:build bench

package bench

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"rollcall/e2e"
)

// What an administrator finds on a bad day. The tenant has two of a hundred people blocked from the start, who are skipped.
const (
	// lostUsers go to the recycle bin, purgedUsers for good: together fewer than what is held.
	lostUsers, purgedUsers = 100, 200
	// brokenUsers have a title that is too long for the directory: half of them are new, and half are there.
	brokenUsers = 500
	// heldUsers go all at once, which is held; some of them are skipped.
	heldUsers = 640
)

// trouble does all that in the tenant, and waits until the instance tells of it.
func (b *pagesBed) trouble(t *testing.T, demo *e2e.Process) {
	t.Helper()
	b.randomly(t, lostUsers, "delete")
	b.randomly(t, purgedUsers, "purge")
	// Not all of them were in the directory.
	b.await(t, demo, func() bool { return len(b.found(t, "archive?limit=1000")) >= purgedUsers*9/10 })
	b.breakTitles(t)
	b.randomly(t, heldUsers, "delete")
	b.await(t, demo, func() bool {
		var standing struct {
			Users map[string]int `json:"users"`
		}
		b.call(t, http.MethodGet, here+"/instances/"+b.instance+"/summary", nil, &standing)
		return standing.Users["failed"] >= brokenUsers*9/10 && standing.Users["held"] >= 600
	})
}

func (b *pagesBed) randomly(t *testing.T, changes int, kind string) {
	t.Helper()
	b.control(t, "random", map[string]any{"changes": changes, "seed": changes, "kinds": []string{kind}})
}

func (b *pagesBed) breakTitles(t *testing.T) {
	t.Helper()
	users := b.ofTenant(t, fmt.Sprintf("users?limit=%d&offset=%d", brokenUsers/2, pagesUsers/2))
	title := map[string]any{"jobTitle": strings.Repeat("Vice ", 200)}
	var operations []map[string]any
	for _, user := range users {
		operations = append(operations, map[string]any{"op": "change", "user": user.ID, "properties": title}, map[string]any{"op": "create", "properties": title})
	}
	b.control(t, "operations", map[string]any{"operations": operations})
}

// control has the simulated tenant do something.
func (b *pagesBed) control(t *testing.T, path string, body any) {
	t.Helper()
	if err := b.tenant.Do(t.Context(), http.MethodPost, path, body, nil); err != nil {
		t.Fatal(err)
	}
}
