package storetest

import (
	"testing"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

func peopleCases() []testCase {
	return []testCase{
		{"single objects come with their link and open entry", func(t *testing.T, f *fixture) {
			f.fillMirror(t, "a", "b", "c")
			links := f.linkAll(t, "b")
			open := f.open("c", engine.EntryFailed, "NameHeld")
			f.must(t, f.InsertEntries(f.ctx, []engine.Entry{open}))
			objects, err := f.ObjectsOf(f.ctx, f.instance, []string{"c", "b", "not in the mirror"})
			f.must(t, err)
			if len(objects) != 2 || objects[0].SourceID != "b" || objects[1].SourceID != "c" {
				t.Fatalf("got %+v, want b and c in the order of the mirror", objects)
			}
			same(t, "link", links[0], objects[0].Link)
			same(t, "open entry", open.ID, objects[1].Open.ID)
			none, err := f.ObjectsOf(f.ctx, f.instance, nil)
			f.must(t, err)
			same(t, "of nobody", 0, len(none))
		}},
		{"results of a run are replaced by place and dropped with the journal", func(t *testing.T, f *fixture) {
			explained := func(who string, outcome engine.Outcome) engine.Explanation {
				return engine.Explanation{Who: who, At: start, Outcome: outcome, Steps: []engine.ExplainedStep{{
					Name: engine.ImportStep, State: engine.StepOK, Text: "Found.", Facts: []engine.Fact{{Name: "city", Value: "Berlin"}},
				}}}
			}
			results := []engine.Result{
				{OrgID: f.org, RunID: f.run.ID, Place: 0, Explanation: explained("ada", "")},
				{OrgID: f.org, RunID: f.run.ID, Place: 1, Explanation: explained("bo", "")},
			}
			f.must(t, f.SaveResults(f.ctx, results))
			results[1].Explanation = explained("bo", engine.OutcomeSuccess)
			f.must(t, f.SaveResults(f.ctx, results[1:]))
			got, err := f.Results(f.ctx, f.run.ID)
			f.must(t, err)
			same(t, "results", results, got)
			got, err = f.Results(f.ctx, ident.New(start))
			f.must(t, err)
			same(t, "of another run", 0, len(got))
			count, err := f.DropResults(f.ctx, f.org, ident.Before(start))
			f.must(t, err)
			same(t, "dropped too early", 0, count)
			count, err = f.DropResults(f.ctx, f.org, ident.Before(start.Add(time.Hour)))
			f.must(t, err)
			same(t, "dropped", 2, count)
		}},
	}
}
