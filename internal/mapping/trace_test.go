package mapping_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/mapping"
	"rollcall/internal/source"
)

func TestEveryOutcomeOfAMappingIsExplained(t *testing.T) {
	attributes := append(mapping.Defaults(),
		mapping.Attribute{Kind: mapping.Expression, Expression: `Join("-", [department], [city])`, Target: "nickName"},
		mapping.Attribute{Kind: mapping.Direct, Source: "companyName", Target: "userType", Default: "Employee"},
		mapping.Attribute{Kind: mapping.Direct, Source: "employeeType", Target: "profileUrl", ClearWhenEmpty: true},
		mapping.Attribute{Kind: mapping.Constant, Constant: "en", Target: "locale", Apply: mapping.OnlyOnCreate},
		mapping.Attribute{Kind: mapping.Expression, Expression: `IgnoreAttributeFlow`, Target: "timezone"},
		mapping.Attribute{Kind: mapping.Expression, Expression: `Redact([employeeId])`, Target: attr.EnterpriseUser + ":employeeNumber"},
		mapping.Attribute{Kind: mapping.None, Target: "preferredLanguage"},
	)
	set, err := mapping.Compile(attributes)
	if err != nil {
		t.Fatal(err)
	}
	user := source.User{ID: "4a7c0000-0000-4000-8000-000000000001", Record: attr.From(map[string]any{
		"userPrincipalName": "ada@contoso.example", "displayName": "Ada", "department": "R&D", "city": "London", "employeeId": "geheim",
		"jobTitle": strings.Repeat("x", 9000),
	})}
	traces := map[string]mapping.Trace{}
	for _, trace := range set.Explain(user, mapping.Circumstances{Now: time.Unix(0, 0)}) {
		traces[trace.Target] = trace
	}
	for target, want := range map[string]mapping.Trace{
		"nickName": {
			Kind: mapping.Expression, Source: `Join("-", [department], [city])`, Outcome: mapping.Valued, Value: "R&D-London",
			Inputs: []mapping.Input{{Name: "department", Value: "R&D"}, {Name: "city", Value: "London"}},
		},
		"userType":          {Kind: mapping.Direct, Source: "companyName", Outcome: mapping.Defaulted, Value: "Employee", Inputs: []mapping.Input{{Name: "companyName"}}},
		"profileUrl":        {Kind: mapping.Direct, Source: "employeeType", Outcome: mapping.Cleared, Inputs: []mapping.Input{{Name: "employeeType"}}},
		"locale":            {Kind: mapping.Constant, Source: "en", Outcome: mapping.CreateOnly, Value: "en"},
		"timezone":          {Kind: mapping.Expression, Source: "IgnoreAttributeFlow", Outcome: mapping.AttributeIgnored},
		"preferredLanguage": {Kind: mapping.None, Outcome: mapping.Empty},
		attr.EnterpriseUser + ":employeeNumber": {
			Kind: mapping.Expression, Source: "Redact([employeeId])", Outcome: mapping.Valued, Value: "[Redact]", Redacted: true,
			Inputs: []mapping.Input{{Name: "employeeId", Value: "[Redact]"}},
		},
	} {
		want.Target = target
		if diff := cmp.Diff(want, traces[target]); diff != "" {
			t.Errorf("%s: %s", target, diff)
		}
	}
	if title := traces["title"]; title.Outcome != mapping.Unmapped || !strings.Contains(title.Text, "9000 characters") {
		t.Errorf("a title that is too long is explained as %+v", title)
	}
	if text, err := json.Marshal(traces); err != nil || strings.Contains(string(text), "geheim") {
		t.Errorf("a redacted value is explained (%v)", err)
	}
	if diff := cmp.Diff([]string{"employeeId"}, set.RedactedSources()); diff != "" {
		t.Errorf("hidden properties: %s", diff)
	}
}

func TestAnExplanationAgreesWithWhatIsMapped(t *testing.T) {
	set, err := mapping.Compile(mapping.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	user := source.User{ID: "4a7c0000-0000-4000-8000-000000000001", Record: attr.From(map[string]any{
		"userPrincipalName": "ada@contoso.example", "displayName": "Ada", "surname": "Lovelace", "businessPhones": []string{"+44 1"},
	})}
	result := set.Map(user, mapping.Circumstances{})
	told := attr.Record{}
	for _, trace := range set.Explain(user, mapping.Circumstances{}) {
		if trace.Outcome == mapping.Valued {
			told.Set(trace.Target, trace.Value)
		}
	}
	if !told.Equal(result.Wanted) {
		t.Errorf("explained %v, mapped %v", told, result.Wanted)
	}
}

func TestAProblemWithARedactedValueDoesNotTellTheValue(t *testing.T) {
	set, err := mapping.Compile(append(mapping.Defaults()[:1:1], append([]mapping.Attribute{
		{Kind: mapping.Expression, Expression: "Redact([employeeId])", Target: attr.Active},
	}, mapping.Defaults()[2:]...)...))
	if err != nil {
		t.Fatal(err)
	}
	user := source.User{ID: "u", Record: attr.From(map[string]any{"userPrincipalName": "ada@contoso.example", "employeeId": "geheim"})}
	result := set.Map(user, mapping.Circumstances{})
	if len(result.Problems) != 1 || strings.Contains(result.Problems[0].Text, "geheim") {
		t.Errorf("the problems are %+v", result.Problems)
	}
}
