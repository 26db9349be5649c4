package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// LogEntry is a line of the provisioning log.
type LogEntry struct {
	// At is when the change was applied or failed, if it was, else when it was planned.
	At time.Time `json:"at" doc:"When it was applied or failed, if it was, else when it was planned."`
	Change
	// Scrubbed: the retention is over.
	Scrubbed bool `json:"scrubbed,omitempty" doc:"Its retention is over: names, the text of the reason and values were removed."`
}

// LogFilter narrows the provisioning log.
type LogFilter struct {
	Instance ident.ID `query:"instance" format:"uuid" doc:"Only changes of this instance, which may be deleted by now."`
	Run      ident.ID `query:"run" format:"uuid" doc:"Only changes of this run. What a dry run proposed is shown only with its run, or with state=proposed."`
	Since    string   `query:"since" maxLength:"64" example:"24h" doc:"From when on: a time (RFC 3339), a date (from its begin, UTC), or how long ago: 90m, 2h, 7d."`
	Until    string   `query:"until" maxLength:"64" example:"2026-03-31" doc:"Before when: a time (RFC 3339), a date (to its end, UTC), or how long ago: 90m, 2h, 7d."`
	Code     []string `query:"code" maxItems:"100" doc:"Only reasons with one of these codes, such as InvalidDomain, separated by commas."`
	User     string   `query:"user" maxLength:"256" doc:"Only changes of this user: object id in the tenant or the directory, or userName; or of all whose name, as it was then, contains the text. With another objectType it is about groups."`
	ByObjectType
	ChangeFilter
}

// logParts are limits of an export.
type logParts struct {
	InOrganization
	LogFilter
	Order string `query:"order" enum:"oldest,newest" default:"oldest" doc:"Which changes come first."`
	Limit int    `query:"limit" minimum:"0" default:"0" doc:"How many changes at most; 0 for all."`
}

// byLog is the kind of cursors of the log.
const byLog = "l"

func (s *server) serveLog() {
	serve(s, operation{
		id: "listLog", method: http.MethodGet, path: inOrg + "/log", tag: "Runs", summary: "Read the provisioning log",
		detail: "Every change of every run, the newest run first, and within a run the change that was planned last. Where a filter passes few of many changes, a " +
			"page may hold fewer than the limit, or none, and have a next one.",
	}, s.listLog)
	serve(s, operation{
		id: "exportLogCSV", method: http.MethodGet, path: inOrg + "/log/csv", tag: "Runs", summary: "Download the provisioning log as CSV",
		detail:  "The columns of the report of a run, with time, instance, run, action, state, code, and before and after as JSON, and the number of members. No cell can start a formula.",
		streams: "text/csv",
	}, s.exportCSV)
	serve(s, operation{
		id: "exportLogJSON", method: http.MethodGet, path: inOrg + "/log/ndjson", tag: "Runs", summary: "Download the provisioning log as JSON",
		detail: "One line of JSON for each change, as listLog has it.", streams: ndjsonType,
	}, s.exportJSON)
}

// ndjsonType is the media type of JSON documents on a line each.
const ndjsonType = "application/x-ndjson"

func (s *server) listLog(ctx context.Context, in *struct {
	InOrganization
	LogFilter
	Order string `query:"order" enum:"oldest,newest" default:"newest" doc:"Which changes come first."`
	Paging
},
) (*body[List[LogEntry]], error) {
	query, err := s.logQuery(ctx, in.LogFilter, in.Order)
	if err != nil {
		return nil, err
	}
	if query.After, err = in.logPlace(); err != nil {
		return nil, err
	}
	query.Limit = in.Limit
	entries, next, err := s.Engine.Log(ctx, query)
	if err != nil {
		return nil, err
	}
	list := List[LogEntry]{Items: each(entries, logEntryOf)}
	if !next.IsZero() {
		list.Next = cursor(byLog, next.Run.String()+":"+next.Entry.String())
	}
	return reply(list), nil
}

func (p Paging) logPlace() (engine.LogPlace, error) {
	var place engine.LogPlace
	key, err := p.key(byLog)
	if err != nil || key == "" {
		return place, err
	}
	run, entry, _ := strings.Cut(key, ":")
	if place.Run, err = ident.Parse(run); err != nil {
		return place, badCursor()
	}
	if place.Entry, err = ident.Parse(entry); err != nil {
		return place, badCursor()
	}
	return place, nil
}

