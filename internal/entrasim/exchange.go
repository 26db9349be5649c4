package entrasim

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxBody is the largest request body that is read.
const maxBody = 16 << 20

// An exchange is one request and its answer, which is collected before it is sent so that faults can spoil it. It is
// the ResponseWriter of the handlers, which get it back by newRoute.
type exchange struct {
	server    *Server
	request   *http.Request
	now       time.Time
	requestID guid
	inner     bool // a request inside a $batch
	header    http.Header
	status    int
	body      []byte
	spoil     faultKind // what was injected and is still to be done to the page or the body
}

var bodies = sync.Pool{New: func() any { return new([]byte) }}

func newExchange(s *Server, r *http.Request) *exchange {
	x := &exchange{server: s, request: r, now: s.now(), requestID: s.requestID(), header: http.Header{}, status: http.StatusOK}
	if b, ok := bodies.Get().(*[]byte); ok {
		x.body = (*b)[:0]
	}
	return x
}

func (x *exchange) release() {
	b := x.body
	bodies.Put(&b)
}

// Header, WriteHeader and Write make an exchange a http.ResponseWriter.
func (x *exchange) Header() http.Header { return x.header }

// WriteHeader sets the status.
func (x *exchange) WriteHeader(status int) { x.status = status }

// Write adds to the body.
func (x *exchange) Write(b []byte) (int, error) {
	x.body = append(x.body, b...)
	return len(b), nil
}

// newRoute adds a handler to a mux that is only ever called with exchanges.
func newRoute(mux *http.ServeMux, pattern string, handle func(*exchange)) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if x, ok := w.(*exchange); ok {
			x.request = r
			handle(x)
		}
	})
}

// run finds the answer, faults included.
func (x *exchange) run() {
	s, path := x.server, x.request.URL.Path
	mux := s.routes.login
	switch {
	case path == "/sim" || strings.HasPrefix(path, "/sim/"):
		s.routes.control.ServeHTTP(x, x.request)
		return
	case strings.HasPrefix(path, graphPrefix):
		mux = s.routes.graph
		x.graphHeaders()
	}
	s.directory.advance(x.now)
	if x.inject() {
		_, x.request.Pattern = mux.Handler(x.request)
		return
	}
	mux.ServeHTTP(x, x.request)
}

// send writes the answer out, compressed if the client asked for it, cut or garbled if a fault says so.
func (x *exchange) send(w http.ResponseWriter) {
	body := x.body
	if x.spoil == faultInvalidJSON {
		body = append(body[:len(body)/2:len(body)/2], "\x00<html>"...)
	}
	header := w.Header()
	maps.Copy(header, x.header)
	if len(body) > 1024 && strings.Contains(x.request.Header.Get("Accept-Encoding"), "gzip") {
		body = compress(body)
		header.Set("Content-Encoding", "gzip")
		header.Set("Vary", "Accept-Encoding")
	}
	x.count(len(body))
	if x.status == http.StatusNoContent {
		w.WriteHeader(x.status)
		return
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(x.status)
	if x.spoil == faultCut {
		cutConnection(w, body[:len(body)/2])
	}
	if _, err := w.Write(body); err != nil { //nolint:gosec // G705: JSON and text, never a page
		return // the client is gone
	}
}

func cutConnection(w http.ResponseWriter, half []byte) {
	if _, err := w.Write(half); err == nil { //nolint:gosec // G705: JSON and text, never a page
		if err := http.NewResponseController(w).Flush(); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
	panic(http.ErrAbortHandler)
}

// batchSuffix marks the routes of steps in a batch in the statistics.
const batchSuffix = " (in a batch)"

func (x *exchange) count(bytes int) {
	route := x.request.Pattern
	if x.inner {
		route += batchSuffix
	}
	x.server.calls.add(route, x.status, bytes)
}

var compressors = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant of the package
	}
	return w
}}

type appendWriter []byte

func (a *appendWriter) Write(b []byte) (int, error) {
	*a = append(*a, b...)
	return len(b), nil
}

func compress(body []byte) []byte {
	out := make(appendWriter, 0, len(body)/4)
	z, ok := compressors.Get().(*gzip.Writer)
	if !ok {
		return body
	}
	defer compressors.Put(z)
	z.Reset(&out)
	if _, err := z.Write(body); err != nil {
		panic(err) // writing to memory cannot fail
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return out
}

// answerJSON writes a value as the whole answer.
func (x *exchange) answerJSON(status int, contentType string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only plain values are written
	}
	x.header.Set("Content-Type", contentType)
	x.status = status
	x.body = append(append(x.body[:0], b...), '\n')
}

// readJSON reads the request body into v; an empty body leaves v as it is.
func (x *exchange) readJSON(v any) error {
	b, err := io.ReadAll(io.LimitReader(x.request.Body, maxBody))
	if err != nil || len(strings.TrimSpace(string(b))) == 0 {
		return err
	}
	return json.Unmarshal(b, v)
}

// baseURL is the scheme and host by which the client reached us; links in answers stay on it.
func (x *exchange) baseURL() string {
	if x.request.TLS != nil {
		return "https://" + x.request.Host
	}
	return "http://" + x.request.Host
}

// wait is a pause in real time that ends early with the request.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
