package engine

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/expr"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// ScrubbedText is the reason of entries whose retention is over.
const ScrubbedText = "the retention of this change is over: names, reason and values were removed"

// EachLog calls each with the entries of the provisioning log, page by page, up to most of them; 0 for all. However long the log is, it holds no more
// than a page of it.
func (e *Engine) EachLog(ctx context.Context, query LogQuery, most int, each func(Entry) error) error {
	for left := most; ; {
		query.Limit = reportPage
		if most > 0 {
			query.Limit = min(left, reportPage)
		}
		entries, next, err := e.Log(ctx, query)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if err := each(entry); err != nil {
				return err
			}
		}
		if left -= len(entries); next.IsZero() || most > 0 && left <= 0 {
			return nil
		}
		query.After = next
	}
}

// WriteLog writes the provisioning log, up to most entries of it, as CSV: the columns of the report of a run between when it was and what it was in
// our words, and how many members it is about. Cells cannot start a formula when a spreadsheet opens the file.
func (e *Engine) WriteLog(ctx context.Context, query LogQuery, most int, out io.Writer) error {
	instances, err := e.Store.ListInstances(ctx, query.Org)
	if err != nil {
		return err
	}
	names := map[ident.ID]string{}
	for _, instance := range instances {
		names[instance.ID] = instance.Name
	}
	table := csv.NewWriter(out)
	table.UseCRLF = true
	err = table.Write([]string{
		"Time", "Object Type", "Action Type", "Azure ID", "Azure Name", "Webex Name", "Reason", "Changes", "Instance", "Run", "Change", "Action",
		"State", "Code", "Before", "After", "Members",
	})
	if err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	err = e.EachLog(ctx, query, most, func(entry Entry) error {
		if err := table.Write(logRow(entry, names)); err != nil {
			return fmt.Errorf("write log: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	table.Flush()
	return table.Error()
}

func logRow(entry Entry, names map[ident.ID]string) []string {
	instance := names[entry.InstanceID]
	if instance == "" {
		instance = entry.InstanceID.String() // of one that was deleted
	}
	row := append([]string{entry.At().UTC().Format(time.RFC3339Nano)}, reportRow(entry)...)
	row = append(row, instance, entry.RunID.String(), entry.ID.String(), string(entry.Action), string(entry.State), entry.Reason.Code,
		documentOf(entry.Before), documentOf(entry.After), memberCount(entry))
	if entry.Scrubbed() {
		row[6] = ScrubbedText
	}
	for i, cell := range row {
		row[i] = HarmlessCell(cell)
	}
	return row
}

// memberCount is how many join or leave by a change; "" for changes that are not about members.
func memberCount(entry Entry) string {
	if entry.Object != plan.Members {
		return ""
	}
	return strconv.Itoa(entry.MemberCount())
}

// documentOf is a record as JSON, without the values that nobody is shown.
func documentOf(record attr.Record) string {
	if record == nil {
		return ""
	}
	shown := record.Clone()
	for i, field := range shown {
		if _, sealed := attr.Sealed(field.Value); sealed {
			shown[i].Value = expr.Redacted
		}
	}
	return string(shown.AppendJSON(nil))
}
