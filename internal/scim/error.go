package scim

import "rollcall/internal/fault"

// The words by which SCIM tells errors apart (RFC 7644, table 9; RFC 9865, section 2.2). Errors of this package are fault.Invalid with one
// of them as code.
const (
	InvalidFilter = "invalidFilter"
	TooMany       = "tooMany"
	Uniqueness    = "uniqueness"
	Mutability    = "mutability"
	InvalidSyntax = "invalidSyntax"
	InvalidPath   = "invalidPath"
	NoTarget      = "noTarget"
	InvalidValue  = "invalidValue"
	InvalidVers   = "invalidVers"
	Sensitive     = "sensitive"
	InvalidCursor = "invalidCursor"
	ExpiredCursor = "expiredCursor"
	InvalidCount  = "invalidCount"
)

// The URNs of SCIM's messages (RFC 7644, section 8.2).
const (
	ErrorMessage  = "urn:ietf:params:scim:api:messages:2.0:Error"
	ListResponse  = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	SearchRequest = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
	PatchOp       = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	BulkRequest   = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	BulkResponse  = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
)

// maxQuoted is how many characters of a client's text a message repeats.
const maxQuoted = 80

func invalid(scimType, format string, args ...any) *fault.Error {
	return fault.New(fault.Invalid, scimType, format, args...)
}

// quote returns a text in quotes for a message, cut where it is long.
func quote(text string) string { return `"` + cut(text) + `"` }

func cut(text string) string {
	runes := []rune(text)
	if len(runes) > maxQuoted {
		return string(runes[:maxQuoted-3]) + "..."
	}
	return text
}
