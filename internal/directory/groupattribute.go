package directory

import (
	"strings"
	"unicode"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
)

// groupSpellings are the attributes of SCIM's groups by their lower case.
var groupSpellings = bySpelling(attr.DisplayName, attr.ExternalID, Description, "members", "id", "meta", "schemas")

// groupTextLimits are the numbers of characters that texts of groups may have: those of Webex for name and external id, that of Entra for
// the description.
var groupTextLimits = map[string]int{attr.DisplayName: 512, attr.ExternalID: 256, Description: 1024}

// checkGroupWritten checks attributes of a group that a person or token gives, as checkWritten does for users.
func checkGroupWritten(attributes attr.Record) (attr.Record, error) {
	checked := make(attr.Record, 0, len(attributes))
	for _, field := range attributes {
		path, err := attr.ParsePath(field.Name)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "BadPath", err, "attribute")
		}
		if known, ok := groupSpellings[strings.ToLower(path.Name)]; ok && path.URN == "" {
			path.Name = known
		}
		name := path.String()
		if err := checkGroupValue(path, name, field.Value); err != nil {
			return nil, err
		}
		checked.Set(name, field.Value)
	}
	return checked, nil
}

func checkGroupValue(path attr.Path, name string, value any) error {
	if path.URN == "" {
		switch path.Name {
		case "id", "meta", "schemas":
			return fault.New(fault.Invalid, "ReadOnly", "%s is read-only", path.Name)
		case "members":
			return fault.New(fault.Invalid, "ReadOnly", "members are not an attribute here").WithRemedy("Add and remove them one by one, or as a list.")
		}
	}
	return checkText(groupTextLimits, name, value)
}

// checkGroupName checks what every group has.
func checkGroupName(attributes attr.Record) error {
	name := attributes.Text(attr.DisplayName)
	switch {
	case strings.TrimSpace(name) == "":
		return fault.New(fault.Invalid, "MissingDisplayName", "a group needs a displayName")
	case strings.ContainsFunc(name, unicode.IsControl):
		return fault.New(fault.Invalid, "BadValue", "displayName contains a control character")
	}
	return nil
}
