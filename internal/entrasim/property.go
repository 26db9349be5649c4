package entrasim

// The properties of a user, in the order in which whole users are written. The text properties come first: their number
// is their place in user.text.
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

// emptyUserValues are the properties of Graph's user that this tenant never fills, with the JSON that Graph
// returns for them when they are selected.
var emptyUserValues = map[string]string{
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

// userResource is https://learn.microsoft.com/graph/api/resources/user, v1.0.
var userResource = resource{
	set: "users", typeName: "microsoft.graph.user", names: propertyNames[:], defaults: defaultProperties,
	keys: []property{propID, propUserPrincipalName}, relation: propManager,
	sortable: maskOf(propDisplayName, propUserPrincipalName),
	unfilterable: maskOf(propManager, propExtensionAttributes, propCreatedDateTime, propDeletedDateTime, propBusinessPhones, propOtherMails,
		propProxyAddresses),
	empty:     emptyUserValues,
	elsewhere: " aboutMe birthday hireDate interests mailboxSettings mySite pastProjects preferredName responsibilities schools skills ",
}
