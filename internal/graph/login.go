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
		refused.Kind, refused.Message, refused.Remedy = words.kind, words.message+" ("+refused.Code+")", words.remedy
		refused.Code = words.code
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
