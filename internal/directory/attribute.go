package directory

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
)

// spellings holds the names and sub-attributes of SCIM's core and enterprise users by their lower case: SCIM does not regard the case of
// attribute names (RFC 7643, section 2.1), records do.
var spellings = bySpelling(
	attr.UserName, attr.ExternalID, attr.DisplayName, attr.Active, attr.DeletedAt, "name", "nickName", "profileUrl", "title", "userType",
	"preferredLanguage", "locale", "timezone", "emails", "phoneNumbers", "ims", "photos", "entitlements", "roles", "x509Certificates",
	"addresses", "formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix", "streetAddress", "locality",
	"region", "postalCode", "country", "value", "display", "type", "primary", "employeeNumber", "costCenter", "organization", "division",
	"department", "manager", "id", "meta", "schemas", "groups", "password",
)

func bySpelling(names ...string) map[string]string {
	index := make(map[string]string, len(names))
	for _, name := range names {
		index[strings.ToLower(name)] = name
	}
	return index
}

func spelled(name string) string {
	if known, ok := spellings[strings.ToLower(name)]; ok {
		return known
	}
	return name
}

// textLimits are the texts among the attributes that people write, with the number of characters they may have: those of Webex.
var textLimits = map[string]int{
	attr.UserName: 254, attr.ExternalID: 256, attr.DisplayName: 512, "nickName": 256, "title": 512, "profileUrl": 1024, "userType": 256,
	"preferredLanguage": 256, "locale": 256, "timezone": 256, "name.formatted": 1024, "name.familyName": 1024, "name.givenName": 1024,
	"name.middleName": 1024, "name.honorificPrefix": 1024, "name.honorificSuffix": 1024,
}

// checkWritten checks attributes that a person or token gives and returns them by their canonical paths; of two spellings of one path
// the later counts. nil values, which remove, stay.
func checkWritten(attributes attr.Record) (attr.Record, error) {
	checked := make(attr.Record, 0, len(attributes))
	for _, field := range attributes {
		path, err := attr.ParsePath(field.Name)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "BadPath", err, "attribute")
		}
		path.Name, path.Sub, path.FilterName = spelled(path.Name), spelled(path.Sub), spelled(path.FilterName)
		if strings.EqualFold(path.URN, attr.EnterpriseUser) {
			path.URN = attr.EnterpriseUser
		}
		name := path.String()
		if err := checkValue(path, name, field.Value); err != nil {
			return nil, err
		}
		checked.Set(name, field.Value)
	}
	return checked, nil
}

func checkValue(path attr.Path, name string, value any) error {
	if path.URN == "" {
		switch path.Name {
		case attr.DeletedAt, "id", "meta", "schemas", "groups":
			return fault.New(fault.Invalid, "ReadOnly", "%s is read-only", path.Name)
		case "password":
			return fault.New(fault.Invalid, "NoPasswords", "the directory keeps no passwords")
		}
	}
	return checkText(textLimits, name, value)
}

// checkText checks what limits bound the length of, in characters.
func checkText(limits map[string]int, name string, value any) error {
	limit, isText := limits[name]
	if !isText || value == nil {
		return nil
	}
	text, ok := value.(string)
	switch {
	case !ok:
		return fault.New(fault.Invalid, "BadValue", "%s must be a text", name)
	case utf8.RuneCountInString(text) > limit:
		return fault.New(fault.Invalid, "ValueTooLong", "%s has more than %d characters", name, limit)
	}
	return nil
}

// checkWhole checks what every user has.
func checkWhole(attributes attr.Record) error {
	name := attributes.Text(attr.UserName)
	_, isBool := attributes.Get(attr.Active).(bool)
	switch {
	case strings.TrimSpace(name) == "":
		return fault.New(fault.Invalid, "MissingUserName", "a user needs a userName")
	case strings.ContainsFunc(name, unicode.IsControl):
		return fault.New(fault.Invalid, "BadValue", "userName contains a control character")
	case !isBool:
		return fault.New(fault.Invalid, "BadValue", "active must be true or false")
	}
	return nil
}

// difference returns what changed between two records, as it was and as it is; nil means absent.
func difference(before, after attr.Record) (was, is attr.Record) {
	for _, field := range before {
		if !attr.Equal(field.Value, after.Get(field.Name)) {
			was.Set(field.Name, field.Value)
			is.Set(field.Name, after.Get(field.Name))
		}
	}
	for _, field := range after {
		if !before.Has(field.Name) && !attr.Equal(nil, field.Value) {
			was.Set(field.Name, nil)
			is.Set(field.Name, field.Value)
		}
	}
	return was, is
}
