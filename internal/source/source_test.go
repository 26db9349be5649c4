package source_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rollcall/internal/attr"
	"rollcall/internal/source"
)

const extension = "extension_0123456789abcdef0123456789ABCDEF_costCentre"

func find(t testing.TB, name string) source.Attribute {
	t.Helper()
	attribute, err := source.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return attribute
}

func ada() source.User {
	return source.User{ID: "4a7c0000-0000-4000-8000-000000000001", Record: attr.From(map[string]any{
		"id": "4a7c0000-0000-4000-8000-000000000001", "userPrincipalName": "ada_contoso.example#EXT#@fabrikam.example", "city": "Ockham",
		"businessPhones": []string{"+44 1", "+44 2"}, "mobilePhone": "+44 7", "proxyAddresses": []string{"smtp:a@x", "SMTP:b@x"},
		"accountEnabled": false, "manager": "4a7c0000-0000-4000-8000-000000000002", extension: "C1",
		"employeeOrgData":               map[string]any{"costCenter": "C2"},
		"onPremisesExtensionAttributes": map[string]any{"extensionAttribute7": "seven"},
	})}
}

func TestAnAttributeIsReadUnderTheNamesOfEntraAndOfGraph(t *testing.T) {
	for name, want := range map[string]any{
		"objectId": "4a7c0000-0000-4000-8000-000000000001", "id": "4a7c0000-0000-4000-8000-000000000001",
		"userPrincipalName": "ada@contoso.example", "originalUserPrincipalName": "ada_contoso.example#EXT#@fabrikam.example",
		"IsSoftDeleted": "False", "accountEnabled": false, "city": "Ockham", "state": nil,
		"telephoneNumber": "+44 1", "businessPhones": "+44 1", "mobile": "+44 7", "mobilePhone": "+44 7",
		"proxyAddresses": []string{"smtp:a@x", "SMTP:b@x"}, "otherMails": nil,
		"manager": "4a7c0000-0000-4000-8000-000000000002", extension: "C1",
		"employeeOrgData.costCenter": "C2", "employeeOrgData.division": nil,
		"extensionAttribute7": "seven", "onPremisesExtensionAttributes.extensionAttribute7": "seven", "extensionAttribute8": nil,
		"appRoleAssignments": nil,
	} {
		if diff := cmp.Diff(want, find(t, name).Read(ada())); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	blocked := source.User{ID: "1", SoftDeleted: true}
	if got := find(t, "IsSoftDeleted").Read(blocked); got != "True" {
		t.Errorf("IsSoftDeleted of a user out of scope is %v", got)
	}
	if got := find(t, "objectId").Read(blocked); got != "1" {
		t.Errorf("the object id of a record without id is %v", got)
	}
}

func TestAnUnknownNameIsRefusedWithTheNearest(t *testing.T) {
	for name, want := range map[string]string{
		"jobTitel":                `users of the tenant have no attribute "jobTitel"; jobTitle is the nearest`,
		"objectID":                `users of the tenant have no attribute "objectID"; objectId is the nearest`,
		"extension_12_x":          `users of the tenant have no attribute "extension_12_x"`,
		"":                        `users of the tenant have no attribute ""`,
		strings.Repeat("ö", 2000): `users of the tenant have no attribute "` + strings.Repeat("ö", 60) + `…"`,
		"zzzzzzzzzzzzzzzz":        `users of the tenant have no attribute "zzzzzzzzzzzzzzzz"`,
	} {
		if _, err := source.Find(name); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
}

func TestEveryNameIsFoundAndSaysWhatToSelect(t *testing.T) {
	names := source.Names()
	if !slices.IsSorted(names) || len(names) < 80 {
		t.Fatalf("%d names, sorted: %v", len(names), slices.IsSorted(names))
	}
	for _, name := range names {
		attribute := find(t, name)
		if attribute.Name != name {
			t.Errorf("%s is called %s", name, attribute.Name)
		}
		if missing := attribute.Missing() != nil; missing != (attribute.Property == "") || missing != (name == "appRoleAssignments") {
			t.Errorf("%s is missing: %v, its property is %q", name, missing, attribute.Property)
		}
		if attribute.Reference != (name == "manager") || attribute.Computed() != (name == "IsSoftDeleted") {
			t.Errorf("%s is a reference: %v, computed: %v", name, attribute.Reference, attribute.Computed())
		}
	}
}

func TestPropertiesAreSortedAndHoldWhatIsAlwaysNeeded(t *testing.T) {
	want := []string{"accountEnabled", "displayName", "id", "userPrincipalName", "userType"}
	if diff := cmp.Diff(want, source.Properties()); diff != "" {
		t.Error(diff)
	}
	got := source.Properties(find(t, "mobile"), find(t, "mobilePhone"), find(t, "objectId"), find(t, "appRoleAssignments"), find(t, "extensionAttribute3"))
	want = []string{"accountEnabled", "displayName", "id", "mobilePhone", "onPremisesExtensionAttributes", "userPrincipalName", "userType"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadingAllocatesNothingUnlessAGuestIsRenamed(t *testing.T) {
	user := ada()
	user.Record.Set("userPrincipalName", "ada@contoso.example")
	for _, name := range source.Names() {
		attribute := find(t, name)
		if allocations := testing.AllocsPerRun(10, func() { attribute.Read(user) }); allocations > 1 || allocations > 0 && attribute.Property != "businessPhones" {
			t.Errorf("%s: %v allocations", name, allocations)
		}
	}
}

// Whatever Graph sends, reading does not panic, and gives nothing that the record does not hold.
func TestAnyRecordCanBeRead(t *testing.T) {
	value := rapid.OneOf(rapid.String().AsAny(), rapid.Bool().AsAny(), rapid.Float64().AsAny(), rapid.Just[any](nil),
		rapid.SliceOfN(rapid.String(), 0, 3).AsAny(), rapid.Just[any](map[string]any{"extensionAttribute1": 1.0, "costCenter": nil}), rapid.Just[any]([]any{nil}))
	rapid.Check(t, func(t *rapid.T) {
		attribute, err := source.Find(rapid.SampledFrom(source.Names()).Draw(t, "name"))
		if err != nil {
			t.Fatal(err)
		}
		user := source.User{ID: "1"}
		for _, property := range source.Properties(attribute) {
			if property != attribute.Property {
				user.Record.Set(property, value.Draw(t, property))
			}
		}
		if got := attribute.Read(user); got != nil && got != "1" && got != "False" {
			t.Fatalf("%s reads %v from a record without %s", attribute.Name, got, attribute.Property)
		}
		if attribute.Property == "" {
			return
		}
		held := value.Draw(t, "value")
		user.Record.Set(attribute.Property, held)
		if got := attribute.Read(user); attribute.MultiValued && !attr.Equal(got, held) {
			t.Fatalf("%s reads %v, the record holds %v", attribute.Name, got, held)
		}
	})
}

func TestAGuestHasHisOwnAddress(t *testing.T) {
	for name, want := range map[string]string{
		"ada_contoso.example#EXT#@fabrikam.example":    "ada@contoso.example",
		"a_b_contoso.example#ext#@fabrikam.example":    "a_b@contoso.example",
		"_contoso.example#EXT#@fabrikam.example":       "_contoso.example#EXT#@fabrikam.example",
		"ada_#EXT#@fabrikam.example":                   "ada_#EXT#@fabrikam.example",
		"ada#contoso@fabrikam.example":                 "ada#contoso@fabrikam.example",
		"ゲスト_例え.example#EXT#@fabrikam.onmicrosoft.com": "ゲスト@例え.example",
	} {
		user := source.User{ID: "1", Record: attr.From(map[string]any{"userPrincipalName": name})}
		if got := find(t, "userPrincipalName").Read(user); got != want {
			t.Errorf("%s reads %v, want %s", name, got, want)
		}
	}
}
