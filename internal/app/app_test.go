package app

import (
	"bytes"
	"context"
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

// moment is a clock that a test sets.
type moment struct{ ahead time.Duration }

func (m *moment) now() time.Time { return time.Now().UTC().Add(m.ahead) }

func settings(folder string) config.Config {
	return config.Config{
		Data: folder, Listen: "127.0.0.1:0", LogLevel: "info", LogFormat: "text",
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

	clock.ahead = 2 * time.Hour
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
	connection := engine.Connection{ID: ident.New(time.Now()), TenantID: "t", Cloud: "simulated", ClientID: "c"}
	seal := func(secret string) {
		if connection.SealedSecret, err = tenants.seal(connection.ID, secret); err != nil {
			t.Fatal(err)
		}
	}
	seal("one")
	made := func() reader {
		tenant, err := tenants.tenant(connection)
		if err != nil {
			t.Fatal(err)
		}
		known, ok := tenant.(reader)
		if !ok {
			t.Fatalf("the tenant is a %T", tenant)
		}
		return known
	}
	first := made()
	if made().Client != first.Client {
		t.Error("the client of an unchanged connection was not used again")
	}
	seal("two")
	if made().Client == first.Client {
		t.Error("the client kept the old secret")
	}
	_, err = first.Follow(t.Context(), "http://127.0.0.1:2/v1.0/users/delta?$deltatoken=x")
	if !fault.Is(err, fault.Expired) {
		t.Errorf("a link of the cloud's old address: %v", err)
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
	empty := t.TempDir()
	done, err := Migrate(t.Context(), empty, logger, time.Now)
	if err != nil || done.From != 0 || done.To < 1 {
		t.Errorf("%+v, %v", done, err)
	}
	again, err := Migrate(t.Context(), empty, logger, time.Now)
	if err != nil || again.From != done.To || again.To != done.To {
		t.Errorf("%+v, %v", again, err)
	}
}
