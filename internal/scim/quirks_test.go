package scim_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/scim"
)

const department = attr.EnterpriseUser + ":department"

// patched applies a PATCH request, as it comes over the wire, to a record, and returns what differs then. code is that of the error.
func patched(t *testing.T, types scim.ResourceType, profile scim.Profile, record map[string]any, request string) (map[string]any, string) {
	t.Helper()
	body, err := scim.Decode([]byte(request))
	if err != nil {
		t.Fatal(err)
	}
	patch, err := types.ParsePatch(body, profile)
	if err != nil {
		return nil, fault.Of(err).Code
	}
	before := attr.From(record)
	resource := types.FromRecord(before)
	after, err := patch.Apply(resource)
	if err != nil {
		return nil, fault.Of(err).Code
	}
	if diff := cmp.Diff(types.FromRecord(before), resource); diff != "" {
		t.Errorf("the resource itself was changed: %s", diff)
	}
	changes := map[string]any{}
	for _, field := range types.Changes(resource, after, before) {
		changes[field.Name] = field.Value
	}
	return changes, ""
}

// operations wraps operations in the message of a PATCH request.
func operations(list string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + list + `]}`
}

type quirk struct {
	name   string
	record map[string]any
	// request holds operations, or the whole message if it begins with a brace and schemas.
	request string
	want    map[string]any
	// strict is the code of the error in the strict profile; "" where it takes the request as well.
	strict string
}

