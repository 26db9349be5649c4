package scimserver

import (
	"bytes"
	"context"
	"errors"
	"mime"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/inbound"
	"rollcall/internal/scim"
)

// exchange is what is known of one request and its answer.
type exchange struct {
	// id is the request id, told in X-Request-Id; address is the client's.
	id, address string
	// token that was accepted; zero for none.
	token ident.ID
	// body as it came; nil for none, and as soon as it has been decoded: who waits for his turn to write holds it no more.
	body []byte
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
	began := s.Machine()
	x := &exchange{id: ident.New(began).String(), address: inbound.ClientAddress(r, s.TrustedProxies)}
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	w.Header().Set("X-Request-Id", x.id)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	out := &inbound.Answer{ResponseWriter: w}
	defer s.finish(out, r, began)
	// Clients write the base address with a slash at its end, or with two.
	r.URL.Path, r.URL.RawPath = path.Clean(r.URL.Path), ""
	if err := readWhole(out, r); err != nil {
		s.refuse(out, r, err)
		return
	}
	s.mux.ServeHTTP(out, r)
}

// finish answers for a handler that panicked, counts the request and writes its line of the access log.
func (s *server) finish(out *inbound.Answer, r *http.Request, began time.Time) {
	ctx, x := r.Context(), exchangeOf(r.Context())
	defect := recover()
	err, _ := defect.(error)
	abort := errors.Is(err, http.ErrAbortHandler)
	if defect != nil && !abort {
		s.Logger.ErrorContext(ctx, "request failed", "request_id", x.id, "route", inbound.Route(r), "panic", defect, "stack", string(debug.Stack()))
		if abort = out.Status != 0; !abort {
			s.refuse(out, r, fault.New(fault.Internal, "", "a handler failed"))
		}
	}
	s.Metrics.CountHTTP("scim", inbound.Route(r), out.Status)
	s.Logger.DebugContext(ctx, "request", "request_id", x.id, "method", r.Method, "route", inbound.Route(r), "status", out.Status,
		"milliseconds", float64(s.Machine().Sub(began).Microseconds())/1000, "token", x.token.String(), "address", x.address)
	if abort {
		panic(http.ErrAbortHandler) // cuts the connection: the client must not take half an answer for a whole one
	}
}

// tooLarge and wrongType are codes whose errors have a status of their own.
const (
	tooLarge  = "BodyTooLarge"
	wrongType = "UnsupportedMediaType"
)

// smallBody is the length up to which a body gets room because its head says that it comes.
const smallBody = 64 << 10

// readWhole reads the body, and refuses what cannot be one.
func readWhole(w http.ResponseWriter, r *http.Request) error {
	if !inbound.ValidURL(r.URL) {
		return fault.New(fault.Invalid, scim.InvalidSyntax, "the address is not valid: escapes or UTF-8")
	}
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	var data bytes.Buffer
	data.Grow(int(min(max(r.ContentLength, 0), smallBody)) + bytes.MinRead)
	_, err := data.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return fault.New(fault.Invalid, tooLarge, "the body has more than 1 MiB").WithRemedy("Send less at a time.")
	case err != nil:
		return fault.New(fault.Invalid, scim.InvalidSyntax, "the body could not be read")
	case data.Len() > 0 && !isJSON(r.Header.Get("Content-Type")):
		return fault.New(fault.Invalid, wrongType, "the body has the content type %q", r.Header.Get("Content-Type")).
			WithRemedy("Send it as application/scim+json, or as application/json, in UTF-8.")
	}
	exchangeOf(r.Context()).body = data.Bytes()
	return nil
}

// isJSON reports whether a content type is one of SCIM's (RFC 7644, section 3.1), in UTF-8.
func isJSON(contentType string) bool {
	media, parameters, err := mime.ParseMediaType(contentType)
	charset := parameters["charset"]
	return err == nil && (media == "application/scim+json" || media == "application/json") && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

// body reads the object of a request, once.
func body(r *http.Request) (map[string]any, error) {
	x := exchangeOf(r.Context())
	data := x.body
	x.body = nil
	return scim.Decode(data)
}
