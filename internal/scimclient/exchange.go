package scimclient

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/outbound"
	"rollcall/internal/scim"
)

const (
	maxAnswer   = 32 << 20
	maxTries    = 4
	maxRefusals = 10 // of one request, by 429, before it is left for later
	backoffBase = 500 * time.Millisecond
	backoffCap  = 20 * time.Second
)

// request is what differs from one call to the next.
type request struct {
	method string
	// route is the path below the base address without ids, for messages and the pace; path is the whole, with its query.
	route, path string
	// version is sent as If-Match if it is not "".
	version string
	body    []byte
	// once: sending it twice could do it twice.
	once bool
}

// answer is one complete HTTP answer.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// object reads the body. A foreign or broken one is an error that repeats nothing of it.
func (a answer) object() (map[string]any, error) {
	if a.foreign() {
		return nil, errors.New("it is no JSON but " + a.mediaType())
	}
	return scim.Decode(a.body)
}

// foreign reports whether something else answered: a proxy, a page to sign in.
func (a answer) foreign() bool {
	kind := a.mediaType()
	return len(a.body) > 0 && (strings.Contains(kind, "html") || strings.HasSuffix(kind, "xml"))
}

func (a answer) mediaType() string {
	kind, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if err != nil {
		return "application/json" // what it really is will be seen
	}
	return kind
}

// do sends a request until it is answered with a 2xx or has failed: in its turn, again after a 429, and again after other passing failures
// if that does no harm.
func (c *Client) do(ctx context.Context, r request) (answer, *failure) {
	lanes := c.pace.lanes(r.method, r.route)
	for tried := (tries{}); ; {
		if f := c.queue(ctx, r, lanes); f != nil {
			return answer{}, f
		}
		sent := c.config.Now()
		a, f := c.attempt(ctx, r)
		if f == nil || f.status != http.StatusTooManyRequests {
			for _, l := range lanes {
				l.accepted()
			}
		}
		if f == nil || !tried.again(r, f, c.config.MaxRetryWait) {
			return a, f
		}
		wait := f.wait
		if !f.asked {
			wait = c.backoff(tried.failures + tried.refusals - 1)
		}
		c.config.Logger.LogAttrs(ctx, slog.LevelDebug, "scim request failed, will try again", slog.String("request", r.method+" "+r.route),
			slog.Int("status", f.status), slog.Int("retry", tried.failures+tried.refusals), slog.Duration("wait", wait))
		if f.status == http.StatusTooManyRequests { // all who share the limit wait, and the queue knows how long
			lanes[0].refused(sent, c.config.Now(), wait)
			continue
		}
		if err := outbound.Sleep(ctx, wait); err != nil {
			return a, interrupted(err, false)
		}
	}
}

// tries counts how often a request was sent in vain.
type tries struct{ refusals, failures int }

// again counts a failure and reports whether the request is to be sent once more.
func (t *tries) again(r request, f *failure, patience time.Duration) bool {
	if f.status == http.StatusTooManyRequests {
		t.refusals++
		return t.refusals < maxRefusals
	}
	t.failures++
	lost := f.reached && r.once || f.status/100 == 2 // what was answered so once will be so again
	return f.again && !lost && t.failures < maxTries && f.wait <= patience
}

// queue waits for the request's turn, and says so if that is too far away.
func (c *Client) queue(ctx context.Context, r request, lanes []*lane) *failure {
	pause, err := c.pace.wait(ctx, lanes, c.config.MaxRetryWait)
	switch {
	case err != nil:
		return interrupted(err, false)
	case pause > 0:
		f := &failure{again: true, general: true, wait: pause, fault: fault.New(fault.Throttled, "TooManyRequests",
			"%s asks for patience before the next %s %s", c.config.Profile.Title, r.method, r.route)}
		f.fault.RetryAfter = pause
		return f
	}
	return nil
}

// backoff is exponential; half of it is chance.
func (c *Client) backoff(try int) time.Duration {
	whole := float64(min(backoffBase<<try, backoffCap))
	return time.Duration(whole/2 + whole/2*c.config.Jitter())
}

// attempt sends the request once, and once more if the token is refused and another is to be had.
func (c *Client) attempt(ctx context.Context, r request) (answer, *failure) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return answer{}, interrupted(ctx.Err(), false)
	}
	token, err := c.config.Token(ctx)
	if err != nil {
		return answer{}, tokenless(ctx, err)
	}
	a, f := c.exchange(ctx, r, token)
	if f == nil || f.status != http.StatusUnauthorized {
		return a, f
	}
	renewed, err := c.config.Token(context.WithValue(ctx, refusedToken{}, token))
	if err != nil {
		return a, tokenless(ctx, err)
	}
	if renewed == token {
		return a, f
	}
	return c.exchange(ctx, r, renewed)
}

func (c *Client) exchange(ctx context.Context, r request, token string) (answer, *failure) {
	a, err := c.roundTrip(ctx, r, token)
	switch {
	case err != nil && ctx.Err() != nil:
		return a, interrupted(ctx.Err(), true)
	case err != nil:
		return a, c.noAnswer(r, err)
	case a.status/100 != 2:
		return a, c.refusal(r, a, token)
	case a.foreign():
		return a, c.broken(r, a, errors.New("it is no JSON but "+a.mediaType()))
	}
	return a, nil
}

func (c *Client) roundTrip(ctx context.Context, r request, token string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	outgoing, err := http.NewRequestWithContext(ctx, r.method, c.base.String()+r.path, bytes.NewReader(r.body))
	if err != nil {
		return answer{}, err
	}
	outgoing.Header.Set("Accept", "application/scim+json, application/json")
	outgoing.Header.Set("User-Agent", c.config.UserAgent)
	outgoing.Header.Set("Authorization", "Bearer "+token)
	if r.body != nil {
		outgoing.Header.Set("Content-Type", "application/scim+json")
	}
	if r.version != "" {
		outgoing.Header.Set("If-Match", r.version)
	}
	response, err := c.http.Do(outgoing)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return answer{}, err
	}
	if len(body) > maxAnswer {
		return answer{}, fault.New(fault.Unavailable, AnswerTooLarge, "the answer to %s %s is larger than %d MiB", r.method, r.route, maxAnswer>>20)
	}
	return answer{status: response.StatusCode, header: response.Header, body: body}, nil
}

// unsent reports whether a request surely did not reach the service.
func unsent(err error) bool {
	failed, ok := errors.AsType[*net.OpError](err)
	return ok && failed.Op == "dial"
}

// withoutAddress is the error without the address of the request: its query names people.
func withoutAddress(err error) error {
	if inURL, ok := errors.AsType[*url.Error](err); ok {
		return inURL.Err
	}
	return err
}
