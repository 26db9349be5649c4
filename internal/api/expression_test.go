package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/expr"
)

func TestAnExpressionIsCheckedAndEverythingWrongIsListed(t *testing.T) {
	h := open(t, -1)
	check := func(text string, anyAttribute bool) (c api.ExpressionCheck) {
		h.call(h.full, http.MethodPost, "expressions/check", api.ExpressionText{Expression: text, AnyAttribute: anyAttribute}).want(http.StatusOK).into(&c)
		return c
	}
	good := check(`ToUpper( [surname] , )`, false)
	want := api.ExpressionCheck{
		Valid: true, Canonical: `ToUpper([surname], )`, Attributes: []string{"surname"}, Gives: "text", Errors: []api.ExpressionError{},
	}
	if diff := cmp.Diff(want, good); diff != "" {
		t.Error(diff)
	}
	bad := check("Join(\"-\",\n  [surnam],\n  Tolower([city], ))", false)
	var places []int
	for _, e := range bad.Errors {
		places = append(places, e.Line)
	}
	if bad.Valid || bad.Canonical != "" || !slices.Equal(places, []int{2, 3}) || !strings.Contains(bad.Errors[0].Message, "surname") {
		t.Errorf("got %+v", bad)
	}
	if c := check("[surnam]", true); !c.Valid || c.Gives != "anything" {
		t.Errorf("any attribute: %+v", c)
	}
	for text, gives := range map[string]string{
		"[city]": "text", "[proxyAddresses]": "multi-valued attribute", `"a"`: "text", "7": "number", `[city] = "a"`: "condition",
		`Count([proxyAddresses])`: "number", "IgnoreAttributeFlow": "anything",
	} {
		if c := check(text, false); c.Gives != gives {
			t.Errorf("%s gives %q, want %q (%+v)", text, c.Gives, gives, c.Errors)
		}
	}
	h.call(h.full, http.MethodPost, "expressions/check", `{"expression":"[city]","more":1}`).problem(http.StatusUnprocessableEntity, "ValidationFailed")
}

func TestTheWordsOfTheLanguageAreListed(t *testing.T) {
	h := open(t, 5)
	var functions []api.Function
	h.list(&functions, "/expressions/functions")
	if len(functions) != len(expr.Functions()) || !slices.IsSortedFunc(functions, func(a, b api.Function) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	}) {
		t.Errorf("%d functions", len(functions))
	}
	var operators []api.Operator
	h.list(&operators, "/scoping/operators")
	if len(operators) != 14 || operators[0].Name != "EQUALS" || operators[0].Meaning == "" {
		t.Errorf("operators %+v", operators)
	}
	instance := h.instance(nil)
	mirrored := func() map[string]bool {
		held := map[string]bool{}
		var attributes []api.SourceAttribute
		h.list(&attributes, "instances/"+instance.ID.String()+"/source-attributes")
		for _, a := range attributes {
			held[a.Name] = a.Mirrored
		}
		return held
	}
	if held := mirrored(); held["displayName"] || len(held) < 60 {
		t.Errorf("before the first run: %v", held)
	}
	h.sync(instance.ID, "incremental")
	if held := mirrored(); !held["displayName"] || !held["mobile"] || held["employeeId"] || held["appRoleAssignments"] {
		t.Errorf("after it: %v", held)
	}
	h.call(h.full, http.MethodGet, "instances/"+nobody+"/source-attributes", nil).want(http.StatusNotFound)
}

// list reads a list that has one page.
func (h *house) list(into any, path string) {
	h.t.Helper()
	var page struct{ Items json.RawMessage }
	h.call(h.full, http.MethodGet, path, nil).want(http.StatusOK).into(&page)
	h.must(json.Unmarshal(page.Items, into))
}

// evaluated asks what an expression gives.
func evaluated(h *house, instance api.Instance, request api.EvaluationRequest) (e api.Evaluation) {
	h.t.Helper()
	h.call(h.full, http.MethodPost, "instances/"+instance.ID.String()+"/expressions/evaluate", request).want(http.StatusOK).into(&e)
	return e
}