func (s *server) exportCSV(ctx context.Context, in *logParts) (*huma.StreamResponse, error) {
	query, err := s.logQuery(ctx, in.LogFilter, in.Order)
	if err != nil {
		return nil, err
	}
	return s.exporting("text/csv; charset=utf-8", "csv", func(ctx context.Context, out io.Writer) error {
		return s.Engine.WriteLog(ctx, query, in.Limit, out)
	}), nil
}

func (s *server) exportJSON(ctx context.Context, in *logParts) (*huma.StreamResponse, error) {
	query, err := s.logQuery(ctx, in.LogFilter, in.Order)
	if err != nil {
		return nil, err
	}
	return s.exporting(ndjsonType, "ndjson", func(ctx context.Context, out io.Writer) error {
		lines := json.NewEncoder(out)
		lines.SetEscapeHTML(false)
		return s.Engine.EachLog(ctx, query, in.Limit, func(entry engine.Entry) error { return lines.Encode(logEntryOf(entry)) })
	}), nil
}

func (s *server) exporting(contentType, ending string, write func(context.Context, io.Writer) error) *huma.StreamResponse {
	return s.streaming(map[string]string{
		"Content-Type":        contentType,
		"Content-Disposition": fmt.Sprintf(`attachment; filename="rollcall-log-%s.%s"`, s.Now().UTC().Format("20060102-150405"), ending),
	}, func(ctx context.Context, out io.Writer) error {
		pieces := bufio.NewWriterSize(out, pieceSize)
		if err := write(ctx, pieces); err != nil {
			return err
		}
		if err := pieces.Flush(); err != nil {
			return fmt.Errorf("write to the client: %w", err)
		}
		_, err := out.Write(nil) // a log without a line is an answer too
		return err
	})
}

// logQuery makes the query of a filter. An instance or run that never was fails as fault.NotFound.
func (s *server) logQuery(ctx context.Context, filter LogFilter, order string) (engine.LogQuery, error) {
	org := orgOf(ctx)
	query := engine.LogQuery{Org: org, Instance: filter.Instance, Run: filter.Run, Codes: filter.Code, Oldest: order == "oldest"}
	for _, state := range filter.State {
		query.States = append(query.States, engine.EntryState(state))
	}
	for _, action := range filter.Action {
		query.Actions = append(query.Actions, plan.Action(action))
	}
	var err error
	now := s.Now()
	if query.Since, err = moment("since", filter.Since, now, false); err != nil {
		return query, err
	}
	if query.Until, err = moment("until", filter.Until, now, true); err != nil {
		return query, err
	}
	if !query.Since.IsZero() && !query.Until.IsZero() && !query.Since.Before(query.Until) {
		return query, fault.New(fault.Invalid, "BadPeriod", "until %s does not come after since %s", filter.Until, filter.Since)
	}
	if !query.Run.IsZero() {
		if _, err := s.Engine.GetRun(ctx, org, query.Run); err != nil {
			return query, err
		}
	}
	if of := filter.one(); of != nil {
		query.Objects = []plan.ObjectType{*of}
	}
	if err := s.everInstance(ctx, org, query.Instance); err != nil {
		return query, err
	}
	if strings.TrimSpace(filter.User) != "" {
		query.Who, err = s.Engine.FindLogPeople(ctx, org, filter.User)
		if err == nil && query.Objects == nil && len(query.Who.Sources)+len(query.Who.Objects) == 0 {
			query.Objects = []plan.ObjectType{plan.User} // groups may have names like that, too
		}
	}
	return query, err
}

// everInstance fails as fault.NotFound if there is no such instance, and no run of one that was deleted.
func (s *server) everInstance(ctx context.Context, org, id ident.ID) error {
	if id.IsZero() {
		return nil
	}
	_, err := s.Engine.Instance(ctx, org, id)
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	runs, failed := s.Engine.Store.ListRuns(ctx, engine.RunQuery{Org: org, Instance: id, Limit: 1})
	if failed != nil || len(runs) > 0 {
		return failed
	}
	return err
}

// LogEntryOf makes a line of the log of a change; the console writes the same lines.
func LogEntryOf(entry engine.Entry) LogEntry { return logEntryOf(entry) }

func logEntryOf(entry engine.Entry) LogEntry {
	return LogEntry{At: entry.At(), Change: changeOf(entry), Scrubbed: entry.Scrubbed()}
}
