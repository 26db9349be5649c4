package storetest

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

func (f *fixture) newClient(t *testing.T, edit func(*directory.Client)) directory.Client {
	t.Helper()
	client := directory.Client{
		ID: ident.New(start), OrgID: f.org, Name: "Entra", Role: directory.SCIMWriter, Source: directory.SourceAAD, Profile: scim.Strict, TakeOver: true,
		Federation: directory.Federation{Issuer: "https://i.example", Subject: "s", Audience: "a", KeysURL: "https://i.example/keys"}, CreatedAt: start,
	}
	edit(&client)
	f.must(t, f.SaveClient(f.ctx, client))
	return client
}

func clientCases() []testCase {
	return []testCase{
		{"a client knows what its administrator may do now, and ends with its access tokens", func(t *testing.T, f *fixture) {
			ada := directory.Administrator{ID: ident.New(start), OrgID: f.org, Name: "Ada", Role: directory.FullAdministrator, CreatedAt: start}
			f.must(t, f.SaveAdministrator(f.ctx, ada))
			client := f.newClient(t, func(c *directory.Client) { c.AdministratorID = ada.ID })
			client.AdministratorRole = ada.Role
			orphan := f.newClient(t, func(c *directory.Client) { c.AdministratorID = ident.New(start) })
			f.newClient(t, func(c *directory.Client) { c.OrgID = ident.New(start) })
			got, err := f.ListClients(f.ctx, f.org)
			f.must(t, err)
			same(t, "clients", []directory.Client{orphan, client}, got)

			access := f.newToken(t, "access", func(t *directory.Token) { t.ClientID = client.ID })
			other := f.newToken(t, "other", func(t *directory.Token) { t.ClientID = orphan.ID })
			tokens, err := f.ListTokens(f.ctx, f.org)
			f.must(t, err)
			same(t, "listed tokens", 0, len(tokens))
			f.must(t, f.RevokeClient(f.ctx, client.ID, start.Add(time.Hour)))
			f.must(t, f.RevokeClient(f.ctx, client.ID, start.Add(2*time.Hour)))
			client.RevokedAt, access.RevokedAt = start.Add(time.Hour), start.Add(time.Hour)
			read, err := f.Client(f.ctx, client.ID)
			f.must(t, err)
			same(t, "client", client, read)
			f.tokenIs(t, access)
			f.tokenIs(t, other)
			_, err = f.Client(f.ctx, ident.New(start))
			fails(t, "unknown client", fault.NotFound, err)

			count, err := f.DropAccessTokens(f.ctx, access.ExpiresAt.Add(time.Second))
			f.must(t, err)
			same(t, "dropped", 2, count)
		}},
		{"whatever changes a token is seen at once by who asked for it before", remembered},
		{"a token that was revoked is let in by nobody who asks afterwards", revokedMeanwhile},
		{"an assertion is used once until it is forgotten", func(t *testing.T, f *fixture) {
			for i, want := range []bool{true, false} {
				first, err := f.UseAssertion(f.ctx, []byte("digest"), start.Add(time.Hour))
				f.must(t, err)
				same(t, "first at "+strconv.Itoa(i), want, first)
			}
			for hours, want := range []int{0, 0, 1} {
				count, err := f.DropAssertions(f.ctx, start.Add(time.Duration(hours)*time.Hour))
				f.must(t, err)
				same(t, "dropped", want, count)
			}
			first, err := f.UseAssertion(f.ctx, []byte("digest"), start.Add(3*time.Hour))
			f.must(t, err)
			same(t, "first when it was forgotten", true, first)
		}},
		{"secrets of clients are kept and replaced, and the newest is found by its end", func(t *testing.T, f *fixture) {
			client, revoked := f.newClient(t, func(*directory.Client) {}), f.newClient(t, func(*directory.Client) {})
			f.must(t, f.RevokeClient(f.ctx, revoked.ID, start))
			old := directory.ClientSecret{ClientID: client.ID, Hash: []byte("2"), CreatedAt: start, ExpiresAt: start.Add(time.Hour)}
			fresh := directory.ClientSecret{ClientID: client.ID, Hash: []byte("1"), CreatedAt: start.Add(time.Minute), ExpiresAt: start.Add(2 * time.Hour)}
			for _, secret := range []directory.ClientSecret{fresh, old, {ClientID: revoked.ID, Hash: []byte("3"), ExpiresAt: start.Add(time.Hour)}} {
				f.must(t, f.SaveSecret(f.ctx, secret))
			}
			fresh.Notice = directory.WithinMonth
			f.must(t, f.SaveSecret(f.ctx, fresh))
			f.secretsAre(t, client.ID, old, fresh)
			ending, err := f.ExpiringSecrets(f.ctx, start, start.Add(2*time.Hour))
			f.must(t, err)
			same(t, "ending", []directory.ClientSecret{fresh}, ending)
			ending, err = f.ExpiringSecrets(f.ctx, start, start.Add(2*time.Hour-time.Second))
			f.must(t, err)
			same(t, "ending sooner", 0, len(ending))
			f.must(t, f.DeleteSecret(f.ctx, old))
			f.must(t, f.DeleteSecret(f.ctx, old))
			f.secretsAre(t, client.ID, fresh)
		}},
		{"a token is found by its secret and by the one before, and by its end", func(t *testing.T, f *fixture) {
			token := f.newToken(t, "one", func(t *directory.Token) { t.Source, t.Profile, t.TakeOver = directory.SourceOkta, scim.Strict, true })
			f.newToken(t, "revoked", func(t *directory.Token) { t.RevokedAt = start })
			f.newToken(t, "access", func(t *directory.Token) { t.ClientID = ident.New(start) })
			token.OldHash, token.OldUntil, token.Hash = token.Hash, start.Add(time.Hour), []byte("new")
			token.ExpiresAt, token.Notice, token.AdministratorID = start.Add(48*time.Hour), directory.WithinWeek, ident.New(start)
			f.must(t, f.UpdateToken(f.ctx, token))
			f.must(t, f.TouchToken(f.ctx, token.ID, start.Add(time.Minute)))
			token.UsedAt = start.Add(time.Minute)
			f.tokenIs(t, token)
			before, err := f.TokenByHash(f.ctx, token.OldHash)
			f.must(t, err)
			same(t, "by the old hash", token, before)
			ending, err := f.ExpiringTokens(f.ctx, start, token.ExpiresAt.AddDate(2, 0, 0))
			f.must(t, err)
			same(t, "ending", []directory.Token{token}, ending)
		}},
	}
}

