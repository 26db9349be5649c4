package mapping

import "fmt"

// What Problem.Code may say.
const (
	// MissingUserName: the user has no userName; there is nothing to create or to find the user by.
	MissingUserName = "MissingUserName"
	// MissingExternalID: the user has no externalId; nothing would tie him to his tenant.
	MissingExternalID = "MissingExternalId"
	// InvalidUserName: the userName does not look like an e-mail address.
	InvalidUserName = "InvalidUserName"
	// ValueTooLong: the value has more characters than the attribute can hold.
	ValueTooLong = "ValueTooLong"
	// InvalidValue: the value cannot be written to the attribute.
	InvalidValue = "InvalidValue"
	// ExpressionFailed: the expression has no result for this user.
	ExpressionFailed = "ExpressionFailed"
	// Escrowed: the expression sets the user aside.
	Escrowed = "Escrowed"
	// Ignored: an expression says that nothing is to be done for this user.
	Ignored = "IgnoreObjectFlow"
	// UnknownCountry: a warning; the value is written although it is no ISO 3166 code of a country.
	UnknownCountry = "UnknownCountry"
	// UnusedMember: a warning about a mapping; it has a member that its kind does not look at.
	UnusedMember = "UnusedMember"
)

// Problem says why one attribute of a user could not be mapped.
type Problem struct {
	// Code is one of the constants above.
	Code string `json:"code"`
	// Target is the path of the attribute.
	Target string `json:"target"`
	// Text is a sentence about the user's attribute without full stop: "title has 600 characters; at most 512 are allowed".
	Text string `json:"text"`
	// OnCreate: the problem matters only if the user has to be created.
	OnCreate bool `json:"onCreate,omitempty"`
}

func problem(code string, t target, format string, args ...any) *Problem {
	return &Problem{Code: code, Target: t.path, OnCreate: t.onCreate, Text: fmt.Sprintf(format, args...)}
}
