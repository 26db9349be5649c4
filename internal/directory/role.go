package directory

import (
	"slices"
	"time"

	"rollcall/internal/ident"
)

// Role says what an administrator, or the bearer of a token, may do.
type Role string

// The roles.
const (
	FullAdministrator     Role = "full-administrator"
	UserAdministrator     Role = "user-administrator"
	ReadOnlyAdministrator Role = "read-only-administrator"
	ComplianceOfficer     Role = "compliance-officer"
	// DirectoryUser is a directory user who acts for himself.
	DirectoryUser Role = "user"
	// SCIMReader and SCIMWriter are programs that see, or see and write, users and groups over SCIM, and nothing else.
	SCIMReader Role = "scim-reader"
	SCIMWriter Role = "scim-writer"
)

// Roles lists them, the mightiest first.
func Roles() []Role {
	return []Role{FullAdministrator, UserAdministrator, ReadOnlyAdministrator, ComplianceOfficer, SCIMWriter, SCIMReader, DirectoryUser}
}

// Provisions reports whether the role is one of programs that speak SCIM only. No person has such a role.
func (r Role) Provisions() bool { return r == SCIMReader || r == SCIMWriter }

// Right is one thing that a role may allow.
type Right string

// The rights.
const (
	// ReadDirectory: users, groups, domains, instances, runs and their changes.
	ReadDirectory Right = "read"
	// ReadArchive: copies of removed users.
	ReadArchive Right = "read-archive"
	// ReadAudit: what people and tokens did.
	ReadAudit Right = "read-audit"
	// WriteUsers: users that no instance owns.
	WriteUsers Right = "write-users"
	// WriteGroups: groups that no instance owns, and their members.
	WriteGroups Right = "write-groups"
	// Administer: directory synchronization, connections, domains, tokens, approvals.
	Administer Right = "administer"
	// Retain: for how long things are kept.
	Retain Right = "retention"
	// ReadSCIM and WriteSCIM: users and groups over SCIM; as OAuth 2.0 scopes they have the same names.
	ReadSCIM  Right = "scim:read"
	WriteSCIM Right = "scim:write"
)

// Rights lists them.
func Rights() []Right {
	return []Right{ReadDirectory, ReadArchive, ReadAudit, WriteUsers, WriteGroups, Administer, Retain, ReadSCIM, WriteSCIM}
}

var rightsOf = map[Role][]Right{
	FullAdministrator:     {ReadDirectory, ReadArchive, ReadAudit, WriteUsers, WriteGroups, Administer, Retain, ReadSCIM, WriteSCIM},
	UserAdministrator:     {ReadDirectory, WriteUsers, WriteGroups, ReadSCIM, WriteSCIM},
	ReadOnlyAdministrator: {ReadDirectory, ReadAudit, ReadSCIM},
	ComplianceOfficer:     {ReadArchive, ReadAudit, Retain},
	DirectoryUser:         {},
	SCIMReader:            {ReadSCIM},
	SCIMWriter:            {ReadSCIM, WriteSCIM},
}

// May reports whether the role allows the right.
func (r Role) May(right Right) bool {
	return slices.Contains(rightsOf[r], right)
}

// Administrator is a person who looks after one organization, or after the server. No sync ever touches one.
type Administrator struct {
	ID ident.ID
	// OrgID is zero for administrators of the server.
	OrgID     ident.ID
	Name      string
	Role      Role
	CreatedAt time.Time
	// Email is the address to sign in with, unique on the server without regard to case, and Password a PHC string. Both are "" for
	// administrators who exist for tokens only.
	Email, Password string
	// Language and Theme are what he prefers; "" for what the browser says.
	Language, Theme string
	SignedInAt      time.Time
	Tour            Tour
}

// Tour is how far somebody is in the tour of a demo.
type Tour struct {
	// Step is 0 before the tour, 1 for the first step, and one more than there are at the end.
	Step int
	// Person is the id of the user whom it is about.
	Person string
	// Left: he left it for now, and can go on.
	Left bool
}

// Label names the administrator for people: name and address.
func (a Administrator) Label() string {
	if a.Email == "" {
		return a.Name
	}
	return a.Name + " <" + a.Email + ">"
}

// Credential is what the administrator may do, in the form of a token, for what asks for one. It has no secret and is not stored.
func (a Administrator) Credential() Token {
	return Token{OrgID: a.OrgID, Name: a.Name, Role: a.Role, AdministratorID: a.ID, AdministratorRole: a.Role}
}
