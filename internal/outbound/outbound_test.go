package outbound_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"rollcall/internal/outbound"
)

func TestAServerAsksToWaitInSecondsOrUntilADate(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]struct {
		wait  time.Duration
		asked bool
	}{
		"":                              {},
		"soon":                          {},
		"-1":                            {},
		"0":                             {0, true},
		" 90 ":                          {90 * time.Second, true},
		"Sun, 01 Mar 2026 12:00:30 GMT": {30 * time.Second, true},
		"Sun, 01 Mar 2026 11:00:00 GMT": {0, true},
	} {
		wait, asked := outbound.RetryAfter(http.Header{"Retry-After": {header}}, noon)
		if wait != want.wait || asked != want.asked {
			t.Errorf("%q: %s, %v", header, wait, asked)
		}
	}
}

func TestASleepEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		if err := outbound.Sleep(ctx, 40*time.Second); err != nil || time.Since(began) != 40*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		if err := outbound.Sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Minute {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		if err := outbound.Sleep(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
