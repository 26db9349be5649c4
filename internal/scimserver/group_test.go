package scimserver_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"rollcall/internal/scim"
)

// memberIDs returns the ids of a group's members as its answer shows them, in order.
func (h *house) memberIDs(group string) []string {
	h.t.Helper()
	list, ok := h.call(h.reader, "GET", "/Groups/"+group, nil).want(200)["members"].([]any)
	if !ok {
		h.t.Fatal("a group has no members at all")
	}
	ids := make([]string, 0, len(list))
	for _, element := range list {
		member, _ := element.(object)
		value, _ := member["value"].(string)
		ids = append(ids, value)
	}
	slices.Sort(ids)
	return ids
}

func (h *house) people(count int) []string {
	h.t.Helper()
	ids := make([]string, count)
	for i := range ids {
		ids[i] = id(h.person(fmt.Sprintf("user%d@contoso.com", i), object{"displayName": fmt.Sprintf("User %d", i)}))
	}
	slices.Sort(ids)
	return ids
}

func TestMembersComeAndGoInEveryForm(t *testing.T) {
	h := open(t)
	p := h.people(4)
	inner := id(h.group("Inner"))
	group := id(h.group("Engines", p[0]))
	values := func(ids ...string) []object {
		list := make([]object, len(ids))
		for i, id := range ids {
			list[i] = object{"$ref": nil, "value": id}
		}
		return list
	}
	steps := []struct {
		name      string
		operation object
		want      []string
	}{
		{"added", object{"op": "Add", "path": "members", "value": values(p[1], p[2])}, p[:3]},
		{"added again", object{"op": "Add", "path": "members", "value": values(p[1])}, p[:3]},
		{"removed by the default form", object{"op": "Remove", "path": "members", "value": values(p[0])}, p[1:3]},
		{"removed by the other form", object{"op": "remove", "path": `members[value eq "` + p[1] + `"]`}, p[2:3]},
		{"removed again", object{"op": "remove", "path": `members[value eq "` + p[1] + `"]`}, p[2:3]},
		{"added without a path", object{"op": "add", "value": object{"members": values(p[0])}}, []string{p[0], p[2]}},
		{"replaced", object{"op": "replace", "path": "members", "value": values(p[1], p[3], inner)}, []string{p[1], p[3], inner}},
		{"removed by type", object{"op": "remove", "path": `members[type eq "Group"]`}, []string{p[1], p[3]}},
		{"removed two", object{"op": "remove", "path": `members[value eq "` + p[1] + `" or value eq "` + p[2] + `"]`}, p[3:4]},
		{"nobody removed", object{"op": "Remove", "path": "members", "value": values()}, p[3:4]},
		{"removed nobody known", object{"op": "Remove", "path": "members", "value": values("nobody")}, p[3:4]},
		{"removed all", object{"op": "remove", "path": "members"}, nil},
	}
	for _, step := range steps {
		if a := h.call(h.entra, "PATCH", "/Groups/"+group, patch(step.operation)); a.status != 204 || a.text != "" || a.header.Get("ETag") == "" {
			t.Fatalf("%s: %d %s", step.name, a.status, a.text)
		}
		slices.Sort(step.want)
		if got := h.memberIDs(group); !slices.Equal(got, step.want) {
			t.Fatalf("%s: %v, not %v", step.name, got, step.want)
		}
	}
}

func TestAPatchOfAGroupIsAllOrNothing(t *testing.T) {
	h := open(t)
	p := h.people(2)
	group := id(h.group("Engines", p[0]))
	nobody := "00000000-0000-7000-8000-000000000001"
	for _, wrong := range []object{
		{"op": "add", "path": "members", "value": []object{{"value": p[1]}, {"value": nobody}}},
		{"op": "add", "path": "members", "value": []object{{"value": group}}},
		{"op": "add", "path": "members", "value": []object{{"value": p[1], "type": "Group"}}},
		{"op": "add", "path": "members", "value": []object{{"value": "nobody"}}},
	} {
		message := patch(object{"op": "replace", "path": "displayName", "value": "Changed"}, object{"op": "add", "path": "members", "value": []object{{"value": p[1]}}}, wrong)
		h.call(h.entra, "PATCH", "/Groups/"+group, message).fails(400, "invalidValue")
	}
	h.call(h.entra, "POST", "/Groups", object{"displayName": "New", "members": []object{{"value": nobody}}}).fails(400, "invalidValue")
	if got := h.call(h.entra, "GET", "/Groups?filter=displayName%20ne%20%22x%22", nil).want(200); got["totalResults"] != 1.0 {
		t.Errorf("%v", got)
	}
	if got := h.memberIDs(group); !slices.Equal(got, p[:1]) {
		t.Errorf("%v", got)
	}
}

