package engine_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// event is something that happens to the tenants, the configurations, the directories and time. It may turn out to be impossible.
type event struct {
	name   string
	weight int
	happen func(*chronicle)
}

func events() []event {
	return []event{
		{"create", 5, (*chronicle).hire},
		{"change", 6, func(c *chronicle) {
			c.patch("/sim/users/"+c.somebody(), map[string]any{"jobTitle": c.fresh("Title"), "department": c.fresh("Department")})
		}},
		{"displayName", 4, func(c *chronicle) {
			c.patch("/sim/users/"+c.somebody(), map[string]any{"displayName": string(rune('A'+c.IntN(12))) + c.fresh("name")})
		}},
		{"rename", 5, func(c *chronicle) {
			c.patch("/sim/users/"+c.somebody(), map[string]any{"userPrincipalName": c.address()})
		}},
		{"swap", 4, (*chronicle).swap},
		{"manager", 4, func(c *chronicle) { c.patch("/sim/users/"+c.somebody(), map[string]any{"manager": c.somebody()}) }},
		{"block", 5, func(c *chronicle) { c.post("/sim/users/"+c.somebody()+"/block", nil) }},
		{"unblock", 5, func(c *chronicle) { c.post("/sim/users/"+c.somebody()+"/unblock", nil) }},
		{"delete", 6, func(c *chronicle) { c.both(http.MethodDelete, "/sim/users/"+c.unlessLeft(c.somebody()), nil) }},
		{"restore", 6, func(c *chronicle) { c.post("/sim/users/"+c.binned("users")+"/restore", nil) }},
		{"purge", 2, func(c *chronicle) { c.post("/sim/users/"+c.binned("users")+"/purge", nil) }},
		{"purge at once", 1, func(c *chronicle) { c.post("/sim/users/"+c.somebody()+"/purge", nil) }},
		{"join", 18, func(c *chronicle) {
			c.post("/sim/groups/"+c.group()+"/join", map[string]any{"members": c.someOf("users", 1+c.IntN(4))})
		}},
		{"leave", 12, func(c *chronicle) { c.leave("users", 1+c.IntN(8)) }},
		{"nest", 10, func(c *chronicle) {
			c.post("/sim/groups/"+c.group()+"/join", map[string]any{"members": []string{c.group()}})
		}},
		{"unnest", 10, func(c *chronicle) { c.leave("groups", 3) }},
		{"create a group", 5, (*chronicle).found},
		{"rename a group", 6, (*chronicle).renameGroup},
		{"delete a group", 5, func(c *chronicle) { c.both(http.MethodDelete, "/sim/groups/"+c.unlessLeft(c.group()), nil) }},
		{"restore a group", 5, (*chronicle).restoreGroup},
		{"purge a group", 1, func(c *chronicle) { c.post("/sim/groups/"+c.binned("groups")+"/purge", nil) }},
		{"scope", 7, (*chronicle).rescope},
		{"mapping", 3, (*chronicle).remap},
		{"clock", 10, (*chronicle).wait},
		{"tokens", 3, (*chronicle).expire},
		{"by hand", 6, (*chronicle).byHand},
	}
}

// happenOnce lets one event happen, the same in both worlds.
func (c *chronicle) happenOnce() {
	c.Helper()
	all := events()
	total := 0
	for _, event := range all {
		total += event.weight
	}
	at := c.IntN(total)
	for _, event := range all {
		if at -= event.weight; at < 0 {
			c.note("%s", event.name)
			event.happen(c)
			return
		}
	}
}

// both does something in both tenants, which must agree on whether that is possible.
func (c *chronicle) both(method, path string, body any) {
	c.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		c.Fatal(err)
	}
	c.note("%s %s %s", method, path, encoded)
	var status []int
	for _, side := range []*side{c.calm, c.torn} {
		recorder := httptest.NewRecorder()
		side.sim.ServeHTTP(recorder, httptest.NewRequestWithContext(c.Context(), method, path, bytes.NewReader(encoded)))
		status = append(status, recorder.Code)
	}
	if status[0] != status[1] || status[0] >= http.StatusInternalServerError {
		c.Fatalf("%s %s: the tenants answer %v", method, path, status)
	}
}

func (c *chronicle) post(path string, body any)  { c.Helper(); c.both(http.MethodPost, path, body) }
func (c *chronicle) patch(path string, body any) { c.Helper(); c.both(http.MethodPatch, path, body) }

// fresh is a text that was never used before.
func (c *chronicle) fresh(what string) string {
	c.names++
	return fmt.Sprint(what, " ", c.names)
}

func (c *chronicle) address() string {
	c.names++
	return fmt.Sprintf("name%d@contoso.example", c.names)
}

