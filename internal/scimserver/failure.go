package scimserver

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"rollcall/internal/fault"
	"rollcall/internal/inbound"
	"rollcall/internal/scim"
)

// Failure is how SCIM tells an error (RFC 7644, section 3.12).
type Failure struct {
	Schemas  []string `json:"schemas"`
	Status   string   `json:"status"`
	ScimType string   `json:"scimType,omitempty"`
	Detail   string   `json:"detail"`

	status  int
	headers map[string]string
}

// missingToken is the code of requests without a token.
const missingToken = "MissingToken"

func unknown(k kind, id string) error {
	return fault.New(fault.NotFound, "Unknown"+k.resourceType().Name, "there is no %s %s", strings.ToLower(k.resourceType().Name), strconv.Quote(id))
}

// failure tells an error, and is where errors that are ours are logged.
func (s *server) failure(ctx context.Context, err error) Failure {
	f, id := fault.Of(err), exchangeOf(ctx).id
	switch {
	case ctx.Err() != nil:
		f = fault.New(fault.Unavailable, "", "the request ended before it was answered")
	case f == nil || f.Kind == fault.Internal:
		s.Logger.ErrorContext(ctx, "request failed", "request_id", id, "token", exchangeOf(ctx).token.String(), "error", err.Error())
		f = fault.New(fault.Internal, "", "internal error").WithRemedy("Look for the request id in the server's log.")
	}
	bare := *f
	bare.RequestID = ""
	out := Failure{
		Schemas: []string{scim.ErrorMessage}, status: statusOf(f), ScimType: wordFor(f),
		Detail: strings.TrimSuffix(bare.Error(), ".") + " (request id " + id + ").", headers: map[string]string{},
	}
	out.Status = strconv.Itoa(out.status)
	switch {
	case f.Code == missingToken:
		out.headers["WWW-Authenticate"] = `Bearer realm="rollcall"`
	case f.Kind == fault.Unauthenticated:
		out.headers["WWW-Authenticate"] = `Bearer realm="rollcall", error="invalid_token"`
	case f.Kind == fault.Denied:
		out.headers["WWW-Authenticate"] = `Bearer realm="rollcall", error="insufficient_scope"`
	case f.Kind.Temporary():
		out.headers["Retry-After"] = inbound.RetryAfter(f.RetryAfter)
	}
	return out
}

// statusOf is the one place where faults become statuses.
func statusOf(f *fault.Error) int {
	switch f.Kind {
	case fault.Invalid:
		switch f.Code {
		case tooLarge:
			return http.StatusRequestEntityTooLarge
		case wrongType:
			return http.StatusUnsupportedMediaType
		case notImplemented:
			return http.StatusNotImplemented
		case notAllowed:
			return http.StatusMethodNotAllowed
		}
		return http.StatusBadRequest
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Denied:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Stale:
		return http.StatusPreconditionFailed
	case fault.Throttled:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// words are those that SCIM knows.
var words = []string{
	scim.InvalidFilter, scim.TooMany, scim.Uniqueness, scim.Mutability, scim.InvalidSyntax, scim.InvalidPath, scim.NoTarget, scim.InvalidValue,
	scim.InvalidVers, scim.Sensitive, scim.InvalidCursor, scim.ExpiredCursor, scim.InvalidCount,
}

// wordFor is SCIM's word for an error, "" if it has none.
func wordFor(f *fault.Error) string {
	switch {
	case slices.Contains(words, f.Code):
		return f.Code
	case f.Code == "NameHeld":
		return scim.Uniqueness
	case f.Code == "Managed", f.Code == "ReadOnly":
		return scim.Mutability
	case f.Code == "BadCursor":
		return scim.InvalidCursor
	case f.Code == tooLarge:
		return scim.TooMany
	case f.Code == wrongType:
		return scim.InvalidSyntax
	case f.Kind == fault.Invalid && f.Code != notImplemented && f.Code != notAllowed:
		return scim.InvalidValue
	}
	return ""
}

// refuse answers with an error.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	f := s.failure(r.Context(), err)
	for name, value := range f.headers {
		w.Header().Set(name, value)
	}
	s.write(w, r, f.status, f)
}
