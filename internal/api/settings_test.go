package api_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// berlin is a filter that needs no attribute beside the default ones.
var berlin = scope.Filter{Name: "Berlin", Clauses: []scope.Clause{{Attribute: "city", Operator: scope.Equals, Value: "Berlin"}}}

func TestSettingsThatAreRefusedSayWhereEachMistakeIs(t *testing.T) {
	h := open(t, -1)
	instance := h.instance(nil)
	settings := engine.DefaultSettings()
	settings.Attributes[2] = mapping.Attribute{Kind: mapping.Expression, Expression: "ToUper([displayName])\n& [sity]", Target: "displayName"}
	settings.Attributes[6].Source = "jobTitel"
	settings.Scope.NeverTouch = []string{"ada"}
	settings.Scope.Filters = []scope.Filter{berlin, {Clauses: []scope.Clause{{Attribute: "city", Operator: "EQALS", Value: "x"}}}, {Name: "empty"}}
	settings.Thresholds.Percent = 101
	refused := map[string]answered{
		"save":    h.call(h.full, http.MethodPatch, "instances/"+instance.ID.String(), api.InstancePatch{Settings: &settings}),
		"preview": h.call(h.full, http.MethodPost, "instances/"+instance.ID.String()+"/preview", api.PreviewRequest{Settings: &settings}),
		"create": h.call(h.full, http.MethodPost, "instances", api.NewInstance{
			Name: "second", TenantID: "t", ClientID: "9f2c6d0e-8a35-4e39-9f4f-2a1f6d7c3b10", ClientSecret: "s", Settings: &settings,
		}),
	}
	for name, a := range refused {
		p := a.problem(http.StatusBadRequest, "BadConfiguration")
		var got []string
		for _, e := range p.Errors {
			got = append(got, e.Location)
			if !strings.Contains(p.Detail, e.Message) {
				t.Errorf("%s: the detail lacks %q", name, e.Message)
			}
		}
		want := []string{
			"body.settings.attributes[2].expression", "body.settings.attributes[2].expression", "body.settings.attributes[6]",
			"body.settings.scope.filters[1].clauses[0]", "body.settings.scope.filters[2]", "body.settings.scope.neverTouch[0]", "body.settings.thresholds",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s\n%+v", name, diff, p)
		}
		if len(p.Errors) > 1 && !strings.HasPrefix(p.Errors[1].Message, "displayName: line 2, column 3: ") {
			t.Errorf("%s: %q", name, p.Errors[1].Message)
		}
	}
}

func TestAPreviewCountsAndChangesNothing(t *testing.T) {
	h := open(t, 20)
	h.simulate(http.MethodPost, "/users", `{"userPrincipalName":"ada@contoso.example","displayName":"Ada","city":"Berlin"}`)
	instance := h.instance(nil)
	h.sync(instance.ID, "incremental")
	preview := func(settings engine.Settings) (p api.Preview) {
		h.call(h.full, http.MethodPost, "instances/"+instance.ID.String()+"/preview", api.PreviewRequest{Settings: &settings}).want(http.StatusOK).into(&p)
		return p
	}
	settings := engine.DefaultSettings()
	if p := preview(settings); len(p.Differences) > 0 || !p.Complete || p.Users < 20 || p.Actions[plan.Deactivate] > 0 || len(p.Warnings) > 0 {
		t.Errorf("the same settings: %+v", p)
	}
	settings.Scope.Filters = []scope.Filter{berlin}
	p := preview(settings)
	if diff := cmp.Diff([]string{`scope: filters: + "Berlin": city EQUALS "Berlin"`}, p.Differences); diff != "" {
		t.Error(diff)
	}
	if p.InScope == 0 || p.InScope == p.Users || p.Actions[plan.Deactivate] == 0 {
		t.Errorf("with a filter: %+v", p)
	}
	settings.Scope.Filters = []scope.Filter{{Clauses: []scope.Clause{{Attribute: "employeeId", Operator: scope.IsNotNull}}}}
	settings.Attributes[0].Source = "mail"
	p = preview(settings)
	if diff := cmp.Diff([]string{"employeeId", "mail"}, p.NeedsRead); diff != "" || p.Users != 0 {
		t.Errorf("%s %+v", diff, p)
	}
	if len(p.Warnings) < 2 || p.Warnings[0].Code != engine.NeedsRead || p.Warnings[1].Code != engine.MakesDoubles || p.Warnings[1].Target != "userName" {
		t.Errorf("warnings %+v", p.Warnings)
	}
	var now api.Instance
	h.call(h.full, http.MethodGet, "instances/"+instance.ID.String(), nil).want(http.StatusOK).into(&now)
	if now.ConfigVersion != 1 {
		t.Errorf("a preview made version %d", now.ConfigVersion)
	}
	h.call(h.full, http.MethodPost, "instances/"+instance.ID.String()+"/preview", `{}`).problem(http.StatusUnprocessableEntity, "ValidationFailed")
	h.call(h.full, http.MethodPost, "instances/"+nobody+"/preview", api.PreviewRequest{Settings: &settings}).want(http.StatusNotFound)
}