// nobodyElse is an id that nobody has.
const nobodyElse = "00000000-0000-4000-8000-000000000000"

// ids lists the live users or groups of the tenant, or those in the recycle bin.
func (c *chronicle) ids(of, life string) []string {
	c.Helper()
	var ids []string
	for _, object := range list(c.calm.control(http.MethodGet, "/sim/"+of+"?limit=1000&state="+life, nil), of) {
		ids = append(ids, id(object))
	}
	return ids
}

func (c *chronicle) oneOf(ids []string) string {
	if len(ids) == 0 {
		return nobodyElse
	}
	return ids[c.IntN(len(ids))]
}

func (c *chronicle) somebody() string        { c.Helper(); return c.oneOf(c.ids("users", "live")) }
func (c *chronicle) group() string           { c.Helper(); return c.oneOf(c.ids("groups", "live")) }
func (c *chronicle) binned(of string) string { c.Helper(); return c.oneOf(c.ids(of, "deleted")) }

func (c *chronicle) someOf(of string, count int) []string {
	c.Helper()
	ids := c.ids(of, "live")
	c.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	return ids[:min(count, len(ids))]
}

// leave lets some, who may be members or not, leave a group.
func (c *chronicle) leave(of string, count int) {
	c.Helper()
	group, some := c.group(), c.someOf(of, count)
	for _, one := range some {
		c.left[one] = true
	}
	c.post("/sim/groups/"+group+"/leave", map[string]any{"members": some})
}

// unlessLeft is the id of somebody who left no group since the last run, or nobody's. Who leaves a group and is deleted before that is read looks, where
// the group is read in full, like any other member in the recycle bin: lists show none of them.
func (c *chronicle) unlessLeft(id string) string {
	if c.left[id] {
		return nobodyElse
	}
	return id
}

func (c *chronicle) hire() {
	c.Helper()
	kind := "Member"
	if c.IntN(6) == 0 {
		kind = "Guest"
	}
	c.post("/sim/users", map[string]any{
		"userPrincipalName": c.address(), "displayName": string(rune('A'+c.IntN(12))) + c.fresh("new"), "accountEnabled": c.IntN(4) > 0, "userType": kind,
	})
}

// swap lets names go round among two or three people.
func (c *chronicle) swap() {
	c.Helper()
	people := c.someOf("users", 2+c.IntN(2))
	names := make([]string, len(people))
	for i, person := range people {
		names[i] = text(c.calm.control(http.MethodGet, "/sim/users/"+person, nil), "userPrincipalName")
		c.patch("/sim/users/"+person, map[string]any{"userPrincipalName": c.address()})
	}
	for i := range len(people) - c.IntN(2) {
		c.patch("/sim/users/"+people[(i+1)%len(people)], map[string]any{"userPrincipalName": names[i]})
	}
}

func (c *chronicle) found() {
	c.Helper()
	body := map[string]any{"displayName": c.fresh("Group"), "members": c.someOf("users", c.IntN(5))}
	if c.IntN(2) == 0 {
		body["kind"] = "microsoft365"
	}
	c.post("/sim/groups", body)
}

// restoreGroup restores a group. If it is inside others, the next read is one in full: lists do not show a member in the recycle bin, and no change of
// a group tells that one of its members came back, so that a group which was read meanwhile is known to hold it only then.
func (c *chronicle) restoreGroup() {
	c.Helper()
	group := c.binned("groups")
	c.post("/sim/groups/"+group+"/restore", nil)
	for _, state := range c.calm.tenantNow().groups {
		c.fully = c.fully || slices.Contains(state.groups, group)
	}
}

// renameGroup gives a group a new name, sometimes none, and sometimes that of another group.
func (c *chronicle) renameGroup() {
	c.Helper()
	var name any = c.fresh("Renamed")
	switch c.IntN(5) {
	case 0:
		name = nil
	case 1:
		name = text(c.calm.control(http.MethodGet, "/sim/groups/"+c.group(), nil), "displayName")
	}
	c.patch("/sim/groups/"+c.group(), map[string]any{"displayName": name})
}

