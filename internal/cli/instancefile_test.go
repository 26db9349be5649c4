package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

func TestAMistakeInAnInstanceFileIsNamedWithItsLine(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown key":         {"name: A\ntenantID: x\n", `line 2: unknown field "tenantID"`},
		"unknown inner key":   {"name: A\nscope:\n  allUser: true\n", `line 3: unknown field "allUser"`},
		"twice":               {"name: A\nname: B\n", "line 2"},
		"wrong kind":          {"name: A\nautoSync: maybe\n", "line 2"},
		"not a duration":      {"name: A\ninterval: soon\n", `"soon" is not a duration`},
		"not YAML":            {"name: [\n", "line 1"},
		"no name":             {"interval: 1m\n", "names no instance"},
		"empty":               {"", "names no instance"},
		"more than one":       {"name: A\n---\nname: B\n", "more than one document"},
		"a list for a table":  {"name: A\nscope: [1]\n", "line 2"},
		"a text for a truth":  {"name: A\nscope:\n  groups: [{id: x, nested: maybe}]\n", `line 3: scope.groups[0].nested is true or false, not "maybe"`},
		"a text for a number": {"name: A\nthresholds: {count: ten}\n", `line 2: thresholds.count is a whole number, not "ten"`},
		"a text for a list":   {"name: A\nscope:\n  users: x\n", "line 3: scope.users is a list, not a text"},
		"a name in a clause":  {"name: A\nscope:\n  filters:\n    - clauses:\n        - {attribut: a}\n", "line 5: unknown field \"attribut\". Names there: attribute, operator, value."},
		"a bare & in a block": {"name: A\nscope:\n  filters:\n    - clauses:\n        - attribute: a\n          operator: &\n          value: x\n", "line 6: the operator & needs quotes: '&'"},
		"a bare !& in braces": {"name: A\nscope:\n  filters:\n    - clauses:\n        - {attribute: a, operator: !&, value: x}\n", "line 5: the operator !& needs quotes: '!&'"},
		"a bare &":            {"name: A\nscope:\n  filters:\n    - clauses:\n        - {attribute: a, operator: &, value: x}\n", "line 5"},
		"a bare !&":           {"name: A\nscope:\n  filters:\n    - clauses:\n        - attribute: a\n          operator: !&\n          value: x\n", "line 6: the operator !& needs quotes: '!&'"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readInstanceFile(&invocation{}, file(t, "i.yaml", c.text))
			if err == nil || exitCode(err) != exitUsage || !strings.Contains(sentence(err), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func instanceNow(t *testing.T, settings engine.Settings) api.Instance {
	t.Helper()
	return api.Instance{ID: anID, Name: "Contoso", TenantID: "t", Cloud: "global", ClientID: "c", IntervalSeconds: 60, Settings: &settings}
}

func TestAFileThatSaysWhatIsThereChangesNothing(t *testing.T) {
	settings := engine.DefaultSettings()
	text, err := json.Marshal(settings.Attributes) // YAML is a superset of JSON
	if err != nil {
		t.Fatal(err)
	}
	path := file(t, "i.yaml", "name: Contoso\ntenantId: T\ncloud: global\ninterval: 1m\nautoSync: false\nscope: {allUsers: true}\n"+
		"thresholds: {count: 10, percent: 5, absolute: 500}\nattributes: "+string(text)+"\n")
	parsed, err := readInstanceFile(&invocation{}, path)
	if err != nil {
		t.Fatal(err)
	}
	want, changes, err := parsed.patch(instanceNow(t, settings), "", nil)
	if err != nil || len(changes) > 0 {
		t.Errorf("changes %q, error %v", changes, err)
	}
	if diff := cmp.Diff(api.InstancePatch{}, want); diff != "" {
		t.Error(diff)
	}
}

func TestAFileChangesWhatItSaysAndTellsIt(t *testing.T) {
	path := file(t, "i.yaml", "name: contoso\ninterval: 40m\nautoSync: true\nscope: {allUsers: true, includeGuests: true}\nthresholds: {count: 1, percent: 5, absolute: 500}\n")
	parsed, err := readInstanceFile(&invocation{}, path)
	if err != nil {
		t.Fatal(err)
	}
	settings := engine.DefaultSettings()
	want, changes, err := parsed.patch(instanceNow(t, settings), "new", nil)
	if err != nil {
		t.Fatal(err)
	}
	told := []string{
		`name: "Contoso" → "contoso"`, "autoSync: false → true", "interval: 1m0s → 40m0s", "clientSecret: written (whether it is another one is not known)",
		"scope: includeGuests: false → true",
		"thresholds: count: 10 → 1",
	}
	if diff := cmp.Diff(told, changes); diff != "" {
		t.Error(diff)
	}
	if want.Settings == nil || !want.Settings.Scope.IncludeGuests || len(want.Settings.Attributes) != 16 || *want.IntervalSeconds != 2400 || *want.ClientSecret != "new" {
		t.Errorf("patch: %+v", want)
	}
}

func TestAScopeThatSelectsNobodyLeavesTheSelection(t *testing.T) {
	settings := engine.DefaultSettings()
	settings.Scope.IncludeGuests = true
	selected := scope.Rules{GroupObjects: true, Users: []string{"u"}, Groups: []scope.SelectedGroup{{ID: "g"}}}
	for text, want := range map[string]scope.Rules{
		"{neverTouch: [x]}":               {AllUsers: true, NeverTouch: []string{"x"}, GroupObjects: true},
		"{includeGuests: true}":           {AllUsers: true, IncludeGuests: true, GroupObjects: true},
		"{allUsers: null, users: null}":   {AllUsers: true, GroupObjects: true},
		"{allUsers: false}":               {GroupObjects: true},
		"{users: []}":                     {Users: []string{}, GroupObjects: true},
		"{groupObjects: false}":           {AllUsers: true},
		"{allGroups: true}":               {AllUsers: true, GroupObjects: true, AllGroups: true},
		"{users: [u], groups: [{id: g}]}": selected,
	} {
		file, err := parseInstanceFile("i.yaml", []byte("name: A\nscope: "+text+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, file.settings(settings).Scope); diff != "" {
			t.Errorf("scope: %s: %s", text, diff)
		}
	}
}

func TestTheTenantOfAnInstanceCannotBeChanged(t *testing.T) {
	parsed := instanceFile{Name: "Contoso", TenantID: "other"}
	_, _, err := parsed.patch(instanceNow(t, engine.DefaultSettings()), "", nil)
	if exitCode(err) != exitConflict || !strings.Contains(err.Error(), "has the tenantId t, not other") {
		t.Errorf("got %v", err)
	}
}

func TestAnInstanceIsCreatedWithTheSecretBesideItsFile(t *testing.T) {
	secret := file(t, "secret.txt", "  s3cret\n")
	yaml := strings.TrimSuffix(secret, "secret.txt") + "i.yaml"
	writeFile(t, yaml, "name: Contoso\ntenantId: t\nclientId: 9f2c6d0e-8a35-4e39-9f4f-2a1f6d7c3b10\nclientSecretFile: secret.txt\n")
	env, bodies := answers(t, map[string]any{
		"GET instances":  api.List[api.Instance]{Items: []api.Instance{}},
		"POST instances": api.Instance{ID: anID, Name: "Contoso"},
	})
	got := call(t, env, "instance", "apply", yaml)
	got.want(t, 0, "")
	var asked api.NewInstance
	if err := json.Unmarshal([]byte(bodies["POST instances"]), &asked); err != nil {
		t.Fatal(err)
	}
	if asked.ClientSecret != "s3cret" || asked.TenantID != "t" || asked.Settings == nil || len(asked.Settings.Attributes) != 16 {
		t.Errorf("asked for %+v", asked)
	}
	if strings.Contains(got.stdout, "s3cret") {
		t.Error("the secret was printed")
	}
}

func TestASecretIsOneLine(t *testing.T) {
	for name, text := range map[string]string{"empty": " \n", "two lines": "a\nb\n", "long": strings.Repeat("x", maxSecret+1)} {
		if _, err := readSecret(&invocation{}, file(t, "s", text)); exitCode(err) != exitUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := readSecret(&invocation{stdin: strings.NewReader("abc\n")}, "-"); got != "abc" || err != nil {
		t.Errorf("from standard input: %q, %v", got, err)
	}
}

func TestAFileIsRefusedWithItsLineForWhatTheServerWouldRefuse(t *testing.T) {
	for text, want := range map[string]string{
		"name: Demo\ninterval: -5s\n":                                    "demo.yaml, line 2: the interval -5s is not between 1s and 24h0m0s",
		"name: Demo\ninterval: 0s\n":                                     "demo.yaml, line 2: the interval 0s is not between",
		"name: Demo\nreconcile: {every: 1s}\n":                           "demo.yaml, line 2: a reconcile every 1s",
		"name: Demo\nreconcile:\n  every: 168h\n  perSecond: -4\n":       "demo.yaml, line 4: a reconcile looks at",
		"name: Demo\nreconcile: {every: 0s, perSecond: 0}\ninterval: 5s": "",
	} {
		_, err := parseInstanceFile("demo.yaml", []byte(text))
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	file, err := parseInstanceFile("demo.yaml", []byte("name: Demo\ntenantId: t\nclientId: nonsense\nclientSecretFile: x\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.create("s", nil); err == nil || !strings.HasPrefix(err.Error(), `demo.yaml, line 3: "nonsense" is not the id of an app registration`) {
		t.Errorf("a client id that is none: %v", err)
	}
}

func TestAThresholdThatAFileDoesNotMentionStays(t *testing.T) {
	file, err := parseInstanceFile("demo.yaml", []byte("name: Demo\nthresholds: {count: 20, percent: 7, members: {count: 60}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	was := engine.DefaultSettings()
	was.Thresholds = plan.Thresholds{Count: 1, Percent: 2, Absolute: 300, Groups: &plan.Share{Count: 4, Percent: 5}}
	want := plan.Thresholds{
		Count: 20, Percent: 7, Absolute: 300, Groups: &plan.Share{Count: 4, Percent: 5}, Members: &plan.Share{Count: 60, Percent: plan.DefaultMembers().Percent},
	}
	if diff := cmp.Diff(want, file.settings(was).Thresholds); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
