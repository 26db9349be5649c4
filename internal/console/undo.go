package console

import (
	"net/http"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// undoView asks whether what a run did last to one object is to be taken back.
type undoView struct {
	Title, Action string
	At            *Moment
	Run           Choice
	// What is done, by change; Lines are the values that come back.
	What  []string
	Lines []Line
	// Stays says what becomes of it afterwards.
	Stays  string
	Reason Field
}

// undoOf offers to take back what a run did last to an object (D17); nil where nothing can be taken back, or by somebody else only. version is that of
// the object: if it was changed since, nothing is offered.
func (s *server) undoOf(r *request, of plan.ObjectType, id ident.ID, name string, version int64) (*undoView, error) {
	page, operation := "/users/", "undoUser"
	if of == plan.Group {
		page, operation = "/groups/", "undoGroup"
	}
	if !r.may(operation) {
		return nil, nil
	}
	entries, err := s.Engine.Latest(r.ctx(), r.org, id)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	view := undoView{
		Title: r.say("undo.title", "name", name), Action: r.at(page, id.String(), "/undo"), Stays: r.say("undo.stays"),
		Reason: Field{Name: "reason", Label: r.say("sync.undo.reason"), Hint: r.say("sync.undo.reason.hint"), Type: "text", Required: true, Max: 500, Complete: "off"},
	}
	for _, entry := range entries {
		if entry.Scrubbed() {
			return nil, nil
		}
		view.At, view.Run = r.moment(entry.At()), Choice{Text: r.say("sync.run.show"), Href: r.at("/runs/", entry.RunID.String())}
		r.undoEntry(&view, entry)
	}
	last := len(entries) - 1
	for last >= 0 && entries[last].Object == plan.Members {
		last--
	}
	if len(entries) == 0 || last >= 0 && entries[last].LeavesVersion() != version {
		return nil, nil
	}
	return &view, nil
}

// undoEntry says what taking one change back does.
func (r *request) undoEntry(view *undoView, entry engine.Entry) {
	switch {
	case entry.Object == plan.Members:
		view.What = append(view.What, r.say("undo.what."+string(entry.Action), "n", entry.MemberCount()))
	case entry.Action == plan.Create || entry.Action == plan.Restore || entry.Action == plan.Release:
		view.What = append(view.What, r.say("undo.what."+string(entry.Action)))
	case entry.Link && entry.Action == plan.Update:
		view.What = append(view.What, r.say("undo.what.match"))
	}
	if entry.Action != plan.Create && entry.Action != plan.Restore {
		for _, line := range shownLines(entry) {
			line.Before, line.After = line.After, line.Before
			view.Lines = append(view.Lines, line)
		}
	}
	if !entry.Undoes.IsZero() {
		view.Stays = r.say("undo.redone")
	}
}

// undoObject takes back what a run did last to a user, or to a group and its members. The page of the undo's run says what could not be.
func (s *server) undoObject(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	run, err := s.Engine.UndoLatest(r.ctx(), r.org, id, r.value("reason"), false)
	if err != nil {
		return err
	}
	return r.done(w, "/runs/"+run.ID.String(), "sync.asked")
}