func (c *chronicle) rescope() {
	c.Helper()
	var rules scope.Rules
	rules.AllUsers = c.IntN(3) > 0
	rules.GroupObjects = c.IntN(5) > 0
	rules.IncludeGuests = c.IntN(2) == 0
	if !rules.AllUsers || c.IntN(3) == 0 {
		for _, group := range c.someOf("groups", 1+c.IntN(4)) {
			rules.Groups = append(rules.Groups, scope.SelectedGroup{ID: group, Nested: c.IntN(2) == 0})
		}
	}
	rules.AllGroups = len(rules.Groups) == 0 && c.IntN(4) > 0 || c.IntN(6) == 0
	if !rules.AllUsers {
		rules.Users = c.someOf("users", c.IntN(12))
	}
	if c.IntN(3) == 0 {
		rules.Filters = []scope.Filter{{Name: "Some", Clauses: []scope.Clause{
			{Attribute: "displayName", Operator: "NOT REGEX MATCH", Value: fmt.Sprintf("^[%c-%c]", 'A'+c.IntN(6), 'F'+c.IntN(4))},
		}}}
	}
	c.rules.scope = rules
	c.configure()
}

func (c *chronicle) remap() {
	c.Helper()
	c.rules.titled = []string{"jobTitle", "department", "constant"}[c.IntN(3)]
	c.configure()
}

// configure saves the settings of both instances.
func (c *chronicle) configure() {
	c.Helper()
	settings := engine.DefaultSettings()
	settings.Scope = c.rules.scope
	all := plan.Share{Count: 100_000, Percent: 100}
	settings.Thresholds = plan.Thresholds{Count: 100_000, Percent: 100, Absolute: 100_000, Groups: &all, Members: &all}
	if c.guarded {
		settings.Thresholds = plan.Thresholds{Count: 1, Percent: 3, Absolute: 100, Groups: &plan.Share{Count: 0, Percent: 5}, Members: &plan.Share{Count: 1, Percent: 10}}
	}
	for i, one := range settings.Attributes {
		if one.Target != "title" {
			continue
		}
		if one.Kind, one.Source = mapping.Direct, c.rules.titled; c.rules.titled == "constant" {
			one.Kind, one.Source, one.Constant = mapping.Constant, "", "Somebody"
		}
		settings.Attributes[i] = one
	}
	c.note("%+v", c.rules)
	for _, side := range []*side{c.calm, c.torn} {
		side.change(engine.Change{Settings: &settings})
	}
}

func (c *chronicle) wait() {
	waits := []time.Duration{time.Second, time.Minute, 40 * time.Minute, 7 * time.Hour, 26 * time.Hour, 4 * 24 * time.Hour, 8 * 24 * time.Hour, 31 * 24 * time.Hour}
	c.pass(waits[c.IntN(len(waits))])
}

// pass moves time in both worlds.
func (c *chronicle) pass(time time.Duration) {
	c.note("%s", time)
	for _, side := range []*side{c.calm, c.torn} {
		side.now = side.now.Add(time)
	}
}

func (c *chronicle) expire() {
	c.Helper()
	c.post("/sim/delta/"+[]string{"expire", "reset"}[c.IntN(2)], nil)
	c.pass(time.Second)
}

// byHand lets people put somebody into a group of the directory, or take out whom they put in.
func (c *chronicle) byHand() {
	c.Helper()
	groups := slices.Sorted(maps.Keys(c.model.groups))
	var users []string
	for _, id := range slices.Sorted(maps.Keys(c.model.users)) {
		if c.model.users[id].Active {
			users = append(users, id)
		}
	}
	if len(groups) == 0 || len(users) == 0 {
		return
	}
	group, user, adds := groups[c.IntN(len(groups))], users[c.IntN(len(users))], c.IntN(3) > 0
	marks := c.model.groups[group].members
	if !adds {
		for _, member := range slices.Sorted(maps.Keys(marks)) {
			if user = member; marks[member].Has(directory.ByHand) {
				break
			}
		}
		if !marks[user].Has(directory.ByHand) {
			return
		}
		if marks[user] &^= directory.ByHand; marks[user] == 0 || !c.model.groups[group].owned { // a group that nobody manages is people's own
			delete(marks, user)
		}
	} else {
		marks[user] |= directory.ByHand
	}
	c.note("%s %s %v", group, user, adds)
	for _, side := range []*side{c.calm, c.torn} {
		side.byHand(group, user, adds)
	}
}

func (s *side) byHand(group, user string, adds bool) {
	s.Helper()
	groups, err := s.dir.FindGroups(s.Context(), s.org, attr.ExternalID, []string{group})
	if err != nil || len(groups) != 1 {
		s.Fatalf("%d groups have the externalId %s (%v), want one", len(groups), group, err)
	}
	member := s.linked(user).ID
	if adds {
		_, err = s.dir.AddMembers(s.Context(), s.org, groups[0].ID, []directory.MemberRef{{ID: member}})
	} else {
		_, err = s.dir.RemoveMembers(s.Context(), s.org, groups[0].ID, []ident.ID{member})
	}
	if err != nil {
		s.Fatal(err)
	}
}
