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
	}
}
