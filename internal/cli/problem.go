package cli

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/fault"
)

// kinds are those of the server's statuses; the others by their hundred.
var kinds = map[int]fault.Kind{
	http.StatusUnauthorized: fault.Unauthenticated, http.StatusForbidden: fault.Denied, http.StatusNotFound: fault.NotFound,
	http.StatusConflict: fault.Conflict, http.StatusPreconditionFailed: fault.Stale, http.StatusGone: fault.Expired,
	http.StatusTooManyRequests: fault.Throttled, http.StatusServiceUnavailable: fault.Unavailable, http.StatusBadGateway: fault.Unavailable,
	http.StatusGatewayTimeout: fault.Unavailable,
}

// problem reads a problem document.
func problem(response *http.Response) error {
	kind, known := kinds[response.StatusCode]
	if !known && response.StatusCode < 500 {
		kind = fault.Invalid
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	var document api.Problem
	if err != nil || json.Unmarshal(text, &document) != nil || document.Title == "" {
		return fault.New(kind, "", "the server answered %s, but not as Rollcall does", response.Status).
			WithRemedy("Check that --server is the address of a Rollcall server.")
	}
	parts := []string{document.Detail}
	remedy := document.Remedy
	if document.Code == "ValidationFailed" && len(document.Errors) > 0 { // they say it better
		parts, remedy = nil, ""
	}
	for _, detail := range document.Errors {
		if strings.Contains(document.Detail, detail.Message) {
			continue
		}
		parts = append(parts, strings.TrimPrefix(place(detail.Location)+": ", ": ")+demand(detail.Message))
	}
	f := &fault.Error{Kind: kind, Code: document.Code, Message: strings.TrimRight(strings.Join(parts, "; "), "."), Remedy: remedy}
	if kind == fault.Internal {
		f.RequestID = document.RequestID
	}
	return &refusal{error: f, details: document.Errors}
}

// refusal is a fault that the server told, with the place of each thing that is wrong.
type refusal struct {
	error
	details []api.ProblemDetail
}

// Unwrap returns the fault.
func (r *refusal) Unwrap() error { return r.error }

// place is where something is wrong, by the name that people know: without the part of the request, and without its number in a list of one.
func place(location string) string {
	for _, part := range []string{"body", "query", "path", "header"} {
		if location == part {
			return ""
		}
		if rest, found := strings.CutPrefix(location, part+"."); found {
			return strings.TrimSuffix(rest, "[0]")
		}
	}
	return location
}

// demands are the words of the server's validation, and what they mean.
var demands = []struct{ words, meaning string }{
	{"unexpected property", "is not known"},
	{"expected value to be one of ", "one of "},
	{"expected number <= ", "at most "},
	{"expected number < ", "less than "},
	{"expected number >= ", "at least "},
	{"expected number > ", "more than "},
	{"expected length <= ", "at most this many characters: "},
	{"expected length >= ", "at least this many characters: "},
	{"expected array length <= ", "at most this many: "},
	{"expected array length >= ", "at least this many: "},
	{"expected string to be RFC 4122 uuid", "an id such as 01932d5e-7c1a-7b3e-9f00-3c5d8e2a4b61"},
	{"expected string to match pattern ", "must fit the pattern "},
	{"expected string to be ", "must be "},
	{"expected required property ", "it lacks "},
	{"expected ", "must be: "},
}

// demand says what the server's validation asks for.
func demand(message string) string {
	for _, known := range demands {
		rest, found := strings.CutPrefix(message, known.words)
		switch {
		case !found:
		case strings.HasPrefix(known.meaning, "an id"):
			return known.meaning
		case known.meaning == "it lacks ":
			return known.meaning + strings.TrimSuffix(rest, " to be present")
		default:
			return known.meaning + strings.ReplaceAll(rest, `"`, "")
		}
	}
	return message
}

// lookUp gives the error a remedy if what it is about does not exist and the server knows none.
func lookUp(err error, remedy string) error {
	f := fault.Of(err)
	if f == nil || f.Kind != fault.NotFound || f.Remedy != "" {
		return err
	}
	told := *f
	return told.WithRemedy("%s", remedy)
}