// The numbers are those of the list of quirks that the product knows.
var quirks = []quirk{
	{
		name: "1 a boolean as a text", record: map[string]any{"userName": "a", "active": true},
		request: `{"op":"Replace","path":"active","value":"False"}`, want: map[string]any{"active": false}, strict: scim.InvalidSyntax,
	},
	{
		name: "1 a boolean as a text in lower case", record: map[string]any{"active": true},
		request: `{"op":"replace","path":"active","value":"false"}`, want: map[string]any{"active": false}, strict: scim.InvalidValue,
	},
	{
		name: "1 primary as a text", record: map[string]any{},
		request: `{"op":"add","path":"emails","value":[{"type":"work","value":"a@b","primary":"True"}]}`,
		want:    map[string]any{`emails[type eq "work"].value`: "a@b", `emails[type eq "work"].primary`: true}, strict: scim.InvalidValue,
	},
	{
		name: "2 an operation with a capital letter", record: map[string]any{},
		request: `{"op":"Add","path":"title","value":"Lead"}`, want: map[string]any{"title": "Lead"}, strict: scim.InvalidSyntax,
	},
	{
		name: "3 replacing a value that is not there", record: map[string]any{},
		request: `{"op":"replace","path":"emails[type eq \"work\"].value","value":"a@b"}`,
		want:    map[string]any{`emails[type eq "work"].value`: "a@b"}, strict: scim.NoTarget,
	},
	{
		name: "3 adding a value that is not there", record: map[string]any{`emails[type eq "home"].value`: "h@b"},
		request: `{"op":"add","path":"emails[type eq \"work\"].value","value":"a@b"}`,
		want:    map[string]any{`emails[type eq "home"].value`: "h@b", `emails[type eq "work"].value`: "a@b"}, strict: scim.NoTarget,
	},
	{
		name: "4 adding to a part that has a value replaces it", record: map[string]any{`addresses[type eq "work"].locality`: "Y"},
		request: `{"op":"add","path":"addresses[type eq \"work\"].locality","value":"X"}`,
		want:    map[string]any{`addresses[type eq "work"].locality`: "X"},
	},
	{
		name: "5 names with dots in an object", record: map[string]any{"displayName": "Z"},
		request: `{"op":"replace","value":{"displayName":"A","name.givenName":"B",` +
			`"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber":"7"}}`,
		want: map[string]any{
			"displayName": "A", "name.givenName": "B", attr.EnterpriseUser + ":employeeNumber": "7",
		}, strict: scim.InvalidSyntax,
	},
	{
		name: "5 a value path in an object", record: map[string]any{},
		request: `{"op":"replace","value":{"emails[type eq \"work\"].value":"a@b"}}`,
		want:    map[string]any{`emails[type eq "work"].value`: "a@b"}, strict: scim.InvalidSyntax,
	},
	{
		name: "6 a path with an URN", record: map[string]any{},
		request: `{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"Sales"}`,
		want:    map[string]any{department: "Sales"},
	},
	{
		name: "6 an extension as a whole", record: map[string]any{attr.EnterpriseUser + ":division": "D"},
		request: `{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",` +
			`"value":{"schemas":["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"department":"Sales"}}`,
		want: map[string]any{department: "Sales"},
	},
	{
		name: "6 an URN of Webex", record: map[string]any{},
		request: `{"op":"add","path":"urn:scim:schemas:extension:cisco:webexidentity:2.0:User:extensionAttribute3","value":"a"}`,
		want:    map[string]any{scim.WebexUser + ":extensionAttribute3": "a"},
	},
	{
		name: "6 a text of Webex in a list of one", record: map[string]any{},
		request: `{"op":"add","path":"urn:scim:schemas:extension:cisco:webexidentity:2.0:User:extensionAttribute3","value":["a"]}`,
		want:    map[string]any{scim.WebexUser + ":extensionAttribute3": "a"}, strict: scim.InvalidValue,
	},
	{
		name: "7 a manager as a text", record: map[string]any{},
		request: `{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"m-1"}`,
		want:    map[string]any{attr.ManagerValue: "m-1"}, strict: scim.InvalidSyntax,
	},
	{
		name: "7 a manager as a text, in small letters", record: map[string]any{},
		request: `{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"m-1"}`,
		want:    map[string]any{attr.ManagerValue: "m-1"}, strict: scim.InvalidValue,
	},
	{
		name: "7 a manager in a list", record: map[string]any{attr.ManagerValue: "m-0"},
		request: `{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":[{"$ref":"../Users/m-1","value":"m-1"}]}`,
		want:    map[string]any{attr.ManagerValue: "m-1"}, strict: scim.InvalidValue,
	},
	{
		name: "7 a manager without the URN", record: map[string]any{},
		request: `{"op":"add","path":"manager","value":{"value":"m-1"}}`,
		want:    map[string]any{attr.ManagerValue: "m-1"}, strict: scim.InvalidPath,
	},
	{
		name: "7 a manager is taken away with an empty text", record: map[string]any{attr.ManagerValue: "m-1"},
		request: `{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":""}`,
		want:    map[string]any{attr.ManagerValue: nil},
	},
	{
		name: "8 an empty text means no value", record: map[string]any{"title": "Lead"},
		request: `{"op":"replace","path":"title","value":""}`, want: map[string]any{"title": nil},
	},
	{
		name: "8 null means no value", record: map[string]any{"name.givenName": "A", "name.familyName": "B"},
		request: `{"op":"replace","value":{"name":{"givenName":null}}}`, want: map[string]any{"name.givenName": nil, "name.familyName": "B"},
	},
	{
		name: "16 attributes that nobody knows", record: map[string]any{},
		request: `{"op":"add","path":"shoeSize","value":"44"},{"op":"add","path":"title","value":"Lead"}`,
		want:    map[string]any{"title": "Lead"}, strict: scim.InvalidPath,
	},
	{
		name: "17 an app role", record: map[string]any{},
		request: `{"op":"add","path":"roles[primary eq \"True\"].value","value":"admin"}`,
		want:    map[string]any{"roles": []any{map[string]any{"primary": true, "value": "admin"}}}, strict: scim.InvalidPath,
	},
	{
		name: "20 values are kept as they are", record: map[string]any{},
		request: `{"op":"add","path":"phoneNumbers[type eq \"mobile\"].value","value":"+1 (555) 01-00"}`,
		want:    map[string]any{`phoneNumbers[type eq "mobile"].value`: "+1 (555) 01-00"}, strict: scim.NoTarget,
	},
	{
		name: "20 one value of each type", record: map[string]any{`emails[type eq "work"].value`: "old@b"},
		request: `{"op":"Add","path":"emails","value":[{"type":"Work","value":"new@b"}]}`,
		want:    map[string]any{`emails[type eq "work"].value`: "new@b"}, strict: scim.InvalidSyntax,
	},
	{
		name: "a number where a text belongs", record: map[string]any{},
		request: `{"op":"add","path":"title","value":7}`, want: map[string]any{"title": "7"}, strict: scim.InvalidValue,
	},
	{
		name: "lower case operations and no schemas", record: map[string]any{},
		request: `{"operations":[{"op":"add","path":"title","value":"Lead"}]}`, want: map[string]any{"title": "Lead"}, strict: scim.InvalidSyntax,
	},
	{
		name: "adding the value that is there", record: map[string]any{`emails[type eq "work"].value`: "a@b"},
		request: `{"op":"add","path":"emails","value":[{"type":"work","value":"a@b"}]}`, want: map[string]any{},
	},
	{
		name: "removing what is not there", record: map[string]any{},
		request: `{"op":"remove","path":"emails[type eq \"work\"]"}`, want: map[string]any{}, strict: scim.NoTarget,
	},
}

