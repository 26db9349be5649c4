package graph_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
)

func TestTheGroupsOfPeopleAreAskedForTwentyAtATime(t *testing.T) {
	s, client := simulate(t, 60)
	var people []string
	for _, user := range everybody(t, client)[:45] {
		people = append(people, user.ID)
	}
	s.control("POST", "/groups", `{"id":"`+teamID+`","displayName":"Team"}`)
	s.control("POST", "/groups", `{"id":"`+innerID+`","displayName":"Inner"}`)
	s.control("POST", "/groups/"+teamID+"/join", `{"members":["`+people[0]+`","`+people[40]+`","`+innerID+`"]}`)
	s.control("POST", "/groups/"+innerID+"/join", `{"members":["`+people[0]+`"]}`)
	s.control("DELETE", "/users/"+people[1], "")
	found, err := client.MemberOf(t.Context(), graph.TypeUser, append(people, people[0]))
	if err != nil {
		t.Fatal(err)
	}
	if _, known := found[people[1]]; known || len(found) != 44 {
		t.Errorf("%d people are told of, want 44, and nothing of who is deleted", len(found))
	}
	in := func(person, group string) bool {
		return slices.Contains(found[person], graph.Member{ID: group, Type: graph.TypeGroup})
	}
	if !in(people[0], teamID) || !in(people[0], innerID) || !in(people[40], teamID) || in(people[40], innerID) {
		t.Errorf("the groups are %v and %v", found[people[0]], found[people[40]])
	}
	s.control("POST", "/faults", `{"route":"/v1.0/users/{id}/memberOf","kind":"no-consent"}`)
	if _, err := client.MemberOf(t.Context(), graph.TypeUser, people[:1]); !fault.Is(err, fault.Denied) {
		t.Errorf("without consent: %v", err)
	}
	if _, err := client.MemberOf(t.Context(), graph.TypeUser, []string{"../groups"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("an id that is none: %v", err)
	}
}

func TestTheGroupsOfGroupsAreAskedForToo(t *testing.T) {
	s, client := simulate(t, 60)
	s.control("POST", "/groups", `{"id":"`+teamID+`","displayName":"Team"}`)
	s.control("POST", "/groups", `{"id":"`+innerID+`","displayName":"Inner"}`)
	s.control("POST", "/groups/"+teamID+"/join", `{"members":["`+innerID+`"]}`)
	person := everybody(t, client)[0].ID
	found, err := client.MemberOf(t.Context(), graph.TypeGroup, []string{innerID, teamID, person})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]graph.Member{innerID: {{ID: teamID, Type: graph.TypeGroup}}, teamID: nil}
	if diff := cmp.Diff(want, found, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("memberships (-want +got):\n%s", diff)
	}
	s.control("POST", "/faults", `{"route":"/v1.0/groups/{id}/memberOf","kind":"no-consent"}`)
	refused := fault.Of(second(client.MemberOf(t.Context(), graph.TypeGroup, []string{innerID})))
	if refused == nil || refused.Kind != fault.Denied || !strings.Contains(refused.Message, "GroupMember.Read.All") {
		t.Errorf("without consent: %v", refused)
	}
	if _, err := client.MemberOf(t.Context(), "device", []string{innerID}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a type that has no groups: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }
