//go:build bench

package bench

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/e2e"
)

// memberGroups are the numbers of members that groups have: the first of all users.
var memberGroups = []int{10, 10_000, 100_000}

// endless is more requests than there is time for.
const endless = 1 << 30

// scimBed is a server on a processor of its own, and those whom it holds.
type scimBed struct {
	server *e2e.Server
	secret string
	// at is the path of the organization's service.
	at     string
	posted int
	ids    []string
	// mixed are the numbers of the users in an order by chance.
	mixed []int
	// groups are the ids of memberGroups.
	groups []string
}

// openSCIM starts a server without a tenant, on the first processor; the test takes the second.
func openSCIM(t *testing.T) *scimBed {
	t.Helper()
	program, err := filepath.Abs("../bin/rollcall")
	if err != nil {
		t.Fatal(err)
	}
	pin(t, "1")
	t.Cleanup(func() { pin(t, "0-1") })
	b := &scimBed{
		server: &e2e.Server{
			Program: program, Data: filepath.Join(t.TempDir(), "data"), Before: []string{"taskset", "-c", "0"}, Flags: []string{"--rate-limit", "1000000"},
		},
		mixed: rand.New(rand.NewPCG(1, 1)).Perm(scimUsers),
	}
	if err := b.server.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, b.server.Process) })
	b.secret, b.at = scimToken(t, b.server)
	return b
}

// scimToken makes a token that may write over SCIM; at is the path of the organization's service.
func scimToken(t *testing.T, server *e2e.Server) (secret, at string) {
	t.Helper()
	var token struct{ Secret, OrganizationID string }
	wanted := map[string]any{"name": "load", "role": "scim-writer", "source": "AAD"}
	if err := server.API.Do(t.Context(), http.MethodPost, "/api/v1/organizations/-/tokens", wanted, &token); err != nil {
		t.Fatal(err)
	}
	return token.Secret, "/identity/scim/" + token.OrganizationID + "/v2"
}

// pin keeps all threads of the test on processors.
func pin(t *testing.T, processors string) {
	t.Helper()
	if said, err := exec.Command("taskset", "-a", "-c", "-p", processors, strconv.Itoa(os.Getpid())).CombinedOutput(); err != nil {
		t.Fatalf("taskset: %v: %s", err, said)
	}
}

// buildNormal builds the program that does not wait for the disk.
func buildNormal(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "rollcall")
	command := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-tags", "walnormal", "-o", program, "rollcall/cmd/rollcall")
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, said)
	}
	return program
}

