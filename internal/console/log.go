package console

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

type logView struct {
	Tabs                       []Choice
	Instances, States, Actions []Choice
	Types                      []Choice
	Since, Until               Field
	Search                     Search
	Error                      string
	Filtered                   bool
	Rows                       []entryRow
	Pager                      Pager
	CSV, NDJSON                string
}

// log is the provisioning log: every change of every run, the newest first.
func (s *server) log(w http.ResponseWriter, r *request) error {
	r.titled(r.say("sync.log"), r.say("sync.runs"), "/runs")
	names, err := s.instanceNames(r)
	if err != nil {
		return err
	}
	query, wrong := s.logQuery(r)
	view := logView{
		Tabs: r.runTabs(), Instances: r.instanceChoices(names, query.Instance), Types: r.typeChoices(r.query("type")),
		Since: Field{Name: "since", Label: r.say("sync.log.since"), Type: "date", Value: r.query("since")},
		Until: Field{Name: "until", Label: r.say("sync.log.until"), Type: "date", Value: r.query("until")},
		CSV:   r.at("/log/csv") + r.filters(), NDJSON: r.at("/log/ndjson") + r.filters(), Filtered: r.filters() != "",
		Search: Search{Label: r.say("sync.log.search"), Value: r.query("search"), Action: r.at("/log"), Target: "rows"},
	}
	for _, name := range []string{"instance", "type", "state", "action", "since", "until"} {
		view.Search.Hidden = append(view.Search.Hidden, Choice{Text: name, Value: r.query(name)})
	}
	view.States = r.choices("state", "sync.log.states", "entry.", "applied", "held", "failed", "skipped", "rejected", "superseded", "dropped", "proposed")
	view.Actions = r.choices("action", "sync.log.actions", "action.", "create", "update", "deactivate", "reactivate", "delete", "restore", "release", "join", "leave")
	if fault.Is(wrong, fault.Invalid) {
		view.Error, _ = r.fault(wrong)
		return r.render(w, http.StatusUnprocessableEntity, "log", view)
	}
	if wrong != nil {
		return wrong
	}
	if query.After, err = logPlace(r.query("cursor")); err != nil {
		return err
	}
	query.Limit = pageSize
	entries, next, err := s.Engine.Log(r.ctx(), query)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		row := r.entryRow(entry)
		row.Instance = names[entry.InstanceID]
		view.Rows = append(view.Rows, row)
	}
	if !query.After.IsZero() {
		view.Pager.First = r.with()
	}
	if !next.IsZero() {
		view.Pager.Next = r.with("cursor", logCursor(next))
	}
	return r.render(w, http.StatusOK, "log", view)
}

// choices are the values of a parameter with their words, and before them all.
func (r *request) choices(name, all, words string, values ...string) []Choice {
	current := r.query(name)
	choices := []Choice{{Text: r.say(all), Current: current == ""}}
	for _, value := range values {
		choices = append(choices, Choice{Text: r.say(words + value), Value: value, Current: value == current})
	}
	return choices
}

// filters are the parameters of the log without the place in it, as the end of an address.
func (r *request) filters() string {
	values := url.Values{}
	for _, name := range []string{"instance", "type", "state", "action", "since", "until", "search"} {
		if value := r.query(name); value != "" {
			values.Set(name, value)
		}
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

// logQuery makes the query of the filters in the address. Days are those of the administrator's zone.
func (s *server) logQuery(r *request) (engine.LogQuery, error) {
	query := engine.LogQuery{Org: r.org}
	query.Instance, _ = ident.Parse(r.query("instance"))
	if state := r.query("state"); state != "" {
		query.States = []engine.EntryState{engine.EntryState(state)}
	}
	if action := r.query("action"); action != "" {
		query.Actions = []plan.Action{plan.Action(action)}
	}
	if of := objectType(r.query("type")); of != nil {
		query.Objects = []plan.ObjectType{*of}
	}
	var err error
	if query.Since, err = r.dayAt("since", 0); err != nil {
		return query, err
	}
	if query.Until, err = r.dayAt("until", 1); err != nil {
		return query, err
	}
	if !query.Since.IsZero() && !query.Until.IsZero() && !query.Since.Before(query.Until) {
		return query, fault.New(fault.Invalid, "BadPeriod", "the period ends before it begins")
	}
	if text := r.query("search"); text != "" {
		query.Who, err = s.Engine.FindLogPeople(r.ctx(), r.org, text)
	}
	return query, err
}

// dayAt reads a date of the address, and goes on by some days.
func (r *request) dayAt(name string, days int) (time.Time, error) {
	text := r.query(name)
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, r.zone)
	if err != nil {
		return time.Time{}, fault.New(fault.Invalid, "BadDay", "%q is no day", text)
	}
	return day.AddDate(0, 0, days), nil
}

func (s *server) logCSV(w http.ResponseWriter, r *request) error {
	return s.exportLog(w, r, "text/csv; charset=utf-8", "csv", func(ctx context.Context, query engine.LogQuery, out io.Writer) error {
		return s.Engine.WriteLog(ctx, query, 0, out)
	})
}

func (s *server) logNDJSON(w http.ResponseWriter, r *request) error {
	return s.exportLog(w, r, "application/x-ndjson", "ndjson", func(ctx context.Context, query engine.LogQuery, out io.Writer) error {
		lines := json.NewEncoder(out)
		lines.SetEscapeHTML(false)
		return s.Engine.EachLog(ctx, query, 0, func(entry engine.Entry) error { return lines.Encode(api.LogEntryOf(entry)) })
	})
}

func (s *server) exportLog(
	w http.ResponseWriter, r *request, contentType, ending string, write func(context.Context, engine.LogQuery, io.Writer) error,
) error {
	query, err := s.logQuery(r)
	if err != nil {
		return err
	}
	query.Oldest = true
	download(w, contentType, "rollcall-log-"+r.now().UTC().Format("20060102-150405")+"."+ending)
	out := bufio.NewWriter(w)
	if err := write(r.ctx(), query, out); err != nil {
		return s.brokenOff(r, err)
	}
	return s.brokenOff(r, out.Flush())
}
