package telemetry

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts what the server does, in a registry of its own. Its methods may be called by several goroutines.
type Metrics struct {
	registry     *prometheus.Registry
	runs         *prometheus.CounterVec
	runSeconds   *prometheus.HistogramVec
	changes      *prometheus.CounterVec
	graph        *prometheus.CounterVec
	graphSeconds *prometheus.HistogramVec
	held         prometheus.Gauge
	expiring     *prometheus.GaugeVec
	http         *prometheus.CounterVec
	mail         *prometheus.CounterVec
}

// NewMetrics returns metrics that are all zero, together with those of the Go runtime and of the process.
func NewMetrics() *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		runs:     counter("rollcall_runs_total", "Runs that ended, by kind and final state.", "kind", "state"),
		runSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "rollcall_run_duration_seconds", Help: "Time from the start to the end of a run, by kind.",
			Buckets: []float64{0.1, 0.5, 1, 2, 5, 15, 60, 300, 900, 3600, 4 * 3600},
		}, []string{"kind"}),
		changes: counter("rollcall_changes_total", "Changes that were settled, by action and state.", "action", "state"),
		graph:   counter("rollcall_graph_requests_total", "Requests to Microsoft Graph, by route and HTTP status; 0 means no answer.", "route", "status"),
		graphSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "rollcall_graph_request_duration_seconds", Help: "Time until a request to Microsoft Graph was answered in full, by route.",
			Buckets: []float64{0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"route"}),
		held: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rollcall_held_changes", Help: "Changes that wait for somebody's decision.",
		}),
		expiring: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "rollcall_credentials_expiring", Help: "Credentials that end soon or have ended, by kind and by the latest notice about them.",
		}, []string{"kind", "notice"}),
		mail: counter("rollcall_emails_total", "Attempts to send an e-mail, by kind and outcome.", "kind", "outcome"),
		http: counter("rollcall_http_requests_total", "Requests that the server answered, by face, route and HTTP status.", "face", "route", "status"),
	}
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.runs, m.runSeconds, m.changes, m.graph, m.graphSeconds, m.held, m.expiring, m.http, m.mail,
	)
	return m
}

// Handler serves the metrics in the formats that Prometheus reads.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// ObserveRun counts a run that ended: its kind ("initial", "incremental", …), its final state, and the time since it started.
func (m *Metrics) ObserveRun(kind, state string, d time.Duration) {
	m.runs.WithLabelValues(kind, state).Inc()
	m.runSeconds.WithLabelValues(kind).Observe(d.Seconds())
}

// CountChanges counts n changes of one action ("create", "deactivate", …) that got the same state ("applied", "failed", …).
func (m *Metrics) CountChanges(action, state string, n int) {
	m.changes.WithLabelValues(action, state).Add(float64(n))
}

// ObserveGraph counts one request to Microsoft Graph. The route is a pattern ("/users/{id}"), never a path with identifiers;
// status is 0 if no answer came.
func (m *Metrics) ObserveGraph(route string, status int, d time.Duration) {
	m.graph.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.graphSeconds.WithLabelValues(route).Observe(d.Seconds())
}

// SetHeld says how many changes wait for a decision, over all instances.
func (m *Metrics) SetHeld(n int) { m.held.Set(float64(n)) }

// SetExpiring says how many credentials of a kind ("client-secret", "api-token", "oauth-secret") end within the time of the notice ("30d", "7d", "1d") and not
// within a shorter one, or have "ended".
func (m *Metrics) SetExpiring(kind, notice string, n int) {
	m.expiring.WithLabelValues(kind, notice).Set(float64(n))
}

// CountMail counts one attempt to send an e-mail of a kind ("held", "credential-ends", …), with its outcome: "sent", "failed" (tried again), "refused" or
// "given-up".
func (m *Metrics) CountMail(kind, outcome string) { m.mail.WithLabelValues(kind, outcome).Inc() }

// CountHTTP counts one request that a face ("api", "scim", "console") answered. The route is the pattern that matched, never the path.
func (m *Metrics) CountHTTP(face, route string, status int) {
	m.http.WithLabelValues(face, route, strconv.Itoa(status)).Inc()
}
