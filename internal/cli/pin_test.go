package cli

import (
	"strings"
	"testing"

	"rollcall/internal/api"
)

func TestAllPinsOfAnInstanceOrARunAreLifted(t *testing.T) {
	ofRun, ofInstance := "DELETE pins?run="+anID.String(), "DELETE pins?instance="+anID.String()
	env, bodies := answers(t, map[string]any{
		"GET instances":                api.List[api.Instance]{Items: []api.Instance{{ID: anID, Name: "Demo"}}},
		"GET runs/" + anID.String():    api.Run{ID: anID},
		ofRun:                          api.Lifted{Count: 2},
		ofInstance:                     api.Lifted{Count: 1},
		"DELETE pins/" + anID.String(): struct{}{},
	})
	call(t, env, "pin", "lift", "--all").want(t, 2, "it is not said of what all pins are lifted")
	call(t, env, "pin", "lift").want(t, 2, "it is not said which pins")
	call(t, env, "pin", "lift", "--instance", "Demo").want(t, 2, "go with --all only")
	call(t, env, "pin", "lift", "--all", "--run", anID.String(), anID.String()).want(t, 2, "too much is said")
	if len(bodies) != 0 {
		t.Fatalf("something was lifted: %v", bodies)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--all", "--run", anID.String()}, "2 pins were lifted.\n"},
		{[]string{"--all", "--instance", "Demo"}, "1 pin was lifted.\n"},
		{[]string{anID.String(), anID.String()}, "1 pin was lifted.\n"},
	} {
		got := call(t, env, append([]string{"pin", "lift"}, c.args...)...)
		got.want(t, 0, "")
		if got.stdout != c.want {
			t.Errorf("%v: %q, want %q", c.args, got.stdout, c.want)
		}
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
