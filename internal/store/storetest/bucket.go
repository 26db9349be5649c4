package storetest

import (
	"testing"

	"rollcall/internal/engine"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

func bucketCases() []testCase {
	return []testCase{
		{"the people behind a number are those who are counted in it, page by page", func(t *testing.T, f *fixture) {
			loaded := f.fillMirror(t, "synced", "out", "nobody's", "bin", "failed", "synced too", "skipped")
			binned := loaded["bin"]
			binned.State, binned.DeletedAt = plan.Deleted, start
			f.must(t, f.SaveUsers(f.ctx, f.instance.ConnectionID, []mirror.User{binned}, 0))
			links := f.linkAll(t, "synced", "synced too", "out", "bin", "failed")
			links[2].Status, links[3].Status = plan.OutOfScope, plan.InBin
			f.must(t, f.SaveLinks(f.ctx, f.org, f.instance.ID, links[2:4]))
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{f.open("failed", engine.EntryFailed, "X"), f.open("skipped", engine.EntrySkipped, "X")}))
			for bucket, want := range map[engine.Bucket][]string{
				engine.BucketSynced: {"synced", "synced too"}, engine.BucketOutOfScope: {"out", "nobody's"}, engine.BucketInBin: {"bin"},
			} {
				got := []string{}
				for after, more := int64(0), true; more; more = after > 0 {
					page, next, err := f.ListBucket(f.ctx, f.instance, bucket, after, 1)
					f.must(t, err)
					for _, object := range page {
						got = append(got, object.SourceID)
					}
					after = next
				}
				same(t, string(bucket), want, got)
			}
		}},
		{"troubled people are counted by where they are, and so are those whom the tenant lost", func(t *testing.T, f *fixture) {
			names := []string{"fine", "failed", "new and failed", "skipped in the bin", "failed and gone", "in the bin", "gone", "bin that is dealt with", "held"}
			loaded := f.fillMirror(t, names...)
			away := func(state plan.SourceState, names ...string) {
				for _, name := range names {
					user := loaded[name]
					user.State, user.DeletedAt = state, start
					f.must(t, f.SaveUsers(f.ctx, f.instance.ConnectionID, []mirror.User{user}, 0))
				}
			}
			away(plan.Deleted, "skipped in the bin", "in the bin", "bin that is dealt with")
			away(plan.Gone, "failed and gone", "gone")
			links := f.linkAll(t, "fine", "failed", "in the bin", "gone", "failed and gone", "held", "bin that is dealt with")
			links[6].Status = plan.InBin
			f.must(t, f.SaveLinks(f.ctx, f.org, f.instance.ID, links[6:]))
			open := func(name string, state engine.EntryState) engine.Entry {
				entry := f.open(name, state, "X")
				entry.SourceSeq = loaded[name].Seq
				return entry
			}
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{
				open("failed", engine.EntryFailed), open("new and failed", engine.EntryFailed), open("failed and gone", engine.EntryFailed),
				open("skipped in the bin", engine.EntrySkipped), open("held", engine.Held),
			}))
			troubled, err := f.CountTroubled(f.ctx, f.instance)
			f.must(t, err)
			same(t, "troubled", engine.Troubled{InScope: 2, Live: 2, Away: 2}, troubled)
		}},
	}
}
