package console

import (
	"net/http"
	"strings"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

type heldView struct {
	ID, Through, Type string
	Count             int
	Banner            heldBanner
	Filters           []Choice
	Rows              []entryRow
	Pager             Pager
	Changed           *Notice
}

// held lists what an instance holds, object by object (D15).
func (s *server) held(w http.ResponseWriter, r *request) error {
	instance, err := s.ofInstance(r)
	if err != nil {
		return err
	}
	return s.showHeld(w, r, http.StatusOK, instance, nil)
}

func (s *server) showHeld(w http.ResponseWriter, r *request, code int, instance engine.Instance, changed *Notice) error {
	r.crumbed(r.say("sync.held"), instance)
	status, err := s.Engine.Status(r.ctx(), instance)
	if err != nil {
		return err
	}
	view := heldView{ID: instance.ID.String(), Type: r.query("type"), Changed: changed}
	if view.Banner, err = s.heldBanner(r, instance, status); err != nil {
		return err
	}
	view.Count, view.Through = view.Banner.Count, view.Banner.Through
	counts := map[string]int{"": view.Count, "users": status.Held, "groups": status.Groups.Held, "members": status.Groups.Leaving}
	for _, name := range []string{"", "users", "groups", "members"} {
		n := counts[name]
		if name == "" || n > 0 {
			view.Filters = append(view.Filters, Choice{Text: r.say("sync.types." + orAll(name)), Href: r.with("type", name), Current: name == view.Type, Count: &n})
		}
	}
	query := heldEntries(instance, pageSize+1)
	query.Object = objectType(view.Type)
	if query.After, err = idOf(r.query("cursor")); err != nil {
		return err
	}
	entries, err := s.Engine.Store.ListEntries(r.ctx(), query)
	if err != nil {
		return err
	}
	if !query.After.IsZero() {
		view.Pager.First = r.with()
	}
	if len(entries) > pageSize {
		entries = entries[:pageSize]
		view.Pager.Next = r.with("cursor", cursorAt(entries[pageSize-1].ID.String()))
	}
	for _, entry := range entries {
		view.Rows = append(view.Rows, r.entryRow(entry))
	}
	return r.render(w, code, "held", view)
}

// decideHeld approves or rejects what was ticked, or all that was there when the page was made. What changed since then is left to be
// looked at again.
func (s *server) decideHeld(w http.ResponseWriter, r *request) error {
	instance, err := s.ofInstance(r)
	if err != nil {
		return err
	}
	seen, err := r.seen()
	if err != nil {
		return err
	}
	decision := r.value("decision")
	if decision != "approve" && decision != "reject" {
		return fault.New(fault.Invalid, "BadDecision", "approve or reject")
	}
	back := "/instances/" + instance.ID.String() + "/held"
	if seen.Through.IsZero() && len(seen.Changes) == 0 {
		return r.done(w, back, "sync.held.none")
	}
	decided, changed, err := s.Engine.DecideSeen(r.ctx(), instance.ID, seen, decision == "approve")
	switch {
	case err != nil:
		return err
	case changed > 0:
		n := notice("warn", r.say("sync.held.changed", "n", changed), r.say("sync.held.changed.text", "decided", decided))
		return s.showHeld(w, r, http.StatusConflict, instance, &n)
	case decision == "approve":
		return r.done(w, back, "sync.held.approved")
	}
	return r.done(w, back, "sync.held.rejected")
}

// seen reads what a form of held changes names: changes with their fingerprints, or the last of all that were there.
func (r *request) seen() (engine.Seen, error) {
	var seen engine.Seen
	bad := fault.New(fault.Invalid, "BadDecision", "the form is not one of this page")
	if err := r.ParseForm(); err != nil {
		return seen, bad
	}
	if r.value("all") == "true" {
		through, err := ident.Parse(r.value("through"))
		if err != nil || through.IsZero() {
			return seen, bad
		}
		seen.Through = through
		return seen, nil
	}
	seen.Changes = map[ident.ID]string{}
	for _, value := range r.PostForm["change"] {
		text, fingerprint, _ := strings.Cut(value, " ")
		id, err := ident.Parse(text)
		if err != nil || id.IsZero() {
			return seen, bad
		}
		seen.Changes[id] = fingerprint
	}
	return seen, nil
}