// restart goes on with another program on the same data.
func (b *scimBed) restart(t *testing.T, program string) {
	t.Helper()
	end(t, b.server.Process)
	b.server.Program = program
	if err := b.server.Launch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.server.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// post adds users.
func (b *scimBed) post(t *testing.T, most int, long time.Duration) pace {
	t.Helper()
	var mu sync.Mutex
	from := b.posted
	p := b.load(t, "POST user", most, long, func(n, _, _ int) ask {
		n += from
		body := fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"user%d@example.com","externalId":"%08d-aaaa",`+
			`"displayName":"User %d","active":true,"name":{"familyName":"F","givenName":"G%d"},"emails":[{"type":"work","value":"user%d@example.com",`+
			`"primary":true}],"title":"Engineer","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"D"}}`, n, n, n, n, n)
		return ask{method: http.MethodPost, path: b.at + "/Users", body: body, status: http.StatusCreated, answered: func(header http.Header, _ []byte) {
			mu.Lock()
			defer mu.Unlock()
			b.ids = append(b.ids, path.Base(header.Get("Location")))
		}}
	})
	b.posted = len(b.ids)
	return p
}

func (b *scimBed) get(path, holds string) ask {
	return ask{method: http.MethodGet, path: b.at + path, status: http.StatusOK, holds: holds}
}

// reads measures what reads users, before there are groups.
func (b *scimBed) reads(t *testing.T) []scimRequest {
	t.Helper()
	byName := func(name, found string) ask {
		return b.get("/Users?filter="+url.QueryEscape(`userName eq "`+name+`"`), `"totalResults":`+found)
	}
	one := func(n int) int { return b.mixed[n%scimUsers] }
	get := b.load(t, "GET user", endless, scimTime, func(n, _, _ int) ask { return b.get("/Users/"+b.ids[one(n)], `"userName"`) })
	hit := b.load(t, "userName eq, hit", endless, scimTime, func(n, _, _ int) ask { return byName(fmt.Sprintf("user%d@example.com", one(n)), "1") })
	miss := b.load(t, "userName eq, miss", endless, scimTime, func(n, _, _ int) ask { return byName(fmt.Sprintf("nobody%d@example.com", n), "0") })
	return []scimRequest{
		{what: "GET a user by id", goal: 9000, full: get},
		{what: "userName eq, one found", goal: 3700, full: hit},
		{what: "userName eq, none found", goal: 3700, full: miss},
		{what: "list of 100 from startIndex 5,001", goal: 620, full: b.list(t, "list at 5001")},
		{what: "list of 100 by cursor", goal: 620, full: b.walk(t, "list by cursor")},
	}
}

// groupReads measures what reads groups, or users who are in them.
func (b *scimBed) groupReads(t *testing.T) []scimRequest {
	t.Helper()
	large := b.groups[len(b.groups)-1]
	group := b.load(t, "GET group, members excluded", endless, scimTime, func(int, int, int) ask {
		return b.get("/Groups/"+large+"?excludedAttributes=members", `"displayName"`)
	})
	return []scimRequest{
		{what: "list of 100 from startIndex 5,001, each in two groups", full: b.list(t, "list at 5001, with groups")},
		{what: "list of 100 by cursor, each in one to three groups", full: b.walk(t, "list by cursor, with groups")},
		{what: "GET a group of 100,000 with excludedAttributes=members", full: group},
	}
}

func (b *scimBed) list(t *testing.T, what string) pace {
	t.Helper()
	return b.load(t, what, endless, scimTime, func(int, int, int) ask { return b.get("/Users?startIndex=5001&count=100", `"itemsPerPage":100`) })
}

var nextCursor = regexp.MustCompile(`"nextCursor":"([^"]*)"`)

// walk has every connection go through all users by cursor.
func (b *scimBed) walk(t *testing.T, what string) pace {
	t.Helper()
	cursors := make([]string, connections)
	return b.load(t, what, endless, scimTime, func(_, c, _ int) ask {
		page := b.get("/Users?count=100&cursor="+cursors[c], `"itemsPerPage":100`)
		page.answered = func(_ http.Header, body []byte) {
			cursors[c] = ""
			if found := nextCursor.FindSubmatch(body); found != nil {
				cursors[c] = string(found[1])
			}
		}
		return page
	})
}

const patchOp = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`

// patchActive makes users Inactive, each once.
func (b *scimBed) patchActive(t *testing.T, users []int) pace {
	t.Helper()
	return b.load(t, "PATCH active", len(users), scimTime, func(n, _, _ int) ask {
		return ask{
			method: http.MethodPatch, path: b.at + "/Users/" + b.ids[users[n]], status: http.StatusOK, holds: `"active":false`,
			body: patchOp + `{"op":"Replace","path":"active","value":false}]}`,
		}
	})
}

// change puts users into a group, or takes them out.
func (b *scimBed) change(group, op string, ids []string) ask {
	return ask{
		method: http.MethodPatch, path: b.at + "/Groups/" + group, status: http.StatusNoContent,
		body: patchOp + `{"op":"` + op + `","path":"members","value":[{"value":"` + strings.Join(ids, `"},{"value":"`) + `"}]}]}`,
	}
}

// fillGroups makes the groups with their members.
func (b *scimBed) fillGroups(t *testing.T) {
	t.Helper()
	for _, size := range memberGroups {
		group := ask{
			method: http.MethodPost, path: b.at + "/Groups", status: http.StatusCreated,
			body:     `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Group of ` + strconv.Itoa(size) + `"}`,
			answered: func(header http.Header, _ []byte) { b.groups = append(b.groups, path.Base(header.Get("Location"))) },
		}
		b.load(t, "POST group", 1, time.Hour, func(int, int, int) ask { return group })
		id, batch := b.groups[len(b.groups)-1], min(size, 1000)
		b.load(t, fmt.Sprintf("add %d members at a time", batch), size/batch, time.Hour, func(n, _, _ int) ask {
			return b.change(id, "Add", b.ids[n*batch:(n+1)*batch])
		})
	}
}

// members has users come into each group and leave it again, one at a time; the groups take turns.
func (b *scimBed) members(t *testing.T) []pace {
	t.Helper()
	all := make([]pace, len(memberGroups))
	for range memberTurns {
		for g, size := range memberGroups {
			what := "one member of " + thousands(size)
			p := b.load(t, what, endless, scimTime/2, func(_, c, i int) ask {
				other := memberGroups[len(memberGroups)-1] + c*100 + i/2%100 // nobody else's
				return b.change(b.groups[g], []string{"Add", "Remove"}[i%2], b.ids[other:other+1])
			})
			all[g] = all[g].and(p)
		}
	}
	return all
}
