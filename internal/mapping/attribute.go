// Package mapping makes the wanted destination record from a tenant record.
//
// An attribute mapping says how one attribute of the destination is made: by copying an attribute of the tenant, from a constant, by
// an expression, or not at all. Compile checks a list of them and returns a Set, which maps users: the same user always gives the same
// result, and a value that does not fit becomes a Problem of that user, never an error of the run.
package mapping

import "rollcall/internal/attr"

// Kind says how the value of a destination attribute is made.
type Kind string

// The kinds of attribute mappings, as in Microsoft Entra.
const (
	// Direct copies an attribute of the tenant.
	Direct Kind = "direct"
	// Constant is the same text for everybody.
	Constant Kind = "constant"
	// Expression computes the value; see package expr.
	Expression Kind = "expression"
	// None leaves the attribute alone; a new user gets the default value.
	None Kind = "none"
)

// Apply says when a mapping applies.
type Apply string

// When a mapping applies. The empty value means Always.
const (
	Always       Apply = "always"
	OnlyOnCreate Apply = "onlyOnCreate"
)

// Attribute is one attribute mapping.
type Attribute struct {
	Kind Kind `json:"kind"`
	// Source names the attribute of the tenant that Direct copies: "objectId", or Graph's name "id".
	Source string `json:"source,omitempty"`
	// Constant is the text of Constant.
	Constant string `json:"constant,omitempty"`
	// Expression is the text of Expression.
	Expression string `json:"expression,omitempty"`
	// Target is the SCIM path that is filled: `phoneNumbers[type eq "work"].value`.
	Target string `json:"target"`
	Apply  Apply  `json:"apply,omitempty"`
	// Default is what a new user gets when the source has no value; it is never used for a user who exists.
	Default string `json:"default,omitempty"`
	// ClearWhenEmpty empties the target when the source has no value. Without it an empty source changes nothing, as in Entra.
	ClearWhenEmpty bool `json:"clearWhenEmpty,omitempty"`
	// Matching makes the target a matching attribute with this precedence, the lowest first; 0 for none.
	Matching int `json:"matching,omitempty"`
}

// Defaults returns the sixteen mappings of a new instance. The first six cannot be removed.
func Defaults() []Attribute {
	return []Attribute{
		{Kind: Direct, Source: "userPrincipalName", Target: attr.UserName, Apply: Always, Matching: 1},
		{Kind: Expression, Expression: `Switch([IsSoftDeleted], , "False", "True", "True", "False")`, Target: attr.Active, Apply: Always},
		direct("displayName", attr.DisplayName),
		direct("surname", "name.familyName"),
		direct("givenName", "name.givenName"),
		direct("objectId", attr.ExternalID),
		direct("jobTitle", "title"),
		direct("usageLocation", `addresses[type eq "work"].country`),
		direct("city", `addresses[type eq "work"].locality`),
		direct("streetAddress", `addresses[type eq "work"].streetAddress`),
		direct("state", `addresses[type eq "work"].region`),
		direct("postalCode", `addresses[type eq "work"].postalCode`),
		direct("telephoneNumber", `phoneNumbers[type eq "work"].value`),
		direct("mobile", `phoneNumbers[type eq "mobile"].value`),
		direct("facsimileTelephoneNumber", `phoneNumbers[type eq "fax"].value`),
		direct("manager", attr.Manager),
	}
}

func direct(source, target string) Attribute {
	return Attribute{Kind: Direct, Source: source, Target: target, Apply: Always}
}

// permanent are the targets that every list of mappings has.
var permanent = []string{attr.UserName, attr.Active, attr.DisplayName, "name.familyName", "name.givenName", attr.ExternalID}

// matchable are the targets that may be matching attributes.
var matchable = []string{attr.UserName, attr.ExternalID, attr.DisplayName}
