package store_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// BenchmarkMembers reads a group of all 100,000 people of a tenant, a thousand at a time, with their ties, and finds the same thousand by their ids, as a
// plan does: inside a transaction. It reports the CPU time for a thousand.
func BenchmarkMembers(b *testing.B) {
	s := newTenant(b, filepath.Join(b.TempDir(), "rollcall.db"))
	defer func() { must(b, s.Close()) }()
	const people = 100_000
	group := s.crowd(b, people)
	for b.Loop() {
		var after ident.ID
		var listed, found time.Duration
		for range people / page {
			must(b, s.InTx(s.ctx, func(ctx context.Context) error {
				ids := make([]ident.ID, page)
				spent(&listed, func() {
					members, err := s.MirrorMembers(ctx, s.instance, group, after, page)
					must(b, err)
					for i, member := range members {
						if ids[i] = member.ID; member.Link.ObjectID.IsZero() {
							b.Errorf("%s has no tie", member.ID)
						}
					}
				})
				after = ids[page-1]
				spent(&found, func() {
					_, err := s.MembersByID(ctx, s.instance, group, ids)
					must(b, err)
				})
				return nil
			}))
		}
		b.ReportMetric(float64(listed.Microseconds())/1000*page/people, "list-ms/1000")
		b.ReportMetric(float64(found.Microseconds())/1000*page/people, "find-ms/1000")
	}
}

// crowd fills the mirror with people who are tied and all in one group, and returns its place.
func (s *tenant) crowd(b *testing.B, n int) int64 {
	b.Helper()
	must(b, s.SaveGroups(s.ctx, s.instance.ConnectionID, []mirror.Group{{SourceID: "group", State: plan.Live, Wanted: true}}))
	groups, err := s.LoadGroups(s.ctx, s.instance.ConnectionID, []string{"group"})
	must(b, err)
	seq := groups["group"].Seq
	for range n / page {
		users, links, members := make([]mirror.User, page), make([]engine.Link, page), make([]mirror.Member, page)
		for i := range users {
			users[i] = s.person()
			id, err := ident.Parse(users[i].SourceID)
			must(b, err)
			links[i] = engine.Link{SourceID: users[i].SourceID, ObjectID: ident.New(noon), Status: plan.InScope}
			members[i] = mirror.Member{ID: id, Kind: mirror.MemberUser}
		}
		must(b, s.SaveUsers(s.ctx, s.instance.ConnectionID, users, 1))
		must(b, s.SaveLinks(s.ctx, s.org, s.instance.ID, links))
		must(b, s.SaveMembers(s.ctx, s.instance.ConnectionID, seq, members, 1))
	}
	return seq
}
