package mapping

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rollcall/internal/attr"
)

// Source is a user of the tenant.
type Source struct {
	// ID is the object id.
	ID string
	// Record holds Graph properties by their names; manager is the manager's object id.
	Record attr.Record
	// SoftDeleted is Entra's computed IsSoftDeleted: out of scope, in the recycle bin, or blocked.
	SoftDeleted bool
}

// reading says how an attribute is taken from a Source.
type reading uint8

const (
	property    reading = iota // the property as it is
	objectID                   // Source.ID
	firstValue                 // the first value of a multi-valued property
	member                     // one member of a property that is an object
	signInName                 // userPrincipalName, a guest's turned into his own address
	softDeleted                // Source.SoftDeleted
)

// sourceAttribute is an attribute of the tenant that mappings can name.
type sourceAttribute struct {
	// property is the Graph property to $select.
	property string
	// member of the property, where reading is member.
	member string
	reading
	// multiValued attributes are for expressions only.
	multiValued bool
}

// sourceAttributes lists what mappings can name: the names of Entra's mappings, which are those of the older Azure AD Graph, and the
// names of Microsoft Graph.
var sourceAttributes = func() map[string]sourceAttribute {
	known := map[string]sourceAttribute{
		"objectId":                  {property: "id", reading: objectID},
		"id":                        {property: "id", reading: objectID},
		"userPrincipalName":         {property: "userPrincipalName", reading: signInName},
		"originalUserPrincipalName": {property: "userPrincipalName"},
		"IsSoftDeleted":             {property: "accountEnabled", reading: softDeleted},

		"telephoneNumber":            {property: "businessPhones", reading: firstValue},
		"businessPhones":             {property: "businessPhones", reading: firstValue}, // Graph allows one number only
		"mobile":                     {property: "mobilePhone"},
		"facsimileTelephoneNumber":   {property: "faxNumber"},
		"physicalDeliveryOfficeName": {property: "officeLocation"},
		"SamAccountName":             {property: "onPremisesSamAccountName"},

		"employeeOrgData.costCenter": {property: "employeeOrgData", member: "costCenter", reading: member},
		"employeeOrgData.division":   {property: "employeeOrgData", member: "division", reading: member},

		"proxyAddresses": {property: "proxyAddresses", multiValued: true},
		"otherMails":     {property: "otherMails", multiValued: true},
		"imAddresses":    {property: "imAddresses", multiValued: true},
	}
	for _, name := range []string{
		"accountEnabled", "ageGroup", "city", "companyName", "country", "createdDateTime", "creationType", "department", "displayName",
		"employeeHireDate", "employeeId", "employeeLeaveDateTime", "employeeType", "externalUserState", "faxNumber", "givenName",
		"isResourceAccount", "jobTitle", "mail", "mailNickname", "manager", "mobilePhone", "officeLocation",
		"onPremisesDistinguishedName", "onPremisesDomainName", "onPremisesImmutableId", "onPremisesLastSyncDateTime",
		"onPremisesSamAccountName", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled", "onPremisesUserPrincipalName",
		"postalCode", "preferredDataLocation", "preferredLanguage", "securityIdentifier", "showInAddressList", "state",
		"streetAddress", "surname", "usageLocation", "userType",
	} {
		known[name] = sourceAttribute{property: name}
	}
	for i := 1; i <= 15; i++ {
		name := "extensionAttribute" + strconv.Itoa(i)
		extension := sourceAttribute{property: "onPremisesExtensionAttributes", member: name, reading: member}
		known[name] = extension
		known["onPremisesExtensionAttributes."+name] = extension
	}
	return known
}()

// findSource looks an attribute of the tenant up by its name; case matters, as in Entra. A directory extension is known by its form.
func findSource(name string) (sourceAttribute, error) {
	if source, known := sourceAttributes[name]; known {
		return source, nil
	}
	if isDirectoryExtension(name) {
		return sourceAttribute{property: name}, nil
	}
	if near := nearest(name, sourceAttributes); near != "" {
		return sourceAttribute{}, fmt.Errorf("users of the tenant have no attribute %q; %s is the nearest", name, near)
	}
	return sourceAttribute{}, fmt.Errorf("users of the tenant have no attribute %q", name)
}

// isDirectoryExtension reports whether the name reads extension_<application id without dashes>_<name>.
func isDirectoryExtension(name string) bool {
	application, rest, found := strings.Cut(strings.TrimPrefix(name, "extension_"), "_")
	return strings.HasPrefix(name, "extension_") && found && rest != "" && len(application) == 32 &&
		strings.Trim(application, "0123456789abcdefABCDEF") == "" && !strings.ContainsFunc(rest, notInName)
}

func notInName(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

// read takes the attribute from a user; nil if it has no value.
func (s sourceAttribute) read(u Source) any {
	switch s.reading {
	case objectID:
		if value := u.Record.Get("id"); value == u.ID {
			return value // saves an allocation
		}
		return u.ID
	case firstValue:
		if list, ok := u.Record.Get(s.property).([]string); ok && len(list) > 0 {
			return list[0]
		}
		return nil
	case member:
		object, _ := u.Record.Get(s.property).(map[string]any)
		return object[s.member]
	case signInName:
		value := u.Record.Get(s.property)
		if name, ok := value.(string); ok && strings.Contains(name, "#") {
			return guestAddress(name)
		}
		return value
	case softDeleted:
		if u.SoftDeleted {
			return "True"
		}
		return "False"
	default:
		return u.Record.Get(s.property)
	}
}

// guestAddress turns the name that Entra gives a guest, user_theirdomain#EXT#@tenant, into the guest's own address user@theirdomain. The
// last underscore separates, since domains hold none. Any other name stays as it is.
func guestAddress(name string) string {
	at := markOfGuest(name)
	if at < 0 {
		return name
	}
	own := name[:at]
	separator := strings.LastIndexByte(own, '_')
	if separator < 1 || separator == len(own)-1 {
		return name
	}
	return own[:separator] + "@" + own[separator+1:]
}

// markOfGuest returns where #EXT# begins, in any case; -1 if it does not occur.
func markOfGuest(name string) int {
	const mark = "#EXT#"
	for i := 0; i+len(mark) <= len(name); i++ {
		if name[i] == '#' && strings.EqualFold(name[i:i+len(mark)], mark) {
			return i
		}
	}
	return -1
}

// needed returns the Graph properties to $select for the attributes, sorted. Those that scope and lifecycle look at, and the names by
// which people are called, are always among them.
func needed(used map[string]sourceAttribute) []string {
	properties := []string{"accountEnabled", "displayName", "id", "userPrincipalName", "userType"}
	for _, source := range used {
		properties = append(properties, source.property)
	}
	slices.Sort(properties)
	return slices.Compact(properties)
}
