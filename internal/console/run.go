package console

import (
	"bufio"
	"cmp"
	"fmt"
	"net/http"
	"slices"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/plan"
)

type runView struct {
	runLine
	ID, Title           string
	Dry, Rehearsal      bool
	Notices             []Notice
	Running             *runningView
	Facts               []Choice
	Filters             []Choice
	Types               []Choice
	Filter              string
	Search              Search
	Filtered            bool
	Rows                []entryRow
	Pager               Pager
	Undoable, CanReport bool
	// Plan asks whether exactly what this dry run shows is to be applied; nil where that cannot be, or may not.
	Plan *Confirm
	// Undo is the form that takes back what this rehearsal of an undo shows.
	Undo *undoForm
	// InstanceID is that of the instance, as long as there is one.
	InstanceID string
	Results    bool
}

type undoForm struct {
	Of     string
	Fields []Field
}

// runFilter is one of the ways to narrow the changes of a run.
type runFilter struct {
	name    string
	actions []plan.Action
	states  []engine.EntryState
}

// goes are the states of changes that are done, or would be.
var goes = []engine.EntryState{engine.Applied, engine.Planned, engine.Parked, engine.Proposed, engine.Approved}

// changing are the actions that change something, which is what a dry run is looked at for.
var changing = []plan.Action{plan.Update, plan.Create, plan.Deactivate, plan.Reactivate, plan.Delete, plan.Restore, plan.Release, plan.Join, plan.Leave}

// runFilters are in the order in which they are offered.
var runFilters = []runFilter{
	{"changes", changing, goes},
	{"match", []plan.Action{plan.Match}, goes},
	{"update", []plan.Action{plan.Update}, goes},
	{"create", []plan.Action{plan.Create}, goes},
	{"deactivate", []plan.Action{plan.Deactivate}, goes},
	{"reactivate", []plan.Action{plan.Reactivate}, goes},
	{"delete", []plan.Action{plan.Delete}, goes},
	{"restore", []plan.Action{plan.Restore}, goes},
	{"release", []plan.Action{plan.Release}, goes},
	{"join", []plan.Action{plan.Join}, goes},
	{"leave", []plan.Action{plan.Leave}, goes},
	{"held", nil, []engine.EntryState{engine.Held}},
	{"skipped", nil, []engine.EntryState{engine.EntrySkipped}},
	{"failed", nil, []engine.EntryState{engine.EntryFailed}},
	{"superseded", nil, []engine.EntryState{engine.Superseded}},
}

// shownFirst is the filter that was asked for; of a dry run that changes something, all changes unless another one was.
func shownFirst(run engine.Run, asked string) string {
	if asked == "" && run.Kind.Dry() && written(run.Progress.Counts)+written(run.Progress.Groups) > 0 {
		return "changes"
	}
	return cmp.Or(asked, "all")
}

// ofRun is the run of the path. Those of another organization do not exist.
func (s *server) ofRun(r *request) (engine.Run, error) {
	id, err := r.pathID("id")
	if err != nil {
		return engine.Run{}, err
	}
	return s.Engine.GetRun(r.ctx(), r.org, id)
}

// run shows one run: how far it is, what it did, and its changes (D13 for dry runs).
func (s *server) run(w http.ResponseWriter, r *request) error {
	run, err := s.ofRun(r)
	if err != nil {
		return err
	}
	return s.showRun(w, r, http.StatusOK, run, nil)
}

func (s *server) showRun(w http.ResponseWriter, r *request, code int, run engine.Run, wrong error) error {
	names, err := s.instanceNames(r)
	if err != nil {
		return err
	}
	name, exists := names[run.InstanceID]
	if !exists {
		name = r.say("sync.instance.gone")
	}
	view := runView{runLine: r.runLine(run, name), ID: run.ID.String(), Dry: run.Kind.Dry(), Rehearsal: run.Kind == engine.DryRun, Filter: shownFirst(run, r.query("filter"))}
	view.Title = r.say("sync.run.title", "kind", view.Kind, "instance", name)
	r.titled(view.Title, r.say("sync.runs"), "/runs")
	if exists {
		view.InstanceID = run.InstanceID.String()
	}
	if !run.State.Over() {
		running := r.running(run)
		view.Running = &running
	}
	view.Facts, view.Notices = r.runFacts(run), r.runNotices(run)
	view.CanReport = run.State.Over()
	view.Results = run.Kind == engine.OnDemand
	if err := s.planOf(r, run, name, &view); err != nil {
		return err
	}
	view.Undoable = exists && run.State.Over() && !run.Kind.Proposes() && written(run.Progress.Counts)+written(run.Progress.Groups) > 0
	if run.Kind == engine.UndoDryRun && len(run.Undo.Entries) == 0 && run.State == engine.Succeeded && exists && r.may("undoRun") {
		view.Undo = r.undoForm(run, wrong)
	}
	if err := s.runEntries(r, run, &view); err != nil {
		return err
	}
	return r.render(w, code, "run", view)
}

