package cli

import (
	"strings"
	"testing"

	"rollcall/internal/api"
	"rollcall/internal/ident"
)

func TestAllPinsOfAnInstanceOrARunAreLifted(t *testing.T) {
	other := ident.ID{1}
	env, bodies := answers(t, map[string]any{
		"GET instances":             api.List[api.Instance]{Items: []api.Instance{{ID: anID, Name: "Demo"}}},
		"GET runs/" + anID.String(): api.Run{ID: anID},
		"GET pins?limit=1000":       api.List[api.Pin]{Items: []api.Pin{{ID: anID, UndoneID: anID}, {ID: other, UndoneID: other, RunID: other}}},
		"GET pins?instance=" + anID.String() + "&limit=1000": api.List[api.Pin]{Items: []api.Pin{{ID: other}}},
		"DELETE pins/" + anID.String():                       struct{}{},
		"DELETE pins/" + other.String():                      struct{}{},
	})
	lifted := func(id ident.ID) bool {
		_, found := bodies["DELETE pins/"+id.String()]
		delete(bodies, "DELETE pins/"+id.String())
		return found
	}
	call(t, env, "pin", "lift", "--all").want(t, 2, "it is not said of what all pins are lifted")
	call(t, env, "pin", "lift").want(t, 2, "it is not said which pins")
	call(t, env, "pin", "lift", "--instance", "Demo").want(t, 2, "go with --all only")
	call(t, env, "pin", "lift", "--all", "--run", anID.String(), anID.String()).want(t, 2, "too much is said")
	if lifted(anID) || lifted(other) {
		t.Fatal("something was lifted")
	}
	call(t, env, "pin", "lift", "--all", "--run", anID.String()).want(t, 0, "")
	if !lifted(anID) || lifted(other) {
		t.Error("of the run other pins were lifted than its own")
	}
	call(t, env, "pin", "lift", "--all", "--instance", "Demo").want(t, 0, "")
	if lifted(anID) || !lifted(other) {
		t.Error("of the instance other pins were lifted than its own")
	}
}

func TestPinsSayWhatTheyKeep(t *testing.T) {
	env, _ := answers(t, map[string]any{
		"GET instances": api.List[api.Instance]{Items: []api.Instance{{ID: anID, Name: "Demo"}}},
		"GET pins?limit=1000": api.List[api.Pin]{Items: []api.Pin{
			{ID: anID, InstanceID: anID, ObjectType: "User", ObjectName: "Ada <ada@x.example>"},
			{ID: anID, InstanceID: anID, ObjectType: "Group", ObjectName: "Sales"},
			{ID: anID, InstanceID: anID, ObjectType: "Members", ObjectName: "Sales", Members: 3},
		}},
	})
	listed := call(t, env, "pin", "list")
	listed.want(t, 0, "")
	for _, want := range []string{"Ada <ada@x.example>", `group "Sales"`, `3 members of group "Sales"`} {
		if !strings.Contains(listed.stdout, want) {
			t.Errorf("%q is not listed:\n%s", want, listed.stdout)
		}
	}
}
