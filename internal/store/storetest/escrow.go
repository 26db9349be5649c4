package storetest

import (
	"testing"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

func escrowCases() []testCase {
	now := start.Add(time.Minute)
	return []testCase{
		{"failed entries are made due, some or all, and no others", func(t *testing.T, f *fixture) {
			a, b, held := f.open("a", engine.EntryFailed, "X"), f.open("b", engine.EntryFailed, "X"), f.open("c", engine.Held, "X")
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{a, b, held}))
			count, err := f.RetryEntries(f.ctx, f.instance.ID, []ident.ID{a.ID, held.ID, ident.New(start)}, now)
			f.must(t, err)
			same(t, "one of three", 1, count)
			a.RetryAt = now
			same(t, "entries", map[string]engine.Entry{"a": a, "b": b, "c": held}, f.entries(t))
			count, err = f.RetryEntries(f.ctx, f.instance.ID, nil, now)
			f.must(t, err)
			same(t, "all", 2, count)
			count, err = f.RetryEntries(f.ctx, ident.New(start), nil, now)
			f.must(t, err)
			same(t, "of another instance", 0, count)
		}},
		{"an instance is woken by a failed person to plan again", func(t *testing.T, f *fixture) {
			people := f.fillMirror(t, "a", "b")
			entry := f.open("a", engine.EntryFailed, "X")
			entry.SourceSeq = people["a"].Seq
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{entry}))
			woken := func(what string, want int) {
				t.Helper()
				got, err := f.Woken(f.ctx, f.org, now)
				f.must(t, err)
				same(t, what, want, len(got))
			}
			woken("a failed person is dirty", 1)
			f.clean(t, f.instance)
			f.must(t, f.MarkDirty(f.ctx, f.instance, []string{"b"}))
			woken("another is", 0)
			f.must(t, f.MarkDirty(f.ctx, f.instance, []string{"a"}))
			due := f.instance
			due.NextRunAt = now
			f.must(t, f.SaveInstance(f.ctx, due))
			woken("it is due already", 0)
			due.NextRunAt, due.AutoSync = now.Add(time.Hour), false
			f.must(t, f.SaveInstance(f.ctx, due))
			woken("Auto Sync is off", 0)
		}},
		{"an instance is woken by a failed group, or failed members of one, to plan again", func(t *testing.T, f *fixture) {
			ids, groups := f.crowd(t, 1), f.cohorts(t, 2)
			f.tie(t, f.instance, groups...)
			f.clean(t, f.instance)
			failed := func(e engine.Entry) engine.Entry {
				e.State, e.Open = engine.EntryFailed, true
				return e
			}
			own, about := failed(f.ofGroup(groups[0])), failed(f.ofMembers(groups[1], ids[0]))
			woken := func(what string, want int) {
				t.Helper()
				got, err := f.Woken(f.ctx, f.org, now)
				f.must(t, err)
				same(t, what, want, len(got))
			}
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{own, about}))
			woken("nothing is dirty", 0)
			f.must(t, f.MarkGroupsDirty(f.ctx, f.instance, []string{groups[0].SourceID}, false))
			woken("the group is", 1)
			f.must(t, f.ClearDirtyGroups(f.ctx, f.instance.ID, []int64{groups[0].Seq}))
			woken("it is planned", 0)
			f.must(t, f.MarkMembersDirty(f.ctx, f.instance.ID, groups[1].Seq, ids))
			woken("a member is dirty", 1)
		}},
	}
}

func expiryCases() []testCase {
	return []testCase{
		{"connections are found by the end of their secret", func(t *testing.T, f *fixture) {
			late, soon, unknown := f.newConnection(t), f.newConnection(t), f.newConnection(t)
			late.SecretExpiresAt, late.SecretNotice = start.AddDate(0, 0, 20), directory.WithinMonth
			soon.SecretExpiresAt = start.AddDate(0, 0, 3)
			for _, connection := range []engine.Connection{late, soon, unknown} {
				f.must(t, f.SaveConnection(f.ctx, connection))
			}
			got, err := f.ExpiringConnections(f.ctx, start.AddDate(0, 0, 30))
			f.must(t, err)
			same(t, "within thirty days", []engine.Connection{soon, late}, got)
			got, err = f.ExpiringConnections(f.ctx, start.AddDate(0, 0, 3))
			f.must(t, err)
			same(t, "within three days", []engine.Connection{soon}, got)
		}},
		{"tokens are found by their end, and keep the notice", func(t *testing.T, f *fixture) {
			late := f.newToken(t, "late", func(token *directory.Token) { token.ExpiresAt = start.AddDate(0, 0, 20) })
			soon := f.newToken(t, "soon", func(token *directory.Token) { token.ExpiresAt, token.OrgID = start.AddDate(0, 0, 3), ident.ID{} })
			revoked := f.newToken(t, "revoked", func(token *directory.Token) { token.ExpiresAt = start.AddDate(0, 0, 3) })
			f.newToken(t, "over", func(token *directory.Token) { token.ExpiresAt = start.AddDate(0, 0, -1) })
			f.must(t, f.RevokeToken(f.ctx, revoked.ID, start))
			f.must(t, f.NoteToken(f.ctx, late.ID, directory.WithinMonth))
			late.Notice = directory.WithinMonth
			got, err := f.ExpiringTokens(f.ctx, start, start.AddDate(0, 0, 30))
			f.must(t, err)
			same(t, "tokens", []directory.Token{soon, late}, got)
		}},
	}
}
