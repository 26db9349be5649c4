package graph

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

const (
	maxBody       = 64 << 20
	maxKeptBuffer = 8 << 20
)

// request is what differs from one call to the next.
type request struct {
	method string
	url    string
	// route is the path's template, for metrics and messages.
	route string
	// header is sent as it is.
	header http.Header
	body   []byte
	// followed says that the address is a link of an earlier answer, which may have expired.
	followed bool
}

// answer is one complete HTTP answer. Its body is valid until the function that got it returns.
type answer struct {
	status    int
	header    http.Header
	body      []byte
	requestID string
}

// do sends a request to Graph until it is answered with a 2xx whose body use accepts, or has failed for good.
func (c *Client) do(ctx context.Context, r request, use func(answer) error) error {
	return c.persist(ctx, func(try int) error { return c.attempt(ctx, r, try, use) })
}

// attempt is one try of do: with a token, and with a new one if Graph refuses that.
func (c *Client) attempt(ctx context.Context, r request, try int, use func(answer) error) error {
	for renewed := false; ; renewed = true {
		token, err := c.token(ctx, try)
		if err != nil {
			return err
		}
		status := 0
		err = c.exchange(ctx, r, token, try, func(a answer) error {
			status = a.status
			if a.status/100 != 2 {
				return c.refusal(r, a)
			}
			if err := use(a); err != nil {
				return brokenAnswer(r, a, err)
			}
			return nil
		})
		switch status {
		case http.StatusUnauthorized, http.StatusForbidden: // a token keeps the consent that there was when it was made
			c.dropToken(ctx, token)
			withoutConsent(err, token)
		}
		if status != http.StatusUnauthorized || renewed {
			return err
		}
	}
}

// exchange sends the request once and hands over the complete answer, whatever its status. That there is none is a setback.
func (c *Client) exchange(ctx context.Context, r request, token string, try int, use func(answer) error) error {
	begun := c.config.Now()
	id := ident.New(begun).String()
	buffer := c.buffer()
	defer c.release(buffer)
	got, err := c.roundTrip(ctx, r, token, id, buffer)
	if c.config.Observe != nil {
		c.config.Observe(Call{Method: r.method, Route: r.route, Status: got.status, Duration: c.config.Now().Sub(begun), Retry: try})
	}
	if err != nil {
		if ctx.Err() != nil {
			return interrupted(ctx.Err())
		}
		return noAnswer(r, got.requestID, err)
	}
	return use(got)
}

// roundTrip reads the whole body into the buffer. If that fails, the answer holds what is known so far.
func (c *Client) roundTrip(ctx context.Context, r request, token, id string, buffer *bytes.Buffer) (answer, error) {
	got := answer{requestID: id}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	outgoing, err := http.NewRequestWithContext(ctx, r.method, r.url, bytes.NewReader(r.body))
	if err != nil {
		return got, err
	}
	maps.Copy(outgoing.Header, r.header)
	outgoing.Header.Set("Accept", "application/json")
	outgoing.Header.Set("User-Agent", c.config.UserAgent)
	outgoing.Header.Set("Client-Request-Id", id)
	if token != "" {
		outgoing.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := c.http.Do(outgoing)
	if err != nil {
		return got, err
	}
	defer response.Body.Close()
	got.status, got.header = response.StatusCode, response.Header
	if theirs := response.Header.Get("Request-Id"); theirs != "" {
		got.requestID = theirs
	}
	if size, err := buffer.ReadFrom(io.LimitReader(response.Body, maxBody+1)); err != nil {
		return got, err
	} else if size > maxBody {
		return got, fault.New(fault.Unavailable, "AnswerTooLarge", "the answer to %s %s is larger than %d MiB", r.method, r.route, maxBody>>20)
	}
	got.body = buffer.Bytes()
	return got, nil
}

func (c *Client) buffer() *bytes.Buffer {
	buffer, ok := c.buffers.Get().(*bytes.Buffer)
	if !ok {
		return new(bytes.Buffer)
	}
	buffer.Reset()
	return buffer
}

func (c *Client) release(buffer *bytes.Buffer) {
	if buffer.Cap() <= maxKeptBuffer {
		c.buffers.Put(buffer)
	}
}

// interrupted is the error of a caller who gave up. It is no fault: errors.Is finds the context's error.
func interrupted(err error) error { return fmt.Errorf("microsoft graph: interrupted: %w", err) }

// noAnswer is the error of an exchange that brought no complete answer.
func noAnswer(r request, requestID string, err error) error {
	if known := fault.Of(err); known != nil { // a redirect that was not followed, a body too large
		known.RequestID = requestID
		return known
	}
	if inURL, ok := errors.AsType[*url.Error](err); ok {
		err = inURL.Err // without the address: its query is long and names nobody can use
	}
	failed := fault.Wrap(fault.Unavailable, "NoAnswer", err, fmt.Sprintf("%s %s brought no complete answer", r.method, r.route))
	failed.RequestID = requestID
	if _, untrusted := errors.AsType[*tls.CertificateVerificationError](err); untrusted {
		failed.Code = "CertificateNotTrusted"
		return failed.WithRemedy("If a proxy of yours opens TLS connections, add its certificate authority to the trusted ones")
	}
	return &setback{fault: failed.WithRemedy("It is tried again later; if it lasts, check network, proxy and Microsoft's service health")}
}
