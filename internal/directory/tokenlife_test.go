package directory_test

import (
	"testing"
	"time"

	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

func rotation(overlap time.Duration) directory.Rotation { return directory.Rotation{Overlap: &overlap} }

// rotated gives a token a new secret.
func (w *world) rotated(creator directory.Token, id ident.ID, how directory.Rotation) (directory.Token, string) {
	w.Helper()
	token, secret, err := w.RotateToken(w.Context(), creator, creator.OrgID, id, how)
	if err != nil {
		w.Fatal(err)
	}
	return token, secret
}

func TestARotatedTokenHasTwoSecretsForAWhileAndNeverThree(t *testing.T) {
	w := newWorld(t)
	creator := bearer(w.administrator(w.org, directory.FullAdministrator))
	token, first := w.token(creator, directory.NewToken{OrgID: w.org, Name: "Entra", Role: directory.SCIMWriter, Life: 10 * 24 * time.Hour})
	_, second := w.rotated(creator, token.ID, directory.Rotation{})
	w.admits(first)
	w.admits(second)
	w.now = w.now.Add(directory.RotationOverlap - time.Microsecond)
	w.admits(first)
	_, third := w.rotated(creator, token.ID, rotation(time.Hour))
	w.rejects(first, "UnknownToken")
	w.admits(second)
	w.admits(third)
	w.now = w.now.Add(time.Hour)
	w.rejects(second, "RotatedToken")
	if got := w.admits(third); !got.ExpiresAt.Equal(w.now.Add(directory.TokenLife - time.Hour)) {
		t.Errorf("the token is good until %s, want a year from its rotation", got.ExpiresAt)
	}
	_, fourth := w.rotated(creator, token.ID, rotation(0))
	w.rejects(third, "RotatedToken")
	w.admits(fourth)
}

func TestAnOldSecretDoesNotOutliveItsTokenAndARevokedTokenIsNotRotated(t *testing.T) {
	w := newWorld(t)
	creator := bearer(w.administrator(w.org, directory.FullAdministrator))
	elsewhere := bearer(w.administrator(w.organization("Elsewhere"), directory.FullAdministrator))
	token, first := w.token(creator, directory.NewToken{OrgID: w.org, Name: "Entra", Role: directory.SCIMReader, Life: time.Hour})
	event := w.sole(func() { w.rotated(creator, token.ID, rotation(48*time.Hour)) })
	same(t, "event", audit.Event{
		OrgID: w.org, At: w.now, Actor: audit.System(), Action: "token.rotate", ObjectID: token.ID.String(), ObjectName: "Entra",
		After: record("expiresAt", "2027-11-23T08:00:00Z", "oldSecretUntil", "2026-11-23T09:00:00Z"),
	}, event)
	w.now = w.now.Add(time.Hour)
	w.rejects(first, "RotatedToken")
	w.silent(func() {
		_, _, err := w.RotateToken(t.Context(), elsewhere, elsewhere.OrgID, token.ID, directory.Rotation{})
		refused(t, err, fault.NotFound, "UnknownToken")
		lesser := creator
		lesser.Role = directory.UserAdministrator
		_, _, err = w.RotateToken(t.Context(), lesser, w.org, token.ID, directory.Rotation{})
		refused(t, err, fault.Denied, "Forbidden")
		_, _, err = w.RotateToken(t.Context(), creator, w.org, token.ID, rotation(-time.Second))
		refused(t, err, fault.Invalid, "TokenLife")
	})
	if err := w.RevokeToken(t.Context(), w.org, token.ID); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.RotateToken(t.Context(), creator, w.org, token.ID, directory.Rotation{})
	refused(t, err, fault.Conflict, "RevokedToken", "2026-11-23")
}

func TestARotatedTokenBelongsToWhoRotatedIt(t *testing.T) {
	w := newWorld(t)
	gone := directory.Token{OrgID: w.org, Role: directory.FullAdministrator, AdministratorRole: directory.FullAdministrator, AdministratorID: ident.New(w.now)}
	token, orphan := w.token(gone, directory.NewToken{OrgID: w.org, Name: "Entra", Role: directory.SCIMWriter})
	w.rejects(orphan, "OrphanedToken")
	_, secret := w.rotated(bearer(w.administrator(w.org, directory.FullAdministrator)), token.ID, directory.Rotation{})
	if !w.admits(secret).May(directory.WriteSCIM) {
		t.Error("the rotated token may not write")
	}
}

func TestTheLastUseOfATokenIsKeptToTheHour(t *testing.T) {
	w := newWorld(t)
	creator := bearer(w.administrator(w.org, directory.FullAdministrator))
	_, secret := w.token(creator, directory.NewToken{OrgID: w.org, Name: "Entra", Role: directory.SCIMWriter})
	first := w.now
	for _, c := range []struct {
		after time.Duration
		want  time.Time
	}{{0, first}, {59 * time.Minute, first}, {time.Minute, first.Add(time.Hour)}, {time.Minute, first.Add(time.Hour)}} {
		w.now = w.now.Add(c.after)
		w.admits(secret)
		tokens, err := w.ListTokens(t.Context(), w.org)
		if err != nil || !tokens[0].UsedAt.Equal(c.want) {
			t.Errorf("at %s the last use is %s (%v), want %s", w.now, tokens[0].UsedAt, err, c.want)
		}
	}
}

func TestANewSecretIsAnnouncedAnew(t *testing.T) {
	w := newWorld(t)
	creator := bearer(w.administrator(w.org, directory.FullAdministrator))
	const month = 30 * 24 * time.Hour
	token, _ := w.token(creator, directory.NewToken{OrgID: w.org, Name: "Entra", Role: directory.SCIMWriter, Life: month + time.Hour})
	client, _ := w.client(creator, directory.NewClient{Name: "Okta", Role: directory.SCIMReader, Life: month + time.Hour})
	revoked, _ := w.client(creator, directory.NewClient{Name: "old", Role: directory.SCIMReader, Life: month + time.Hour})
	if err := w.RevokeClient(t.Context(), w.org, revoked.ID); err != nil {
		t.Fatal(err)
	}
	announce := func(when string, want directory.Notice) {
		t.Helper()
		for what, of := range map[string]func() (directory.Notice, bool, error){
			"token":            func() (directory.Notice, bool, error) { return w.AnnounceToken(t.Context(), token.ID) },
			"client":           func() (directory.Notice, bool, error) { return w.AnnounceClient(t.Context(), client.ID) },
			"another client":   func() (directory.Notice, bool, error) { return w.AnnounceClient(t.Context(), ident.New(w.now)) },
			"a revoked client": func() (directory.Notice, bool, error) { return w.AnnounceClient(t.Context(), revoked.ID) },
		} {
			notice, given, err := of()
			if err != nil || given && notice != want || given != (want != directory.NoNotice && (what == "token" || what == "client")) {
				t.Errorf("%s: of the %s %q is announced (%t, %v), want %q", when, what, notice, given, err, want)
			}
		}
	}
	announce("at first", directory.NoNotice)
	w.now = w.now.Add(time.Hour)
	announce("a month before", directory.WithinMonth)
	announce("again", directory.NoNotice)
	w.rotated(creator, token.ID, directory.Rotation{})
	if _, _, err := w.RotateClient(t.Context(), creator, w.org, client.ID, directory.Rotation{}); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Hour)
	announce("while the old secret ends", directory.NoNotice)
	if clients, err := w.ExpiringClients(t.Context()); err != nil || len(clients) != 0 {
		t.Errorf("a secret that was replaced is told of: %+v, %v", clients, err)
	}
	w.now = w.now.Add(directory.TokenLife - month)
	announce("a month before the new one", directory.WithinMonth)
	w.now = w.now.Add(month)
	announce("afterwards", directory.Ended)
}

