package entrasim

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

// maxBatch is how many requests a batch may hold.
const maxBatch = 20

type batchRequest struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	DependsOn []string          `json:"dependsOn"`
}

type batchResponse struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    json.RawMessage   `json:"body,omitempty"`
}

// batch answers POST /$batch: each inner request is answered, throttled and faulted on its own; the outer status is 200. They
// are run one after the other. (In production in any order, but for dependsOn.)
func (x *exchange) batch() {
	var b struct {
		Requests []batchRequest `json:"requests"`
	}
	if err := x.readJSON(&b); err != nil || len(b.Requests) == 0 {
		x.fail(badQuery("Invalid batch payload format."))
		return
	}
	if len(b.Requests) > maxBatch {
		x.fail(badQuery("Number of batch request steps exceeds the maximum value of %d.", maxBatch))
		return
	}
	status := map[string]int{}
	responses := make([]batchResponse, 0, len(b.Requests))
	for _, r := range b.Requests {
		if _, twice := status[fold(r.ID)]; r.ID == "" || twice {
			x.fail(badQuery("Every batch request needs an id of its own: '%s'.", r.ID))
			return
		}
		a := x.batchStep(r, status)
		status[fold(r.ID)] = a.Status
		responses = append(responses, a)
	}
	x.answerJSON(http.StatusOK, graphContentType, map[string]any{"responses": responses})
}

func (x *exchange) batchStep(r batchRequest, done map[string]int) batchResponse {
	for _, d := range r.DependsOn {
		if s, ok := done[fold(d)]; !ok || s >= 400 {
			return x.batchRefused(r.ID, http.StatusFailedDependency, "FailedDependency", "A request that this one depends on failed.")
		}
	}
	address := "/" + strings.TrimPrefix(r.URL, "/")
	if strings.HasPrefix(address, graphPrefix) || strings.HasPrefix(address, "/$batch") {
		return x.batchRefused(r.ID, http.StatusBadRequest, "BadRequest", "Invalid batch request url: no version and no batch in it.")
	}
	req, err := http.NewRequestWithContext(x.request.Context(), strings.ToUpper(r.Method),
		strings.TrimSuffix(graphPrefix, "/")+address, bytes.NewReader(r.Body))
	if err != nil {
		return x.batchRefused(r.ID, http.StatusBadRequest, "BadRequest", "Invalid batch request url.")
	}
	req.Host, req.TLS = x.request.Host, x.request.TLS
	for k, v := range r.Headers {
		req.Header.Set(k, v)
	}
	inner := newExchange(x.server, req)
	defer inner.release()
	inner.now, inner.inner = x.now, true
	inner.run()
	inner.count(len(inner.body))
	return inner.batchResponse(r.ID)
}

// batchResponse turns an answer into a member of the batch's answer; what is not JSON goes as base64.
func (x *exchange) batchResponse(id string) batchResponse {
	a := batchResponse{ID: id, Status: x.status, Headers: map[string]string{}}
	for _, h := range []string{"Content-Type", "Retry-After", "Location", "request-id", "Cache-Control"} {
		if v := x.header.Get(h); v != "" {
			a.Headers[h] = v
		}
	}
	switch {
	case len(x.body) == 0:
	case strings.HasPrefix(x.header.Get("Content-Type"), "application/json"):
		a.Body = bytes.Clone(x.body)
	default:
		a.Body = appendString(nil, base64.StdEncoding.EncodeToString(x.body))
	}
	return a
}

func (x *exchange) batchRefused(id string, status int, code, message string) batchResponse {
	e := newExchange(x.server, x.request)
	defer e.release()
	e.header.Set("request-id", x.header.Get("request-id"))
	e.graphError(status, code, message)
	return e.batchResponse(id)
}
