package scimserver_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/ratelimit"
	"rollcall/internal/scimserver"
	"rollcall/internal/telemetry"
)

// A flood is turned away before it costs anything: what it gets is bounded by its limit, and nobody else is refused or waits.
func TestAFloodOnOneOrganizationDoesNotSlowAnother(t *testing.T) {
	const perSecond = 50
	h := open(t)
	served := httptest.NewServer(scimserver.New(scimserver.Config{
		Directory: h.directory, Logger: slog.New(slog.DiscardHandler), Metrics: telemetry.NewMetrics(), Machine: time.Now, Limiter: ratelimit.New(perSecond),
	}))
	t.Cleanup(served.Close)
	h.url = served.URL
	other, err := h.directory.CreateOrganization(t.Context(), "Fabrikam")
	h.must(err)
	calm := *h
	calm.org, calm.entra = other.ID, h.token(other.ID, directory.NewToken{Role: directory.SCIMWriter})

	ctx, end := context.WithCancel(t.Context())
	var floods sync.WaitGroup
	var answered, refused atomic.Int64
	began := time.Now()
	for range 8 {
		floods.Go(func() {
			for ctx.Err() == nil {
				if h.call(h.entra, "GET", "/Users", nil).status == 429 {
					refused.Add(1)
				} else {
					answered.Add(1)
				}
			}
		})
	}
	for range perSecond { // as many as the other may make at once
		calm.person("user"+time.Now().Format(time.RFC3339Nano)+"@contoso.com", nil)
	}
	took := time.Since(began)
	end()
	floods.Wait()
	if most := perSecond + int64(time.Since(began).Seconds()*perSecond) + 1; answered.Load() > most || refused.Load() == 0 {
		t.Errorf("the flood got %d answers, at most %d, and %d were refused", answered.Load(), most, refused.Load())
	}
	if took > 10*time.Second { // a fraction of a second by itself; without a limit the flood takes all there is
		t.Errorf("%d writes took %s", perSecond, took)
	}
}

// A client that waits for each answer, such as a test suite, is slowed down to its limit and never refused; who asks for more at a time is.
func TestWhoAsksOneThingAfterTheOtherIsSlowedDownAndNotRefused(t *testing.T) {
	const perSecond = 200
	h := open(t)
	served := httptest.NewServer(scimserver.New(scimserver.Config{
		Directory: h.directory, Logger: slog.New(slog.DiscardHandler), Metrics: telemetry.NewMetrics(), Machine: time.Now, Limiter: ratelimit.New(perSecond),
	}))
	t.Cleanup(served.Close)
	h.url = served.URL
	began := time.Now()
	for range 3 * perSecond / 2 {
		h.call(h.entra, "GET", "/Users?count=0", nil).want(200)
	}
	if took := time.Since(began); took < 400*time.Millisecond {
		t.Errorf("%d requests took %s, as if there were no limit", 3*perSecond/2, took)
	}
	var refused atomic.Int64
	var crowd sync.WaitGroup
	for range 32 {
		crowd.Go(func() {
			for range 10 {
				if h.call(h.entra, "GET", "/Users?count=0", nil).status == 429 {
					refused.Add(1)
				}
			}
		})
	}
	if crowd.Wait(); refused.Load() == 0 {
		t.Error("of 32 clients at a time nobody was refused")
	}
}
