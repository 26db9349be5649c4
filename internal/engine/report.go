package engine

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/expr"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// reportPage is how many entries are read at a time.
const reportPage = 1000

// WriteReport writes the changes of a run as CSV: the columns of Cisco's dry-run summary, then our Changes (D13). Cells cannot start a
// formula when a spreadsheet opens the file.
func (e *Engine) WriteReport(ctx context.Context, run Run, out io.Writer) error {
	table := csv.NewWriter(out)
	table.UseCRLF = true
	if err := table.Write([]string{"Object Type", "Action Type", "Azure ID", "Azure Name", "Webex Name", "Reason", "Changes"}); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	query := EntryQuery{Org: run.OrgID, Run: run.ID, Limit: reportPage, Bare: true}
	for {
		entries, err := e.Store.ListEntries(ctx, query)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if err := table.Write(reportRow(entry)); err != nil {
				return fmt.Errorf("write report: %w", err)
			}
		}
		if len(entries) < reportPage {
			table.Flush()
			return table.Error()
		}
		query.After = entries[len(entries)-1].ID
	}
}

func reportRow(entry Entry) []string {
	if entry.State == Rejected {
		entry.After = nil
	}
	row := []string{
		reportObject(entry.Object), reportAction(entry), entry.SourceID, entry.SourceName, entry.ObjectName, entry.Reason.Text, Differences(entry),
	}
	for i, cell := range row {
		row[i] = HarmlessCell(cell)
	}
	return row
}

// reportObject names what a change is about.
func reportObject(of plan.ObjectType) string {
	switch of {
	case plan.Group:
		return "Group"
	case plan.Members:
		return "Members"
	default:
		return "User"
	}
}

// reportAction names the action in the words of Cisco's summary, where it has one.
func reportAction(entry Entry) string {
	switch entry.State {
	case EntryFailed:
		return "Failed"
	case Rejected:
		return "Matched" // it stays as it is
	default:
	}
	switch entry.Action {
	case plan.Match, plan.Update:
		return "Matched"
	case plan.Create, plan.Join:
		return "Add"
	case plan.Deactivate:
		return "Deactivate"
	case plan.Reactivate:
		return "Reactivate"
	case plan.Delete:
		return "Delete"
	case plan.Release:
		return "Release"
	case plan.Restore:
		return "Restore"
	case plan.Leave:
		return "Remove"
	case plan.Skip:
		return "Skipped"
	default:
		return "Failed"
	}
}

// HarmlessCell puts an apostrophe before what a spreadsheet would take for a formula.
func HarmlessCell(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// Differences tells what a change does to attributes: `title: "Clerk" → "Chief"`; of members how many join or leave.
func Differences(entry Entry) string {
	change := entry.Change
	if change.Object == plan.Members {
		return membersText(entry)
	}
	parts := make([]string, 0, len(change.After))
	for _, field := range change.After {
		if change.Action == plan.Create || change.Action == plan.Restore {
			parts = append(parts, field.Name+": "+shown(field.Value))
			continue
		}
		parts = append(parts, fmt.Sprintf("%s: %s → %s", field.Name, shown(change.Before.Get(field.Name)), shown(field.Value)))
	}
	return strings.Join(parts, "; ")
}

// membersText says how many join or leave by a change of members.
func membersText(entry Entry) string {
	verb := "join"
	if entry.Action == plan.Leave {
		verb = "leave"
	}
	if entry.MemberCount() == 1 {
		return "1 member " + verb + "s"
	}
	return fmt.Sprintf("%d members %s", entry.MemberCount(), verb)
}

func shown(value any) string {
	if value == nil {
		return "nothing"
	}
	if _, sealed := attr.Sealed(value); sealed {
		return expr.Redacted
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(attr.Record{{Name: "v", Value: value}}.AppendJSON(nil)), `{"v":`), "}")
}

// GetRun returns a run of the organization.
func (e *Engine) GetRun(ctx context.Context, org, id ident.ID) (Run, error) {
	run, err := e.Store.Run(ctx, id)
	if err == nil && run.OrgID != org {
		return Run{}, notFound("run", id)
	}
	return run, err
}

func notFound(what string, id ident.ID) error {
	return fault.New(fault.NotFound, "Unknown", "there is no %s %s", what, id)
}
