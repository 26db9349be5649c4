package mapping_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rollcall/internal/attr"
	"rollcall/internal/expr"
	"rollcall/internal/fault"
	"rollcall/internal/mapping"
	"rollcall/internal/source"
)

func compile(t testing.TB, more ...mapping.Attribute) *mapping.Set {
	t.Helper()
	set, err := mapping.Compile(append(mapping.Defaults(), more...))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestTheDefaultMappingIsTheSixteenOfTheWizard(t *testing.T) {
	var got []string
	for _, a := range mapping.Defaults() {
		got = append(got, a.Source+a.Expression+" -> "+a.Target)
	}
	want := []string{
		"userPrincipalName -> userName",
		`Switch([IsSoftDeleted], , "False", "True", "True", "False") -> active`,
		"displayName -> displayName",
		"surname -> name.familyName",
		"givenName -> name.givenName",
		"objectId -> externalId",
		"jobTitle -> title",
		`usageLocation -> addresses[type eq "work"].country`,
		`city -> addresses[type eq "work"].locality`,
		`streetAddress -> addresses[type eq "work"].streetAddress`,
		`state -> addresses[type eq "work"].region`,
		`postalCode -> addresses[type eq "work"].postalCode`,
		`telephoneNumber -> phoneNumbers[type eq "work"].value`,
		`mobile -> phoneNumbers[type eq "mobile"].value`,
		`facsimileTelephoneNumber -> phoneNumbers[type eq "fax"].value`,
		"manager -> urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestASetAsksGraphForWhatItNeedsOnly(t *testing.T) {
	always := []string{"accountEnabled", "displayName", "id", "userPrincipalName", "userType"}
	bare := mapping.Defaults()[:6]
	bare[2].Kind, bare[3].Kind, bare[4].Kind = mapping.None, mapping.None, mapping.None
	set, err := mapping.Compile(bare)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(always, set.Needs()); diff != "" {
		t.Errorf("without other mappings:\n%s", diff)
	}
	set = compile(
		t,
		mapping.Attribute{Kind: mapping.Expression, Expression: `Join(" ", [city], [extensionAttribute2], [extensionAttribute1])`, Target: "nickName"},
		mapping.Attribute{Kind: mapping.Direct, Source: "extension_0123456789abcdef0123456789abcdef_x", Target: "locale"},
	)
	want := append(always, "businessPhones", "city", "extension_0123456789abcdef0123456789abcdef_x", "faxNumber", "givenName", "jobTitle",
		"manager", "mobilePhone", "onPremisesExtensionAttributes", "postalCode", "state", "streetAddress", "surname", "usageLocation")
	slices.Sort(want)
	if diff := cmp.Diff(want, set.Needs()); diff != "" {
		t.Errorf("with all of them:\n%s", diff)
	}
}

func TestMatchingAttributesComeInTheOrderOfPrecedence(t *testing.T) {
	attributes := mapping.Defaults()
	attributes[0].Matching, attributes[2].Matching, attributes[5].Matching = 20, 30, 10
	set, err := mapping.Compile(attributes)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{attr.ExternalID, attr.UserName, attr.DisplayName}, set.Matching()); diff != "" {
		t.Error(diff)
	}
	attributes[0].Matching, attributes[2].Matching, attributes[5].Matching = 0, 0, 0
	if _, err := mapping.Compile(attributes); err == nil || !strings.Contains(err.Error(), "no mapping is a matching attribute") {
		t.Errorf("without a matching attribute: %v", err)
	}
}

func TestARefusalPointsToTheMappingAndThePlace(t *testing.T) {
	attributes := append(mapping.Defaults()[1:], mapping.Attribute{Kind: mapping.Expression, Expression: "Append([city],\n Foo())", Target: "nickName"})
	_, err := mapping.Compile(attributes)
	if !fault.Is(err, fault.Invalid) {
		t.Fatalf("%v must be the caller's to repair", err)
	}
	list, ok := errors.AsType[mapping.Errors](err)
	if !ok || len(list) != 2 || list[0].Index != 15 || list[0].Target != "nickName" || list[1].Index != -1 || list[1].Target != attr.UserName {
		t.Fatalf("%v does not tell which mappings", list)
	}
	if syntax, ok := errors.AsType[*expr.SyntaxError](err); !ok || syntax.Line != 2 || syntax.Column != 2 {
		t.Errorf("%v does not tell where", syntax)
	}
}

func TestTheProblemOfTheUserNameComesFirst(t *testing.T) {
	long := strings.Repeat("x", 2000)
	result := compile(t).Map(source.User{ID: "1", Record: attr.From(map[string]any{"city": long, "jobTitle": long, "mobilePhone": long})}, mapping.Circumstances{})
	var codes []string
	for _, p := range result.Problems {
		codes = append(codes, p.Code+" "+p.Target)
	}
	want := []string{
		"MissingUserName userName", `ValueTooLong addresses[type eq "work"].locality`,
		`ValueTooLong phoneNumbers[type eq "mobile"].value`, "ValueTooLong title",
	}
	if diff := cmp.Diff(want, codes); diff != "" {
		t.Error(diff)
	}
}

// Whatever the tenant holds, records come out in order, values fit, and nothing is cleared that no mapping clears.
func TestMappingAnythingGivesARecordThatFits(t *testing.T) {
	set := compile(t, mapping.Attribute{Kind: mapping.Expression, Expression: `ToUpper(Join("-", [surname], Mid([city], 1, 300)))`, Target: "nickName", Default: "?"})
	text := rapid.OneOf(rapid.String(), rapid.StringN(500, 1100, -1), rapid.SampledFrom([]string{"a@x.example", "b_x.example#EXT#@y", "\x00"}))
	value := rapid.OneOf(text.AsAny(), rapid.Bool().AsAny(), rapid.Float64().AsAny(), rapid.Just[any](nil),
		rapid.SliceOfN(rapid.String(), 0, 3).AsAny(), rapid.Just[any](map[string]any{"id": "1"}), rapid.Just[any]([]any{1.0, nil}))
	rapid.Check(t, func(t *rapid.T) {
		record := attr.Record{}
		for _, name := range set.Needs() {
			if rapid.Bool().Draw(t, "has "+name) {
				record.Set(name, value.Draw(t, name))
			}
		}
		result := set.Map(source.User{ID: "1", Record: record, SoftDeleted: rapid.Bool().Draw(t, "softDeleted")}, mapping.Circumstances{})
		for _, made := range []attr.Record{result.Wanted, result.OnCreate} {
			if !slices.IsSortedFunc(made, func(a, b attr.Field) int { return strings.Compare(a.Name, b.Name) }) {
				t.Fatalf("%v is out of order", made)
			}
			for _, field := range made {
				switch v := field.Value.(type) {
				case string:
					if v == "" || len([]rune(v)) > 1024 {
						t.Fatalf("%s has %d bytes", field.Name, len(v))
					}
				case bool:
					if field.Name != attr.Active || v != result.Active {
						t.Fatalf("%s is %v", field.Name, v)
					}
				default:
					t.Fatalf("%s holds %#v", field.Name, v)
				}
			}
		}
		if named := result.Wanted.Has(attr.UserName); named == (len(result.Problems) > 0 && result.Problems[0].Target == attr.UserName) {
			t.Fatalf("the userName is neither there nor a problem, or both: %v", result)
		}
	})
}

func person() source.User {
	return source.User{ID: "4a7c0000-0000-4000-8000-000000000001", Record: attr.From(map[string]any{
		"id": "4a7c0000-0000-4000-8000-000000000001", "userType": "Member", "accountEnabled": true,
		"userPrincipalName": "ada.lovelace@contoso.example", "displayName": "Ada Lovelace", "surname": "Lovelace", "givenName": "Ada",
		"jobTitle": "Analyst", "usageLocation": "GB", "city": "Ockham", "streetAddress": "1 Park", "state": "Surrey", "postalCode": "GU23",
		"businessPhones": []string{"+44 1"}, "mobilePhone": "+44 7", "faxNumber": "+44 9", "manager": "4a7c0000-0000-4000-8000-000000000002",
	})}
}

func TestMappingAUserAllocatesLittle(t *testing.T) {
	set, user := compile(t), person()
	if allocations := testing.AllocsPerRun(100, func() { set.Map(user, mapping.Circumstances{}) }); allocations > 2 {
		t.Errorf("%v allocations per user, want at most 2", allocations)
	}
}

func BenchmarkDefaultMapping(b *testing.B) {
	set, user := compile(b), person()
	b.ReportAllocs()
	for b.Loop() {
		if result := set.Map(user, mapping.Circumstances{}); len(result.Wanted) != 16 {
			b.Fatal(result)
		}
	}
}
