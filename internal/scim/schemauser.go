package scim

import "rollcall/internal/attr"

// userSchema is the core schema of users (RFC 7643, section 4.1).
func userSchema() Schema {
	userName := text("userName", "Names the user to the service; unique in the organization.").required()
	userName.Uniqueness = ServerUnique
	password := text("password", "Accepted and not kept: the directory signs nobody in by password.").with(WriteOnly)
	password.Returned, password.CaseExact = ReturnedNever, true
	certificate := text("value", "A DER-encoded X.509 certificate, in base64.").exact()
	certificate.Type = Binary
	return Schema{
		ID: attr.CoreUser, Name: "User", Description: "User account", Attributes: []Attribute{
			userName,
			complexOf("name", "The parts of the user's real name.",
				text("formatted", "The whole name."), text("familyName", "The last name."), text("givenName", "The first name."),
				text("middleName", "The middle names."), text("honorificPrefix", "What stands before the name, such as Dr."),
				text("honorificSuffix", "What stands behind the name, such as III.")),
			text("displayName", "What people call the user."),
			text("nickName", "How people address the user."),
			reference("profileUrl", "The user's page.", "external"),
			text("title", "The user's title, such as Vice President."),
			text("userType", "How the user is related to the organization."),
			text("preferredLanguage", "The preferred language, such as en-US."),
			text("locale", "Where the user is, for formats of dates and numbers."),
			text("timezone", "The time zone, such as Europe/Berlin."),
			flag("active", "The user may use the services of the directory; true for a new user unless said otherwise.").required(),
			password,
			plural("emails", "E-mail addresses.", text("value", "An e-mail address."), "work", "home", "other"),
			plural("phoneNumbers", "Telephone numbers.", text("value", "A telephone number."),
				"work", "home", "mobile", "work_extension", "fax", "pager", "other"),
			plural("ims", "Addresses of instant messaging.", text("value", "An address."),
				"aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"),
			plural("photos", "Pictures of the user.", reference("value", "The address of a picture.", "external"),
				"photo", "thumbnail", "resizable"),
			addresses(),
			groupsOfUser(),
			plural("entitlements", "What the user is entitled to.", text("value", "An entitlement.")),
			plural("roles", "Who the user is.", text("value", "A role.")),
			plural("x509Certificates", "Certificates of the user.", certificate),
		},
	}
}

func addresses() Attribute {
	return complexOf("addresses", "Postal addresses.",
		text("formatted", "The whole address, for a label."), text("streetAddress", "Street, house and what else finds it."),
		text("locality", "The city."), text("region", "The state or region."), text("postalCode", "The postal code."),
		text("country", "The country, by its ISO 3166-1 alpha-2 code."),
		text("type", "What the address is for.").oneOf("work", "home", "other"),
		flag("primary", "The preferred address; at most one is.")).multi()
}

func groupsOfUser() Attribute {
	return complexOf("groups", "The groups that the user is a direct member of; changed by changing the group.",
		text("value", "The group's id.").exact().with(ReadOnly),
		reference("$ref", "The group's address.", "Group").with(ReadOnly),
		text("display", "The group's displayName.").with(ReadOnly),
		text("type", "How the user is a member.").oneOf("direct", "indirect").with(ReadOnly)).multi().with(ReadOnly)
}

// enterpriseSchema is the enterprise extension of users (RFC 7643, section 4.3).
func enterpriseSchema() Schema {
	return Schema{
		ID: attr.EnterpriseUser, Name: "EnterpriseUser", Description: "Enterprise User", Attributes: []Attribute{
			text("employeeNumber", "The number or code of the employee."),
			text("costCenter", "The name of a cost center."),
			text("organization", "The name of an organization."),
			text("division", "The name of a division."),
			text("department", "The name of a department."),
			complexOf("manager", "The user's manager.",
				text("value", "The id of the manager.").exact(),
				reference("$ref", "The address of the manager.", "User"),
				text("displayName", "The manager's displayName.").with(ReadOnly)),
		},
	}
}
