//go:build bench

package bench

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rollcall/e2e"
	"rollcall/internal/app"
	"rollcall/internal/config"
)

// BenchmarkFirstSync runs the server in this process, so that it can be profiled:
//
//	go test -tags bench -run '^$' -bench FirstSync -benchtime 1x -cpuprofile cpu.out ./bench
//
// It reports the time of one user, of 50,000 or as many as ROLLCALL_BENCH_SIZES says; ROLLCALL_BENCH_GROUPS=1 takes in all groups as objects. The tenant is a process of its own (bin/rollcall: make build).
func BenchmarkFirstSync(b *testing.B) {
	users := 50_000
	if os.Getenv("ROLLCALL_BENCH_SIZES") != "" {
		users = sizesOf(b)[0]
	}
	program, err := filepath.Abs("../bin/rollcall")
	if err != nil {
		b.Fatal(err)
	}
	tenant, err := e2e.StartTenant(b.Context(), program, users, 1)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		firstSync(b, tenant)
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/float64(users)*1e6, "µs/user")
	if err := tenant.Stop(); err != nil {
		b.Fatal(err)
	}
}

// firstSync sets a server up in this process and lets it read the tenant once.
func firstSync(b *testing.B, tenant *e2e.Tenant) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	settings := config.Config{
		Data: filepath.Join(b.TempDir(), "data"), Listen: "127.0.0.1:0", RateLimit: 200, LogLevel: "info", LogFormat: "text",
		Cloud:     config.Cloud{Name: "simulated", LoginURL: tenant.Facts.LoginURL, GraphURL: tenant.Facts.GraphURL},
		Retention: config.Retention{ChangesDays: 90, AuditDays: 400, ArchiveDays: 365},
	}
	server, err := app.Open(ctx, settings, app.Options{Version: "bench", Getenv: os.Getenv, Log: io.Discard, Machine: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	start, _, err := server.Bootstrap(ctx, "Default", time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	go func() { ended <- server.Run(ctx) }()
	const organization = "/api/v1/organizations/-"
	api := e2e.Client{Base: server.URL(), Token: start.Token}
	var instance struct{ ID string }
	err = api.Do(ctx, http.MethodPost, organization+"/instances", map[string]any{
		"name": "people", "cloud": "simulated", "tenantId": tenant.Facts.TenantID, "clientId": tenant.Facts.ClientID,
		"clientSecret": tenant.Facts.ClientSecret,
	}, &instance)
	if err != nil {
		b.Fatal(err)
	}
	if os.Getenv("ROLLCALL_BENCH_GROUPS") != "" {
		keepGroups(b, api, organization+"/instances/"+instance.ID)
	}
	var run e2e.Run
	if err := api.Do(ctx, http.MethodPost, organization+"/instances/"+instance.ID+"/sync", map[string]string{}, &run); err != nil {
		b.Fatal(err)
	}
	for !run.Over() {
		time.Sleep(20 * time.Millisecond)
		if err := api.Do(ctx, http.MethodGet, organization+"/runs/"+run.ID, nil, &run); err != nil {
			b.Fatal(err)
		}
	}
	cancel()
	if err := <-ended; err != nil || run.State != "succeeded" {
		b.Fatalf("%v, %+v", err, run)
	}
}

// keepGroups takes all groups of the tenant in as objects.
func keepGroups(b *testing.B, api e2e.Client, path string) {
	b.Helper()
	var instance struct {
		Settings map[string]any `json:"settings"`
	}
	if err := api.Do(b.Context(), http.MethodGet, path, nil, &instance); err != nil {
		b.Fatal(err)
	}
	instance.Settings["scope"] = map[string]any{"allUsers": true, "groupObjects": true}
	if err := api.Do(b.Context(), http.MethodPatch, path, map[string]any{"settings": instance.Settings}, nil); err != nil {
		b.Fatal(err)
	}
}
