package entrasim_test

import (
	"strings"
	"testing"

	"rollcall/internal/entrasim"
)

func TestARestartedTenantRefusesTheLinksOfItsEarlierLives(t *testing.T) {
	const list, bin = "/v1.0/users?$select=id&$top=4", "/v1.0/directory/deletedItems/microsoft.graph.user?$top=1"
	before := start(t, &entrasim.Server{Users: 450})
	before.sim("POST", "/sim/random", object{"changes": 3, "kinds": []string{"delete"}}, 200)
	before.sim("POST", "/sim/delta/reset", nil, 200) // its links are of a later generation than those of the next life
	links := map[string]string{
		"delta link":      before.latest("id,jobTitle"),
		"page of a delta": before.get("/v1.0/users/delta?$select=id,jobTitle").text("@odata.nextLink"),
		"page of a list":  before.get(list).text("@odata.nextLink"),
		"page of the bin": before.get(bin).text("@odata.nextLink"),
	}
	after := start(t, &entrasim.Server{Users: 450})
	for name, link := range links {
		status, code := 410, "resyncRequired"
		if !strings.Contains(name, "delta") {
			status, code = 400, "Directory_ExpiredPageToken"
		}
		path := strings.TrimPrefix(link, before.base)
		if path == "" {
			t.Fatalf("%s: none", name)
		}
		a := after.do("GET", path, nil)
		if a.status != status || a.body.object("error").text("code") != code {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
		if location := a.header.Get("Location"); status == 410 && !strings.HasSuffix(location, "$deltatoken=") {
			t.Errorf("%s: Location %q", name, location)
		}
	}
}
