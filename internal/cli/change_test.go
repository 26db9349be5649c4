package cli

import (
	"strings"
	"testing"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// leaving is a change of twelve members.
func leaving() api.Change {
	return api.Change{
		ID: anID, InstanceID: anID, RunID: anID, ObjectType: "Members", Action: plan.Leave, State: engine.Held, SourceName: "Sales", SourceID: "g",
		MemberCount: 12, Summary: "12 members leave", Reason: plan.Reason{Code: "Left", Text: "12 members left the group in Entra"},
	}
}

func TestChangesAreToldInWords(t *testing.T) {
	one := leaving()
	one.MemberCount, one.Action = 1, plan.Join
	for want, change := range map[string]api.Change{
		`12 members leave the group "Sales"`:  leaving(),
		`1 member joins the group "Sales"`:    one,
		`the group "Sales" is removed`:        {ObjectType: "Group", Action: plan.Delete, SourceName: "Sales"},
		`the group "g" stays as it is`:        {ObjectType: "Group", Action: plan.Match, SourceID: "g"},
		"Ada <ada@x.example> is deactivated":  {ObjectType: "User", Action: plan.Deactivate, SourceName: "Ada <ada@x.example>"},
		"nothing is done about ada@x.example": {ObjectType: "User", Action: plan.Skip, ObjectName: "ada@x.example"},
	} {
		if got := doing(change); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTheCountsOfARunTellPeopleGroupsAndMembers(t *testing.T) {
	counts := map[string]int{"create": 3, "out-of-scope": 1}
	groups := map[string]int{"create": 2, "update": 1, "join": 12, "leave": 1, "held-members": 60}
	for want, run := range map[string]api.Run{
		"3 created, 1 out of scope": {Counts: counts},
		"3 created, 1 out of scope; groups: 2 created, 1 changed; members: 12 joined, 1 left, 60 held": {Counts: counts, Groups: groups},
		"members: 5 to join":  {Kind: engine.DryRun, Groups: map[string]int{"join": 5}},
		"groups: 1 to create": {Kind: engine.DryRun, Groups: map[string]int{"create": 1}},
		nothingToDo:           {Groups: map[string]int{}},
	} {
		if got := countsText(run); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if groups["join"] != 12 || heldIn(api.Run{Counts: map[string]int{"held": 1}, Groups: groups}) != 61 {
		t.Errorf("held are %d, groups now %v", heldIn(api.Run{Groups: groups}), groups)
	}
}

func TestAChangeOfMembersIsShownWithTheirNames(t *testing.T) {
	path := "GET changes/" + anID.String()
	env, _ := answers(t, map[string]any{
		path: leaving(),
		path + "/members?limit=100": api.List[api.ChangeMember]{
			Items: []api.ChangeMember{{Type: "User", Name: "Ada <ada@x.example>", SourceID: anID, ObjectID: anID}}, Next: "n",
		},
		"GET instances": api.List[api.Instance]{Items: []api.Instance{{ID: anID, Name: "Demo"}}},
	})
	got := call(t, env, "change", "show", anID.String())
	got.want(t, 0, "There are more")
	for _, want := range []string{`12 members leave the group "Sales"`, "Instance  ", "Demo", "Ada <ada@x.example>"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q in:\n%s", want, got.stdout)
		}
	}
	call(t, env, "change", "show", ident.ID{4}.String()).want(t, 5, "rollcall held list")
	call(t, env, "change", "show", "nonsense").want(t, 2, "is not the id of a change")
}

func TestAChangeWhoseMembersAreForgottenSaysSo(t *testing.T) {
	scrubbed := leaving()
	scrubbed.SourceName, scrubbed.SourceID, scrubbed.Reason.Text = "", "g", engine.ScrubbedText
	env, _ := answers(t, map[string]any{
		"GET changes/" + anID.String():                        scrubbed,
		"GET changes/" + anID.String() + "/members?limit=100": api.List[api.ChangeMember]{},
		"GET instances": api.List[api.Instance]{},
	})
	got := call(t, env, "change", "show", anID.String())
	got.want(t, 0, "")
	for _, want := range []string{`12 members leave the group "g"`, engine.ScrubbedText, "Who they were is not known any more"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q in:\n%s", want, got.stdout)
		}
	}
}

func TestADecisionSaysWhatItIsAbout(t *testing.T) {
	approved := leaving()
	approved.State = engine.Approved
	ada := api.User{ID: ident.ID{9}, UserName: "ada@x.example"}
	env, bodies := answers(t, map[string]any{
		"GET instances":                               api.List[api.Instance]{Items: []api.Instance{{ID: anID, Name: "Demo"}}},
		"GET changes/" + anID.String():                approved,
		"POST held/approve":                           api.Decided{Count: 1},
		"GET held?limit=1000&objectType=Members":      api.List[api.Change]{Items: []api.Change{leaving()}},
		"GET users?limit=1000&search=ada%40x.example": api.List[api.User]{Items: []api.User{ada}},
		"GET users/" + ada.ID.String():                ada,
	})
	got := call(t, env, "held", "list", "--type", "Members")
	if !strings.Contains(got.stdout, `leave   12 members of group "Sales"`) {
		t.Errorf("held list:\n%s", got.stdout)
	}
	got = call(t, env, "held", "approve", "Demo", anID.String())
	got.want(t, 0, `12 members leave the group "Sales": approved.`)
	got = call(t, env, "held", "approve", "Demo", anID.String(), "--member", "ada@x.example")
	got.want(t, 0, "")
	if want := `"members":["` + ada.ID.String() + `"]`; !strings.Contains(bodies["POST held/approve"], want) || !strings.Contains(got.stdout, "1 member was approved; the others stay held.") {
		t.Errorf("asked %s, said %s", bodies["POST held/approve"], got.stdout)
	}
	call(t, env, "held", "approve", "Demo", "--all", "--member", "ada@x.example").want(t, 2, "--member is for one change")
}

func TestASummaryTellsGroupsOnlyWhereSomeAreKept(t *testing.T) {
	summary := api.Summary{InstanceID: anID, Name: "Demo", Job: engine.StatusActive}
	path := "GET instances/" + anID.String() + "/summary"
	documents := map[string]any{
		"GET instances": api.List[api.Instance]{Items: []api.Instance{{ID: anID, Name: "Demo"}}}, path: summary,
		path + "/groups/to-be-synced?limit=101": api.List[api.SummaryGroup]{Items: []api.SummaryGroup{{
			Person: api.Person{SourceName: "Sales", Reason: plan.Reason{Text: "3 members in scope are not there yet"}}, Awaited: 3,
		}}},
	}
	env, _ := answers(t, documents)
	if got := call(t, env, "summary", "Demo"); strings.Contains(got.stdout, "GROUPS") {
		t.Errorf("groups are told:\n%s", got.stdout)
	}
	summary.Groups = api.GroupCounts{Synced: 4, ToBeSynced: 1, Awaited: 3, Leaving: 60}
	documents[path] = summary
	env, _ = answers(t, documents)
	got := call(t, env, "summary", "Demo")
	for _, want := range []string{"To Be Synced  1       rollcall summary Demo --to-be-synced (3 members are awaited)", "Members held  60 "} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q in:\n%s", want, got.stdout)
		}
	}
	got = call(t, env, "summary", "Demo", "--to-be-synced")
	got.want(t, 0, "rollcall summary Demo --failed")
	if !strings.Contains(got.stdout, "Sales  3        3 members in scope are not there yet") {
		t.Errorf("to be synced:\n%s", got.stdout)
	}
	call(t, env, "summary", "Demo", "--groups").want(t, 2, "it is not said which groups")
	call(t, env, "summary", "Demo", "--groups", "--in-bin").want(t, 2, "groups are not counted as --in-bin")
}
