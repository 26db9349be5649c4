package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/e2e"
)

// remoteChanges is how many people change in a round.
const remoteChanges = 40

const manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"

// syncThroughFaults has a server provision a service that spoils one answer in twenty, while the tenant changes. In the end the service holds
// what the tenant says, once each.
func syncThroughFaults(t *testing.T, service string, people int) {
	t.Helper()
	seed := seedOf(t)
	faults, address := startSpoiler(t, service, seed)
	r := &remote{T: t, tenant: startTenant(t, people, seed), service: service, persons: map[string]string{}}
	r.side = &side{Server: e2e.Server{
		Program: program(t), Data: filepath.Join(t.TempDir(), "data"), Tenant: r.tenant,
		Destination: map[string]any{"type": "scim", "baseUrl": address, "token": "secret"},
	}}
	var err error
	r.side.instance, err = r.side.SetUp(t.Context(), map[string]any{
		"scope":      map[string]any{"allUsers": true, "groupObjects": true, "allGroups": true},
		"thresholds": map[string]any{"count": 1_000_000, "percent": 100, "absolute": 1_000_000},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.side.Kill(); err != nil {
			t.Error(err)
		}
	})
	r.settle()
	r.compare("the first sync")
	for round, kinds := range [][]string{{"change", "rename", "manager", "create"}, {"block", "delete"}, {"unblock", "restore", "purge", "change"}} {
		randomChanges(t, r.tenant, seed+uint64(round), remoteChanges, kinds...)
		r.control(http.MethodPost, "/sim/groups/random", map[string]any{"changes": remoteChanges / 2, "seed": seed + uint64(round), "kinds": []string{"join", "leave", "rename", "create"}})
		r.settle()
		r.compare(fmt.Sprint(kinds))
	}
	t.Log(faults)
	if slices.Contains(faults.kinds[:], 0) {
		t.Error("not every kind of fault came")
	}
	faults.stop()
	r.settle()
	if asked := faults.stop(); asked != 0 {
		t.Errorf("a run without changes made %d requests", asked)
	}
}

// remote is a server that writes what a tenant holds to a service.
type remote struct {
	*testing.T
	tenant  *e2e.Tenant
	side    *side
	model   e2e.Model
	service string
	// persons are the ids in the tenant by the ids in the service.
	persons map[string]string
}

func (r *remote) control(method, path string, body any) {
	r.Helper()
	if err := r.tenant.Control.Do(r.Context(), method, path, body, nil); err != nil {
		r.Fatal(err)
	}
}

// settle runs the instance until a run goes through with nothing left to do.
func (r *remote) settle() {
	r.Helper()
	var last e2e.Run
	for tries := range 12 {
		began := time.Now()
		run, err := r.side.Wait(r.Context(), r.side.instance, ask(r.T, r.side, "incremental"), 2*time.Minute)
		if err != nil {
			r.Fatal(err)
		}
		r.Logf("run %d: %s in %s, %v, %+v", tries, run.State, time.Since(began).Round(time.Millisecond), run.Counts, run.Failure)
		if last = run; run.State == "succeeded" && run.Progress.Planned == 0 {
			return
		}
	}
	r.Fatalf("no run goes through without anything to do: %+v", last)
}

