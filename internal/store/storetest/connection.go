package storetest

import (
	"testing"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

func connectionCases() []testCase {
	return []testCase{
		{"connections are listed by organization and deleted when nobody uses them", func(t *testing.T, f *fixture) {
			spare := f.newConnection(t)
			f.must(t, f.SaveConnection(f.ctx, spare))
			mine, err := f.ListConnections(f.ctx, f.org)
			f.must(t, err)
			same(t, "of the organization", 2, len(mine))
			others, err := f.ListConnections(f.ctx, ident.New(start))
			f.must(t, err)
			same(t, "of another", 0, len(others))
			fails(t, "in use", fault.Conflict, f.DeleteConnection(f.ctx, f.instance.ConnectionID))
			f.must(t, f.DeleteConnection(f.ctx, spare.ID))
			_, err = f.Connection(f.ctx, spare.ID)
			fails(t, "deleted", fault.NotFound, err)
		}},
		{"a sign-in is kept until it is dropped or ends", func(t *testing.T, f *fixture) {
			signIn := engine.SignIn{
				Key: []byte("key"), OrgID: f.org, ConnectionID: f.instance.ConnectionID, Step: engine.StepSignIn, Bound: []byte("bound"),
				RedirectURI: "https://rollcall.example/connect/callback", Nonce: "n", SealedVerifier: []byte("v"), ExpiresAt: start.Add(time.Minute),
				InstanceID: f.instance.ID, Shared: true,
			}
			f.must(t, f.SaveSignIn(f.ctx, signIn, start))
			got, err := f.SignIn(f.ctx, signIn.Key)
			f.must(t, err)
			same(t, "sign-in", signIn, got)
			later := signIn
			later.Key, later.ExpiresAt, later.InstanceID = []byte("later"), start.Add(time.Hour), ident.ID{}
			f.must(t, f.SaveSignIn(f.ctx, later, start.Add(2*time.Minute)))
			_, err = f.SignIn(f.ctx, signIn.Key)
			fails(t, "ended", fault.NotFound, err)
			f.must(t, f.DropSignIn(f.ctx, later.Key))
			_, err = f.SignIn(f.ctx, later.Key)
			fails(t, "dropped", fault.NotFound, err)
		}},
		{"groups of a tenant are found by name and parent, and forgotten when a read does not see them", func(t *testing.T, f *fixture) {
			id := f.instance.ConnectionID
			all := []engine.TenantGroup{{ID: "1", Name: "Élan 100%"}, {ID: "2", Name: "Élan 1000"}, {ID: "3", Name: "Sales"}}
			f.must(t, f.SaveTenantGroups(f.ctx, id, 1, all, map[string][]string{"1": {"3"}, "2": {"3"}}))
			list := func(find engine.GroupSearch, limit int) []engine.TenantGroup {
				found, err := f.ListTenantGroups(f.ctx, id, find, limit)
				f.must(t, err)
				return found
			}
			same(t, "a percent sign", all[:1], list(engine.GroupSearch{Text: "ÉLAN 100%"}, 10))
			same(t, "children", all[:2], list(engine.GroupSearch{Parent: "3"}, 10))
			first := list(engine.GroupSearch{}, 2)
			rest := list(engine.GroupSearch{AfterName: first[1].Name, AfterID: first[1].ID}, 2)
			same(t, "pages", 3, len(first)+len(rest))
			f.must(t, f.SaveTenantGroups(f.ctx, id, 2, all[2:], nil))
			f.must(t, f.DropTenantGroups(f.ctx, id, 2))
			same(t, "what is left", []engine.TenantGroup{{ID: "3", Name: "Sales"}}, list(engine.GroupSearch{}, 10))
		}},
	}
}
