package entraschema

import (
	"regexp"
	"slices"
	"strings"

	"rollcall/internal/attr"
)

// coreURNs begin the full names of core attributes of users (RFC 7643, section 3.1; the older ones are those of SCIM 1.1).
var coreURNs = []string{"urn:ietf:params:scim:schemas:core:2.0:User", "urn:scim:schemas:core:2.0:User", "urn:scim:schemas:core:1.0"}

// enterpriseURNs are other spellings of the enterprise extension: its draft, SCIM 1.1, and the URN cut short.
var enterpriseURNs = []string{
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0", "urn:scim:schemas:extension:enterprise:2.0:User",
	"urn:scim:schemas:extension:enterprise:1.0", "urn:scim:schemas:extension:enterprise:1.0:User",
}

// enterpriseNames are the attributes of the enterprise extension; gallery applications name them without its URN.
var enterpriseNames = []string{"employeeNumber", "costCenter", "organization", "division", "department", "manager"}

// valueLists are the attributes with several values whose value is called value.
var valueLists = []string{"emails", "phoneNumbers", "ims", "photos", "entitlements", "roles", "x509Certificates"}

// looseFilter is a filter whose value stands in single quotes, or in none.
var looseFilter = regexp.MustCompile(`\[\s*(\w+)\s+(?i:eq)\s+(?:'([^'"\]]*)'|([^'"\s\]]+))\s*\]`)

// spell returns a target of Entra's schemas in SCIM's spelling (RFC 7644, section 3.5.2). One that needs no change, or that is no path,
// is returned as it is.
func spell(written string) string {
	path, err := attr.ParsePath(looseFilter.ReplaceAllString(written, `[$1 eq "$2$3"]`))
	if err != nil {
		return written
	}
	before := path
	switch {
	case isOneOf(path.URN, coreURNs):
		path.URN = ""
	case isOneOf(path.URN, enterpriseURNs):
		path.URN = attr.EnterpriseUser
	}
	if path.URN == "" && isOneOf(path.Name, enterpriseNames) {
		path.URN = attr.EnterpriseUser
	}
	if strings.EqualFold(path.URN, attr.EnterpriseUser) && strings.EqualFold(path.Name, "manager") && isOneOf(path.Sub, []string{"value", "managerId"}) {
		path.Sub = ""
	}
	if path.URN == "" && path.Sub == "" && path.FilterName != "" && isOneOf(path.Name, valueLists) {
		path.Sub = "value"
	}
	if path == before && !looseFilter.MatchString(written) {
		return written
	}
	return path.String()
}

func isOneOf(text string, list []string) bool {
	return slices.ContainsFunc(list, func(known string) bool { return strings.EqualFold(known, text) })
}