func TestQuirksOfClientsAreUnderstood(t *testing.T) {
	for _, q := range quirks {
		t.Run(q.name, func(t *testing.T) {
			request := q.request
			if q.name != "lower case operations and no schemas" {
				request = operations(request)
			}
			got, code := patched(t, scim.Users(), scim.Entra, q.record, request)
			if diff := cmp.Diff(q.want, got); diff != "" || code != "" {
				t.Errorf("entra: %s %s", code, diff)
			}
			got, code = patched(t, scim.Users(), scim.Strict, q.record, request)
			if code != q.strict {
				t.Errorf("strict: %q, not %q", code, q.strict)
			}
			if code == "" && !cmp.Equal(q.want, got) {
				t.Errorf("strict: %s", cmp.Diff(q.want, got))
			}
		})
	}
}

// members reads the edits of members of a PATCH request.
func members(t *testing.T, profile scim.Profile, list string) ([]scim.MemberEdit, error) {
	t.Helper()
	body, err := scim.Decode([]byte(operations(list)))
	if err != nil {
		t.Fatal(err)
	}
	patch, err := scim.Groups().ParsePatch(body, profile)
	return patch.Members, err
}

func TestMembersAreEditedInBothDialectsOfEntra(t *testing.T) {
	cases := map[string]scim.MemberEdit{
		`{"op":"Add","path":"members","value":[{"$ref":null,"value":"u-1"}]}`:    {Add: true, Listed: true, Members: []scim.Member{{Value: "u-1"}}},
		`{"op":"Add","value":{"members":[{"value":"u-1","type":"user"}]}}`:       {Add: true, Listed: true, Members: []scim.Member{{Value: "u-1", Type: "User"}}},
		`{"op":"add","path":"members","value":{"value":"u-1"}}`:                  {Add: true, Listed: true, Members: []scim.Member{{Value: "u-1"}}},
		`{"op":"add","path":"members","value":"u-1"}`:                            {Add: true, Listed: true, Members: []scim.Member{{Value: "u-1"}}},
		`{"op":"Remove","path":"members","value":[{"$ref":null,"value":"u-1"}]}`: {Listed: true, Members: []scim.Member{{Value: "u-1"}}},
		`{"op":"Remove","path":"members","value":[]}`:                            {Listed: true},
		`{"op":"remove","path":"members"}`:                                       {},
		`{"op":"replace","path":"members","value":[{"value":"u-1"},{"value":"u-2"}]}`: {
			Replace: true, Listed: true, Members: []scim.Member{{Value: "u-1"}, {Value: "u-2"}},
		},
	}
	for request, want := range cases {
		got, err := members(t, scim.Entra, request)
		if err != nil || len(got) != 1 || !cmp.Equal(want, got[0]) {
			t.Errorf("%s: %+v, %v", request, got, err)
		}
	}
	edits, err := members(t, scim.Entra, `{"op":"remove","path":"members[value eq \"u-1\"]"}`)
	if err != nil || len(edits) != 1 || edits[0].Filter == nil || !scim.Match(edits[0].Filter, scim.Resource{"value": "u-1"}) {
		t.Errorf("%+v, %v", edits, err)
	}
}

func TestWhatIsWrongWithAPatchIsSaid(t *testing.T) {
	cases := map[string]string{
		`{"op":"move","path":"title","value":"x"}`:                             scim.InvalidSyntax,
		`{"op":"add","path":"title"}`:                                          scim.InvalidValue,
		`{"op":"remove"}`:                                                      scim.NoTarget,
		`{"op":"add","value":"x"}`:                                             scim.InvalidValue,
		`{"op":"add","path":7,"value":"x"}`:                                    scim.InvalidPath,
		`{"op":"add","path":"emails[type eq","value":"x"}`:                     scim.InvalidPath,
		`{"op":"add","path":"emails[type eq \"a\"] x","value":"x"}`:            scim.InvalidPath,
		`{"op":"replace","path":"id","value":"x"}`:                             scim.Mutability,
		`{"op":"replace","path":"groups","value":[]}`:                          scim.Mutability,
		`{"op":"replace","path":"meta.created","value":"x"}`:                   scim.Mutability,
		`{"op":"remove","path":"userName"}`:                                    scim.Mutability,
		`{"op":"replace","path":"active","value":"perhaps"}`:                   scim.InvalidValue,
		`{"op":"replace","path":"name","value":"x"}`:                           scim.InvalidValue,
		`{"op":"replace","path":"emails[value co \"a\"].display","value":"x"}`: scim.NoTarget,
		`{"op":"replace","path":"title[value eq \"a\"]","value":"x"}`:          scim.InvalidPath,
		`"add"`: scim.InvalidSyntax,
	}
	for list, want := range cases {
		for _, profile := range []scim.Profile{scim.Entra, scim.Strict} {
			if _, code := patched(t, scim.Users(), profile, map[string]any{"userName": "a"}, operations(list)); code != want {
				t.Errorf("%s: %s: %q, not %q", profile, list, code, want)
			}
		}
	}
}