func TestATokenForSCIMBelongsToAnOrganizationAndHasASourceAndAProfile(t *testing.T) {
	w := newWorld(t)
	server := bearer(w.administrator(ident.ID{}, directory.FullAdministrator))
	token, _ := w.token(server, directory.NewToken{OrgID: w.org, Name: "Entra", Role: directory.SCIMWriter})
	if token.Source != directory.SourceSCIM || token.Profile != scim.Entra {
		t.Errorf("by default a token is of source %s and profile %s", token.Source, token.Profile)
	}
	for code, want := range map[string]directory.NewToken{
		"TokenOrganization": {Name: "x", Role: directory.SCIMWriter},
		"UnknownSource":     {Name: "x", OrgID: w.org, Role: directory.SCIMWriter, Source: "LDAP"},
		"UnknownProfile":    {Name: "x", OrgID: w.org, Role: directory.SCIMWriter, Profile: "lax"},
	} {
		_, _, err := w.CreateToken(t.Context(), server, want)
		refused(t, err, fault.Invalid, code)
	}
	_, err := w.CreateAdministrator(t.Context(), w.org, "Robot", directory.SCIMWriter)
	refused(t, err, fault.Invalid, "BadAdministrator")
}

func TestASourceThatIsBlockedReadsAndDoesNotWrite(t *testing.T) {
	w := newWorld(t)
	creator := bearer(w.administrator(w.org, directory.FullAdministrator))
	_, ad := w.token(creator, directory.NewToken{OrgID: w.org, Name: "Connector", Role: directory.SCIMWriter, Source: directory.SourceAD})
	_, aad := w.token(creator, directory.NewToken{OrgID: w.org, Name: "Entra", Role: directory.SCIMWriter, Source: directory.SourceAAD})
	block := func(sources ...directory.Source) {
		t.Helper()
		if err := w.BlockSources(t.Context(), w.org, sources); err != nil {
			t.Fatal(err)
		}
	}
	event := w.sole(func() { block(directory.SourceAD) })
	same(t, "event", audit.Event{
		OrgID: w.org, At: w.now, Actor: audit.System(), Action: "organization.change", ObjectID: w.org.String(), ObjectName: "Example",
		Before: record("blockedSources", []string{}), After: record("blockedSources", []string{"AD"}),
	}, event)
	w.silent(func() { block(directory.SourceAD) })
	if token := w.admits(ad); token.May(directory.WriteSCIM) || !token.May(directory.ReadSCIM) || !token.Blocked {
		t.Errorf("the token of the blocked source is %+v", token)
	}
	if !w.admits(aad).May(directory.WriteSCIM) {
		t.Error("AAD is blocked with AD")
	}
	refused(t, w.BlockSources(t.Context(), w.org, []directory.Source{"LDAP"}), fault.Invalid, "UnknownSource")
	block()
	if !w.admits(ad).May(directory.WriteSCIM) {
		t.Error("the source is still blocked")
	}
}