func (r *request) undoForm(run engine.Run, wrong error) *undoForm {
	form := undoForm{Of: run.Undo.Run.String(), Fields: []Field{{
		Name: "reason", Label: r.say("sync.undo.reason"), Hint: r.say("sync.undo.reason.hint"), Type: "text", Required: true, Value: r.value("reason"), Max: 500, Complete: "off",
	}}}
	if wrong != nil {
		form.Fields[0].Error, _ = r.fault(wrong)
	}
	return &form
}

func (r *request) runFacts(run engine.Run) []Choice {
	facts := []Choice{
		{Text: r.say("sync.run.by"), Value: r.runLine(run, "").By},
		{Text: r.say("sync.run.asked"), Value: r.exact(run.QueuedAt.In(r.zone))},
	}
	if !run.StartedAt.IsZero() {
		facts = append(facts, Choice{Text: r.say("sync.run.began"), Value: r.exact(run.StartedAt.In(r.zone))})
	}
	if !run.EndedAt.IsZero() {
		facts = append(facts, Choice{Text: r.say("sync.run.ended"), Value: r.exact(run.EndedAt.In(r.zone))})
	}
	if run.Undo != nil {
		facts = append(facts, Choice{Text: r.say("sync.run.undoes"), Value: run.Undo.Run.String(), Href: r.at("/runs/", run.Undo.Run.String())})
		if run.Undo.Reason != "" {
			facts = append(facts, Choice{Text: r.say("sync.reason"), Value: run.Undo.Reason})
		}
	}
	if !run.Plan.IsZero() {
		facts = append(facts, Choice{Text: r.say("sync.plan.of"), Value: run.Plan.String(), Href: r.at("/runs/", run.Plan.String())})
	}
	if n := run.Progress.Counts["out-of-scope"]; n > 0 {
		facts = append(facts, Choice{Text: r.say("sync.bucket.out-of-scope"), Value: r.number(int64(n))})
	}
	return facts
}

func (r *request) runNotices(run engine.Run) []Notice {
	var notices []Notice
	if failure := run.Failure; failure != nil {
		notices = append(notices, notice("bad", r.say("sync.run.failed"), failure.Message+". "+failure.Remedy))
	}
	if run.Progress.Held != "" {
		notices = append(notices, notice("warn", r.say("sync.state.held"), run.Progress.Held))
	}
	if refusal := run.Progress.Refusal; refusal != nil {
		notices = append(notices, notice("warn", r.say("sync.run.refused"), refusal.Message+". "+refusal.Remedy))
	}
	if n := run.Progress.DespiteEntra; n > 0 {
		notices = append(notices, notice("warn", "", r.say("sync.undo.despite", "n", n)))
	}
	return notices
}

// runEntries fills the table of changes with the filters above it.
func (s *server) runEntries(r *request, run engine.Run, view *runView) error {
	kind, search := r.query("type"), r.query("search")
	query := engine.LogQuery{Org: r.org, Run: run.ID, Oldest: true, Limit: pageSize}
	none := r.chooseEntries(run, view, &query)
	if of := objectType(kind); of != nil {
		query.Objects = []plan.ObjectType{*of}
	}
	if search != "" {
		query.Who = &engine.LogPeople{Part: search}
	}
	view.Types, view.Filtered = r.typeChoices(kind), search != "" || kind != "" || query.States != nil
	view.Search = Search{
		Label: r.say("sync.search"), Value: search, Action: r.at("/runs/", run.ID.String()), Target: "rows",
		Hidden: []Choice{{Text: "filter", Value: view.Filter}, {Text: "type", Value: kind}},
	}
	var err error
	if query.After, err = logPlace(r.query("cursor")); err != nil {
		return err
	}
	if none { // counted before: no need to look at all of them
		return nil
	}
	entries, next, err := s.Engine.Log(r.ctx(), query)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		view.Rows = append(view.Rows, r.entryRow(entry))
	}
	if !query.After.IsZero() {
		view.Pager.First = r.with()
	}
	if !next.IsZero() {
		view.Pager.Next = r.with("cursor", logCursor(next))
	}
	return nil
}

