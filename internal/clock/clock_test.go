package clock_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"rollcall/internal/clock"
)

func TestAFollowerMovesWithTheClockItFollows(t *testing.T) {
	offset := int64(0)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"offset_ms":%d}`, offset)
	}))
	defer server.Close()
	base := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	follower := clock.Follow(func() time.Time { return base }, server.Client(), server.URL)
	if !follower.Now().Equal(base) {
		t.Errorf("before the first refresh Now() = %v, want the base time", follower.Now())
	}
	offset = (31 * 24 * time.Hour).Milliseconds()
	if err := follower.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := follower.Now(), base.AddDate(0, 0, 31); !got.Equal(want) {
		t.Errorf("Now() = %v, want %v", got, want)
	}
	server.Close()
	if err := follower.Refresh(t.Context()); err == nil {
		t.Error("a clock that cannot be reached must be reported")
	}
	if got, want := follower.Now(), base.AddDate(0, 0, 31); !got.Equal(want) {
		t.Errorf("after a failed refresh Now() = %v, want the last known offset kept (%v)", got, want)
	}
}
