package console

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/audit"
	"rollcall/internal/engine"
)

// exportPage is how many events an export reads at a time.
const exportPage = 1000

// exportAudit writes all events that the filters keep, as CSV or as one JSON object in each line, in the API's words.
func (s *server) exportAudit(w http.ResponseWriter, r *request) error {
	format, write := "csv", writeEventsCSV
	if r.query("format") == "json" {
		format, write = "jsonl", writeEventsJSON
	}
	query, org := r.auditQuery(), r.auditOrg()
	query.Limit = exportPage
	found, err := s.Directory.SearchEvents(r.ctx(), org, query)
	if err != nil {
		return err
	}
	types := map[string]string{"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}
	download(w, types[format], "audit-"+r.now().In(r.zone).Format(time.DateOnly)+"."+format)
	for first := true; ; first = false {
		if err := write(w, found, first); err != nil {
			return s.brokenOff(r, err)
		}
		if len(found) < exportPage {
			return nil
		}
		query.After = found[exportPage-1].ID
		if found, err = s.Directory.SearchEvents(r.ctx(), org, query); err != nil {
			return s.brokenOff(r, err)
		}
	}
}

func writeEventsJSON(w io.Writer, events []audit.Event, _ bool) error {
	lines := json.NewEncoder(w)
	for _, event := range events {
		if err := lines.Encode(api.EventOf(event)); err != nil {
			return fmt.Errorf("write events: %w", err)
		}
	}
	return nil
}

// writeEventsCSV writes cells that cannot start a formula.
func writeEventsCSV(w io.Writer, events []audit.Event, first bool) error {
	table := csv.NewWriter(w)
	table.UseCRLF = true
	var rows [][]string
	if first {
		rows = append(rows, []string{"Time", "Actor", "Address", "Action", "Object Id", "Object Name", "Before", "After", "Request", "Event"})
	}
	for _, event := range events {
		shown := api.EventOf(event)
		row := []string{
			event.At.UTC().Format(time.RFC3339), shown.Actor.Name, shown.Actor.Address, shown.Action, shown.ObjectID, shown.ObjectName,
			jsonOf(shown.Before), jsonOf(shown.After), shown.Actor.RequestID, shown.ID.String(),
		}
		for i := range row {
			row[i] = engine.HarmlessCell(row[i])
		}
		rows = append(rows, row)
	}
	if err := table.WriteAll(rows); err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	return nil
}

func jsonOf(attributes map[string]any) string {
	if len(attributes) == 0 {
		return ""
	}
	text, err := json.Marshal(attributes)
	if err != nil {
		return ""
	}
	return string(text)
}