// compare compares the service with the tenant.
func (r *remote) compare(after string) {
	r.Helper()
	people, err := r.tenant.People(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	r.model.Follow(people)
	clear(r.persons)
	listed := r.list("/Users")
	for _, user := range listed {
		r.persons[fmt.Sprint(user["id"])] = fmt.Sprint(user["externalId"])
	}
	bosses := map[string]string{}
	for _, person := range people {
		bosses[fmt.Sprint(person["id"])], _ = person["manager"].(string)
	}
	here := slices.Collect(maps.Values(r.persons))
	users := make([]e2e.User, len(listed))
	for i, user := range listed {
		users[i] = r.user(user)
		if boss := bosses[users[i].ExternalID]; boss != "" && !slices.Contains(here, boss) && users[i].Attributes[manager] == nil {
			users[i].Attributes[manager] = boss // the service has no id for him
		}
	}
	for _, difference := range r.model.Compare(users, r.side.instance, 10) {
		r.Errorf("after %s: %s", after, difference)
	}
	r.compareGroups(after)
	r.Logf("after %s: %d users", after, len(users))
}

// user is a user of the service as the model knows users. Who was renamed as those are who are deleted in the tenant counts as deleted.
func (r *remote) user(resource map[string]any) e2e.User {
	user := e2e.User{UserName: fmt.Sprint(resource["userName"]), ExternalID: fmt.Sprint(resource["externalId"]), State: "Active", Managed: true}
	user.Active, _ = resource["active"].(bool)
	user.Owner = &struct {
		ID string `json:"id"`
	}{r.side.instance}
	if !user.Active && strings.HasPrefix(user.UserName, strings.ReplaceAll(user.ExternalID, "-", "")) {
		user.State, user.DeletedAt = "Deleted", time.Now()
	}
	user.Attributes = map[string]any{}
	flatten(user.Attributes, "", resource)
	for _, common := range []string{"id", "active", "schemas"} {
		delete(user.Attributes, common)
	}
	if id, has := user.Attributes[manager+".value"]; has {
		user.Attributes[manager] = r.persons[fmt.Sprint(id)]
		delete(user.Attributes, manager+".value")
	}
	return user
}

// flatten writes the values of a resource by their paths.
func flatten(into map[string]any, prefix string, values map[string]any) {
	for name, value := range values {
		switch value := value.(type) {
		case map[string]any:
			switch {
			case name == "meta":
			case strings.HasPrefix(name, "urn:"):
				flatten(into, name+":", value)
			default:
				flatten(into, prefix+name+".", value)
			}
		case []any:
			for _, element := range value {
				if object, is := element.(map[string]any); is {
					rest := maps.Clone(object)
					delete(rest, "type")
					delete(rest, "primary")
					flatten(into, fmt.Sprintf("%s%s[type eq %q].", prefix, name, object["type"]), rest)
				}
			}
		default:
			into[prefix+name] = value
		}
	}
}

// compareGroups compares groups and their members by their ids in the tenant.
func (r *remote) compareGroups(after string) {
	r.Helper()
	got, want := map[string][]string{}, map[string][]string{}
	listed := r.list("/Groups")
	for _, group := range listed {
		r.persons[fmt.Sprint(group["id"])] = fmt.Sprint(group["externalId"])
	}
	for _, group := range listed {
		key := fmt.Sprint(group["externalId"], " ", group["displayName"])
		members, _ := group["members"].([]any)
		got[key] = append(got[key], "") // once for each group
		for _, element := range members {
			member, _ := element.(map[string]any)
			got[key] = append(got[key], r.persons[fmt.Sprint(member["value"])])
		}
	}
	var groups struct {
		Groups []struct {
			ID          string `json:"id"`
			DisplayName string `json:"displayName"`
		} `json:"groups"`
	}
	r.read("/sim/groups?limit=1000", &groups)
	here := slices.Collect(maps.Values(r.persons))
	for _, group := range groups.Groups {
		var members struct {
			Members []struct {
				ID string `json:"id"`
			} `json:"members"`
		}
		r.read("/sim/groups/"+group.ID+"/members?limit=100000", &members)
		key := group.ID + " " + group.DisplayName
		want[key] = []string{""}
		for _, member := range members.Members {
			if slices.Contains(here, member.ID) { // who is in the recycle bin stays a member
				want[key] = append(want[key], member.ID)
			}
		}
	}
	for key := range want {
		slices.Sort(want[key])
		slices.Sort(got[key])
		if !slices.Equal(want[key], got[key]) {
			r.Errorf("after %s: the group %s has the %d members %v, should have the %d %v", after, key, len(got[key]), got[key], len(want[key]), want[key])
		}
		delete(got, key)
	}
	if len(got) > 0 {
		r.Errorf("after %s: these groups should not be there: %v", after, slices.Collect(maps.Keys(got)))
	}
}

func (r *remote) read(path string, into any) {
	r.Helper()
	if err := r.tenant.Control.Do(r.Context(), http.MethodGet, path, nil, into); err != nil {
		r.Fatal(err)
	}
}

// list reads all resources of the service, past the faults.
func (r *remote) list(endpoint string) []map[string]any {
	r.Helper()
	var all []map[string]any
	for {
		var page struct {
			TotalResults int               `json:"totalResults"`
			Resources    []json.RawMessage `json:"Resources"`
		}
		query := url.Values{"startIndex": {fmt.Sprint(len(all) + 1)}, "count": {"50"}}
		client := e2e.Client{Base: r.service, Token: "secret"}
		if err := client.Do(r.Context(), http.MethodGet, endpoint+"?"+query.Encode(), nil, &page); err != nil {
			r.Fatal(err)
		}
		for _, raw := range page.Resources {
			var resource map[string]any
			if err := json.Unmarshal(raw, &resource); err != nil {
				r.Fatal(err)
			}
			all = append(all, resource)
		}
		if len(page.Resources) == 0 || len(all) >= page.TotalResults {
			return all
		}
	}
}
