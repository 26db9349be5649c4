package scim_test

import (
	"fmt"
	"strings"
	"testing"

	"rollcall/internal/scim"
)

// characteristics writes what a schema says of its attributes, one a line: what is not usual of it (RFC 7643, section 2.2).
func characteristics(attributes []scim.Attribute, prefix string) (lines []string) {
	for _, a := range attributes {
		line := prefix + a.Name + " " + string(a.Type)
		for _, flag := range []struct {
			is   bool
			word string
		}{
			{a.MultiValued, "multi"},
			{a.Required, "required"},
			{a.CaseExact, "exact"},
			{a.Mutability != scim.ReadWrite, a.Mutability},
			{a.Returned != scim.ReturnedDefault, "returned:" + a.Returned},
			{a.Uniqueness != scim.NotUnique, "unique:" + a.Uniqueness},
			{len(a.CanonicalValues) > 0, fmt.Sprint(a.CanonicalValues)},
			{len(a.ReferenceTypes) > 0, "to:" + strings.Join(a.ReferenceTypes, "|")},
		} {
			if flag.is {
				line += " " + flag.word
			}
		}
		lines = append(append(lines, line), characteristics(a.SubAttributes, prefix+a.Name+".")...)
	}
	return lines
}

// plural are the parts that most lists of the core schema have.
func plural(name, value, kinds string) string {
	if kinds != "" {
		kinds = " [" + kinds + "]"
	}
	return name + " complex multi\n" + name + ".value " + value + "\n" + name + ".display string\n" + name + ".type string" + kinds + "\n" + name + ".primary boolean\n"
}

// TestSchemasAreThoseOfTheStandard, RFC 7643, section 8.7.1, and of Webex's description of its own. Different on purpose: active always has a value and
// cannot be taken away, groups need a displayName (section 4.2), whatever is compared as it is written says so, and Webex's types of telephone numbers and
// photos are known.
func TestSchemasAreThoseOfTheStandard(t *testing.T) {
	names := func(of, kind string, names ...string) (text string) {
		for _, name := range names {
			text += of + name + " " + kind + "\n"
		}
		return text
	}
	user := "userName string required unique:server\nname complex\n" +
		names("name.", "string", "formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix") +
		names("", "string", "displayName", "nickName") + "profileUrl reference exact to:external\n" +
		names("", "string", "title", "userType", "preferredLanguage", "locale", "timezone") +
		"active boolean required\npassword string exact writeOnly returned:never\n" +
		plural("emails", "string", "work home other") + plural("phoneNumbers", "string", "work home mobile work_extension fax pager other") +
		plural("ims", "string", "aim gtalk icq xmpp msn skype qq yahoo") + plural("photos", "reference exact to:external", "photo thumbnail resizable") +
		"addresses complex multi\n" + names("addresses.", "string", "formatted", "streetAddress", "locality", "region", "postalCode", "country") +
		"addresses.type string [work home other]\naddresses.primary boolean\n" +
		"groups complex multi readOnly\ngroups.value string exact readOnly\ngroups.$ref reference exact readOnly to:Group\n" +
		"groups.display string readOnly\ngroups.type string readOnly [direct indirect]\n" +
		plural("entitlements", "string", "") + plural("roles", "string", "") + plural("x509Certificates", "binary exact", "")
	enterprise := names("", "string", "employeeNumber", "costCenter", "organization", "division", "department") +
		"manager complex\nmanager.value string exact\nmanager.$ref reference exact to:User\nmanager.displayName string readOnly\n"
	const source = "provisionSource string exact readOnly returned:request [SCIM AD AAD OKTA Manual]\n"
	webex := source
	for i := range 15 {
		webex += fmt.Sprintf("extensionAttribute%d string\n", i+1)
	}
	for i := range 15 {
		webex += fmt.Sprintf("externalAttribute%[1]d complex\nexternalAttribute%[1]d.source string\nexternalAttribute%[1]d.value string\n", i+1)
	}
	group := "displayName string required\nmembers complex multi\nmembers.value string exact immutable\nmembers.$ref reference exact immutable to:User|Group\n" +
		"members.type string immutable [User Group]\nmembers.display string readOnly\n"
	for _, c := range []struct {
		schema   scim.Schema
		id, want string
	}{
		{scim.Users().Core, "urn:ietf:params:scim:schemas:core:2.0:User", user},
		{scim.Users().Extensions[0], "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", enterprise},
		{scim.Users().Extensions[1], "urn:scim:schemas:extension:cisco:webexidentity:2.0:User", webex},
		{scim.Groups().Core, "urn:ietf:params:scim:schemas:core:2.0:Group", group},
		{scim.Groups().Extensions[0], "urn:scim:schemas:extension:cisco:webexidentity:2.0:Group", source + "usage string [location distribution policy]\n"},
	} {
		if got := strings.Join(characteristics(c.schema.Attributes, ""), "\n") + "\n"; got != c.want || c.schema.ID != c.id {
			t.Errorf("%s:\n%s\nwant\n%s", c.schema.ID, got, c.want)
		}
	}
}
