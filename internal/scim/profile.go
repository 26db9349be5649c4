package scim

// Profile says how requests are read.
type Profile string

// The profiles.
const (
	// Entra takes what Entra's provisioning service and others of its kind really send.
	Entra Profile = "entra"
	// Strict takes what RFC 7643 and RFC 7644 allow.
	Strict Profile = "strict"
)

func (p Profile) strict() bool { return p == Strict }
