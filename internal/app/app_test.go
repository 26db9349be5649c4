package app

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/internal/config"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
)

// log collects what a server logs.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(data)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// moment is a clock that a test sets.
type moment struct{ ahead time.Duration }

func (m *moment) now() time.Time { return time.Now().UTC().Add(m.ahead) }

func settings(folder string) config.Config {
	return config.Config{
		Data: folder, Listen: "127.0.0.1:0", RateLimit: 200, LogLevel: "info", LogFormat: "text",
		Retention: config.Retention{ChangesDays: 90, AuditDays: 400, ArchiveDays: 365},
	}
}

func options(clock *moment) Options {
	return Options{Version: "test", Getenv: func(string) string { return "" }, Log: &log{}, Machine: clock.now, Drain: time.Second}
}

func open(t *testing.T, folder string, clock *moment) *App {
	t.Helper()
	a, err := Open(t.Context(), settings(folder), options(clock))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

func TestTheFirstStartMakesTheOneWayInAndLaterOnesNothing(t *testing.T) {
	folder, clock := t.TempDir(), &moment{}
	a := open(t, folder, clock)
	first, made, err := a.Bootstrap(t.Context(), "Contoso", time.Hour)
	if err != nil || !made || first.Organization.Name != "Contoso" {
		t.Fatalf("%+v, %t, %v", first, made, err)
	}
	token, err := a.Directory.Authenticate(t.Context(), first.Token)
	if err != nil || !token.May(directory.Administer) || !token.OrgID.IsZero() {
		t.Errorf("the token is %+v, %v", token, err)
	}
	if _, made, err := a.Bootstrap(t.Context(), "Contoso", time.Hour); made || err != nil {
		t.Errorf("again: made %t, %v", made, err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}

	// A token of an organization is no way into the server.
	clock.ahead = 2 * time.Hour
	a = open(t, folder, clock)
	if _, _, err := a.Directory.CreateToken(t.Context(), token, directory.NewToken{
		OrgID: first.Organization.ID, Name: "bound", Role: directory.FullAdministrator,
	}); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	a = open(t, folder, clock)
	second, made, err := a.Bootstrap(t.Context(), "Fabrikam", time.Hour)
	if err != nil || !made || second.Organization.ID != first.Organization.ID || second.Token == first.Token {
		t.Errorf("without a good token a start must make one for the same organization: %+v, %t, %v", second, made, err)
	}
	administrators, err := a.Directory.Administrators(t.Context(), ident.ID{})
	if err != nil || len(administrators) != 1 {
		t.Errorf("administrators: %v, %v", administrators, err)
	}
}

func TestAServerEndsCleanlyAndFreesItsDatabase(t *testing.T) {
	folder := t.TempDir()
	a := open(t, folder, &moment{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	response, err := http.Get(a.URL() + "/readyz")
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", response, err)
	}
	response.Body.Close()
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("end: %v", err)
	}
	open(t, folder, &moment{})
}

func TestWhatKeepsAServerFromStartingIsOneSentence(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	folder := t.TempDir()
	open(t, folder, &moment{})
	for name, c := range map[string]struct {
		change func(*config.Config)
		kind   fault.Kind
		want   string
	}{
		"address in use":    {func(c *config.Config) { c.Listen = taken.Addr().String() }, fault.Conflict, "--listen (ROLLCALL_LISTEN)"},
		"database in use":   {func(c *config.Config) { c.Data = folder }, fault.Unavailable, "another Rollcall process"},
		"bad setting":       {func(c *config.Config) { c.LogLevel = "loud" }, fault.Invalid, "--log-level"},
		"a clock to follow": {func(c *config.Config) { c.ClockURL = "http://127.0.0.1:1/" }, fault.Invalid, "--clock-url"},
		"a silent clock":    {func(c *config.Config) { c.ClockURL, c.AllowClock = "http://127.0.0.1:1/", true }, fault.Unavailable, "--clock-url"},
		"Microsoft's name": {func(c *config.Config) {
			c.Cloud = config.Cloud{Name: "dod", LoginURL: "https://a.example", GraphURL: "https://b.example"}
		}, fault.Invalid, "dod"},
	} {
		t.Run(name, func(t *testing.T) {
			wanted := settings(t.TempDir())
			c.change(&wanted)
			a, err := Open(t.Context(), wanted, options(&moment{}))
			if a != nil || !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in a fault of kind %s", err, c.want, c.kind)
			}
		})
	}
}

func TestTheSealingKeyOfTheDataFolderIsMadeOnceAndIsItsOwnersOnly(t *testing.T) {
	folder := t.TempDir()
	first, err := sealingKey(settings(folder), func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(folder, keyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	second, err := sealingKey(settings(folder), func(string) string { return "" })
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("another key: %v", err)
	}
}

func TestAGraphClientIsMadeAnewOnlyWhenItsConnectionChanged(t *testing.T) {
	a := &App{now: time.Now}
	wanted := settings(t.TempDir())
	wanted.Cloud = config.Cloud{Name: "simulated", LoginURL: "http://127.0.0.1:1", GraphURL: "http://127.0.0.1:1"}
	tenants, err := a.tenants(wanted, options(&moment{}))
	if err != nil {
		t.Fatal(err)
	}
	connection := engine.Connection{ID: ident.New(time.Now()), TenantID: "t", Cloud: "simulated", ClientID: "c", Form: engine.FormSecret}
	seal := func(secret string) {
		if connection.SealedSecret, err = tenants.seal(connection.ID, secret); err != nil {
			t.Fatal(err)
		}
	}
	seal("one")
	made := func() *graph.Client {
		tenant, err := tenants.tenant(connection)
		if err != nil {
			t.Fatal(err)
		}
		known, ok := tenant.(*graph.Client)
		if !ok {
			t.Fatalf("the tenant is a %T", tenant)
		}
		return known
	}
	first := made()
	if made() != first {
		t.Error("the client of an unchanged connection was not used again")
	}
	seal("two")
	if made() == first {
		t.Error("the client kept the old secret")
	}
	connection.Cloud = "mars"
	if _, err := tenants.tenant(connection); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "global, gcc-high, dod, china, simulated") {
		t.Errorf("an unknown cloud: %v", err)
	}
}

func TestMigrateAndBackupTellWhatTheyDid(t *testing.T) {
	folder := t.TempDir()
	a := open(t, folder, &moment{})
	logger := a.logger
	if _, err := Migrate(t.Context(), folder, logger, time.Now); !fault.Is(err, fault.Unavailable) {
		t.Errorf("while a server runs: %v", err)
	}
	to := filepath.Join(t.TempDir(), "copy.db")
	if err := Backup(t.Context(), folder, to); err != nil {
		t.Errorf("while a server runs: %v", err)
	}
	if err := Backup(t.Context(), folder, to); !fault.Is(err, fault.Conflict) {
		t.Errorf("over a file: %v", err)
	}
	if err := Backup(t.Context(), t.TempDir(), to+"2"); !fault.Is(err, fault.NotFound) {
		t.Errorf("of nothing: %v", err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if done, err := Migrate(t.Context(), folder, logger, time.Now); err != nil || done.From < 1 || done.To != done.From {
		t.Errorf("of a server that is not running: %+v, %v", done, err)
	}
}

func TestMigrateMakesNoDatabaseWhereThereIsNone(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "nowhere")
	_, err := Migrate(t.Context(), folder, slog.New(slog.DiscardHandler), time.Now)
	if !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), "rollcall serve") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was made: %v", err)
	}
}

