package entrasim

import "strings"

// A property is one stored property of a user, in the order in which whole users are written.
type property int

// The text properties come first: their number is their place in user.text.
const (
	propDisplayName property = iota
	propGivenName
	propSurname
	propUserPrincipalName
	propMail
	propMailNickname
	propJobTitle
	propDepartment
	propCompanyName
	propEmployeeID
	propEmployeeType
	propOfficeLocation
	propUsageLocation
	propCountry
	propCity
	propState
	propStreetAddress
	propPostalCode
	propMobilePhone
	propFaxNumber
	propPreferredLanguage
	propUserType
	propCreationType
	propExternalUserState
	propImmutableID
	propSamAccountName
	propBusinessPhones
	propOtherMails
	propProxyAddresses
	propAccountEnabled
	propExtensionAttributes
	propID
	propCreatedDateTime
	propDeletedDateTime
	propManager
	numProperties

	numText = propBusinessPhones
)

// numExtensions is the number of onPremisesExtensionAttributes, extensionAttribute1 to extensionAttribute15.
const numExtensions = 15

// A mask is a set of properties, one bit each.
type mask uint64

// everything is the mask of a change after which a delta tells the whole user again.
const everything mask = 1<<numProperties - 1

func maskOf(properties ...property) mask {
	var m mask
	for _, p := range properties {
		m |= 1 << p
	}
	return m
}

func (m mask) has(p property) bool { return m&(1<<p) != 0 }

// propertyNames holds the names of Microsoft Graph (resource type user, v1.0).
var propertyNames = [numProperties]string{
	propDisplayName:         "displayName",
	propGivenName:           "givenName",
	propSurname:             "surname",
	propUserPrincipalName:   "userPrincipalName",
	propMail:                "mail",
	propMailNickname:        "mailNickname",
	propJobTitle:            "jobTitle",
	propDepartment:          "department",
	propCompanyName:         "companyName",
	propEmployeeID:          "employeeId",
	propEmployeeType:        "employeeType",
	propOfficeLocation:      "officeLocation",
	propUsageLocation:       "usageLocation",
	propCountry:             "country",
	propCity:                "city",
	propState:               "state",
	propStreetAddress:       "streetAddress",
	propPostalCode:          "postalCode",
	propMobilePhone:         "mobilePhone",
	propFaxNumber:           "faxNumber",
	propPreferredLanguage:   "preferredLanguage",
	propUserType:            "userType",
	propCreationType:        "creationType",
	propExternalUserState:   "externalUserState",
	propImmutableID:         "onPremisesImmutableId",
	propSamAccountName:      "onPremisesSamAccountName",
	propBusinessPhones:      "businessPhones",
	propOtherMails:          "otherMails",
	propProxyAddresses:      "proxyAddresses",
	propAccountEnabled:      "accountEnabled",
	propExtensionAttributes: "onPremisesExtensionAttributes",
	propID:                  "id",
	propCreatedDateTime:     "createdDateTime",
	propDeletedDateTime:     "deletedDateTime",
	propManager:             "manager",
}

// defaultProperties is what Graph returns of a user without $select, in its order.
var defaultProperties = []property{
	propBusinessPhones, propDisplayName, propGivenName, propJobTitle, propMail, propMobilePhone,
	propOfficeLocation, propPreferredLanguage, propSurname, propUserPrincipalName, propID,
}

// propertyByName finds a stored property; Graph takes property names without regard to case.
func propertyByName(name string) (property, bool) {
	for p, n := range propertyNames {
		if strings.EqualFold(n, name) {
			return property(p), true
		}
	}
	return 0, false
}

// emptyValues are the properties of Graph's user that this tenant never fills, with the JSON that Graph
// returns for them when they are selected.
var emptyValues = map[string]string{
	"ageGroup": "null", "assignedLicenses": "[]", "assignedPlans": "[]", "consentProvidedForMinor": "null",
	"employeeHireDate": "null", "employeeLeaveDateTime": "null", "employeeOrgData": "null",
	"externalUserStateChangeDateTime": "null", "identities": "[]", "imAddresses": "[]", "isResourceAccount": "null",
	"lastPasswordChangeDateTime": "null", "legalAgeGroupClassification": "null", "licenseAssignmentStates": "[]",
	"onPremisesDistinguishedName": "null", "onPremisesDomainName": "null", "onPremisesLastSyncDateTime": "null",
	"onPremisesProvisioningErrors": "[]", "onPremisesSecurityIdentifier": "null", "onPremisesSyncEnabled": "null",
	"onPremisesUserPrincipalName": "null", "passwordPolicies": "null", "passwordProfile": "null",
	"preferredDataLocation": "null", "provisionedPlans": "[]", "securityIdentifier": "null", "showInAddressList": "null",
	"signInSessionsValidFromDateTime": "null",
}

// storedElsewhere are the properties that Graph refuses on the collection with 501 NotImplemented.
const storedElsewhere = " aboutMe birthday hireDate interests mailboxSettings mySite pastProjects preferredName responsibilities schools skills "

// emptyValue tells the JSON of a property that exists in Graph and is empty in this tenant.
// Directory extensions (extension_<app>_<name>) are open properties: accepted, never present.
func emptyValue(name string) (canonical, value string, known bool) {
	for n, v := range emptyValues {
		if strings.EqualFold(n, name) {
			return n, v, true
		}
	}
	return name, "", strings.HasPrefix(name, "extension_")
}
