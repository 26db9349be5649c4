package mapping

import (
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/source"
)

// Warnings says what about a list of valid mappings may be a mistake (C2): codes InvalidUserName, where nothing tells that userName will be an
// e-mail address; UnknownCountry, where a country will hardly be an ISO 3166 alpha-2 code; and UnusedMember, where a mapping has a source, constant or
// expression that its kind does not look at.
func Warnings(attributes []Attribute) []Problem {
	var warnings []Problem
	for _, a := range attributes {
		t, err := parseTarget(a.Target)
		switch {
		case err != nil:
		case t.path == attr.UserName && a.Kind == Direct && !givesAddress(a.Source):
			warnings = append(warnings, *problem(InvalidUserName, t, "userName must look like an e-mail address, and %s need not; people whose value is none fail", a.Source))
		case t.country && a.Kind == Constant && !isCountry(a.Constant):
			warnings = append(warnings, *problem(UnknownCountry, t, "%s is no ISO 3166 alpha-2 code of a country", quote(a.Constant)))
		case t.country && a.Kind == Direct && a.Source != "usageLocation":
			warnings = append(warnings, *problem(UnknownCountry, t, "%s should be an ISO 3166 alpha-2 code, such as DE; %s need not be one, usageLocation always is", t.path, a.Source))
		}
		if unused := a.unused(); err == nil && len(unused) > 0 {
			warnings = append(warnings, *problem(UnusedMember, t, "a mapping of kind %s does not look at %s; leave it out, or choose another kind", a.Kind, strings.Join(unused, " and ")))
		}
		if t.country && a.Default != "" && !isCountry(a.Default) {
			warnings = append(warnings, *problem(UnknownCountry, t, "the default value %s is no ISO 3166 alpha-2 code of a country", quote(a.Default)))
		}
	}
	return warnings
}

// unused names the members that the mapping has and its kind does not look at.
func (a Attribute) unused() []string {
	var unused []string
	for _, member := range []struct {
		name, value string
		kind        Kind
	}{{"source", a.Source, Direct}, {"constant", a.Constant, Constant}, {"expression", a.Expression, Expression}} {
		if member.value != "" && a.Kind != member.kind {
			unused = append(unused, member.name)
		}
	}
	return unused
}

// givesAddress reports whether the attribute of the tenant holds something like an e-mail address, if it holds anything.
func givesAddress(name string) bool {
	attribute, err := source.Find(name)
	return err == nil && (attribute.Property == "userPrincipalName" || attribute.Property == "mail" || attribute.Property == "onPremisesUserPrincipalName")
}