// chooseEntries lists the filters with what they count, and puts the chosen one into the query; none: it fits nothing, and the run is over.
func (r *request) chooseEntries(run engine.Run, view *runView, query *engine.LogQuery) (none bool) {
	all := 0
	for _, filter := range runFilters {
		if filter.name == "changes" && !run.Kind.Dry() {
			continue
		}
		n := countEntries(run, filter.name)
		if filter.name != "changes" {
			all += n
		}
		chosen := filter.name == view.Filter
		if chosen {
			none = n == 0 && run.State.Over()
			query.Actions, query.States = filter.actions, filter.states
			if run.Kind == engine.DryRun && filter.actions != nil { // what it would hold is counted by its action as well
				query.States = append(slices.Clone(filter.states), engine.Held)
			}
		}
		if n > 0 || chosen {
			view.Filters = append(view.Filters, Choice{Text: r.runFilter(run, filter.name), Href: r.with("filter", filter.name), Current: chosen, Count: &n})
		}
	}
	view.Filters = slices.Insert(view.Filters, 0, Choice{Text: r.say("sync.filter.all"), Href: r.with("filter", "all"), Current: query.States == nil, Count: &all})
	return none
}

// countEntries is how many changes of a run a filter lets through.
func countEntries(run engine.Run, filter string) int {
	counts, groups := run.Progress.Counts, run.Progress.Groups
	switch filter {
	case "changes":
		return written(counts) + written(groups)
	case "held":
		return counts[filter] + groups[filter] + groups["held-members"]
	}
	return counts[filter] + groups[filter]
}

// runFilter names a filter: of a dry run as its summary does, of others as what was done.
func (r *request) runFilter(run engine.Run, name string) string {
	if key := "sync.filter.dry." + name; run.Kind.Dry() && r.has(key) {
		return r.say(key)
	}
	return r.say("sync.filter." + name)
}

func (r *request) typeChoices(current string) []Choice {
	choices := []Choice{{Text: r.say("sync.types.all"), Current: current == ""}}
	for _, t := range objectTypes {
		choices = append(choices, Choice{Text: r.say("sync.types." + t.name), Value: t.name, Current: t.name == current})
	}
	return choices
}

// report is Download summary: the changes of a run as CSV.
func (s *server) report(w http.ResponseWriter, r *request) error {
	run, err := s.ofRun(r)
	if err != nil {
		return err
	}
	download(w, "text/csv; charset=utf-8", "rollcall-"+string(run.Kind)+"-"+run.QueuedAt.UTC().Format("20060102-150405")+".csv")
	out := bufio.NewWriter(w)
	if err := s.Engine.WriteReport(r.ctx(), run, out); err != nil {
		return s.brokenOff(r, err)
	}
	return s.brokenOff(r, out.Flush())
}

func download(w http.ResponseWriter, contentType, name string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
}

// brokenOff notes that a file could not be written whole, and ends the connection, so that nobody takes what came for all of it.
func (s *server) brokenOff(r *request, err error) error {
	if err == nil {
		return nil
	}
	if r.ctx().Err() == nil {
		s.Logger.ErrorContext(r.ctx(), "file not written", "request_id", r.id, "route", pattern(r.Request), "error", err.Error())
	}
	panic(http.ErrAbortHandler)
}

// undoRun asks for an undo: first for its rehearsal, whose page offers the undo itself (D17).
func (s *server) undoRun(w http.ResponseWriter, r *request) error {
	run, err := s.ofRun(r)
	if err != nil {
		return err
	}
	undo, err := s.Engine.Undo(r.ctx(), r.org, engine.UndoRequest{Run: run.ID, DryRun: true})
	if err != nil {
		return err
	}
	return r.done(w, "/runs/"+undo.ID.String(), "")
}

// takeBack undoes what a rehearsal showed.
func (s *server) takeBack(w http.ResponseWriter, r *request) error {
	rehearsal, err := s.ofRun(r)
	if err != nil {
		return err
	}
	if rehearsal.Kind != engine.UndoDryRun || len(rehearsal.Undo.Entries) > 0 {
		return fault.New(fault.Conflict, "NothingToUndo", "the run %s is no rehearsal of the undo of a whole run", rehearsal.ID)
	}
	undo, err := s.Engine.Undo(r.ctx(), r.org, engine.UndoRequest{Run: rehearsal.Undo.Run, Reason: r.value("reason")})
	if fault.Is(err, fault.Invalid) {
		return s.showRun(w, r, http.StatusUnprocessableEntity, rehearsal, err)
	}
	if err != nil {
		return err
	}
	return r.done(w, "/runs/"+undo.ID.String(), "sync.asked")
}