func TestDefaultMappingsAreRestoredAndFiltersStay(t *testing.T) {
	h := open(t, -1)
	settings := engine.DefaultSettings()
	settings.Attributes = settings.Attributes[:6]
	settings.Scope.Filters = []scope.Filter{berlin}
	instance := h.instance(&settings)
	path := "instances/" + instance.ID.String() + "/mappings/restore"
	var restored api.Instance
	h.call(h.full, http.MethodPost, path, nil).want(http.StatusOK).into(&restored)
	if len(restored.Settings.Attributes) != 16 || len(restored.Settings.Scope.Filters) != 1 || restored.ConfigVersion != 2 {
		t.Errorf("restored %+v", restored.Settings)
	}
	reader := h.administrator(h.org.ID, "reader", directory.ReadOnlyAdministrator)
	h.call(reader, http.MethodPost, path, nil).problem(http.StatusForbidden, "Forbidden")
}

func TestASchemaThatWasExportedChangesNothingAndAnotherOneDoes(t *testing.T) {
	h := open(t, -1)
	settings := engine.DefaultSettings()
	settings.Attributes[6].ClearWhenEmpty = true
	settings.Scope.Filters = []scope.Filter{berlin}
	settings.Scope.NeverTouch = []string{nobody}
	instance := h.instance(&settings)
	path := "instances/" + instance.ID.String() + "/schema"
	exported := h.call(h.full, http.MethodGet, path, nil).want(http.StatusOK)
	if !json.Valid([]byte(exported.text)) || exported.header.Get("Content-Type") != "application/json" {
		t.Fatalf("exported %q %s", exported.header.Get("Content-Type"), exported.text)
	}
	put := func(query, text string) (s api.SchemaImport) {
		h.t.Helper()
		h.call(h.full, http.MethodPut, path+query, text).want(http.StatusOK).into(&s)
		return s
	}
	if s := put("", exported.text); s.Saved || len(s.Notes) > 0 || len(s.Preview.Differences) > 0 {
		t.Errorf("the same: %+v", s)
	}
	// A byte order mark, as PowerShell writes it, is no mistake.
	other := "\ufeff" + strings.ReplaceAll(exported.text, "jobTitle", "department")
	want := []string{`attributes: title: source: "jobTitle" → "department"`}
	if s := put("?dryRun=true", other); s.Saved || cmp.Diff(want, s.Preview.Differences) != "" {
		t.Errorf("dry run: %+v", s)
	}
	if s := put("", other); !s.Saved || cmp.Diff(want, s.Preview.Differences) != "" {
		t.Errorf("saved: %+v", s)
	}
	var now api.Instance
	h.call(h.full, http.MethodGet, "instances/"+instance.ID.String(), nil).want(http.StatusOK).into(&now)
	if now.Settings.Attributes[6].Source != "department" || len(now.Settings.Scope.NeverTouch) != 1 || now.ConfigVersion != 2 {
		t.Errorf("now %+v", now.Settings)
	}
	h.call(h.full, http.MethodPut, path, `{}`).want(http.StatusBadRequest)
	h.call(h.full, http.MethodPut, path, `nonsense`).want(http.StatusBadRequest)
	h.call(h.full, http.MethodPut, path, strings.Repeat(" ", 8<<20+1)).problem(http.StatusRequestEntityTooLarge, "BodyTooLarge")
	h.call(h.full, http.MethodPut, "instances/"+nobody+"/schema", other).want(http.StatusNotFound)
	h.call(h.full, http.MethodGet, "instances/"+nobody+"/schema", nil).want(http.StatusNotFound)
}

