package scimclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"rollcall/internal/fault"
	"rollcall/internal/outbound"
	"rollcall/internal/scim"
)

// Codes of faults beside the scimTypes.
const (
	// LinkOffHost: the service redirects to where the token must not go.
	LinkOffHost = "LinkOffHost"
	// NoAnswer: there was no complete answer. BrokenAnswer: it is not what was promised. AnswerTooLarge: it was not read to its end.
	NoAnswer       = "NoAnswer"
	BrokenAnswer   = "BrokenAnswer"
	AnswerTooLarge = "AnswerTooLarge"
	// NoEndpoint: the service does not know the address.
	NoEndpoint = "NoEndpoint"
	// IncompleteList: a list ended before all that it announced was there, or would never end.
	IncompleteList = "IncompleteList"
)

// maxDetail is how many characters of the service's words a fault repeats.
const maxDetail = 300

// failure is why a request did not succeed, and what that allows to do about it.
type failure struct {
	fault  *fault.Error
	cause  error // of a caller who gave up; then fault is nil
	status int   // 0 if there was no answer
	// again: the same request may succeed later. reached: the service may have done it all the same. general: it is about the service, not
	// about the resource.
	again, reached, general bool
	// wait is what the service asked for, if asked.
	wait  time.Duration
	asked bool
}

func (f *failure) err() error {
	if f.fault == nil {
		return f.cause
	}
	return f.fault
}

// interrupted is the failure of a caller who gave up. It is no fault: errors.Is finds the context's error.
func interrupted(err error, reached bool) *failure {
	return &failure{cause: fmt.Errorf("scim: interrupted: %w", err), again: true, general: true, reached: reached}
}

func tokenless(ctx context.Context, err error) *failure {
	if ctx.Err() != nil {
		return interrupted(ctx.Err(), false)
	}
	known := fault.Of(err)
	if known == nil {
		known = fault.Wrap(fault.Unauthenticated, "", err, "there is no token for the SCIM service")
	}
	return &failure{fault: known, general: true, again: known.Kind.Temporary(), wait: known.RetryAfter, asked: known.RetryAfter > 0}
}

// noAnswer is the failure of an exchange that brought no complete answer.
func (c *Client) noAnswer(r request, err error) *failure {
	if known := fault.Of(err); known != nil { // a redirect that was not followed, a body too large
		return &failure{fault: known, general: true, reached: known.Code == AnswerTooLarge}
	}
	failed := fault.Wrap(fault.Unavailable, NoAnswer, withoutAddress(err), fmt.Sprintf("%s %s brought no complete answer", r.method, r.route)).
		WithRemedy("It is tried again later; if it lasts, check the address of the service, network and proxy")
	return &failure{fault: failed, again: true, general: true, reached: !unsent(err)}
}

// broken is the failure of a 2xx whose body is not what was promised.
func (c *Client) broken(r request, a answer, err error) *failure {
	failed := fault.Wrap(fault.Unavailable, BrokenAnswer, err, fmt.Sprintf("the answer to %s %s cannot be read", r.method, r.route)).
		WithRemedy("Check the address of the service; something else may answer in its place")
	return &failure{fault: failed, status: a.status, again: true, general: a.foreign(), reached: true}
}

// refusal is the failure of an answer that is not a 2xx.
func (c *Client) refusal(r request, a answer, token string) *failure {
	body, _ := a.object() // a page of HTML: the status alone has to do
	f := refused(r.method+" "+r.route, a.status, body, token)
	f.wait, f.asked = outbound.RetryAfter(a.header, c.config.Now())
	f.fault.RetryAfter = f.wait
	if unknownAddress(a.status) && !strings.Contains(r.route, itemSuffix) {
		f.fault.Kind, f.fault.Code, f.general = fault.Invalid, NoEndpoint, true
		f.fault.Remedy = "Check the address of the service"
	}
	return f
}

// unknownAddress reports whether a status, given to an address without an id, says that there is no such thing.
func unknownAddress(status int) bool {
	return status == http.StatusNotFound || status == http.StatusMethodNotAllowed
}

// refused makes the failure of a status and, if there is one, an error body (RFC 7644, section 3.12), of a request or one operation in it.
func refused(what string, status int, body map[string]any, secret string) *failure {
	scimType, _ := scim.Field(body, "scimType").(string)
	detail, _ := scim.Field(body, "detail").(string)
	text := fmt.Sprintf("%d %s", status, http.StatusText(status))
	if scimType = printable(scimType, ""); scimType != "" {
		text += ", " + scimType
	}
	failed := fault.New(fault.Invalid, scimType, "%s was answered with %s", what, text)
	if detail = printable(detail, secret); detail != "" {
		failed.Err = errors.New(strings.TrimSuffix(detail, ".")) // the remedy follows it
	}
	f := &failure{fault: failed, status: status}
	judge(f, status, scimType)
	return f
}

func judge(f *failure, status int, scimType string) {
	e := f.fault
	switch {
	case status == http.StatusTooManyRequests:
		e.Kind, f.again, f.general = fault.Throttled, true, true
		e.Remedy = "It is tried again later"
	case status == http.StatusUnauthorized:
		e.Kind, f.general = fault.Unauthenticated, true
		e.Remedy = "Renew the token of the destination"
	case status == http.StatusForbidden:
		e.Kind = fault.Denied
		e.Remedy = "Check what the token of the destination may do"
	case status == http.StatusNotFound || status == http.StatusGone:
		e.Kind = fault.NotFound
	case status == http.StatusConflict || scimType == scim.Uniqueness:
		e.Kind = fault.Conflict
	case status == http.StatusPreconditionFailed:
		e.Kind = fault.Stale
	case status == http.StatusLocked:
		e.Kind, f.again = fault.Unavailable, true
	case status == http.StatusRequestTimeout || status >= http.StatusInternalServerError && status != http.StatusNotImplemented:
		e.Kind, f.again, f.reached = fault.Unavailable, true, true
		f.general = status > http.StatusNotImplemented // a 500 may be about this one resource
		e.Remedy = "It is tried again later; if it lasts, ask the provider of the service"
	}
}

// printable is a text of the service for a message: one line, not long, without the secret.
func printable(text, secret string) string {
	if secret != "" {
		text = strings.ReplaceAll(text, secret, "[token]")
	}
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if runes := []rune(text); len(runes) > maxDetail {
		text = string(runes[:maxDetail]) + "..."
	}
	return text
}

// statusOf reads the status of an operation in a bulk: "201", 201 or, as an early draft had it, {"code": "201"}.
func statusOf(value any) int {
	switch status := value.(type) {
	case string:
		number, _ := strconv.Atoi(status)
		return number
	case json.Number:
		number, _ := strconv.Atoi(status.String())
		return number
	case map[string]any:
		return statusOf(scim.Field(status, "code"))
	}
	return 0
}
