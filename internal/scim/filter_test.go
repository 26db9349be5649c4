package scim_test

import (
	"strings"
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/scim"
)

// jane is a user with a value of every shape.
func jane() scim.Resource {
	resource := scim.Users().FromRecord(attr.From(map[string]any{
		"userName": "Jane@Example.com", "externalId": "x-1", "active": true, "name.familyName": "Müller", "title": "Lead",
		`emails[type eq "work"].value`: "jane@example.com", `emails[type eq "work"].primary`: true, `emails[type eq "home"].value`: "j@home.example",
		"emails":                            []any{map[string]any{"value": "loose@example.com"}},
		attr.EnterpriseUser + ":department": "Sales", attr.ManagerValue: "m-1",
		scim.WebexUser + ":extensionAttribute1": []string{"blue", "red"},
	}))
	resource["id"] = "id-1"
	resource["meta"] = map[string]any{"resourceType": "User", "created": "2030-01-02T03:04:05Z", "lastModified": "2030-02-02T03:04:05.5Z"}
	resource["groups"] = []any{map[string]any{"value": "g-1", "display": "Sales", "type": "direct"}}
	return resource
}

func TestFiltersFitAResource(t *testing.T) {
	cases := map[string]bool{
		"":                                           true,
		`userName eq "jane@example.com"`:             true,
		`USERNAME Eq "JANE@EXAMPLE.COM"`:             true,
		`userName eq "jane"`:                         false,
		`userName ne "jane"`:                         true,
		`userName sw "JAN"`:                          true,
		`userName co "@EX"`:                          true,
		`userName ew ".COM"`:                         true,
		`userName ew ".org"`:                         false,
		`name.familyName eq "MÜLLER"`:                true,
		`name.familyName eq "Mu\u0308ller"`:          true,
		`externalId eq "X-1"`:                        false,
		`externalId eq "x-1"`:                        true,
		`title gt "kind"`:                            true,
		`title ge "lead" and title le "lead"`:        true,
		`title lt "lead"`:                            false,
		`nickName pr`:                                false,
		`not (nickName pr)`:                          true,
		`nickName ne "x"`:                            true,
		`nickName eq null`:                           true,
		`title ne null`:                              true,
		`name pr`:                                    true,
		`active eq true`:                             true,
		`active eq "True"`:                           true,
		`active ne false`:                            true,
		`emails pr`:                                  true,
		`emails eq "loose@example.com"`:              true,
		`emails.value ew "home.example"`:             true,
		`emails.value ne "loose@example.com"`:        false,
		`emails[type eq "work"]`:                     true,
		`emails[type eq "work" and value co "home"]`: false,
		`emails[not (type pr)]`:                      true,
		`emails[primary eq true].value eq "jane@example.com"`:                               true,
		`emails[type eq "work"].value ne "jane@example.com"`:                                false,
		`emails[type eq "fax"].value pr`:                                                    false,
		`urn:ietf:params:scim:schemas:core:2.0:User:userName sw "jane"`:                     true,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "sales"`:  true,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "m-1"`:       true,
		`URN:ietf:params:scim:schemas:extension:enterprise:2.0:user:manager.value eq "m-2"`: false,
		`department eq "Sales"`: true,
		`urn:scim:schemas:extension:cisco:webexidentity:2.0:User:extensionAttribute1 eq "BLUE"`: true,
		`schemas eq "urn:ietf:params:scim:schemas:core:2.0:User"`:                               true,
		`schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`:               true,
		`schemas ne "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`:               false,
		`schemas eq "urn:nobody"`:                               false,
		`meta.resourceType eq "User"`:                           true,
		`meta.resourceType eq "Group"`:                          false,
		`meta.created lt "2030-01-02T04:04:05+01:01"`:           false,
		`meta.created eq "2030-01-02T04:04:05+01:00"`:           true,
		`meta.lastModified gt "2030-02-02T03:04:05Z"`:           true,
		`groups eq "g-1"`:                                       true,
		`groups[value eq "g-2"]`:                                false,
		`id eq "id-1"`:                                          true,
		`id eq "ID-1"`:                                          false,
		`title eq "x" or title eq "lead" and active eq true`:    true,
		`(title eq "lead" or title eq "x") and active eq false`: false,
		`not (title eq "x") and not (title eq "y")`:             true,
		`externalId eq x-1`:                                     true,
	}
	for text, want := range cases {
		filter, err := scim.Users().ParseFilter(text, scim.Entra)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := scim.Match(filter, jane()); got != want {
			t.Errorf("%s: %v, not %v", text, got, want)
		}
	}
}