func TestAnExpressionIsEvaluatedForAUserOfTheTenant(t *testing.T) {
	h := open(t, 12)
	h.simulate(http.MethodPost, "/users", `{"userPrincipalName":"ada@contoso.example","displayName":"Ada","surname":"Lovelace","city":"London"}`)
	instance := h.instance(nil)
	h.sync(instance.ID, "incremental")
	e := evaluated(h, instance, api.EvaluationRequest{Expression: `IIF([city]="London", ToUpper([surname], ), [employeeId])`, User: "ADA@contoso.example", Target: "Title"})
	want := api.Evaluation{
		SourceID: e.SourceID, SourceName: "Ada", Value: "LOVELACE", Action: "flow", Missing: []api.MissingAttribute{},
		Attributes: []api.AttributeValue{{Name: "city", Value: "London"}, {Name: "surname", Value: "Lovelace"}},
		Written:    &api.Written{Target: "title", Value: "LOVELACE", Problems: []string{}},
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Error(diff)
	}
	// By object id, and where the result needs what the mirror does not hold.
	e = evaluated(h, instance, api.EvaluationRequest{Expression: `IIF([city]="Paris", "x", [employeeId])`, User: strings.ToUpper(e.SourceID)})
	if e.Value != nil || e.Action != "" || len(e.Missing) != 1 || e.Missing[0].Name != "employeeId" || !strings.Contains(e.Missing[0].Reason, "read in full") {
		t.Errorf("missing: %+v", e)
	}
	ask := func(expression, target string) api.Evaluation {
		return evaluated(h, instance, api.EvaluationRequest{Expression: expression, User: "ada@contoso.example", Target: target})
	}
	if e := ask("IgnoreAttributeFlow", ""); e.Action != "ignoreAttribute" || e.Value != nil {
		t.Errorf("ignored: %+v", e)
	}
	if e := ask(`DateAdd("d", 1, [city])`, ""); e.Error == nil || e.Error.Line != 1 || e.Action != "" || e.Value != nil {
		t.Errorf("an error of the evaluation: %+v", e)
	}
	if e := ask(`Switch([IsSoftDeleted], , "False", "True", "True", "False")`, "active"); e.Value != "True" || e.Written.Value != true {
		t.Errorf("active: %+v", e)
	}
	if e := ask(`Redact([surname])`, "title"); e.Value != "[Redact]" || e.Attributes[0].Value != "[Redact]" || e.Written.Value != "[Redact]" {
		t.Errorf("redacted: %+v", e)
	}
	if e := ask(`Left("x", Redact([surname]))`, "title"); e.Error == nil || strings.Contains(e.Error.Message, "Lovelace") || !strings.Contains(e.Error.Message, "[Redact]") {
		t.Errorf("an error about a redacted value: %+v", e.Error)
	}
	if a, b := ask("Guid()", "title"), ask("Guid()", "title"); !a.Drawn || a.Value == nil || a.Value != b.Value || a.Written.Value != a.Value {
		t.Errorf("drawn for a target: %v, %v", a.Value, b.Value)
	}
	if a, b := ask("Guid()", ""), ask("Guid()", ""); a.Value == b.Value {
		t.Errorf("drawn for no target: twice %v", a.Value)
	}
	if e := ask(`"nobody"`, `addresses[type eq "work"].country`); len(e.Written.Problems) != 1 {
		t.Errorf("a country that is none: %+v", e.Written)
	}
}

func TestAnEvaluationThatMakesNoSenseIsRefused(t *testing.T) {
	h := open(t, 5)
	instance := h.instance(nil)
	h.sync(instance.ID, "incremental")
	path := "instances/" + instance.ID.String() + "/expressions/evaluate"
	send := func(expression, user, target string) answered {
		return h.call(h.full, http.MethodPost, path, api.EvaluationRequest{Expression: expression, User: user, Target: target})
	}
	for _, who := range []string{nobody, "nobody@contoso.example"} {
		if p := send("[city]", who, "").problem(http.StatusNotFound, "UnknownTenantUser"); !strings.Contains(p.Detail, who) {
			t.Errorf("does not name who is not there: %+v", p)
		}
	}
	p := send("ToUper([city], [sity])", "ada", "").problem(http.StatusBadRequest, "InvalidExpression")
	if len(p.Errors) != 2 || p.Errors[1].Location != "body.expression" || !strings.HasPrefix(p.Errors[1].Message, "line 1, column 16: ") {
		t.Errorf("got %+v", p)
	}
	user := evaluatedUser(h)
	send("[city]", user, "nonsense").problem(http.StatusBadRequest, "BadTarget")
	send("[city]", user, "password").problem(http.StatusBadRequest, "BadTarget")
	h.call(h.full, http.MethodPost, "instances/"+nobody+"/expressions/evaluate", api.EvaluationRequest{Expression: "[city]", User: user}).want(http.StatusNotFound)
	officer := h.administrator(h.org.ID, "officer", directory.ComplianceOfficer)
	h.call(officer, http.MethodPost, path, api.EvaluationRequest{Expression: "[city]", User: user}).problem(http.StatusForbidden, "Forbidden")
}

// evaluatedUser is the object id of somebody in the tenant.
func evaluatedUser(h *house) string {
	h.t.Helper()
	users, _ := everything[api.User](h, h.full, "users", "10")
	for _, user := range users {
		if user.ExternalID != "" {
			return user.ExternalID
		}
	}
	h.t.Fatal("nobody is synchronised")
	return ""
}
