package entrasim

// The properties of a group, in the order in which whole groups are written. The text properties come first: their number
// is their place in group.text.
const (
	propGroupDisplayName property = iota
	propGroupDescription
	propGroupMail
	propGroupMailNickname
	propGroupVisibility
	propGroupProxyAddresses
	propGroupTypes
	propGroupMailEnabled
	propGroupSecurityEnabled
	propGroupSecurityIdentifier
	propGroupID
	propGroupCreatedDateTime
	propGroupDeletedDateTime
	propGroupMembers
	numGroupProperties

	numGroupText = propGroupProxyAddresses
)

// groupPropertyNames holds the names of Microsoft Graph (resource type group, v1.0).
var groupPropertyNames = [numGroupProperties]string{
	propGroupDisplayName:        "displayName",
	propGroupDescription:        "description",
	propGroupMail:               "mail",
	propGroupMailNickname:       "mailNickname",
	propGroupVisibility:         "visibility",
	propGroupProxyAddresses:     "proxyAddresses",
	propGroupTypes:              "groupTypes",
	propGroupMailEnabled:        "mailEnabled",
	propGroupSecurityEnabled:    "securityEnabled",
	propGroupSecurityIdentifier: "securityIdentifier",
	propGroupID:                 "id",
	propGroupCreatedDateTime:    "createdDateTime",
	propGroupDeletedDateTime:    "deletedDateTime",
	propGroupMembers:            "members",
}

// groupResource is https://learn.microsoft.com/graph/api/resources/group, v1.0.
var groupResource = resource{
	set: "groups", typeName: "microsoft.graph.group", names: groupPropertyNames[:],
	defaults: []property{
		propGroupID, propGroupDeletedDateTime, propGroupCreatedDateTime, propGroupDescription, propGroupDisplayName, propGroupTypes, propGroupMail,
		propGroupMailEnabled, propGroupMailNickname, propGroupProxyAddresses, propGroupSecurityEnabled, propGroupSecurityIdentifier,
		propGroupVisibility,
	},
	keys: []property{propGroupID}, relation: propGroupMembers, relationTracked: true,
	sortable: maskOf(propGroupDisplayName),
	unfilterable: maskOf(propGroupMembers, propGroupCreatedDateTime, propGroupDeletedDateTime, propGroupTypes, propGroupProxyAddresses,
		propGroupSecurityIdentifier),
	empty: map[string]string{
		"assignedLabels": "[]", "assignedLicenses": "[]", "classification": "null", "creationOptions": "[]", "expirationDateTime": "null",
		"isAssignableToRole": "null", "licenseProcessingState": "null", "membershipRule": "null", "membershipRuleProcessingState": "null",
		"onPremisesDomainName": "null", "onPremisesLastSyncDateTime": "null", "onPremisesNetBiosName": "null",
		"onPremisesProvisioningErrors": "[]", "onPremisesSamAccountName": "null", "onPremisesSecurityIdentifier": "null",
		"onPremisesSyncEnabled": "null", "preferredDataLocation": "null", "preferredLanguage": "null", "renewedDateTime": "null",
		"resourceBehaviorOptions": "[]", "resourceProvisioningOptions": "[]", "serviceProvisioningErrors": "[]", "theme": "null",
		"uniqueName": "null",
	},
	elsewhere: " allowExternalSenders autoSubscribeNewMembers hideFromAddressLists hideFromOutlookClients isSubscribedByMail unseenCount ",
}
