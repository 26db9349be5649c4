package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/outbound"
)

// errorBody is Graph's error: https://learn.microsoft.com/graph/errors. The inner error's spelling varies in case, which encoding/json
// does not mind, and it may nest more specific codes.
type errorBody struct {
	Error errorDetail `json:"error"`
}

type errorDetail struct {
	Code       string       `json:"code"`
	Message    string       `json:"message"`
	RequestID  string       `json:"request-id"`
	InnerError *errorDetail `json:"innerError"`
}

// codes returns the code and the more specific ones inside.
func (e *errorDetail) codes() []string {
	var all []string
	for ; e != nil; e = e.InnerError {
		if e.Code != "" {
			all = append(all, e.Code)
		}
	}
	return all
}

func (e *errorDetail) has(code string) bool {
	return slices.ContainsFunc(e.codes(), func(c string) bool { return strings.EqualFold(c, code) })
}

// Codes by which Graph says that a link is no longer accepted: of delta links as its delta query page has them, the last one of the
// links of long lists.
var expiredCodes = [...]string{"resyncRequired", "syncStateNotFound", "syncStateInvalid", "Directory_ExpiredPageToken"}

// refusal makes the error of an answer that is not a 2xx: a fault, or a setback if another try may help.
func (c *Client) refusal(r request, a answer) error {
	var body errorBody
	_ = json.Unmarshal(a.body, &body) // a gateway's page of HTML: the status alone has to do
	e := &body.Error
	refused := fault.New(fault.Invalid, e.Code, "%s %s was answered with %s", r.method, r.route, describe(a.status, e.Code))
	if e.Message != "" {
		refused.Err = errors.New(e.Message)
	}
	if refused.RequestID = a.requestID; a.header.Get("Request-Id") == "" && e.InnerError != nil && e.InnerError.RequestID != "" {
		refused.RequestID = e.InnerError.RequestID
	}
	if worthRepeating(a.status) {
		return passing(refused, a, c.config.Now())
	}
	refused.Kind = kindOf(r, a.status, e)
	remedy(refused, r, a.status, e)
	return refused
}

// worthRepeating reports whether the same request may be answered otherwise in a moment.
func worthRepeating(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusRequestTimeout ||
		status >= http.StatusInternalServerError && status != http.StatusNotImplemented
}

func passing(refused *fault.Error, a answer, now time.Time) *setback {
	s := &setback{fault: refused}
	s.wait, s.asked = outbound.RetryAfter(a.header, now)
	refused.Kind, refused.RetryAfter = fault.Unavailable, s.wait
	if a.status == http.StatusTooManyRequests {
		refused.Kind = fault.Throttled
		refused.Remedy = "Microsoft limits how much one application may ask; it is tried again later"
		return s
	}
	refused.Remedy = "It is tried again later; if it lasts, look at Microsoft's service health"
	return s
}

func kindOf(r request, status int, e *errorDetail) fault.Kind {
	expired := slices.ContainsFunc(expiredCodes[:], e.has)
	switch {
	case r.followed && (status == http.StatusGone || status/100 == 4 && expired):
		return fault.Expired
	case status == http.StatusUnauthorized:
		return fault.Unauthenticated
	case status == http.StatusForbidden:
		return fault.Denied
	case status == http.StatusNotFound:
		return fault.NotFound
	case status/100 == 4 || status == http.StatusNotImplemented:
		return fault.Invalid
	}
	return fault.Unavailable // a 1xx or 3xx that net/http did not handle: something else answers in Graph's place
}

func remedy(refused *fault.Error, r request, status int, e *errorDetail) {
	switch refused.Kind {
	case fault.Expired:
		refused.Remedy = "A full read starts over"
	case fault.Unauthenticated:
		refused.Remedy = "Check that the app registration still exists and belongs to this tenant and cloud"
	default:
	}
	if refused.Kind == fault.Unauthenticated || refused.Kind == fault.Denied {
		deny(refused, r, status, e)
	}
}

// brokenAnswer is the setback of a 2xx whose body is not what was promised.
func brokenAnswer(r request, a answer, err error) error {
	if _, judged := errors.AsType[*setback](err); judged { // a batch has looked at its parts already
		return err
	}
	broken := fault.Wrap(fault.Unavailable, "BrokenAnswer", err, fmt.Sprintf("the answer to %s %s cannot be read", r.method, r.route))
	broken.RequestID = a.requestID
	return &setback{fault: broken.WithRemedy("Nothing of it was used and it is tried again later; if it lasts, look for a proxy that answers in Microsoft's place")}
}

func describe(status int, code string) string {
	text := fmt.Sprintf("%d %s", status, http.StatusText(status))
	if code != "" {
		text += ", " + code
	}
	return text
}