func (f *fixture) secretsAre(t *testing.T, client ident.ID, want ...directory.ClientSecret) {
	t.Helper()
	got, err := f.ClientSecrets(f.ctx, client)
	f.must(t, err)
	same(t, "secrets", want, got)
}

func remembered(t *testing.T, f *fixture) {
	ada := directory.Administrator{ID: ident.New(start), OrgID: f.org, Name: "Ada", Role: directory.FullAdministrator, CreatedAt: start}
	f.must(t, f.SaveAdministrator(f.ctx, ada))
	client := f.newClient(t, func(*directory.Client) {})
	token := f.newToken(t, "one", func(t *directory.Token) {
		t.AdministratorID, t.ClientID, t.Source, t.Role = ada.ID, client.ID, directory.SourceAD, directory.SCIMWriter
	})
	for _, change := range []struct {
		name string
		do   func(ctx context.Context) error
	}{
		{"a use", func(ctx context.Context) error { return f.TouchToken(ctx, token.ID, start.Add(time.Minute)) }},
		{"a notice about its end", func(ctx context.Context) error { return f.NoteToken(ctx, token.ID, directory.WithinDay) }},
		{"another role of its administrator", func(ctx context.Context) error {
			ada.Role = directory.ReadOnlyAdministrator
			return f.SaveAdministrator(ctx, ada)
		}},
		{"a block of its source", func(ctx context.Context) error {
			return f.SaveOrganization(ctx, directory.Organization{ID: f.org, Name: "Contoso", BlockedSources: []directory.Source{directory.SourceAD}, CreatedAt: start})
		}},
		{"another end", func(ctx context.Context) error {
			later := token
			later.ExpiresAt = start.AddDate(2, 0, 0)
			return f.UpdateToken(ctx, later)
		}},
		{"the end of its client", func(ctx context.Context) error { return f.RevokeClient(ctx, client.ID, start.Add(time.Hour)) }},
		{"its removal", func(ctx context.Context) error {
			_, err := f.DropAccessTokens(ctx, start.AddDate(3, 0, 0))
			return err
		}},
	} {
		before, err := f.TokenByHash(f.ctx, token.Hash)
		f.must(t, err)
		f.must(t, f.InTx(f.ctx, change.do))
		after, err := f.TokenByHash(f.ctx, token.Hash)
		stored, storedErr := f.Token(f.ctx, token.ID)
		if fault.KindOf(err) != fault.KindOf(storedErr) || cmp.Equal(before, after) {
			t.Errorf("%s: %v and %v; changed: %t", change.name, err, storedErr, !cmp.Equal(before, after))
		}
		same(t, change.name, stored, after)
	}
	organization, err := f.Organization(f.ctx, f.org)
	f.must(t, err)
	same(t, "the organization", []directory.Source{directory.SourceAD}, organization.BlockedSources)
}

func revokedMeanwhile(t *testing.T, f *fixture) {
	for i := range 50 {
		token := f.newToken(t, "secret "+strconv.Itoa(i), func(*directory.Token) {})
		stop := make(chan struct{})
		var readers sync.WaitGroup
		for range 3 {
			readers.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if _, err := f.TokenByHash(f.ctx, token.Hash); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		f.must(t, f.RevokeToken(f.ctx, token.ID, start.Add(time.Hour)))
		for range 20 {
			if got, err := f.TokenByHash(f.ctx, token.Hash); err != nil || got.RevokedAt.IsZero() {
				t.Errorf("round %d: let in after it was revoked (%v)", i, err)
			}
		}
		close(stop)
		readers.Wait()
	}
}
