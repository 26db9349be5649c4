package mapping

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"rollcall/internal/attr"
)

// target is a destination attribute that a mapping fills.
type target struct {
	// path in its canonical form.
	path string
	// boolean targets take true or false, all others text.
	boolean bool
	// country targets should hold ISO 3166 alpha-2 codes.
	country bool
	// onCreate targets are filled only when the user is created.
	onCreate bool
	// limit is the number of characters that a text may have.
	limit int
}

// shape says how a directory attribute is addressed.
type shape struct {
	// name in SCIM's spelling.
	name string
	// subAttributes of a complex attribute; none for a simple one.
	subAttributes []string
	// multiValued attributes need a filter that says which of the values is meant.
	multiValued bool
}

var (
	plainValue = []string{"value", "display"}
	addresses  = []string{"formatted", "streetAddress", "locality", "region", "postalCode", "country"}
	nameParts  = []string{"formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"}
)

// coreAttributes of a user that mappings may fill, by their names in lower case (RFC 7643, section 4.1). Passwords are not among them.
var coreAttributes = byLowerName(
	shape{name: attr.UserName}, shape{name: attr.ExternalID}, shape{name: attr.DisplayName}, shape{name: attr.Active},
	shape{name: "nickName"}, shape{name: "profileUrl"}, shape{name: "title"}, shape{name: "userType"},
	shape{name: "preferredLanguage"}, shape{name: "locale"}, shape{name: "timezone"},
	shape{name: "name", subAttributes: nameParts},
	shape{name: "emails", subAttributes: plainValue, multiValued: true},
	shape{name: "phoneNumbers", subAttributes: plainValue, multiValued: true},
	shape{name: "ims", subAttributes: plainValue, multiValued: true},
	shape{name: "photos", subAttributes: plainValue, multiValued: true},
	shape{name: "entitlements", subAttributes: plainValue, multiValued: true},
	shape{name: "roles", subAttributes: plainValue, multiValued: true},
	shape{name: "x509Certificates", subAttributes: plainValue, multiValued: true},
	shape{name: "addresses", subAttributes: addresses, multiValued: true},
)

// enterpriseAttributes of a user, by their names in lower case (RFC 7643, section 4.3). The manager is filled as a whole: the directory finds
// out who is meant.
var enterpriseAttributes = byLowerName(
	shape{name: "employeeNumber"}, shape{name: "costCenter"}, shape{name: "organization"}, shape{name: "division"},
	shape{name: "department"}, shape{name: "manager"},
)

func byLowerName(shapes ...shape) map[string]shape {
	index := make(map[string]shape, len(shapes))
	for _, s := range shapes {
		index[strings.ToLower(s.name)] = s
	}
	return index
}

// limits of texts in characters, those of Webex; other texts may have otherLimit.
var limits = map[string]int{
	attr.UserName:                           254,
	attr.ExternalID:                         256,
	attr.DisplayName:                        512,
	"nickName":                              256,
	"title":                                 512,
	attr.EnterpriseUser + ":employeeNumber": 256,
	attr.EnterpriseUser + ":costCenter":     256,
	attr.EnterpriseUser + ":organization":   512,
	attr.EnterpriseUser + ":division":       512,
	attr.EnterpriseUser + ":department":     512,
}

const otherLimit = 1024

// parseTarget reads and checks the path of a destination attribute. Names are recognised in any case and returned in SCIM's spelling.
// Attributes of extensions other than the enterprise one are taken as they are.
func parseTarget(text string) (target, error) {
	path, err := attr.ParsePath(text)
	if err != nil {
		return target{}, err
	}
	if strings.EqualFold(path.URN, attr.CoreUser) {
		path.URN = "" // the name alone means the same (RFC 7644, section 3.10)
	}
	known := coreAttributes
	switch {
	case strings.EqualFold(path.URN, attr.EnterpriseUser):
		path.URN, known = attr.EnterpriseUser, enterpriseAttributes
	case path.URN != "":
		return target{path: path.String(), limit: otherLimit}, nil
	}
	found, ok := known[strings.ToLower(path.Name)]
	if !ok {
		return target{}, unknownTarget(path, known)
	}
	path.Name = found.name
	if err := found.fit(&path); err != nil {
		return target{}, err
	}
	t := target{
		path: path.String(), boolean: path.URN == "" && path.Name == attr.Active, limit: otherLimit,
		country: path.Name == "addresses" && path.Sub == "country",
	}
	if limit, special := limits[t.path]; special {
		t.limit = limit
	}
	return t, nil
}

func unknownTarget(path attr.Path, known map[string]shape) error {
	switch strings.ToLower(path.Name) {
	case "id", "meta", "schemas", "groups", strings.ToLower(attr.DeletedAt):
		return fmt.Errorf("%s is kept by the directory itself and cannot be mapped", path.Name)
	case "password":
		return errors.New("passwords cannot be mapped")
	}
	if found, ok := enterpriseAttributes[strings.ToLower(path.Name)]; ok && path.URN == "" {
		return fmt.Errorf("%s is an attribute of the enterprise extension: write %s:%s", path.Name, attr.EnterpriseUser, found.name)
	}
	if near := attr.Nearest(path.Name, names(known)); near != "" {
		return fmt.Errorf("there is no directory attribute %s; %s is the nearest", path, near)
	}
	return fmt.Errorf("there is no directory attribute %s; there are %s", path, strings.Join(names(known), ", "))
}

func names(known map[string]shape) []string {
	list := make([]string, 0, len(known))
	for s := range maps.Values(known) {
		list = append(list, s.name)
	}
	slices.Sort(list)
	return list
}

// fit checks that the path addresses one value of the attribute, and spells its sub-attribute as SCIM does.
func (s shape) fit(path *attr.Path) error {
	switch {
	case len(s.subAttributes) == 0 && (path.Sub != "" || path.FilterName != ""):
		return fmt.Errorf("%s is a single value: map %s", path, attr.Path{URN: path.URN, Name: s.name})
	case s.multiValued && (path.FilterName == "" || path.Sub == ""):
		return fmt.Errorf(`%s can hold several values: say which one, as in %s[type eq "work"].%s`, path, s.name, s.subAttributes[0])
	case len(s.subAttributes) > 0 && path.Sub == "":
		return fmt.Errorf("%s has parts: say which one, as in %s.%s", path, s.name, s.subAttributes[0])
	case !s.multiValued && path.FilterName != "":
		return fmt.Errorf("%s is not a list: nothing stands in brackets there", s.name)
	}
	if len(s.subAttributes) == 0 {
		return nil
	}
	i := slices.IndexFunc(s.subAttributes, func(sub string) bool { return strings.EqualFold(sub, path.Sub) })
	if i < 0 {
		return fmt.Errorf("%s has the parts %s, not %s", s.name, strings.Join(s.subAttributes, ", "), path.Sub)
	}
	path.Sub = s.subAttributes[i]
	return nil
}