func TestNoSettingChangesUntold(t *testing.T) {
	for _, part := range []func(*engine.Settings) any{
		func(s *engine.Settings) any { return &s.Scope }, func(s *engine.Settings) any { return &s.Thresholds }, func(s *engine.Settings) any { return &s.Attributes[0] },
	} {
		probe := engine.DefaultSettings()
		value := reflect.ValueOf(part(&probe)).Elem()
		for i := range value.NumField() {
			before, after := engine.DefaultSettings(), engine.DefaultSettings()
			alter(t, reflect.ValueOf(part(&after)).Elem().Field(i))
			if lines := api.Differences(before, after); len(lines) == 0 {
				t.Errorf("%s.%s changes and nobody is told", value.Type(), value.Type().Field(i).Name)
			}
		}
	}
}

// alter gives a setting another value.
func alter(t *testing.T, field reflect.Value) {
	t.Helper()
	switch field.Kind() {
	case reflect.Bool:
		field.SetBool(!field.Bool())
	case reflect.String:
		field.SetString(field.String() + "x")
	case reflect.Int:
		field.SetInt(field.Int() + 1)
	case reflect.Float64:
		field.SetFloat(field.Float() + 1)
	case reflect.Slice:
		field.Set(reflect.MakeSlice(field.Type(), 1, 1))
	case reflect.Pointer: // was nil, which means a default
		field.Set(reflect.New(field.Type().Elem()))
	default:
		t.Fatalf("a setting of kind %s", field.Kind())
	}
}

func TestDifferencesAreToldOneByOne(t *testing.T) {
	before, after := engine.DefaultSettings(), engine.DefaultSettings()
	for i := range after.Attributes {
		after.Attributes[i].Apply = "" // means always
	}
	if lines := api.Differences(before, after); lines != nil {
		t.Errorf("between the same: %q", lines)
	}
	before.Scope.Users, after.Scope.Users = []string{"a", "b"}, []string{"b", "a"}
	before.Scope.Filters = []scope.Filter{berlin, {Clauses: []scope.Clause{{Attribute: "mail", Operator: scope.IsNull}}}}
	after.Scope.Filters = before.Scope.Filters[:1]
	after.Scope.NeverTouch = []string{"x"}
	after.Scope.AllUsers = false
	after.Scope.Groups = []scope.SelectedGroup{{ID: "g", Nested: true}}
	after.Scope.GroupObjects, after.Scope.AllGroups = false, true
	after.Thresholds.Count = 3
	before.Thresholds.Groups = &plan.Share{Count: 3, Percent: 10} // as the default
	after.Thresholds.Members = &plan.Share{Count: 50, Percent: 12.5}
	after.Attributes = append(after.Attributes[:15:15], mapping.Attribute{Kind: mapping.Constant, Constant: "a < b", Target: "userType"})
	after.Attributes[6].Default = "Clerk"
	want := []string{
		"scope: allUsers: true → false",
		"scope: users: in another order",
		"scope: groups: + g with nested groups",
		"scope: groupObjects: true → false",
		"scope: allGroups: false → true",
		"scope: neverTouch: + x",
		"scope: filters: - mail IS NULL",
		"thresholds: count: 10 → 3",
		"thresholds: members: percent: 25 → 12.5",
		`attributes: title: default: none → "Clerk"`,
		`attributes: + userType: apply "always", constant "a < b", kind "constant"`,
		"attributes: - urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
	}
	if diff := cmp.Diff(want, api.Differences(before, after)); diff != "" {
		t.Error(diff)
	}
	other := engine.DefaultSettings()
	other.Attributes[0], other.Attributes[1] = other.Attributes[1], other.Attributes[0]
	if diff := cmp.Diff([]string{"attributes: in another order"}, api.Differences(engine.DefaultSettings(), other)); diff != "" {
		t.Error(diff)
	}
}
