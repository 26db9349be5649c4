package source

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"rollcall/internal/attr"
)

// fixed are the attributes that have a name of their own: the names of Entra's mappings, which are those of the older Azure AD Graph, and
// the names of Microsoft Graph.
var fixed = func() map[string]Attribute {
	known := map[string]Attribute{
		"objectId":                  {Property: "id", reading: objectID},
		"id":                        {Property: "id", reading: objectID},
		"userPrincipalName":         {Property: "userPrincipalName", reading: signInName},
		"originalUserPrincipalName": {Property: "userPrincipalName"},
		"IsSoftDeleted":             {Property: "accountEnabled", reading: softDeleted},
		"manager":                   {Property: "manager", Reference: true},
		"appRoleAssignments":        {MultiValued: true, reading: nothing},

		"telephoneNumber":            {Property: "businessPhones", reading: firstValue},
		"businessPhones":             {Property: "businessPhones", reading: firstValue}, // Graph allows one number only
		"mobile":                     {Property: "mobilePhone"},
		"facsimileTelephoneNumber":   {Property: "faxNumber"},
		"physicalDeliveryOfficeName": {Property: "officeLocation"},
		"SamAccountName":             {Property: "onPremisesSamAccountName"},

		"employeeOrgData.costCenter": {Property: "employeeOrgData", member: "costCenter", reading: member},
		"employeeOrgData.division":   {Property: "employeeOrgData", member: "division", reading: member},

		"proxyAddresses": {Property: "proxyAddresses", MultiValued: true},
		"otherMails":     {Property: "otherMails", MultiValued: true},
		"imAddresses":    {Property: "imAddresses", MultiValued: true},
	}
	for _, name := range []string{
		"accountEnabled", "ageGroup", "city", "companyName", "country", "createdDateTime", "creationType", "department", "displayName",
		"employeeHireDate", "employeeId", "employeeLeaveDateTime", "employeeType", "externalUserState", "faxNumber", "givenName",
		"isResourceAccount", "jobTitle", "mail", "mailNickname", "mobilePhone", "officeLocation", "onPremisesDistinguishedName",
		"onPremisesDomainName", "onPremisesImmutableId", "onPremisesLastSyncDateTime", "onPremisesSamAccountName",
		"onPremisesSecurityIdentifier", "onPremisesSyncEnabled", "onPremisesUserPrincipalName", "postalCode", "preferredDataLocation",
		"preferredLanguage", "securityIdentifier", "showInAddressList", "state", "streetAddress", "surname", "usageLocation", "userType",
	} {
		known[name] = Attribute{Property: name}
	}
	for i := 1; i <= 15; i++ {
		name := "extensionAttribute" + strconv.Itoa(i)
		extension := Attribute{Property: "onPremisesExtensionAttributes", member: name, reading: member}
		known[name] = extension
		known["onPremisesExtensionAttributes."+name] = extension
	}
	for name, attribute := range known {
		attribute.Name = name
		known[name] = attribute
	}
	return known
}()

// Find looks an attribute of the tenant's users up by its name; case matters, as in Entra. A directory extension is known by its form,
// extension_<application id without dashes>_<name>. The error of an unknown name is a sentence with the nearest name, if one is near.
func Find(name string) (Attribute, error) {
	if attribute, known := fixed[name]; known {
		return attribute, nil
	}
	if isDirectoryExtension(name) {
		return Attribute{Name: name, Property: name}, nil
	}
	if near := attr.Nearest(name, Names()); near != "" {
		return Attribute{}, fmt.Errorf("users of the tenant have no attribute %q; %s is the nearest", clipped(name), near)
	}
	return Attribute{}, fmt.Errorf("users of the tenant have no attribute %q", clipped(name))
}

// clipped cuts a name for a message where it gets long.
func clipped(name string) string {
	const most = 60
	n := 0
	for i := range name {
		if n++; n > most {
			return name[:i] + "…"
		}
	}
	return name
}

// Names returns all names that Find knows but those of directory extensions, sorted.
func Names() []string { return slices.Sorted(maps.Keys(fixed)) }

// isDirectoryExtension reports whether the name reads extension_<application id without dashes>_<name>.
func isDirectoryExtension(name string) bool {
	application, rest, found := strings.Cut(strings.TrimPrefix(name, "extension_"), "_")
	return strings.HasPrefix(name, "extension_") && found && rest != "" && len(application) == 32 &&
		strings.Trim(application, "0123456789abcdefABCDEF") == "" && !strings.ContainsFunc(rest, notInName)
}

func notInName(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}
