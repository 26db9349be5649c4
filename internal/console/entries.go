package console

import (
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// entryRow is a change in a table.
type entryRow struct {
	ID, Type, Reason, Fingerprint string
	State                         Pill
	Source, SourceAddress         string
	Object, ObjectAddress, Href   string
	Lines                         []Line
	Members                       int
	MembersHref                   string
	At                            *Moment
	Instance, RunHref             string
	Retry                         *Moment
	Attempts                      int
	DecidedBy                     string
}

// entryRow makes a change ready to be shown.
func (r *request) entryRow(entry engine.Entry) entryRow {
	row := entryRow{
		ID: entry.ID.String(), Type: r.say("sync.type." + entry.Object.String()), Reason: sentence(entry.Reason.Text), Fingerprint: entry.Fingerprint,
		State: r.changePill(entry), Lines: shownLines(entry), At: r.moment(entry.At()), RunHref: r.at("/runs/", entry.RunID.String()),
		Retry: r.moment(entry.RetryAt), Attempts: entry.Attempts, DecidedBy: entry.DecidedBy,
	}
	row.Source, row.SourceAddress = nameAndAddress(entry.SourceName)
	row.Object, row.ObjectAddress = nameAndAddress(entry.ObjectName)
	if entry.Action == plan.Create && entry.State == engine.Applied && row.Object == "" {
		row.Object, row.ObjectAddress = entry.After.Text(attr.DisplayName), entry.After.Text(attr.UserName)
		if row.Object == "" {
			row.Object, row.ObjectAddress = row.ObjectAddress, ""
		}
	}
	if row.Object != "" && entry.Action != plan.Delete {
		row.Href = r.pageOf(entry.Object, entry.ObjectID)
	}
	if entry.Object == plan.Members {
		row.Members = entry.MemberCount()
		row.MembersHref = r.at("/changes/", entry.ID.String(), "/members")
	}
	if entry.Scrubbed() {
		row.Reason = r.say("sync.scrubbed")
	}
	return row
}

// pageOf is the page of an object of the directory: of a group for its members too; "" without an object.
func (r *request) pageOf(of plan.ObjectType, object ident.ID) string {
	switch {
	case object.IsZero():
		return ""
	case of == plan.User:
		return r.at("/users/", object.String())
	}
	return r.at("/groups/", object.String())
}

// changePill says of a proposed change what would be done, in the words of the dry run's summary, and of others what was.
func (r *request) changePill(entry engine.Entry) Pill {
	would := r.say("sync.would.do." + string(entry.Action))
	switch {
	case entry.State == engine.Held && !entry.Open: // of a dry run: nobody is asked about it
		return pill("warn", would+" · "+r.say("entry."+string(entry.State)))
	case entry.State != engine.Proposed:
		return r.entryPill(entry)
	}
	tone := "info"
	switch entry.Action {
	case plan.Create, plan.Reactivate, plan.Restore, plan.Join:
		tone = "ok"
	case plan.Deactivate, plan.Delete, plan.Release, plan.Leave:
		tone = "warn"
	default:
	}
	return pill(tone, would)
}

// shownLines is what a change does to attributes.
func shownLines(entry engine.Entry) []Line {
	if entry.Object == plan.Members {
		return nil
	}
	before := attr.Record{}
	for _, field := range entry.After { // Before may hold more than what changes
		if value := entry.Before.Get(field.Name); value != nil {
			before.Set(field.Name, value)
		}
	}
	return differences(before, entry.After)
}

// nameAndAddress takes apart what people call an object.
func nameAndAddress(label string) (name, address string) {
	name, address, found := strings.Cut(label, " <")
	address, whole := strings.CutSuffix(address, ">")
	switch {
	case !found || !whole:
		return label, ""
	case strings.TrimSpace(name) == "":
		return address, ""
	}
	return name, address
}

func badCursor() error {
	return fault.New(fault.NotFound, "BadCursor", "the cursor is not one of this list")
}

// logCursor is the cursor of a place in the log, and logPlace the place of a cursor.
func logCursor(place engine.LogPlace) string {
	return cursorAt(place.Run.String() + ":" + place.Entry.String())
}

func logPlace(cursor string) (engine.LogPlace, error) {
	var place engine.LogPlace
	key, err := placeOf(cursor)
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
