package scim

import "strconv"

// The URNs of groups and of Webex's extensions (reference: Webex's public description of its SCIM 2 API).
const (
	CoreGroup  = "urn:ietf:params:scim:schemas:core:2.0:Group"
	WebexUser  = "urn:scim:schemas:extension:cisco:webexidentity:2.0:User"
	WebexGroup = "urn:scim:schemas:extension:cisco:webexidentity:2.0:Group"
)

// webexAttributes is how many attributes of each numbered kind Webex's users have.
const webexAttributes = 15

// groupSchema is the schema of groups (RFC 7643, section 4.2).
func groupSchema() Schema {
	return Schema{
		ID: CoreGroup, Name: "Group", Description: "Group", Attributes: []Attribute{
			text("displayName", "What people call the group; may be that of another.").required(),
			complexOf("members", "The direct members of the group.",
				text("value", "The id of the member.").exact().with(Immutable),
				reference("$ref", "The address of the member.", "User", "Group").with(Immutable),
				text("type", "What the member is.").oneOf("User", "Group").with(Immutable),
				text("display", "What people call the member.").with(ReadOnly)).multi(),
		},
	}
}

func provisionSource() Attribute {
	a := text("provisionSource", "Where the object came from first.").oneOf("SCIM", "AD", "AAD", "OKTA", "Manual").exact().with(ReadOnly)
	a.Returned = ReturnedRequest
	return a
}

// webexUserSchema is the part of Webex's extension of users that a directory can hold. The numbered attributes have one value each, as
// mappings fill them.
func webexUserSchema() Schema {
	attributes := []Attribute{provisionSource()}
	for i := range webexAttributes {
		attributes = append(attributes, text("extensionAttribute"+strconv.Itoa(i+1), "A text of the organization's choice."))
	}
	for i := range webexAttributes {
		attributes = append(attributes, complexOf("externalAttribute"+strconv.Itoa(i+1), "A value of the organization's choice, with its source.",
			text("source", "Where the value comes from."), text("value", "The value.")))
	}
	return Schema{ID: WebexUser, Name: "WebexIdentityUser", Description: "Webex's extension of users", Attributes: attributes}
}

// webexGroupSchema is the part of Webex's extension of groups that a directory can hold.
func webexGroupSchema() Schema {
	return Schema{
		ID: WebexGroup, Name: "WebexIdentityGroup", Description: "Webex's extension of groups", Attributes: []Attribute{
			provisionSource(),
			text("usage", "What the group is used for.").oneOf("location", "distribution", "policy"),
		},
	}
}
