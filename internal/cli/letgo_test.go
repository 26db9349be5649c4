package cli

import (
	"testing"

	"rollcall/internal/api"
)

func TestUsersAndGroupsAreLetGo(t *testing.T) {
	user, group := api.User{ID: anID, UserName: "ada@contoso.com"}, api.Group{ID: anID, DisplayName: "Sales"}
	env, _ := answers(t, map[string]any{
		"GET users/" + anID.String(): user, "POST users/" + anID.String() + "/let-go": user,
		"GET groups/" + anID.String(): group, "POST groups/" + anID.String() + "/let-go": group,
	})
	for kind, want := range map[string]string{
		"user": "Nobody manages ada@contoso.com any more.\n", "group": "Nobody manages the group Sales any more.\n",
	} {
		got := call(t, env, kind, "let-go", anID.String())
		got.want(t, 0, "")
		if got.stdout != want {
			t.Errorf("%s", got.stdout)
		}
	}
}