func TestACopyDoesNotGoOnWithTheRunsOfItsOriginal(t *testing.T) {
	folder, copied := t.TempDir(), t.TempDir()
	a := open(t, folder, &moment{})
	organization, err := a.Directory.CreateOrganization(t.Context(), "Contoso")
	if err != nil {
		t.Fatal(err)
	}
	instance, err := a.Engine.CreateInstance(t.Context(), organization.ID, engine.NewInstance{Name: "One", TenantID: "t", ClientID: "9f2c6d0e-8a35-4e39-9f4f-2a1f6d7c3b10", ClientSecret: "s"})
	if err != nil {
		t.Fatal(err)
	}
	run, err := a.Engine.SyncNow(t.Context(), instance.ID, engine.Incremental) // queued: no jobs are worked before Run
	if err != nil {
		t.Fatal(err)
	}
	if err := Backup(t.Context(), folder, filepath.Join(copied, DatabaseFile)); err != nil {
		t.Fatal(err)
	}
	restored := open(t, copied, &moment{})
	if run, err := restored.Engine.GetRun(t.Context(), organization.ID, run.ID); err != nil || run.State != engine.Canceled {
		t.Errorf("in the copy the run is %s (%v), want it canceled", run.State, err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, folder, &moment{})
	if run, err := again.Engine.GetRun(t.Context(), organization.ID, run.ID); err != nil || run.State != engine.Queued {
		t.Errorf("in the original the run is %s (%v), want it to wait for its turn", run.State, err)
	}
}