func TestAGroupShowsItsMembersUnlessTheyAreExcluded(t *testing.T) {
	h := open(t)
	p := h.people(3)
	inner := id(h.group("Inner", p[0]))
	group := h.group("Engines", p[0], p[1], inner)
	members, _ := group["members"].([]any)
	if len(members) != 3 {
		t.Fatalf("%v", group)
	}
	for _, element := range members {
		member, _ := element.(object)
		reference, _ := member["$ref"].(string)
		value, _ := member["value"].(string)
		if isGroup := value == inner; isGroup != (member["type"] == "Group") || !strings.HasSuffix(reference, "s/"+value) || member["display"] == nil {
			t.Errorf("%v", member)
		}
	}
	for query, want := range map[string]bool{"": true, "excludedAttributes=members": false, "attributes=displayName": false, "attributes=members.value": true} {
		for _, path := range []string{"/Groups/" + id(group) + "?" + query, "/Groups?filter=displayName%20eq%20%22engines%22&" + query} {
			if a := h.call(h.entra, "GET", path, nil); a.status != 200 || strings.Contains(a.text, `"members":[{`) != want || strings.Contains(path, "value") && strings.Contains(a.text, "display") {
				t.Errorf("%s: %s", path, a.text)
			}
		}
	}
	answered := h.call(h.entra, "PATCH", "/Groups/"+id(group)+"?attributes=displayName", patch(object{"op": "replace", "path": "displayName", "value": "N"})).want(200)
	if answered["displayName"] != "N" || answered["members"] != nil {
		t.Errorf("%v", answered)
	}
	h.call(h.entra, "PUT", "/Groups/"+id(group), object{"displayName": "P", "externalId": "e"}).want(200)
	if got := h.memberIDs(id(group)); len(got) != 3 {
		t.Errorf("a PUT that does not name members took them out: %v", got)
	}
	h.call(h.strict, "PUT", "/Groups/"+id(group), object{"schemas": []string{scim.CoreGroup}, "displayName": "P"}).want(200)
	if got := h.memberIDs(id(group)); len(got) != 0 {
		t.Errorf("%v", got)
	}
	h.call(h.entra, "PATCH", "/Groups/"+id(group), patch(object{"op": "remove", "path": "displayName"})).fails(400, "mutability")
	h.call(h.entra, "DELETE", "/Groups/"+id(group), nil).want(204)
	h.call(h.entra, "GET", "/Groups/"+id(group), nil).fails(404, "")
}

func TestManyMembersAreAnsweredWithInOrder(t *testing.T) {
	h := open(t)
	p := h.manyPeople(2300)
	group := id(h.group("Engines"))
	for piece := range slices.Chunk(p, 500) {
		list := make([]object, len(piece))
		for i, id := range piece {
			list[i] = object{"value": id}
		}
		h.call(h.entra, "PATCH", "/Groups/"+group, patch(object{"op": "add", "path": "members", "value": list})).want(204)
	}
	if got := h.memberIDs(group); !slices.Equal(got, p) {
		t.Errorf("%d members, not %d", len(got), len(p))
	}
	h.call(h.entra, "PATCH", "/Groups/"+group, patch(object{"op": "replace", "path": "members", "value": []object{{"value": p[7]}}})).want(204)
	if got := h.memberIDs(group); !slices.Equal(got, p[7:8]) {
		t.Errorf("%d members", len(got))
	}
}

func TestManyPatchesOfOneGroupAtATimeAllCount(t *testing.T) {
	h := open(t)
	p := h.manyPeople(200)
	group := id(h.group("Engines"))
	var done sync.WaitGroup
	for _, member := range p {
		done.Go(func() {
			h.call(h.entra, "PATCH", "/Groups/"+group, patch(object{"op": "Add", "path": "members", "value": []object{{"value": member}}})).expect(204)
		})
	}
	done.Wait()
	if got := h.memberIDs(group); !slices.Equal(got, p) {
		t.Errorf("%d of %d members", len(got), len(p))
	}
}

func TestOfManyPostsOfOneNameOneSucceeds(t *testing.T) {
	h := open(t)
	var done sync.WaitGroup
	statuses := make([]int, 50)
	for i := range statuses {
		done.Go(func() { statuses[i] = h.call(h.entra, "POST", "/Users", object{"userName": "ada@contoso.com"}).status })
	}
	done.Wait()
	slices.Sort(statuses)
	if statuses[0] != 201 || statuses[1] != 409 || statuses[len(statuses)-1] != 409 {
		t.Errorf("%v", statuses)
	}
}
