package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// texts are what people write, and what YAML could take for something else.
var texts = rapid.OneOf(
	rapid.SampledFrom([]string{
		"Berlin", "true", "No", "NULL", "~", "0123", "1e3", "0x1F", "2026-01-02", ".inf", "-", "- a", "a: b", "a #b", "&", "!&", "* x", "{a}", "[a]", "'", `"`, `\`,
		" a ", "a\nb", "a\n", "\na", "a\n\nb", "  a\nb", "a \nb", "a\tb\nc", "a\r\nb", "Zoë ß 日本", "\u202e\u00a0\u2028", "😀", "%d", "`x`", "|", ">", "a,b", "?", "=", "<<", "é\u0301", "\u0000", "\ufeff",
	}),
	rapid.String(),
)

func aSetting(t *rapid.T) engine.Settings {
	ids := rapid.SliceOfN(rapid.SampledFrom([]string{"0190b1a2-7c3d-7e4f-8a5b-6c7d8e9f0a1b", "12345678-1234-1234-1234-123456789012", "00000000000000000000000000000000"}), 0, 3)
	groups := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) scope.SelectedGroup {
		return scope.SelectedGroup{ID: texts.Draw(t, "id"), Nested: rapid.Bool().Draw(t, "nested")}
	}), 0, 3)
	clauses := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) scope.Clause {
		return scope.Clause{
			Attribute: rapid.SampledFrom([]string{"city", "onPremisesExtensionAttributes.extensionAttribute1", "extension_0123456789abcdef0123456789abcdef_x"}).Draw(t, "attribute"),
			Operator:  rapid.SampledFrom(scope.Operators()).Draw(t, "operator").Name, Value: texts.Draw(t, "value"),
		}
	}), 1, 3)
	filters := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) scope.Filter {
		return scope.Filter{Name: texts.Draw(t, "name"), Clauses: clauses.Draw(t, "clauses")}
	}), 0, 3)
	attribute := rapid.Custom(func(t *rapid.T) mapping.Attribute {
		return mapping.Attribute{
			Kind:   rapid.SampledFrom([]mapping.Kind{mapping.Direct, mapping.Constant, mapping.Expression, mapping.None}).Draw(t, "kind"),
			Source: texts.Draw(t, "source"), Constant: texts.Draw(t, "constant"), Expression: texts.Draw(t, "expression"), Target: texts.Draw(t, "target"),
			Apply: rapid.SampledFrom([]mapping.Apply{mapping.Always, mapping.OnlyOnCreate}).Draw(t, "apply"), Default: texts.Draw(t, "default"),
			ClearWhenEmpty: rapid.Bool().Draw(t, "clear"), Matching: rapid.IntRange(0, 3).Draw(t, "matching"),
		}
	})
	share := rapid.Ptr(rapid.Custom(func(t *rapid.T) plan.Share {
		return plan.Share{Count: rapid.IntRange(0, 99).Draw(t, "count"), Percent: float64(rapid.IntRange(0, 1000).Draw(t, "percent")) / 10}
	}), true)
	attributes := rapid.SliceOfN(attribute, 1, 5).Draw(t, "attributes")
	for i := range attributes {
		attributes[i].Target += strconv.Itoa(i) // no two are the same
	}
	return engine.Settings{
		Scope: scope.Rules{
			AllUsers: rapid.Bool().Draw(t, "all"), IncludeGuests: rapid.Bool().Draw(t, "guests"), Users: ids.Draw(t, "users"),
			NeverTouch: ids.Draw(t, "never"), Filters: filters.Draw(t, "filters"), Groups: groups.Draw(t, "groups"),
			GroupObjects: rapid.Bool().Draw(t, "objects"), AllGroups: rapid.Bool().Draw(t, "all groups"),
		},
		Attributes: attributes,
		Thresholds: plan.Thresholds{
			Count: rapid.IntRange(0, 99).Draw(t, "count"), Percent: plan.DefaultThresholds().Percent, Absolute: rapid.IntRange(0, 9999).Draw(t, "absolute"),
			Groups: share.Draw(t, "groups"), Members: share.Draw(t, "members"),
		},
	}
}

func TestAnInstanceThatWasExportedReadsBackTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		settings := aSetting(t)
		instance := api.Instance{
			ID: anID, Name: texts.Filter(func(s string) bool { return strings.TrimSpace(s) != "" }).Draw(t, "name"), TenantID: texts.Draw(t, "tenant"),
			Cloud: "global", ClientID: "c", IntervalSeconds: float64(rapid.IntRange(1000, 86_400_000).Draw(t, "interval")) / 1000, Settings: &settings,
			Reconcile: api.Reconciling{
				EverySeconds: float64(rapid.SampledFrom([]int{0, 60, 3601, 604800}).Draw(t, "every")), Repair: rapid.Bool().Draw(t, "repair"),
				PerSecond: rapid.IntRange(0, 1_000_000).Draw(t, "per second"),
			},
		}
		text, err := exportInstance(instance)
		if err != nil {
			t.Fatalf("%v", err)
		}
		asJSON, err := json.Marshal(exportedOf(instance))
		if err != nil {
			t.Fatal(err)
		}
		for form, text := range map[string][]byte{"YAML": []byte(text), "JSON": asJSON} {
			read, err := parseInstanceFile("-", text)
			if err != nil {
				t.Fatalf("%s: %v\n%s", form, err, text)
			}
			// Over other settings, so that nothing that is absent could come from these.
			got := read.settings(engine.Settings{Scope: scope.Rules{Filters: []scope.Filter{{Name: "old"}}}})
			if diff := cmp.Diff(settings, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%s: %s\n%s", form, diff, text)
			}
			if _, lines, err := read.patch(instance, "", nil); err != nil || len(lines) > 0 || read.Name != instance.Name || read.TenantID != instance.TenantID {
				t.Fatalf("%s: %q, %v\n%s", form, lines, err, text)
			}
		}
	})
}

func TestAnExportLeavesNoSettingOut(t *testing.T) {
	var settings engine.Settings
	for _, part := range []reflect.Value{reflect.ValueOf(&settings.Scope).Elem(), reflect.ValueOf(&settings.Thresholds).Elem()} {
		for _, field := range part.Fields() {
			switch field.Kind() {
			case reflect.Bool:
				field.SetBool(true)
			case reflect.Slice:
				field.Set(reflect.MakeSlice(field.Type(), 1, 1))
			case reflect.Pointer:
				field.Set(reflect.ValueOf(&plan.Share{Count: 7, Percent: 7}))
			default:
				field.Set(reflect.ValueOf(7).Convert(field.Type()))
			}
		}
	}
	text, err := exportInstance(instanceNow(t, settings))
	if err != nil {
		t.Fatal(err)
	}
	read, err := parseInstanceFile("-", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(settings, read.settings(engine.Settings{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s\n%s", diff, text)
	}
}

func TestAnExportIsReadableAndHasNoSecret(t *testing.T) {
	settings := engine.DefaultSettings()
	settings.Scope.Filters = []scope.Filter{
		{Name: "Berlin", Clauses: []scope.Clause{{Attribute: "city", Operator: scope.Equals, Value: "Berlin"}, {Attribute: "country", Operator: scope.OccursNotIn, Value: "DE, AT"}}},
		{Clauses: []scope.Clause{{Attribute: "mail", Operator: scope.IsNotNull}}},
	}
	settings.Attributes[6] = mapping.Attribute{Kind: mapping.Expression, Expression: "Switch([jobTitle], \"\\\\\",\n  \"it's\", \"1\")", Target: "title", Apply: mapping.OnlyOnCreate}
	instance := instanceNow(t, settings)
	text, err := exportInstance(instance)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"name: Contoso\n", "# clientSecretFile: ", "interval: 1m0s\nautoSync: false\n", "  users: []\n", `
  filters:
    - name: Berlin
      clauses:
        - {attribute: city, operator: EQUALS, value: Berlin}
        - {attribute: country, operator: '!&', value: 'DE, AT'}
    - clauses:
        - {attribute: mail, operator: IS NOT NULL}
`, `
  - {kind: direct, source: userPrincipalName, target: userName, matching: 1}
  - {kind: expression, expression: 'Switch([IsSoftDeleted], , "False", "True", "True", "False")', target: active}
`, `
  - kind: expression
    expression: |-
      Switch([jobTitle], "\\",
        "it's", "1")
    target: title
    apply: onlyOnCreate
`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

func TestFiltersThatAFileDoesNotNameStayAndAnEmptyListMeansNone(t *testing.T) {
	has := engine.DefaultSettings()
	has.Scope.Filters = []scope.Filter{{Name: "old", Clauses: []scope.Clause{{Attribute: "mail", Operator: scope.IsNotNull}}}}
	for text, want := range map[string]int{
		"scope: {allUsers: true}":              1,
		"scope: {allUsers: true, filters: []}": 0,
		"interval: 1m":                         1,
		"scope:\n  allUsers: true\n  filters:\n    - clauses:\n        - {attribute: a, operator: '&', value: '5'}\n    - clauses:\n        - {attribute: b, operator: not_equals, value: 007}": 2,
	} {
		read, err := parseInstanceFile("-", []byte("name: Contoso\n"+text+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		got := read.settings(has)
		if len(got.Scope.Filters) != want {
			t.Errorf("%s: %d filters, want %d", text, len(got.Scope.Filters), want)
		}
		if want == 2 && (got.Scope.Filters[1].Clauses[0].Value != "007" || got.Scope.Filters[1].Clauses[0].Operator != scope.NotEquals) {
			t.Errorf("read %+v", got.Scope.Filters)
		}
	}
}

func TestAMistakeInSettingsIsToldWithItsLineInTheFile(t *testing.T) {
	path := file(t, "i.yaml", "name: Contoso\nscope:\n  allUsers: true\n  filters:\n    - clauses:\n        - {attribute: sity, operator: IS NULL}\nattributes:\n"+
		"  - {kind: direct, source: mail, target: userName, matching: 1}\n  - kind: expression\n    target: title\n    expression: |\n      ToUpper([city],\n      [nonsens])\n")
	env, _ := answers(t, map[string]any{
		"GET instances":                  api.List[api.Instance]{Items: []api.Instance{{ID: anID, Name: "Contoso"}}},
		"GET instances/" + anID.String(): instanceNow(t, engine.DefaultSettings()),
		"POST instances/" + anID.String() + "/preview": refusing(api.ProblemDetail{Location: "body.settings.scope.filters[0].clauses[0]", Message: "filter 1, clause 1: no"},
			api.ProblemDetail{Location: "body.settings.attributes[1].expression", Message: "title: line 2, column 1: no"}),
	})
	got := call(t, env, "instance", "diff", path)
	got.want(t, 2, fmt.Sprintf("rollcall: %s, line 6: filter 1, clause 1: no; %s, line 11: title: line 2, column 1: no.\n", path, path))
	// An instance that does not exist is checked here.
	env, _ = answers(t, map[string]any{"GET instances": api.List[api.Instance]{}})
	text := bytes.ReplaceAll(readAll(t, path), []byte("name: Contoso\n"), []byte("name: New\ntenantId: t\nclientId: 9f2c6d0e-8a35-4e39-9f4f-2a1f6d7c3b10\nclientSecretFile: s\n"))
	path = file(t, "new.yaml", string(text))
	got = call(t, env, "instance", "diff", path)
	got.want(t, 2, "line 9: filter 1, clause 1: users of the tenant have no attribute")
}
