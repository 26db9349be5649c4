package engine_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// expiring remembers what an engine told about credentials that end.
type expiring struct {
	silence
	counts map[string]map[directory.Notice]int
}

func (e expiring) CredentialsExpiring(kind string, counts map[directory.Notice]int) {
	e.counts[kind] = counts
}

// announced returns the notices of a kind in the organization's audit log, the first one first.
func (w *world) announced(action string) []string {
	w.Helper()
	events, err := w.dir.Events(w.Context(), w.org, ident.ID{}, 1000)
	if err != nil {
		w.Fatal(err)
	}
	var notices []string
	for _, event := range events {
		if event.Action == action {
			notices = append([]string{event.After.Text("notice")}, notices...)
		}
	}
	return notices
}

// renew replaces the client secret by an equal one that ends then.
func (w *world) renew(ends time.Time) {
	w.Helper()
	secret := w.sim.Tenant().ClientSecret
	if _, err := w.engine.ChangeInstance(w.Context(), w.instance.ID, engine.Change{ClientSecret: &secret, SecretExpiresAt: &ends}); err != nil {
		w.Fatal(err)
	}
}

func TestASecretThatEndsIsAnnouncedThirtySevenAndOneDayBeforeAndWhenItIsOver(t *testing.T) {
	w := newWorld(t, 10)
	var log bytes.Buffer
	told := expiring{counts: map[string]map[directory.Notice]int{}}
	w.engine.Logger, w.engine.Observer = slog.New(slog.NewTextHandler(&log, nil)), told
	ends := w.now.AddDate(0, 0, 90)
	w.renew(ends)
	var moments []time.Duration
	for w.now.Before(ends.AddDate(0, 0, 3)) {
		before := len(w.announced("secret.expire"))
		w.tick()
		w.tick()
		if after := len(w.announced("secret.expire")); after > before {
			moments = append(moments, ends.Sub(w.now))
		}
		w.now = w.now.Add(6 * time.Hour)
	}
	day := 24 * time.Hour
	if diff := cmp.Diff([]time.Duration{30 * day, 7 * day, day, 0}, moments); diff != "" {
		t.Errorf("announced at other times before the end (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"30d", "7d", "1d", "ended"}, w.announced("secret.expire")); diff != "" {
		t.Error(diff)
	}
	if lines := strings.Count(log.String(), "the client secret of the tenant ends"); lines != 4 {
		t.Errorf("%d log lines, want 4:\n%s", lines, &log)
	}
	if told.counts[engine.ClientSecret][directory.Ended] != 1 {
		t.Errorf("the metrics are told %v", told.counts)
	}
}

func TestAStatusWarnsOfASecretThatEndsUntilItIsRenewed(t *testing.T) {
	w := newWorld(t, 10)
	w.good(engine.Incremental)
	if warnings := w.status().Warnings; len(warnings) > 0 {
		t.Errorf("an end that nobody told is warned of: %+v", warnings)
	}
	w.renew(w.now.AddDate(0, 0, 40))
	if warnings := w.status().Warnings; len(warnings) > 0 {
		t.Errorf("forty days before: %+v", warnings)
	}
	w.now = w.now.AddDate(0, 0, 34)
	warnings := w.status().Warnings
	if len(warnings) != 1 || warnings[0].Code != "SecretExpires" || !strings.Contains(warnings[0].Message, "in 6 days, on 2027-01-02") || warnings[0].Remedy == "" {
		t.Errorf("six days before: %+v", warnings)
	}
	w.now = w.now.AddDate(0, 0, 7)
	if warnings = w.status().Warnings; len(warnings) != 1 || warnings[0].Code != "SecretExpired" {
		t.Errorf("a day after: %+v", warnings)
	}
	w.tick()
	w.renew(w.now.AddDate(0, 0, 5))
	if warnings = w.status().Warnings; len(warnings) != 1 || warnings[0].Code != "SecretExpires" {
		t.Errorf("a new one with five days: %+v", warnings)
	}
	w.now = w.now.Add(time.Hour)
	w.tick()
	if diff := cmp.Diff([]string{"ended", "7d"}, w.announced("secret.expire")); diff != "" {
		t.Errorf("the new secret is announced anew: %s", diff)
	}
	secret := w.sim.Tenant().ClientSecret
	if _, err := w.engine.ChangeInstance(t.Context(), w.instance.ID, engine.Change{ClientSecret: &secret}); err != nil {
		t.Fatal(err)
	}
	if warnings = w.status().Warnings; len(warnings) > 0 {
		t.Errorf("the end of a new secret is guessed: %+v", warnings)
	}
}

func TestANewSecretStartsRunsOfAllInstancesThatShareIt(t *testing.T) {
	w := newWorld(t, 10)
	second := w.create("Second", nil)
	on := true
	for _, id := range []ident.ID{w.instance.ID, second.ID} {
		if _, err := w.engine.ChangeInstance(t.Context(), id, engine.Change{AutoSync: &on}); err != nil {
			t.Fatal(err)
		}
	}
	w.work(w.engine)
	w.control(http.MethodPost, "/sim/secret/expire", nil)
	w.now = w.now.Add(2 * time.Hour)
	w.tick()
	for range 6 { // the back-off grows to an hour
		for _, id := range []ident.ID{w.instance.ID, second.ID} {
			if _, err := w.engine.SyncNow(t.Context(), id, engine.Incremental); err != nil {
				t.Fatal(err)
			}
		}
		w.work(w.engine)
	}
	w.control(http.MethodPost, "/sim/secret/restore", nil)
	w.now = w.now.Add(time.Second)
	w.renew(w.now.AddDate(1, 0, 0))
	w.work(w.engine)
	for _, id := range []ident.ID{w.instance.ID, second.ID} {
		instance, err := w.engine.Instance(t.Context(), w.org, id)
		if err != nil || instance.Health.Quarantine != nil || !instance.Health.LastGoodAt.Equal(w.now) {
			t.Errorf("%s: %+v (%v), want a good run at once", instance.Name, instance.Health, err)
		}
	}
}

func TestACredentialThatCannotBeIsRefused(t *testing.T) {
	w := newWorld(t, 0)
	nonsense := "nonsense"
	over, empty, id := w.now.Add(-time.Second), " ", "9f2c6d0e-8a35-4e39-9f4f-2a1f6d7c3b10"
	for name, change := range map[string]engine.Change{
		"a secret that has ended":                {SecretExpiresAt: &over},
		"an empty secret":                        {ClientSecret: &empty},
		"another application without its secret": {ClientID: &id},
		"an application without id":              {ClientID: &empty, ClientSecret: &id},
		"an application whose id is none":        {ClientID: &nonsense, ClientSecret: &id},
	} {
		if _, err := w.engine.ChangeInstance(t.Context(), w.instance.ID, change); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	tenant := w.sim.Tenant()
	_, err := w.engine.CreateInstance(t.Context(), w.org, engine.NewInstance{
		Name: "Late", TenantID: tenant.TenantID, Cloud: "simulated", ClientID: tenant.ClientID, ClientSecret: tenant.ClientSecret, SecretExpiresAt: over,
	})
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "ended already") {
		t.Errorf("a new instance with a secret that has ended: %v", err)
	}
}

func TestTokensAndClientsThatEndAreAnnouncedOnceEachUnlessTheyWereMadeForLess(t *testing.T) {
	w := newWorld(t, 0)
	administrator, err := w.dir.CreateAdministrator(t.Context(), w.org, "Root", directory.FullAdministrator)
	if err != nil {
		t.Fatal(err)
	}
	creator := directory.Token{OrgID: w.org, Role: directory.FullAdministrator, AdministratorID: administrator.ID, AdministratorRole: directory.FullAdministrator}
	for name, life := range map[string]time.Duration{"year": 0, "week": 5 * 24 * time.Hour, "revoked": 0} {
		token, _, err := w.dir.CreateToken(t.Context(), creator, directory.NewToken{OrgID: w.org, Name: name, Role: directory.ReadOnlyAdministrator, Life: life})
		if err != nil {
			t.Fatal(err)
		}
		if name == "revoked" {
			if err := w.dir.RevokeToken(t.Context(), w.org, token.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, _, err = w.dir.CreateClient(t.Context(), creator, w.org, directory.NewClient{Name: "Okta", Role: directory.SCIMWriter})
	if err != nil {
		t.Fatal(err)
	}
	told := expiring{counts: map[string]map[directory.Notice]int{}}
	w.engine.Observer = told
	for range 400 {
		w.tick()
		w.now = w.now.AddDate(0, 0, 1)
	}
	want := []string{"1d", "ended", "30d", "7d", "1d", "ended"} // first that of the week
	if diff := cmp.Diff(want, w.announced("token.expire")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"30d", "7d", "1d", "ended"}, w.announced("client.expire")); diff != "" {
		t.Error(diff)
	}
	// What has ended is told of for a month.
	if told.counts[engine.APIToken][directory.Ended] != 0 || told.counts[engine.OAuthSecret][directory.Ended] != 0 {
		t.Errorf("at the end the metrics are told %v", told.counts)
	}
}
