package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/api"
	"rollcall/internal/ident"
)

func TestAGroupIsNamedByIdObjectIdOrANameThatIsItsAlone(t *testing.T) {
	objectID, other := ident.ID{9}, ident.ID{4, 5, 6}
	sales := api.Group{ID: anID, DisplayName: "Sales", Members: 2}
	same := make([]api.Group, 7)
	for i := range same {
		same[i] = api.Group{ID: ident.ID{1, byte(i)}, DisplayName: "Team"}
	}
	env, _ := answers(t, map[string]any{
		"GET groups/" + anID.String():                                sales,
		"GET groups?externalId=" + objectID.String() + "&limit=1000": api.List[api.Group]{Items: []api.Group{sales}},
		"GET groups?externalId=" + other.String() + "&limit=1000":    api.List[api.Group]{Items: []api.Group{}},
		"GET groups?limit=1000&search=sales":                         api.List[api.Group]{Items: []api.Group{{DisplayName: "Sales Europe"}, sales}},
		"GET groups?limit=1000&search=sale":                          api.List[api.Group]{Items: []api.Group{sales}},
		"GET groups?limit=1000&search=team":                          api.List[api.Group]{Items: same},
	})
	for _, which := range []string{anID.String(), strings.ToUpper(anID.String()), objectID.String(), "sales"} {
		got := call(t, env, "group", "show", which)
		got.want(t, 0, "")
		if !strings.Contains(got.stdout, anID.String()) {
			t.Errorf("%s:\n%s", which, got.stdout)
		}
	}
	call(t, env, "group", "show", other.String()).want(t, 5, "there is no group "+other.String()+". Look with `rollcall group list --search TEXT`.")
	call(t, env, "group", "show", "sale").want(t, 5, "there is no group sale")
	call(t, env, "group", "show", "team").want(t, 2, "7 groups are called team. Give the id of one: "+same[0].ID.String())
}

func TestAListOfGroupsSaysHowTheyStand(t *testing.T) {
	owner := &api.Owner{Name: "Demo"}
	env, _ := answers(t, map[string]any{
		"GET groups?limit=1000": api.List[api.Group]{Items: []api.Group{
			{ID: anID, DisplayName: "Hand\u202e", Members: 1},
			{ID: anID, DisplayName: "New", Managed: true, Owner: owner, ToBeSynced: true},
			{ID: anID, DisplayName: "Waiting", Managed: true, Owner: owner, ToBeSynced: true, Awaited: 3, Members: 250000},
			{ID: anID, DisplayName: "Whole", Managed: true, Owner: owner, Members: 4},
		}},
	})
	got := call(t, env, "group", "list")
	got.want(t, 0, "")
	id := anID.String()
	want := "DISPLAY NAME  MEMBERS  STATE                    MANAGED BY  ID\n" +
		`Hand\u202e    1        Unmanaged                            ` + id + "\n" +
		"New           0        To Be Synced             Demo        " + id + "\n" +
		"Waiting       250000   To Be Synced, 3 missing  Demo        " + id + "\n" +
		"Whole         4        Synced                   Demo        " + id + "\n"
	if diff := cmp.Diff(want, got.stdout); diff != "" {
		t.Error(diff)
	}
}

func TestNobodyIsAddedWhenOneOfThemCannotBeFound(t *testing.T) {
	ada := api.User{ID: anID, UserName: "ada@x.example"}
	env, bodies := answers(t, map[string]any{
		"GET groups?limit=1000&search=Sales":          api.List[api.Group]{Items: []api.Group{{ID: anID, DisplayName: "Sales"}}},
		"GET users?limit=1000&search=ada%40x.example": api.List[api.User]{Items: []api.User{ada}},
		"GET users?limit=1000&search=bob":             api.List[api.User]{Items: []api.User{}},
		"GET users/" + anID.String():                  ada,
		"POST groups/" + anID.String() + "/members":   api.MembersChanged{Changed: 1, Failed: []api.MemberFailure{}},
	})
	call(t, env, "group", "add", "Sales", "ada@x.example", "bob").want(t, 5, "there is no user bob")
	path := "POST groups/" + anID.String() + "/members"
	if body, asked := bodies[path]; asked {
		t.Errorf("the server was asked to add %s", body)
	}
	call(t, env, "group", "add", "Sales", "ada@x.example").want(t, 0, "")
	if want := `{"members":[{"id":"` + anID.String() + `","type":"User"}]}`; bodies[path] != want {
		t.Errorf("asked for %s, want %s", bodies[path], want)
	}
	call(t, env, "group", "add", "Sales").want(t, 2, "Name users, or groups with --nested")
	call(t, env, "group", "add", "Sales", " ").want(t, 2, "one of the names is empty")
	call(t, env, "group", "change", "Sales").want(t, 2, "Give --name or --description")
}

func TestWhoHasToStayInASynchronisedGroupIsToldWithItsOwner(t *testing.T) {
	env, _ := answers(t, map[string]any{
		"GET groups/" + anID.String(): api.Group{ID: anID, DisplayName: "Sales", Managed: true},
		"GET users/" + anID.String():  api.User{ID: anID, UserName: "ada@x.example"},
		"POST groups/" + anID.String() + "/remove-members": api.MembersChanged{
			Failed: []api.MemberFailure{{ID: anID, Code: "Managed", Text: "Contoso manages the group Sales and put the member in"}},
		},
	})
	call(t, env, "group", "remove", anID.String(), anID.String()).
		want(t, 1, "1 member could not be removed, such as ada@x.example: Contoso manages the group Sales and put the member in")
}

func TestAGroupIsDeletedOnlyWhenThatIsConfirmed(t *testing.T) {
	path := "groups/" + anID.String()
	env, bodies := answers(t, map[string]any{
		"GET " + path:    api.Group{ID: anID, DisplayName: "Sales", Members: 3},
		"DELETE " + path: map[string]any{},
	})
	call(t, env, "group", "delete", anID.String()).want(t, 2, "deleting the group Sales, which has 3 members: they stay in the directory. Confirm it with --yes")
	if _, deleted := bodies["DELETE "+path]; deleted {
		t.Error("it was deleted without --yes")
	}
	call(t, env, "group", "delete", anID.String(), "--yes").want(t, 0, "")
	if _, deleted := bodies["DELETE "+path]; !deleted {
		t.Error("it was not deleted with --yes")
	}
}
