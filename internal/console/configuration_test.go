package console

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/scope"
)

// posted is a request with a form.
func posted(form url.Values) *request {
	hr := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form.Encode()))
	hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return &request{Request: hr}
}

func TestAFormOfUsersSaysWhatTheRulesAre(t *testing.T) {
	ada, bob := "6f9619ff-8b86-d011-b42d-00c04fc964ff", "7f9619ff-8b86-d011-b42d-00c04fc964ff"
	settings := engine.DefaultSettings()
	err := readUsers(posted(url.Values{
		"user": {ada, ada, "nonsense"}, "never": {bob}, "guests": {"true"},
		"filter.0": {"Berlin"}, "clause.0.0.attribute": {"city"}, "clause.0.0.operator": {"EQUALS"}, "clause.0.0.value": {" Berlin "},
		"clause.0.1.attribute": {"department"}, "clause.0.1.operator": {"IS NOT NULL"}, "clause.0.1.value": {"left over"},
		"filter.2": {"behind a gap"},
	}), &settings)
	if err != nil {
		t.Fatal(err)
	}
	want := scope.Rules{
		Users: []string{ada}, NeverTouch: []string{bob}, IncludeGuests: true, GroupObjects: true,
		Filters: []scope.Filter{{Name: "Berlin", Clauses: []scope.Clause{
			{Attribute: "city", Operator: scope.Equals, Value: " Berlin "}, {Attribute: "department", Operator: scope.IsNotNull},
		}}},
	}
	if diff := cmp.Diff(want, settings.Scope); diff != "" {
		t.Error(diff)
	}
}

func TestFormsOfGroupsAndMoreLeaveTheRestAlone(t *testing.T) {
	id := "6f9619ff-8b86-d011-b42d-00c04fc964ff"
	settings := engine.DefaultSettings()
	if err := readGroups(posted(url.Values{"group": {id}, "nested": {id, "nonsense"}}), &settings); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]scope.SelectedGroup{{ID: id, Nested: true}}, settings.Scope.Groups); diff != "" {
		t.Error(diff)
	}
	before := settings
	form := url.Values{
		"objects": {"true"}, "users.count": {"10"}, "users.percent": {"5"}, "users.absolute": {"500"}, "groups.count": {"3"}, "groups.percent": {"10"},
		"members.count": {"50"}, "members.percent": {"25"},
	}
	if err := readMore(posted(form), &settings); err != nil || len(api.Differences(before, settings)) > 0 {
		t.Errorf("untouched: %v %q", err, api.Differences(before, settings))
	}
	form.Set("groups.percent", "12,5")
	if err := readMore(posted(form), &settings); err != nil || settings.Thresholds.OfGroups().Percent != 12.5 {
		t.Errorf("a share: %v %+v", err, settings.Thresholds)
	}
	form.Set("users.count", "many")
	if err := readMore(posted(form), &settings); err == nil {
		t.Error("a word passes for a number")
	}
}

func TestMappingsThatAreSavedUntouchedStayTheSame(t *testing.T) {
	before := engine.DefaultSettings()
	data, err := json.Marshal(before.Attributes)
	if err != nil {
		t.Fatal(err)
	}
	after := before
	if err := readAttributes(posted(url.Values{"attributes": {string(data)}}), &after); err != nil || len(api.Differences(before, after)) > 0 {
		t.Errorf("%v %q", err, api.Differences(before, after))
	}
	if err := readAttributes(posted(url.Values{"attributes": {"nonsense"}}), &after); err == nil {
		t.Error("nonsense is a list of mappings")
	}
}

func TestAMistakeIsUnderlinedWhereItIsAndHasTheNearestName(t *testing.T) {
	text := "Join(\" \",\n  ToUper([surnam]), [givenName])"
	var got []mistake
	for _, e := range api.CheckExpression(api.ExpressionText{Expression: text}).Errors {
		m := (&request{}).mistake(text, e)
		m.Message = ""
		got = append(got, m)
	}
	want := []mistake{{Line: 2, Column: 3, Length: 6, Replace: "ToUpper"}, {Line: 2, Column: 11, Length: 6, Replace: "surname"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyFullAdministratorsConfigure(t *testing.T) {
	for _, route := range (&server{}).table() {
		method, path, _ := strings.Cut(route.pattern, " ")
		if !strings.HasPrefix(path, "/setup") {
			continue
		}
		for _, who := range lesserRoles() {
			reads := method == http.MethodGet && strings.Count(path, "/") == 3 || strings.Contains(path, "/find") || strings.Contains(path, "/foresight/") ||
				strings.HasSuffix(path, "/check") || strings.HasSuffix(path, "/compare") || strings.HasSuffix(path, "/people")
			if route.needs.allows(who) && !reads {
				t.Errorf("%s: %s may", route.pattern, who.Role)
			}
		}
	}
}

func lesserRoles() []directory.Administrator {
	var all []directory.Administrator
	for _, role := range directory.PersonRoles() {
		if role != directory.FullAdministrator {
			all = append(all, directory.Administrator{ID: ident.ID{1}, Role: role})
		}
	}
	return all
}
