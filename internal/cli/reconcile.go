package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/engine"
)

type instanceReconcileCommand struct {
	remote
	Name       string `arg:"" help:"Name or id of the instance."`
	ReportOnly bool   `help:"Only say what differs, and change nothing."`
	Wait       bool   `help:"Show the progress, wait for the end, and list what differs; the exit code tells the result."`
}

// Help gives an example and says what happens.
func (instanceReconcileCommand) Help() string {
	return "Example: rollcall instance reconcile Demo --report-only --wait\n\nIt reads the whole tenant and all that the instance manages in the directory, and " +
		"compares. What differs although nobody changed it in Entra is drift: it is listed with before and after (rollcall run show), and repaired by " +
		"the run that follows, which holds too many removals for approval like any other. It goes slowly, and gives way to all other runs.\n\n" +
		"With --wait the exit code is 0 when it went through, also when it found something, and 3 when it failed."
}

// Run starts a reconcile.
func (c *instanceReconcileCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	instance, err := server.instance(ctx, c.Name)
	if err != nil {
		return err
	}
	var run api.Run
	err = server.call(ctx, http.MethodPost, server.here("instances", instance.ID.String(), "reconcile"), nil, api.ReconcileRequest{ReportOnly: c.ReportOnly}, &run)
	if err != nil {
		return err
	}
	if !c.Wait {
		if c.JSON {
			return writeJSON(in.stdout, run)
		}
		_, err = fmt.Fprintf(in.stdout, "Run %s is %s.\n", run.ID, run.State)
		return err
	}
	if run, err = server.watch(ctx, in, run.ID); err != nil {
		return interrupted(err, run)
	}
	if err := c.write(ctx, in, server, run); err != nil || run.State == engine.Succeeded {
		return err
	}
	return server.result(ctx, run)
}

// write tells what became of the run, and what it found.
func (c *instanceReconcileCommand) write(ctx context.Context, in *invocation, server *client, run api.Run) error {
	if c.JSON {
		return writeJSON(in.stdout, run)
	}
	if _, err := fmt.Fprintln(in.stdout, resultText(run)); err != nil || run.State != engine.Succeeded {
		return err
	}
	changes, more, err := upTo[api.Change](ctx, server, server.here("runs", run.ID.String(), "changes"), nil, c.atMost(nil, 100))
	if err != nil || len(changes) == 0 {
		return err
	}
	if _, err := io.WriteString(in.stdout, "\n"); err != nil {
		return err
	}
	if err := changeTable(changes).write(in.stdout, in.columns(), ""); err != nil {
		return err
	}
	if more {
		in.say("There are more: rollcall run show %s --limit 0", run.ID)
	}
	return nil
}

// reconcilingText tells when and how an instance is reconciled.
func reconcilingText(r api.Reconciling) string {
	text := "never by itself"
	if r.EverySeconds > 0 {
		text = "every " + seconds(r.EverySeconds).String()
	}
	if r.Repair {
		text += ", repaired"
	} else {
		text += ", only reported"
	}
	if r.PerSecond > 0 {
		return fmt.Sprintf("%s, %d objects a second at most", text, r.PerSecond)
	}
	return text + ", without limit"
}

// lastReconcileText tells what the last reconcile found; "" if there was none.
func lastReconcileText(last *api.LastReconcile, next time.Time) string {
	var texts []string
	switch {
	case last == nil:
	case last.EndedAt.IsZero():
		texts = append(texts, "asked for "+short(last.BegunAt)+", not over yet")
	case last.Failure != nil:
		texts = append(texts, short(last.EndedAt)+", failed: "+last.Failure.Message)
	default:
		text := short(last.EndedAt) + ", " + counted(last.Drift, "difference", "differences")
		if last.Drift > 0 && last.Repairs {
			text += ", left to the next run to repair"
		}
		texts = append(texts, text)
	}
	if last != nil {
		texts = append(texts, "run "+last.RunID.String())
	}
	if !next.IsZero() {
		texts = append(texts, "next "+short(next))
	}
	return strings.Join(texts, "; ")
}

// reconcileFile is how an instance file says when and how both sides are compared completely. What is absent stays as it is.
type reconcileFile struct {
	// Every is a duration such as 168h; 0s is never.
	Every     *interval `yaml:"every"`
	Repair    *bool     `yaml:"repair"`
	PerSecond *int      `yaml:"perSecond"`
}

// request is what the file asks for; nil if it says nothing.
func (f *reconcileFile) request() *api.ReconcilingPatch {
	if f == nil {
		return nil
	}
	patch := api.ReconcilingPatch{Repair: f.Repair, PerSecond: f.PerSecond}
	if f.Every != nil {
		every := time.Duration(*f.Every).Seconds()
		patch.EverySeconds = &every
	}
	return &patch
}

// patch is the request for what differs, nil if nothing does, and a line for each such thing.
func (f *reconcileFile) patch(now api.Reconciling) (*api.ReconcilingPatch, []string) {
	want := f.request()
	if want == nil {
		return nil, nil
	}
	var lines []string
	if want.EverySeconds != nil && *want.EverySeconds != now.EverySeconds {
		lines = append(lines, fmt.Sprintf("reconcile.every: %s → %s", seconds(now.EverySeconds), seconds(*want.EverySeconds)))
	}
	if want.Repair != nil && *want.Repair != now.Repair {
		lines = append(lines, fmt.Sprintf("reconcile.repair: %t → %t", now.Repair, *want.Repair))
	}
	if want.PerSecond != nil && *want.PerSecond != now.PerSecond {
		lines = append(lines, fmt.Sprintf("reconcile.perSecond: %d → %d", now.PerSecond, *want.PerSecond))
	}
	if len(lines) == 0 {
		return nil, nil
	}
	return want, lines
}

// exportedReconcile is reconcileFile as JSON.
type exportedReconcile struct {
	Every     string `json:"every"`
	Repair    bool   `json:"repair"`
	PerSecond int    `json:"perSecond"`
}

func exportedReconcileOf(r api.Reconciling) exportedReconcile {
	return exportedReconcile{Every: seconds(r.EverySeconds).String(), Repair: r.Repair, PerSecond: r.PerSecond}
}

// exportReconcile writes when and how both sides are compared completely.
func exportReconcile(y *yamlText, r api.Reconciling) {
	y.line("# Both sides are compared completely every so often (0s: never) while Auto Sync is on: what differs is repaired, or only reported. No more")
	y.line("# objects than perSecond are looked at in a second; 0 is no limit.")
	y.line("reconcile: {every: %s, repair: %t, perSecond: %d}", seconds(r.EverySeconds), r.Repair, r.PerSecond)
}