func TestAFilterThatCannotBeReadSaysWhere(t *testing.T) {
	cases := map[string]string{
		`userName`:                        "the filter ends where an operator",
		`userName eq`:                     "the filter ends where a value",
		`userName eq "a`:                  "character 13",
		`userName eq "a" and`:             "the filter ends where an attribute",
		`userName eq "a" banana`:          "character 17",
		`(userName eq "a"`:                "the filter ends where )",
		`userName is "a"`:                 "character 10",
		`banana eq "a"`:                   `"banana"`,
		`emails[banana eq "a"]`:           `"banana"`,
		`emails[type eq "a"`:              "the filter ends where ]",
		`emails[type[value eq "a"]]`:      "cannot be followed by [",
		`userName[value eq "a"]`:          "cannot be followed by [",
		`active gt true`:                  "true or false",
		`active eq "maybe"`:               "true or false",
		`name eq "a"`:                     "has parts",
		`meta.created gt "yesterday"`:     "a time such as",
		`password eq "a"`:                 "cannot be filtered by",
		`members.value co "a"`:            "eq and ne",
		`title gt null`:                   "null",
		strings.Repeat("(", 40) + "id pr": "32 levels",
		strings.Repeat("id pr or ", 1000): "8192 bytes",
		`userName eq "` + "\x01" + `"`:    "no JSON string",
	}
	for text, want := range cases {
		types := scim.Users()
		if strings.Contains(text, "members") {
			types = scim.Groups()
		}
		_, err := types.ParseFilter(text, scim.Entra)
		if e := fault.Of(err); e == nil || e.Code != scim.InvalidFilter || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v does not say %q", text, err, want)
		}
	}
}

func TestTheStrictProfileWantsFiltersToTheLetter(t *testing.T) {
	for _, text := range []string{`externalId eq jyoung`, `active eq "True"`, `department eq "Sales"`} {
		if _, err := scim.Users().ParseFilter(text, scim.Entra); err != nil {
			t.Errorf("entra: %s: %v", text, err)
		}
		if _, err := scim.Users().ParseFilter(text, scim.Strict); fault.Of(err) == nil {
			t.Errorf("strict: %s passed", text)
		}
	}
}

func TestWhatCannotBeSortedByIsRefused(t *testing.T) {
	for _, by := range []string{"addresses", "name", "meta", "groups", "groups.value", "schemas", "password", "banana", "meta.version"} {
		if _, _, err := scim.Users().ParseSort(by, "", scim.Entra); fault.Of(err) == nil || fault.Of(err).Code != scim.InvalidValue {
			t.Errorf("%s: %v", by, err)
		}
	}
	if _, _, err := scim.Groups().ParseSort("members", "", scim.Entra); err == nil {
		t.Error("groups can be sorted by their members")
	}
	for _, by := range []string{"emails", "emails.value"} { // of several values the primary one counts
		if ref, _, err := scim.Users().ParseSort(by, "", scim.Strict); err != nil || !ref.Multi || ref.Path() != "emails.value" {
			t.Errorf("%s: %v, %v", by, ref, err)
		}
	}
	ref, descending, err := scim.Users().ParseSort("NAME.familyname", "Descending", scim.Strict)
	if err != nil || !descending || ref.Path() != "name.familyName" {
		t.Errorf("%v, %v, %v", ref, descending, err)
	}
}