func TestAPatchIsAllOrNothing(t *testing.T) {
	_, code := patched(t, scim.Users(), scim.Entra, map[string]any{"title": "Lead"},
		operations(`{"op":"replace","path":"title","value":"Head"},{"op":"replace","path":"active","value":"perhaps"}`))
	if code != scim.InvalidValue {
		t.Error(code)
	}
}

func TestOnlyOneValueIsPrimary(t *testing.T) {
	record := map[string]any{`emails[type eq "work"].value`: "a@b", `emails[type eq "work"].primary`: true, `emails[type eq "home"].value`: "c@d"}
	for _, profile := range []scim.Profile{scim.Entra, scim.Strict} {
		got, code := patched(t, scim.Users(), profile, record, operations(`{"op":"replace","path":"emails[type eq \"home\"].primary","value":true}`))
		want := map[string]any{
			`emails[type eq "work"].value`: "a@b", `emails[type eq "work"].primary`: nil, `emails[type eq "home"].value`: "c@d",
			`emails[type eq "home"].primary`: true,
		}
		if diff := cmp.Diff(want, got); diff != "" || code != "" {
			t.Errorf("%s: %s %s", profile, code, diff)
		}
	}
}

// posted reads the body of a POST.
func posted(profile scim.Profile, types scim.ResourceType, body string) (scim.Resource, scim.Patch, error) {
	decoded, err := scim.Decode([]byte(body))
	if err != nil {
		return nil, scim.Patch{}, err
	}
	patch, err := types.ParseResource(decoded, profile)
	if err != nil {
		return nil, patch, err
	}
	resource, err := types.Whole(patch, nil)
	return resource, patch, err
}

// junk is a user as Entra posts him.
const junk = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","urn:x:y"],
	"externalId":"jyoung","userName":"jyoung@example.com","active":"True","roles":[],"emails":[{"primary":"true","type":"work","value":"j@e.com"}],
	"meta":{"resourceType":"User"},"id":"mine","name":{"formatted":"J Y","familyName":"Y","givenName":"J","shoe":"44"},
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales","manager":{"value":"m-1","$ref":null,"displayName":"M"}},
	"title":null,"nickName":"","shoeSize":44}`

func TestAPostWithJunkIsTaken(t *testing.T) {
	got, _, err := posted(scim.Entra, scim.Users(), junk)
	want := scim.Resource{
		"externalId": "jyoung", "userName": "jyoung@example.com", "active": true,
		"emails":            []any{map[string]any{"primary": true, "type": "work", "value": "j@e.com"}},
		"name":              map[string]any{"formatted": "J Y", "familyName": "Y", "givenName": "J"},
		attr.EnterpriseUser: map[string]any{"department": "Sales", "manager": map[string]any{"value": "m-1"}},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if _, _, err := posted(scim.Strict, scim.Users(), junk); fault.Of(err) == nil || fault.Of(err).Code != scim.InvalidSyntax {
		t.Error(err)
	}
	group := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
		"externalId":"g","displayName":"Sales","meta":{"resourceType":"Group"},"members":[{"value":"u-1"}]}`
	got, patch, err := posted(scim.Entra, scim.Groups(), group)
	if err != nil || got["displayName"] != "Sales" || len(patch.Members) != 1 {
		t.Errorf("%v, %v, %v", got, patch.Members, err)
	}
}

func TestADocumentIsBounded(t *testing.T) {
	nested := `{"a":` + string(make([]byte, 0)) + repeat("[", 40) + repeat("]", 40) + `}`
	for _, body := range []string{"", "[]", "null", "{", `{"a":1} {}`, "{\"a\":\"\xff\"}", nested} {
		if _, err := scim.Decode([]byte(body)); fault.Of(err) == nil || fault.Of(err).Code != scim.InvalidSyntax {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func repeat(text string, times int) (out string) {
	for range times {
		out += text
	}
	return out
}

func TestSchemasHaveNoNulls(t *testing.T) {
	for _, types := range []scim.ResourceType{scim.Users(), scim.Groups()} {
		for _, schema := range types.Schemas() {
			text, err := json.Marshal(schema)
			if err != nil || json.Valid(text) && containsNull(text) {
				t.Errorf("%s: %s, %v", schema.ID, text, err)
			}
		}
	}
}

func containsNull(text []byte) bool {
	var any any
	if err := json.Unmarshal(text, &any); err != nil {
		return true
	}
	return hasNull(any)
}

func hasNull(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case []any:
		return slices.ContainsFunc(v, hasNull)
	case map[string]any:
		for _, field := range v {
			if hasNull(field) {
				return true
			}
		}
	}
	return false
}
