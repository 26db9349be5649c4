package cli

import (
	"context"
	"fmt"
	"io"
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
		return "waiting until " + short(run.NotBefore) + ", as the tenant asks"
	case engine.Running, engine.Succeeded, engine.Failed, engine.Canceled:
	}
	switch run.Step {
	case engine.StepPull:
		return "reading the tenant"
	case engine.StepPlan:
		return "planning"
	case engine.StepGuard:
		return "checking"
	case engine.StepApply:
		return "writing"
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
	{"superseded", "planned again"},
}

// plans are the words for a dry run where they differ.
var plans = map[string]string{
	"create": "to create", "update": "to update", "reactivate": "to reactivate", "deactivate": "to deactivate", "delete": "to remove",
	"restore": "to restore", "release": "to release", "held": "of the removals to hold",
}

// nothingToDo is what a run counts that counts nothing.
const nothingToDo = "nothing to do"

// countsText tells the counts of a run: "12 created, 3 out of scope".
func countsText(run api.Run) string {
	var parts []string
	known := map[string]bool{}
	for _, outcome := range outcomes {
		known[outcome.count] = true
		word := outcome.word
		if planned, ok := plans[outcome.count]; ok && run.Kind.Dry() {
			word = planned
		}
		if count := run.Counts[outcome.count]; count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count, word))
		}
	}
	var others []string
	for name, count := range run.Counts {
		if !known[name] && count > 0 {
			others = append(others, fmt.Sprintf("%d %s", count, name))
		}
	}
	sort.Strings(others)
	if parts = append(parts, others...); len(parts) == 0 {
		return nothingToDo
	}
	return strings.Join(parts, ", ")
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
