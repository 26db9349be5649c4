package notifytest

import (
	"log/slog"
	"testing"
	"time"

	"rollcall/internal/ident"
	"rollcall/internal/notify"
)

// Service returns a service without a mail server of its own, whose passwords are not sealed.
func Service(t testing.TB, store notify.Store, recorder notify.Recorder, now func() time.Time) *notify.Service {
	t.Helper()
	return With(t, notify.Config{Store: store, Recorder: recorder, Now: now})
}

// With returns a service with what is set, and the rest as Service has it.
func With(t testing.TB, config notify.Config) *notify.Service {
	t.Helper()
	config.Metrics, config.Logger = uncounted{}, slog.New(slog.DiscardHandler)
	config.BaseURL = func() string { return "https://rollcall.example.com" }
	config.Seal = func(_ ident.ID, password string) ([]byte, error) { return []byte("sealed:" + password), nil }
	config.Open = func(_ ident.ID, sealed []byte) (string, error) { return string(sealed[len("sealed:"):]), nil }
	service, err := notify.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return service
}

type uncounted struct{}

// CountMail implements notify.Metrics.
func (uncounted) CountMail(string, string) {}
