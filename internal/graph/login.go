package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"rollcall/internal/fault"
)

// loginError is the error of Entra's token endpoint: RFC 6749, section 5.2, with Entra's additions.
type loginError struct {
	Error       string `json:"error"`
	Description string `json:"error_description"` // begins "AADSTS7000215: "; trace id and time follow in lines of their own
	Codes       []int  `json:"error_codes"`
	TraceID     string `json:"trace_id"`
}

func (e loginError) number() int {
	if len(e.Codes) > 0 {
		return e.Codes[0]
	}
	_, rest, _ := strings.Cut(e.Description, "AADSTS")
	digits, _, _ := strings.Cut(rest, ":")
	number, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return number
}

// plainWords says what an AADSTS number means to who administers the connection.
type plainWords struct {
	kind            fault.Kind
	message, remedy string
}

const (
	renewSecret  = "Create a new client secret in the app registration (Certificates & secrets) and enter its Value, not its Secret ID" //nolint:gosec // words, not a credential
	renewConsent = "An Entra administrator must grant admin consent to the app; the next run notices by itself"
)

// loginWords returns the words for a number, as https://learn.microsoft.com/entra/identity-platform/reference-error-codes has them.
func loginWords(number int) (plainWords, bool) {
	switch number {
	case 7000215, 7000216, 7000218:
		return plainWords{fault.Unauthenticated, "Entra does not know this client secret", renewSecret}, true
	case 7000222:
		return plainWords{fault.Unauthenticated, "the client secret has expired", renewSecret}, true
	case 700016, 50034:
		return plainWords{
			fault.Unauthenticated, "Entra does not know this application in this tenant",
			"Check client id and tenant id; if the app was deleted in Entra, restore or register it again",
		}, true
	case 90002, 900021, 900023:
		return plainWords{
			fault.Unauthenticated, "Entra does not know this tenant",
			"Check the tenant id and the cloud of the connection",
		}, true
	case 7000112:
		return plainWords{
			fault.Denied, "the application is disabled in the tenant",
			"Enable it in Entra: Enterprise applications > the app > Properties > Enabled for users to sign in",
		}, true
	case 65001, 65004, 7000229, 500011, 650052:
		return plainWords{fault.Denied, "the tenant has not consented to the application", renewConsent}, true
	case 53003:
		return plainWords{
			fault.Denied, "a conditional access policy blocks the application",
			"Exclude the application from the policy, or run the server where the policy allows it",
		}, true
	}
	return plainWords{}, false
}

// loginRefusal makes the error of an answer of the login service that is not a token.
func (c *Client) loginRefusal(r request, a answer) error {
	var e loginError
	_ = json.Unmarshal(a.body, &e) // a gateway's page of HTML: the status alone has to do
	refused := fault.New(fault.Unauthenticated, e.Error, "%s", "Entra refuses the credentials of the connection").
		WithRemedy("Check tenant id, client id and client secret of the connection")
	if refused.RequestID = a.requestID; e.TraceID != "" {
		refused.RequestID = e.TraceID
	}
	number := e.number()
	if number != 0 {
		refused.Code = "AADSTS" + strconv.Itoa(number)
	}
	if words, known := loginWords(number); known {
		refused.Kind, refused.Message, refused.Remedy = words.kind, words.message, words.remedy
		return refused
	}
	refused.Err = errors.New(firstLine(e.Description, describe(a.status, e.Error)))
	if worthRepeating(a.status) || e.Error == "temporarily_unavailable" {
		refused.Message = fmt.Sprintf("%s %s was answered with %s", r.method, r.route, describe(a.status, refused.Code))
		return passing(refused, a, c.config.Now())
	}
	if e.Error == "" && a.status != http.StatusUnauthorized { // not the login service: a proxy, a wrong address
		refused.Kind, refused.Message = fault.Unavailable, "the login service gave an answer that is not its own"
		refused.Remedy = "Check the cloud of the connection, and look for a proxy that answers in Microsoft's place"
	}
	return refused
}

func firstLine(text, otherwise string) string {
	line, _, _ := strings.Cut(text, "\n")
	line, _, _ = strings.Cut(line, " Trace ID:")
	if line = strings.TrimSpace(line); line == "" {
		return otherwise
	}
	return line
}
