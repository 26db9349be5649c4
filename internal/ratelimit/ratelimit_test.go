package ratelimit

import (
	"strconv"
	"testing"
	"time"

	"rollcall/internal/ident"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// passed counts how many of n requests at once pass.
func passed(l *Limiter, bearer ident.ID, n int, now time.Time) int {
	count := 0
	for range n {
		if _, ok := l.Allow(bearer, now); ok {
			count++
		}
	}
	return count
}

func TestABearerMakesSoManyRequestsInASecondAndNobodyElseNotices(t *testing.T) {
	l := New(200)
	loud, quiet := ident.New(noon), ident.New(noon)
	if got := passed(l, loud, 1000, noon); got != 200 {
		t.Errorf("%d of 1,000 requests at once passed, want 200", got)
	}
	if got := passed(l, loud, 1000, noon.Add(100*time.Millisecond)); got != 20 {
		t.Errorf("%d passed a tenth of a second later, want 20", got)
	}
	if got := passed(l, quiet, 200, noon.Add(100*time.Millisecond)); got != 200 {
		t.Errorf("of another bearer %d of 200 passed", got)
	}
	if got := passed(l, loud, 1000, noon.Add(time.Hour)); got != 200 {
		t.Errorf("%d passed after an hour, want 200: nothing is saved up", got)
	}
}

func TestWhoWaitsAsLongAsHeIsToldPasses(t *testing.T) {
	l := New(10)
	bearer := ident.New(noon)
	passed(l, bearer, 10, noon)
	now := noon
	for range 50 {
		wait, ok := l.Allow(bearer, now)
		if ok {
			continue
		}
		if wait <= 0 || wait > 100*time.Millisecond {
			t.Fatalf("told to wait for %s, want a tenth of a second at most", wait)
		}
		if _, ok := l.Allow(bearer, now.Add(wait-time.Millisecond)); ok {
			t.Fatal("passed before the wait was over")
		}
		if now = now.Add(wait); !must(l.Allow(bearer, now)) {
			t.Fatalf("refused after waiting for %s", wait)
		}
	}
}

func must(_ time.Duration, ok bool) bool { return ok }

func TestAKnownSecretIsCountedForItsBearerBeforeAnythingIsLookedUp(t *testing.T) {
	l := New(3)
	bearer := ident.New(noon)
	if _, ok, known := l.AllowSecret("one", noon); !ok || known {
		t.Errorf("a secret nobody knows: ok %t, known %t", ok, known)
	}
	l.Remember("one", bearer)
	l.Remember("two", bearer)
	for i, secret := range []string{"one", "two", "one", "two"} {
		wait, ok, known := l.AllowSecret(secret, noon)
		if !known || ok != (i < 3) || ok != (wait == 0) {
			t.Errorf("request %d: ok %t, known %t, wait %s", i, ok, known, wait)
		}
	}
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	l := New(3)
	for i := range maxSecrets + 10 {
		l.Remember(strconv.Itoa(i), ident.New(noon))
	}
	for i := range 1000 {
		l.Allow(ident.New(noon), noon.Add(time.Duration(i)*idle))
	}
	if len(l.secrets) > maxSecrets || len(l.bearers) > 2 {
		t.Errorf("%d secrets and %d bearers are remembered", len(l.secrets), len(l.bearers))
	}
}
