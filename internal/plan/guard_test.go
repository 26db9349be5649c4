package plan_test

import (
	"testing"

	"rollcall/internal/plan"
)

func TestTooManyRemovalsAreHeld(t *testing.T) {
	usual := plan.DefaultThresholds()
	for _, c := range []struct {
		what       string
		thresholds plan.Thresholds
		removals   plan.Removals
		want       string
	}{
		{"nothing planned, much done", usual, plan.Removals{Planned: 0, Recent: 600, Managed: 1000}, ""},
		{"ten of twenty", usual, plan.Removals{Planned: 10, Managed: 20}, ""},
		{"eleven of twenty", usual, plan.Removals{Planned: 11, Managed: 20}, "11 removals in 24 hours are more than 10 and more than 5 % of 20 managed users"},
		{"exactly five per cent", usual, plan.Removals{Planned: 50, Managed: 1000}, ""},
		{"a little over five per cent", usual, plan.Removals{Planned: 51, Managed: 1000}, "51 removals in 24 hours are more than 10 and more than 5 % of 1000 managed users"},
		{"one more after fifty", usual, plan.Removals{Planned: 1, Recent: 50, Managed: 1000}, "51 removals in 24 hours are more than 10 and more than 5 % of 1000 managed users"},
		{"five hundred of a million", usual, plan.Removals{Planned: 500, Managed: 1_000_000}, ""},
		{"five hundred and one of a million", usual, plan.Removals{Planned: 1, Recent: 500, Managed: 1_000_000}, "501 removals in 24 hours are more than the 500 that pass without approval"},
		{"eleven of nobody", usual, plan.Removals{Planned: 11}, "11 removals in 24 hours are more than 10 and more than 5 % of 0 managed users"},
		{"nothing may pass", plan.Thresholds{}, plan.Removals{Planned: 1, Managed: 1000}, "1 removals in 24 hours are more than the 0 that pass without approval"},
		{"a share with a fraction", plan.Thresholds{Count: 1, Percent: 0.5, Absolute: 500}, plan.Removals{Planned: 6, Managed: 1000}, "6 removals in 24 hours are more than 1 and more than 0.5 % of 1000 managed users"},
	} {
		if got := c.thresholds.Check(c.removals); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}
