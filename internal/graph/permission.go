package graph

import "slices"

// Permission is an application permission of Microsoft Graph that the product asks for
// (https://learn.microsoft.com/graph/permissions-reference).
type Permission struct {
	// Name is how Entra lists it, such as "User.Read.All".
	Name string
	// RoleID is the app role that stands for it in manifests.
	RoleID string
	// Use says what it is used for; it has no full stop.
	Use string
	// Needed: nothing works without it. What needs the others is left out.
	Needed bool
}

// Permissions lists what the product asks for, the least that its work needs.
func Permissions() []Permission {
	return []Permission{
		{
			Name: "User.Read.All", RoleID: "df021288-bdef-4463-88db-98f22de89214", Needed: true,
			Use: "read all users' full profiles: the attributes that mappings copy, the manager, and who is blocked or deleted",
		},
		{
			Name: "GroupMember.Read.All", RoleID: "98830695-27a2-44f7-8c18-0c3ebc9698f6", Needed: true,
			Use: "read all groups and memberships: whom a selected group brings, and the picker of groups",
		},
		{
			Name: "Organization.Read.All", RoleID: "498476ce-e0fe-48b0-b801-37ba7e2685c6",
			Use: "read the organization: the tenant's name, so that the right one is connected",
		},
	}
}

// Missing returns the needed permissions that are not among the granted ones.
func Missing(granted []string) []string {
	var missing []string
	for _, permission := range Permissions() {
		if permission.Needed && !slices.Contains(granted, permission.Name) {
			missing = append(missing, permission.Name)
		}
	}
	return missing
}
