package console

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

type runsView struct {
	Tabs      []Choice
	Instances []Choice
	Rows      []runLine
	Pager     Pager
}

// runLine is a run in a list.
type runLine struct {
	Href, Kind, Instance, By, What string
	State                          Pill
	At                             *Moment
	Took                           string
	Live                           bool
	// Line says all of it in one.
	Line string
}

// runningView is how far a run is (A6).
type runningView struct {
	Href, Kind string
	Bar        Progress
	Steps      []runStep
}

type runStep struct {
	Name  string
	State Pill
	Count *int
}

// runTabs lead to what tells of runs.
func (r *request) runTabs() []Choice {
	var tabs []Choice
	for _, tab := range [][2]string{{"sync.runs", "/runs"}, {"sync.log", "/log"}, {"sync.pins", "/pins"}} {
		tabs = append(tabs, Choice{Text: r.say(tab[0]), Href: r.at(tab[1]), Current: r.URL.Path == r.at(tab[1])})
	}
	return tabs
}

// runs lists runs, newest first.
func (s *server) runs(w http.ResponseWriter, r *request) error {
	query := engine.RunQuery{Org: r.org, Limit: pageSize + 1}
	query.Instance, _ = ident.Parse(r.query("instance"))
	var err error
	if query.Before, err = idOf(r.query("cursor")); err != nil {
		return err
	}
	found, err := s.Engine.Store.ListRuns(r.ctx(), query)
	if err != nil {
		return err
	}
	names, err := s.instanceNames(r)
	if err != nil {
		return err
	}
	r.titled(r.say("sync.runs"))
	view := runsView{Tabs: r.runTabs(), Instances: r.instanceChoices(names, query.Instance)}
	if !query.Before.IsZero() {
		view.Pager.First = r.with()
	}
	if len(found) > pageSize {
		found = found[:pageSize]
		view.Pager.Next = r.with("cursor", cursorAt(found[pageSize-1].ID.String()))
	}
	for _, run := range found {
		view.Rows = append(view.Rows, r.runLine(run, names[run.InstanceID]))
	}
	return r.render(w, http.StatusOK, "runs", view)
}

// idOf is the id that a cursor stands for; the zero id for none.
func idOf(cursor string) (ident.ID, error) {
	place, err := placeOf(cursor)
	if err != nil || place == "" {
		return ident.ID{}, err
	}
	id, err := ident.Parse(place)
	if err != nil {
		return ident.ID{}, badCursor()
	}
	return id, nil
}

// instanceChoices are the instances to choose from, by name; nil if there is only one.
func (r *request) instanceChoices(names map[ident.ID]string, current ident.ID) []Choice {
	if len(names) < 2 {
		return nil
	}
	var choices []Choice
	for id, name := range names {
		choices = append(choices, Choice{Text: name, Value: id.String(), Current: id == current})
	}
	slices.SortFunc(choices, func(a, b Choice) int { return strings.Compare(a.Text, b.Text) })
	return slices.Insert(choices, 0, Choice{Text: r.say("sync.instances.all"), Current: current.IsZero()})
}

// runTones are the colours of the states of runs.
var runTones = map[engine.State]string{
	engine.Queued: "idle", engine.Running: "info", engine.Waiting: "warn", engine.Succeeded: "ok", engine.Failed: "bad", engine.Canceled: "idle",
}

func (r *request) runState(run engine.Run) Pill {
	if run.State == engine.Succeeded && run.Progress.Held != "" {
		return pill("warn", r.say("sync.state.held"))
	}
	return pill(runTones[run.State], r.say("sync.state."+string(run.State)))
}

// kind names what a run is for.
func (r *request) kind(kind engine.Kind) string { return r.say("sync.kind." + string(kind)) }

func (r *request) runLine(run engine.Run, instance string) runLine {
	line := runLine{
		Href: r.at("/runs/", run.ID.String()), Kind: r.kind(run.Kind), Instance: instance, State: r.runState(run), At: r.moment(run.QueuedAt),
		By: run.RequestedBy, What: r.did(run), Live: !run.State.Over(),
	}
	if line.By == "" {
		line.By = r.say("sync.trigger." + run.Trigger)
	}
	if !run.StartedAt.IsZero() {
		until := run.EndedAt
		if until.IsZero() {
			until = r.now()
		}
		line.Took = r.took(until.Sub(run.StartedAt))
	}
	line.Line = strings.Join([]string{line.Kind, line.Took, line.What}, " · ")
	return line
}

// took writes how long something took, short things with tenths of a second.
func (r *request) took(d time.Duration) string {
	if d < 10*time.Second {
		text := fmt.Sprintf("%.1f", max(0, d.Seconds()))
		if r.tag.String() == "fr" {
			text = strings.Replace(text, ".", ",", 1)
		}
		return text + " s"
	}
	return r.span(d)
}

// did says in a few words what a run did.
func (r *request) did(run engine.Run) string {
	n := written(run.Progress.Counts) + written(run.Progress.Groups)
	if run.Kind.Proposes() {
		return r.say("sync.did.proposed", "n", n+run.Progress.Counts["drift"])
	}
	return r.say("sync.did.changes", "n", n)
}

// written counts the outcomes that are changes.
func written(counts map[string]int) int {
	n := 0
	for _, action := range changing {
		n += counts[string(action)]
	}
	return n
}

// running says how far a run is, step by step.
func (r *request) running(run engine.Run) runningView {
	view := runningView{Href: r.at("/runs/", run.ID.String()), Kind: r.kind(run.Kind), Bar: r.runProgress(run)}
	if run.State == engine.Queued {
		view.Bar = Progress{Step: r.say("sync.state.queued"), Indefinite: true, Text: r.say("sync.queued")}
	}
	if run.State == engine.Waiting {
		view.Bar.Text = r.say("sync.waiting", "span", r.span(run.NotBefore.Sub(r.server.Machine())))
	}
	steps := []engine.Step{engine.StepPull, engine.StepPlan, engine.StepGuard, engine.StepApply}
	at := slices.Index(steps, run.Step)
	if run.Step == engine.StepEnd {
		at = len(steps)
	}
	p := run.Progress
	counts := map[engine.Step]int{engine.StepPull: p.Read, engine.StepPlan: p.Planned, engine.StepApply: p.Applied}
	for i, step := range steps {
		if run.Kind.Dry() && step == engine.StepApply || run.Kind.Undoes() && step == engine.StepPull || run.Kind.Reconciles() {
			continue
		}
		line := runStep{Name: r.say("step." + string(step)), State: pill("idle", r.say("sync.step.waits"))}
		switch {
		case i < at:
			line.State = pill("ok", r.say("sync.step.done"))
		case i == at && run.State == engine.Running:
			line.State = pill("info", r.say("sync.step.now"))
		}
		if n, counted := counts[step]; counted && (i <= at || n > 0) {
			line.Count = &n
		}
		view.Steps = append(view.Steps, line)
	}
	return view
}
