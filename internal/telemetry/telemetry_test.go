package telemetry_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"rollcall/internal/fault"
	"rollcall/internal/telemetry"
)

func scrape(t *testing.T, m *telemetry.Metrics) string {
	t.Helper()
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if answer.Code != http.StatusOK {
		t.Fatalf("status %d: %s", answer.Code, answer.Body)
	}
	return answer.Body.String()
}

func TestWhatHappenedIsScraped(t *testing.T) {
	m := telemetry.NewMetrics()
	m.ObserveRun("initial", "succeeded", 3*time.Second)
	m.CountChanges("create", "applied", 1000)
	m.CountChanges("create", "applied", 1)
	m.ObserveGraph("/users", http.StatusOK, 120*time.Millisecond)
	m.ObserveGraph("/users", 0, time.Second)
	m.SetHeld(7)
	m.CountHTTP("api", "/api/v1/organizations/{orgId}/users", http.StatusNotFound)
	text := scrape(t, m)
	for _, want := range []string{
		`rollcall_runs_total{kind="initial",state="succeeded"} 1`,
		`rollcall_run_duration_seconds_sum{kind="initial"} 3`,
		`rollcall_run_duration_seconds_bucket{kind="initial",le="2"} 0`,
		`rollcall_run_duration_seconds_bucket{kind="initial",le="5"} 1`,
		`rollcall_changes_total{action="create",state="applied"} 1001`,
		`rollcall_graph_requests_total{route="/users",status="200"} 1`,
		`rollcall_graph_requests_total{route="/users",status="0"} 1`,
		`rollcall_graph_request_duration_seconds_count{route="/users"} 2`,
		`rollcall_held_changes 7`,
		`rollcall_http_requests_total{face="api",route="/api/v1/organizations/{orgId}/users",status="404"} 1`,
		"go_goroutines ",
		"process_cpu_seconds_total ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the scrape lacks %s", want)
		}
	}
	if problems, err := promlint.New(strings.NewReader(text)).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("Prometheus' own linter finds %v, %v", problems, err)
	}
}

func TestTwoServersInOneProcessCountApart(t *testing.T) {
	one, other := telemetry.NewMetrics(), telemetry.NewMetrics()
	one.SetHeld(7)
	if text := scrape(t, other); !strings.Contains(text, "rollcall_held_changes 0") {
		t.Error("one server's count shows in the other's metrics")
	}
}

func TestTheLoggerWritesItsLevelAndAboveInItsFormat(t *testing.T) {
	var out bytes.Buffer
	logger, err := telemetry.NewLogger(&out, "warn", "json")
	if err != nil {
		t.Fatal(err)
	}
	logger.Info("not this")
	logger.Warn("this", "run", 1)
	var record map[string]any
	if err := json.Unmarshal(out.Bytes(), &record); err != nil {
		t.Fatalf("%q is not one JSON record: %v", out.String(), err)
	}
	if record["msg"] != "this" || record["level"] != "WARN" {
		t.Errorf("record %v", record)
	}
	out.Reset()
	logger, err = telemetry.NewLogger(&out, "debug", "text")
	if err != nil {
		t.Fatal(err)
	}
	logger.Debug("this too")
	if !strings.Contains(out.String(), `level=DEBUG msg="this too"`) {
		t.Errorf("text record %q", out.String())
	}
}

func TestAnUnknownLevelOrFormatIsRefused(t *testing.T) {
	for _, setting := range [][2]string{{"verbose", "text"}, {"", "text"}, {"info", "xml"}, {"INFO+1", "json"}} {
		if _, err := telemetry.NewLogger(&bytes.Buffer{}, setting[0], setting[1]); !fault.Is(err, fault.Invalid) {
			t.Errorf("NewLogger(%q, %q) = %v, want invalid", setting[0], setting[1], err)
		}
	}
}
