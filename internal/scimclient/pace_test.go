package scimclient_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"rollcall/internal/fault"
	"rollcall/internal/scimclient"
)

// gate is a service behind a rate limit, in memory, so that a fake clock can drive it. Every answer takes a while.
type gate struct {
	allow      func(r *http.Request) bool
	latency    time.Duration
	retryAfter func() string

	mu              sync.Mutex
	passed, refused int
	times           []time.Time // of all requests but those of the discovery
	busy, mostBusy  int
}

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "Config") || strings.HasSuffix(r.URL.Path, "s") && r.Method == http.MethodGet {
		return answer(r, http.StatusNotFound, nil), nil
	}
	g.mu.Lock()
	g.times = append(g.times, time.Now())
	g.busy++
	g.mostBusy = max(g.mostBusy, g.busy)
	g.mu.Unlock()
	time.Sleep(g.latency) // by the fake clock
	g.mu.Lock()
	defer g.mu.Unlock()
	g.busy--
	if !g.allow(r) {
		g.refused++
		return answer(r, http.StatusTooManyRequests, http.Header{"Retry-After": {g.retryAfter()}}), nil
	}
	g.passed++
	return answer(r, http.StatusNoContent, nil), nil
}

func answer(r *http.Request, status int, header http.Header) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader("")), Request: r}
}

func oneSecond() string { return "1" }

// bucket allows so many requests a second and saves up to burst of them.
func bucket(perSecond float64, burst int) func(*http.Request) bool {
	limiter := rate.NewLimiter(rate.Limit(perSecond), burst)
	return func(*http.Request) bool { return limiter.AllowN(time.Now(), 1) }
}

// window allows so many requests in every second of the clock.
func window(perSecond int) func(*http.Request) bool {
	var second int64
	used := 0
	return func(*http.Request) bool {
		if now := time.Now().Unix(); now != second {
			second, used = now, 0
		}
		used++
		return used <= perSecond
	}
}

func (g *gate) client(t *testing.T, profile string, rates *scimclient.Rates) *scimclient.Client {
	t.Helper()
	return clientOf(t, "https://scim.example.com/v2", &http.Client{Transport: g}, profile, func(c *scimclient.Config) {
		p, _ := scimclient.ProfileNamed(profile)
		if c.Profile.Rates = p.Rates; rates != nil {
			c.Profile.Rates = *rates
		}
	})
}

func renames(n int) []scimclient.Operation {
	ops := make([]scimclient.Operation, n)
	for i := range ops {
		ops[i] = rename(strconv.Itoa(i), "Ada")
	}
	return ops
}

func TestWhatTheServiceAllowsIsUsed(t *testing.T) {
	for _, c := range []struct {
		name  string
		allow func() func(*http.Request) bool
	}{
		{"a bucket of a second", func() func(*http.Request) bool { return bucket(25, 25) }},
		{"a small bucket", func() func(*http.Request) bool { return bucket(25, 5) }},
		{"a window of a second", func() func(*http.Request) bool { return window(25) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &gate{allow: c.allow(), latency: 120 * time.Millisecond, retryAfter: oneSecond}
				client := g.client(t, "generic", nil)
				begun := time.Now()
				outcomes := send(t, client, renames(7500)...) // five minutes' worth
				share := float64(g.passed) / (25 * time.Since(begun).Seconds())
				t.Logf("%d sent in %v: %.1f %% of the allowed rate, %d refused, %d at once", g.passed, time.Since(begun), 100*share, g.refused, g.mostBusy)
				if share < 0.95 {
					t.Errorf("only %.1f %% of the allowed rate is used", 100*share)
				}
				if g.refused > g.passed/20 {
					t.Errorf("%d of %d requests were refused", g.refused, g.passed+g.refused)
				}
				if strings.Contains(statuses(outcomes), "later") || g.mostBusy > 16 {
					t.Errorf("requests were left for later, or %d were under way at once", g.mostBusy)
				}
			})
		})
	}
}

func TestThePaceFollowsALimitThatChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{allow: bucket(40, 10), latency: 50 * time.Millisecond, retryAfter: oneSecond}
		client := g.client(t, "generic", nil)
		measure := func(perSecond float64) float64 {
			send(t, client, renames(int(perSecond)*60)...) // a minute to get used to it
			begun := time.Now()
			send(t, client, renames(int(perSecond)*120)...)
			return float64(int(perSecond)*120) / time.Since(begun).Seconds()
		}
		for _, perSecond := range []float64{40, 10, 40} {
			g.allow = bucket(perSecond, 10)
			if got := measure(perSecond); got < 0.9*perSecond {
				t.Errorf("%.1f requests per second where %.0f are allowed", got, perSecond)
			}
		}
	})
}

func TestARetryAfterIsKeptToTheSecond(t *testing.T) {
	for name, header := range map[string]func() string{
		"seconds": func() string { return "7" },
		"date":    func() string { return time.Now().Add(7 * time.Second).UTC().Format(http.TimeFormat) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				g := &gate{allow: func(*http.Request) bool { calls++; return calls > 1 }, retryAfter: header}
				outcomes := send(t, g.client(t, "generic", nil), rename("1", "Ada"))
				if len(g.times) != 2 || g.times[1].Sub(g.times[0]) != 7*time.Second || outcomes[0].Status != scimclient.Done {
					t.Errorf("requests at %v, outcome %s", g.times, outcomes[0].Status)
				}
			})
		})
	}
}

func TestALongWaitIsLeftToTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{allow: bucket(0, 3), retryAfter: func() string { return "600" }}
		client := g.client(t, "generic", &scimclient.Rates{Start: 1})
		begun := time.Now()
		outcomes := send(t, client, renames(20)...)
		if got := strings.Fields(statuses(outcomes)); g.passed != 3 || len(got) != 20 || time.Since(begun) > time.Minute {
			t.Fatalf("%d passed in %v: %v", g.passed, time.Since(begun), got)
		}
		for _, o := range outcomes {
			if o.Status != scimclient.Done && (o.Status != scimclient.Later || o.RetryAfter < 9*time.Minute || !fault.Is(o.Fault, fault.Throttled)) {
				t.Errorf("%s, wait %v, %v", o.Status, o.RetryAfter, o.Fault)
			}
		}
		_, err := client.Send(t.Context(), renames(2))
		if known := fault.Of(err); known == nil || known.Kind != fault.Throttled || known.RetryAfter < 9*time.Minute {
			t.Errorf("the next call says %v", err)
		}
		if g.refused > 5 {
			t.Errorf("%d requests were made in vain", g.refused)
		}
	})
}

func TestPublishedLimitsAreNeverExceeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{allow: bucket(3, 20), retryAfter: oneSecond}
		client := g.client(t, "slack", nil)
		begun := time.Now()
		send(t, client, renames(1800)...) // ten minutes
		if took := time.Since(begun); g.refused > 0 || took > 606*time.Second {
			t.Errorf("1,800 updates took %v, %d were refused; three a second are allowed", took, g.refused)
		}
	})
}
