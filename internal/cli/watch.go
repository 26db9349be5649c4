package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"sort"
	"strings"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

const (
	// askEvery is how often a run is asked for while somebody waits.
	askEvery = 250 * time.Millisecond
	// plainEvery is how often a line is printed where it cannot be written over.
	plainEvery = 5 * time.Second
	barWidth   = 24
)

// watch waits until a run is over and shows how far it is meanwhile.
func (c *client) watch(ctx context.Context, in *invocation, id ident.ID) (api.Run, error) {
	shown := &progressLine{out: in.stderr, live: in.onTerminal()}
	defer shown.end()
	ticker := time.NewTicker(askEvery)
	defer ticker.Stop()
	for {
		var run api.Run
		if err := c.get(ctx, c.here("runs", id.String()), nil, &run); err != nil {
			return run, err
		}
		if run.Over() {
			return run, nil
		}
		shown.show(run)
		select {
		case <-ctx.Done():
			return run, ctx.Err()
		case <-ticker.C:
		}
	}
}

// progressLine shows the progress of a run: one line that is written over on a terminal, else a line for each step and every few seconds.
type progressLine struct {
	out   io.Writer
	live  bool
	dirty bool
	// step and since are those of the last plain line; ticks counts the times that nothing was printed.
	step  string
	ticks int
}

func (p *progressLine) show(run api.Run) {
	if p.live {
		p.print("\r\x1b[K" + progressText(run, true))
		p.dirty = true
		return
	}
	step := stepName(run)
	if p.ticks++; step == p.step && time.Duration(p.ticks)*askEvery < plainEvery {
		return
	}
	p.step, p.ticks = step, 0
	p.print(progressText(run, false) + "\n")
}

// print writes to standard error; the run does not depend on who watches it.
func (p *progressLine) print(text string) { _, _ = io.WriteString(p.out, text) }

func (p *progressLine) end() {
	if p.dirty {
		p.print("\r\x1b[K")
	}
}

func stepName(run api.Run) string {
	switch run.State {
	case engine.Queued:
		return "waiting for its turn"
	case engine.Waiting:
		if run.Kind.Reconciles() {
			return "pausing" // for its pace, most of the time
		}
		return "waiting until " + short(run.NotBefore) + ", as the tenant asks"
	case engine.Running, engine.Succeeded, engine.Failed, engine.Canceled:
	}
	of := ""
	if part := run.Progress.Part; part == "groups" || part == "members" {
		of = " " + part
	}
	switch run.Step {
	case engine.StepPull:
		return "reading the tenant"
	case engine.StepPlan:
		if run.Kind.Reconciles() {
			return "comparing" + of
		}
		return "planning" + of
	case engine.StepGuard:
		return "checking" + of
	case engine.StepApply:
		return "writing" + of
	case engine.StepEnd:
	}
	return "finishing"
}

// progressText tells step, counts, rate and time left.
func progressText(run api.Run, bar bool) string {
	progress := run.Progress
	text := fmt.Sprintf("%-18s", stepName(run))
	switch {
	case progress.Total > 0:
		if bar {
			filled := min(barWidth, barWidth*progress.Done/progress.Total)
			text += " [" + strings.Repeat("#", filled) + strings.Repeat("-", barWidth-filled) + "]"
		}
		text += fmt.Sprintf(" %d/%d", progress.Done, progress.Total)
	case progress.Done > 0:
		text += fmt.Sprintf(" %d", progress.Done)
	}
	if progress.Rate > 0 {
		text += fmt.Sprintf("  %.0f/s", progress.Rate)
	}
	if progress.SecondsLeft >= 1 {
		text += "  " + seconds(progress.SecondsLeft).Round(time.Second).String() + " left"
	}
	return strings.TrimRight(text, " ")
}

// outcomes are the words for the counts of a run, in the order in which they are told.
var outcomes = []struct{ count, word string }{
	{"create", "created"},
	{"update", "updated"},
	{"reactivate", "reactivated"},
	{"deactivate", "deactivated"},
	{"delete", "removed"},
	{"restore", "restored"},
	{"release", "released"},
	{"match", "unchanged"},
	{"held", "held"},
	{"failed", "failed"},
	{"skipped", "skipped"},
	{"out-of-scope", "out of scope"},
	{"drift", "drift"},
	{"superseded", "planned again"},
}

// plans are the words for a dry run, or a reconcile, where they differ.
var plans = map[string]string{
	"create": "to create", "update": "to update", "reactivate": "to reactivate", "deactivate": "to deactivate", "delete": "to remove",
	"restore": "to restore", "release": "to release", "held": "of the removals to hold",
}

// nothingToDo is what a run counts that counts nothing.
const nothingToDo = "nothing to do"

// groupOutcomes are the words for the counts of groups where they differ, and memberOutcomes those for the counts of members.
var (
	groupOutcomes  = map[string]string{"update": "changed"}
	memberOutcomes = []struct{ count, word, planned string }{
		{"join", "joined", "to join"}, {"leave", "left", "to leave"}, {"held-members", "held", "to hold"},
	}
)

// countsText tells the counts of a run: "12 created, 3 out of scope; groups: 2 created; members: 50 joined".
func countsText(run api.Run) string {
	var texts []string
	if users := outcomesText(run.Counts, run.Kind.Proposes(), nil); users != "" {
		texts = append(texts, users)
	}
	groups := maps.Clone(run.Groups)
	var members []string
	for _, outcome := range memberOutcomes {
		word := outcome.word
		if run.Kind.Proposes() {
			word = outcome.planned
		}
		if count := groups[outcome.count]; count > 0 {
			members = append(members, fmt.Sprintf("%d %s", count, word))
		}
		delete(groups, outcome.count)
	}
	if text := outcomesText(groups, run.Kind.Proposes(), groupOutcomes); text != "" {
		texts = append(texts, "groups: "+text)
	}
	if len(members) > 0 {
		texts = append(texts, "members: "+strings.Join(members, ", "))
	}
	if len(texts) == 0 {
		return nothingToDo
	}
	return strings.Join(texts, "; ")
}

// outcomesText tells counts by outcome: "12 created, 3 out of scope"; "" if there are none. words replace those of outcomes.
func outcomesText(counts map[string]int, dry bool, words map[string]string) string {
	var parts []string
	known := map[string]bool{}
	for _, outcome := range outcomes {
		known[outcome.count] = true
		word := outcome.word
		if other, named := words[outcome.count]; named {
			word = other
		}
		if planned, ok := plans[outcome.count]; ok && dry {
			word = planned
		}
		if count := counts[outcome.count]; count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count, word))
		}
	}
	var others []string
	for name, count := range counts {
		if !known[name] && count > 0 {
			others = append(others, fmt.Sprintf("%d %s", count, name))
		}
	}
	sort.Strings(others)
	return strings.Join(append(parts, others...), ", ")
}

// heldIn counts the removals that a run holds: users, groups, and members who are to leave a group.
func heldIn(run api.Run) int {
	return run.Counts["held"] + run.Groups["held"] + run.Groups["held-members"]
}

// doneText tells the counts of a run; "" if it failed or was canceled before it did anything: it may well have had something to do.
func doneText(run api.Run) string {
	text := countsText(run)
	if text == nothingToDo && (run.State == engine.Failed || run.State == engine.Canceled) {
		return ""
	}
	return text
}

// took is how long a run that is over worked; "" before.
func took(run api.Run) string {
	if run.StartedAt.IsZero() || run.EndedAt.IsZero() {
		return ""
	}
	return run.EndedAt.Sub(run.StartedAt).Round(10 * time.Millisecond).String()
}
