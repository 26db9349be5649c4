package api

import (
	"context"
	"errors"
	"maps"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"rollcall/internal/engine"
	"rollcall/internal/expr"
	"rollcall/internal/fault"
	"rollcall/internal/inbound"
)

// Problem is a problem document (RFC 9457): what every error of the API looks like.
type Problem struct {
	Type   string `json:"type" format:"uri-reference" doc:"about:blank: the title says what kind of problem it is."`
	Title  string `json:"title" doc:"The kind of problem: the text of the status."`
	Status int    `json:"status" doc:"The HTTP status."`
	Detail string `json:"detail" doc:"What happened, as a sentence."`
	// Code is a short, stable word for programs.
	Code string `json:"code,omitempty" doc:"A short, stable word for programs, such as NameHeld."`
	// Remedy is a sentence that says what to do about it.
	Remedy    string          `json:"remedy,omitempty" doc:"What to do about it, as a sentence."`
	RequestID string          `json:"requestId,omitempty" doc:"Identifies the request in the server's log."`
	Errors    []ProblemDetail `json:"errors,omitempty" nullable:"false" doc:"What is wrong with each parameter or field."`

	headers http.Header
}

// ProblemDetail says what is wrong with one part of the request.
type ProblemDetail struct {
	Location string `json:"location,omitempty" doc:"Where, such as body.name or query.limit."`
	Message  string `json:"message" doc:"What is wrong there."`
}

// Error implements error.
func (p *Problem) Error() string { return p.Detail }

// GetStatus tells huma the status of the answer.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders tells huma the headers that belong to the problem.
func (p *Problem) GetHeaders() http.Header { return p.headers }

// ContentType tells huma the media type of problem documents.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

func newProblem(ctx context.Context, status int, code, detail string) *Problem {
	return &Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Code: code, RequestID: exchangeOf(ctx).id,
		headers: http.Header{},
	}
}

func internalProblem(ctx context.Context) *Problem {
	p := newProblem(ctx, http.StatusInternalServerError, "Internal", "internal error, request id "+exchangeOf(ctx).id)
	p.Remedy = "Look for the request id in the server's log."
	return p
}

// problem makes the document of an error, and is where errors that are ours are logged.
func (s *server) problem(ctx context.Context, err error) *Problem {
	f := fault.Of(err)
	switch {
	case ctx.Err() != nil:
		return newProblem(ctx, http.StatusServiceUnavailable, "RequestEnded", "the request ended before it was answered")
	case f == nil || f.Kind == fault.Internal:
		x := exchangeOf(ctx)
		s.Logger.ErrorContext(ctx, "request failed", "request_id", x.id, "token", x.token.String(), "error", err.Error())
		return internalProblem(ctx)
	}
	bare := *f
	bare.Remedy, bare.RequestID = "", ""
	p := newProblem(ctx, statusOf(f.Kind), f.Code, bare.Error())
	p.Remedy = f.Remedy
	p.Errors = details(err)
	switch {
	case f.Kind == fault.Unauthenticated && f.Code == missingToken:
		p.headers.Set("WWW-Authenticate", `Bearer realm="rollcall"`)
	case f.Kind == fault.Unauthenticated:
		p.headers.Set("WWW-Authenticate", `Bearer realm="rollcall", error="invalid_token"`)
	case f.Kind == fault.Denied:
		p.headers.Set("WWW-Authenticate", `Bearer realm="rollcall", error="insufficient_scope"`)
	case f.Kind.Temporary():
		p.headers.Set("Retry-After", inbound.RetryAfter(f.RetryAfter))
	}
	return p
}

// details lists what is wrong with each part of settings or of an expression; none for other errors. Both always stand at the same place of a body.
func details(err error) []ProblemDetail {
	var settings engine.SettingErrors
	var mistakes expr.SyntaxErrors
	switch {
	case errors.As(err, &settings):
		return each(settings, func(e *engine.SettingError) ProblemDetail {
			return ProblemDetail{Location: "body.settings." + e.Location, Message: e.Error()}
		})
	case errors.As(err, &mistakes):
		return each(mistakes, func(e *expr.SyntaxError) ProblemDetail {
			return ProblemDetail{Location: "body.expression", Message: e.Error()}
		})
	}
	return nil
}

// statusOf is the one place where kinds of faults become statuses.
func statusOf(kind fault.Kind) int {
	switch kind {
	case fault.Invalid:
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
	case fault.Expired:
		return http.StatusGone
	case fault.Throttled:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// refuse answers with a problem.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, p *Problem) {
	maps.Copy(w.Header(), p.headers)
	s.write(w, r, p.Status, problemType, p)
}

// translate turns what huma finds wrong with a request into our documents. It does not repeat the values: a client secret may be among
// them.
func translate(ctx huma.Context, _ string, value any) (any, error) {
	found, ok := value.(*huma.ErrorModel)
	if !ok {
		return value, nil
	}
	p := newProblem(ctx.Context(), found.Status, "", found.Detail)
	switch found.Status {
	case http.StatusUnsupportedMediaType:
		p.Code, p.Remedy = "UnsupportedMediaType", "Send the body as application/json."
	case http.StatusUnprocessableEntity:
		p.Code, p.Remedy = "ValidationFailed", "See errors; the API is described at /openapi.json."
	default:
		p.Code = "BadBody"
	}
	for _, detail := range found.Errors {
		p.Errors = append(p.Errors, ProblemDetail{Location: detail.Location, Message: detail.Message})
	}
	return p, nil
}
