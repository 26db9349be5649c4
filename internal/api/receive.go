package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"rollcall/internal/entraschema"
	"rollcall/internal/ident"
	"rollcall/internal/inbound"
)

// maxBody is how large the body of a request may be, in bytes.
const maxBody = 1 << 20

// bodyLimits says how large the body may be, and whether it must be UTF-8. A synchronization schema is read as a file is, byte order mark and all.
func bodyLimits(r *http.Request) (limit int64, text bool) {
	if r.Method == http.MethodPut && strings.HasPrefix(r.URL.Path, Prefix) && strings.HasSuffix(r.URL.Path, "/schema") {
		return entraschema.MaxBytes, false
	}
	return maxBody, true
}

// exchange is what is known of one request and its answer.
type exchange struct {
	// id is the request id, told in X-Request-Id.
	id string
	// address is the client's.
	address string
	// base is the address at which the client reaches the server, without a path.
	base string
	// token that was accepted; zero for none.
	token ident.ID
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{}
}

// receive is where every request comes in and every answer goes out.
func (s *server) receive(w http.ResponseWriter, r *http.Request) {
	began := s.Engine.Machine()
	x := &exchange{id: ident.New(began).String(), address: inbound.ClientAddress(r, s.TrustedProxies), base: s.BaseURL}
	if x.base == "" {
		x.base = inbound.BaseURL(r, s.TrustedProxies)
	}
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	w.Header().Set("X-Request-Id", x.id)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	out := &inbound.Answer{ResponseWriter: w}
	defer s.finish(out, r, began)
	if problem := s.readWhole(out, r); problem != nil {
		s.refuse(out, r, problem)
		return
	}
	s.mux.ServeHTTP(out, r)
}

// finish answers for an operation that panicked, counts the request and writes its line of the access log.
func (s *server) finish(out *inbound.Answer, r *http.Request, began time.Time) {
	ctx, x := r.Context(), exchangeOf(r.Context())
	defect := recover()
	abort := defect != nil && out.Status != 0
	if defect != nil && ctx.Err() == nil && !isAbort(defect) {
		s.Logger.ErrorContext(ctx, "request failed", "request_id", x.id, "route", inbound.Route(r), "panic", defect, "stack", string(debug.Stack()))
	}
	if defect != nil && !abort {
		s.refuse(out, r, internalProblem(ctx))
	}
	s.Metrics.CountHTTP("api", inbound.Route(r), out.Status)
	s.Logger.DebugContext(ctx, "request", "request_id", x.id, "method", r.Method, "route", inbound.Route(r), "status", out.Status,
		"milliseconds", float64(s.Engine.Machine().Sub(began).Microseconds())/1000, "token", x.token.String(), "address", x.address)
	if abort {
		panic(http.ErrAbortHandler) // cuts the connection: the client must not take half an answer for a whole one
	}
}

func isAbort(defect any) bool {
	err, ok := defect.(error)
	return ok && errors.Is(err, http.ErrAbortHandler)
}

// readWhole reads the body while the server's deadline for reading runs, and then lifts that deadline: once it passed it would end the
// context of an operation that takes longer, such as a stream of events.
func (s *server) readWhole(w http.ResponseWriter, r *http.Request) *Problem {
	ctx := r.Context()
	if !inbound.ValidURL(r.URL) {
		return newProblem(ctx, http.StatusBadRequest, "BadURL", "the address is not valid: escapes or UTF-8")
	}
	if r.Body != nil && r.Body != http.NoBody {
		limit, text := bodyLimits(r)
		data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(err, &tooLarge):
			return newProblem(ctx, http.StatusRequestEntityTooLarge, "BodyTooLarge", fmt.Sprintf("the body has more than %d MiB", limit>>20))
		case err != nil:
			return newProblem(ctx, http.StatusBadRequest, "BadBody", "the body could not be read")
		case text && !utf8.Valid(data):
			return newProblem(ctx, http.StatusBadRequest, "BadBody", "the body is not valid UTF-8")
		}
		r.Body = io.NopCloser(bytes.NewReader(data))
	}
	// A recorder in a test has no connection and no deadline: nothing to lift.
	if err := http.NewResponseController(w).SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return newProblem(ctx, http.StatusServiceUnavailable, "ConnectionLost", "the connection ended")
	}
	return nil
}
