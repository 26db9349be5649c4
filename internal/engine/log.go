package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// LogPlace is a place in the provisioning log: the entry behind which a page begins. The log goes by runs, and within a run by the order in
// which changes were planned, which is that of their ids. An entry that a later run takes over moves to that run.
type LogPlace struct{ Run, Entry ident.ID }

// IsZero reports whether it is no place: the begin of the log, or nothing behind its end.
func (p LogPlace) IsZero() bool { return p == LogPlace{} }

// LogQuery selects a page of the provisioning log. What dry runs propose is in it only if Run names one or States asks for Proposed.
type LogQuery struct {
	Org ident.ID
	// Instance and Run keep only entries of these, if given.
	Instance, Run ident.ID
	// Since and Until keep only what happened (Entry.At) from the one on and before the other; zero for all.
	Since, Until time.Time
	// States, Actions, Codes (of reasons) and Objects (what a change is about) keep only these; empty for all.
	States  []EntryState
	Actions []plan.Action
	Codes   []string
	Objects []plan.ObjectType
	// Who keeps only entries about these people; nil for everybody.
	Who *LogPeople
	// After is where the page begins. Entries come newest first; with Oldest the other way round.
	After  LogPlace
	Oldest bool
	Limit  int
}

// LogPeople are the people whom a log is about: those with one of the ids on either side, or, if there are no ids, all whose name, as it was
// at that time, contains Part, without regard to case.
type LogPeople struct {
	Sources []string
	Objects []ident.ID
	Part    string
}

// Named reports whether the entry is about one of the people.
func (p *LogPeople) Named(entry Entry) bool {
	if len(p.Sources)+len(p.Objects) > 0 {
		return slices.Contains(p.Sources, entry.SourceID) || slices.Contains(p.Objects, entry.ObjectID)
	}
	part := attr.NameKey(p.Part)
	return strings.Contains(attr.NameKey(entry.SourceName), part) || strings.Contains(attr.NameKey(entry.ObjectName), part)
}

// Logging is the journal as the provisioning log. Methods join the transaction of the context.
type Logging interface {
	// ListLog returns a page of entries and where the next one begins; the zero place at the end. Where a filter passes hardly anything, it
	// stops after a while: a page may hold fewer entries than Limit, or none, and not be the last one. Entries are bare (EntryQuery.Bare).
	ListLog(ctx context.Context, query LogQuery) ([]Entry, LogPlace, error)
}

// At is when the entry's change happened: when it was applied or failed, if it was, else when it was planned.
func (entry Entry) At() time.Time {
	if (entry.State == Applied || entry.State == EntryFailed) && !entry.SettledAt.IsZero() {
		return entry.SettledAt
	}
	return entry.PlannedAt
}

// Scrubbed reports whether the entry's retention is over: names, texts and values were removed, ids, action, state and code are kept.
func (entry Entry) Scrubbed() bool { return entry.SourceName == "" }

// Log returns a page of the provisioning log, and where the next one begins. Values that a mapping of the organization hides, or did, are
// sealed, also where they were written down before it said so.
func (e *Engine) Log(ctx context.Context, query LogQuery) ([]Entry, LogPlace, error) {
	hidden, err := e.redacted(ctx, &work{instance: Instance{OrgID: query.Org}})
	if err != nil {
		return nil, LogPlace{}, err
	}
	entries, next, err := e.Store.ListLog(ctx, query)
	for i := range entries {
		entries[i] = concealed(entries[i], hidden)
	}
	return entries, next, err
}

// FindLogPeople says whom a text means: the person or user with the object id, else the user who has the userName now, or else removed users who
// had it last, with all that happened to them under whatever name; else everybody whose name at the time contains the text.
func (e *Engine) FindLogPeople(ctx context.Context, org ident.ID, who string) (*LogPeople, error) {
	who = strings.TrimSpace(who)
	if id, err := ident.Parse(who); err == nil {
		return e.logPeopleByID(ctx, org, id)
	}
	users, err := e.Directory.FindUsers(ctx, org, attr.UserName, []string{attr.NameKey(who)})
	if err != nil {
		return nil, err
	}
	people := &LogPeople{Part: who}
	people.add(users)
	if len(users) > 0 {
		return people, nil
	}
	removed, err := e.Directory.ListArchived(ctx, org, who, ident.ID{}, mostArchived)
	for _, user := range removed {
		people.Objects = append(people.Objects, user.ID)
	}
	return people, err
}

// mostArchived is how many removed users of one name a log is about at most.
const mostArchived = 100

func (e *Engine) logPeopleByID(ctx context.Context, org, id ident.ID) (*LogPeople, error) {
	people := &LogPeople{Sources: []string{id.String()}, Objects: []ident.ID{id}}
	byID, err := e.Directory.UsersByID(ctx, org, []ident.ID{id})
	if err != nil {
		return nil, err
	}
	bySource, err := e.Directory.FindUsers(ctx, org, attr.ExternalID, people.Sources)
	people.add(byID)
	people.add(bySource)
	return people, err
}

// add adds the ids that users have on both sides.
func (p *LogPeople) add(users []directory.User) {
	for _, user := range users {
		if !slices.Contains(p.Objects, user.ID) {
			p.Objects = append(p.Objects, user.ID)
		}
		for _, source := range []string{user.SourceID, user.Attributes.Text(attr.ExternalID)} {
			if id, err := ident.Parse(source); err == nil && !slices.Contains(p.Sources, id.String()) {
				p.Sources = append(p.Sources, id.String())
			}
		}
	}
}
