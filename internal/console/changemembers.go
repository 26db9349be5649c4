package console

import (
	"cmp"
	"net/http"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

type membersView struct {
	Entry entryRow
	Rows  []Choice
	Pager Pager
	// Held: their leaving waits for a decision, which can be made for some of them alone (D15).
	Held    bool
	Changed *Notice
}

// changeMembers lists who joins or leaves a group by a change.
func (s *server) changeMembers(w http.ResponseWriter, r *request) error {
	return s.showMembers(w, r, http.StatusOK, nil)
}

func (s *server) showMembers(w http.ResponseWriter, r *request, code int, changed *Notice) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	after, err := idOf(r.query("cursor"))
	if err != nil {
		return err
	}
	entry, err := s.Engine.Change(r.ctx(), r.org, id)
	if err != nil {
		return err
	}
	members, err := s.Engine.ChangeMembers(r.ctx(), r.org, id, after, 2*pageSize+1)
	if err != nil {
		return err
	}
	view := membersView{Entry: r.entryRow(entry), Held: entry.Open && entry.State == engine.Held, Changed: changed}
	if !after.IsZero() {
		view.Pager.First = r.with()
	}
	if len(members) > 2*pageSize {
		members = members[:2*pageSize]
		view.Pager.Next = r.with("cursor", cursorAt(members[len(members)-1].Object.String()))
	}
	for _, member := range members {
		row := Choice{Text: cmp.Or(member.Name, member.Source.String()), Value: member.Object.String(), Href: r.pageOf(plan.User, member.Object)}
		if member.Group {
			row.Href = r.pageOf(plan.Group, member.Object)
		}
		view.Rows = append(view.Rows, row)
	}
	r.titled(view.Entry.Source, r.say("sync.runs"), "/runs", r.say("sync.run"), "/runs/"+entry.RunID.String())
	return r.render(w, code, "changemembers", view)
}

// decideMembers approves or rejects that those who are ticked leave their group; the others stay held.
func (s *server) decideMembers(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	entry, err := s.Engine.Change(r.ctx(), r.org, id)
	if err != nil {
		return err
	}
	decision := r.value("decision")
	if decision != "approve" && decision != "reject" {
		return fault.New(fault.Invalid, "BadDecision", "approve or reject")
	}
	if err := r.ParseForm(); err != nil {
		return fault.New(fault.Invalid, "BadDecision", "the form is not one of this page")
	}
	var members []ident.ID
	for _, text := range r.PostForm["member"] {
		member, err := ident.Parse(text)
		if err != nil || member.IsZero() {
			return fault.New(fault.Invalid, "BadDecision", "the form is not one of this page")
		}
		members = append(members, member)
	}
	page := "/changes/" + id.String() + "/members"
	if len(members) == 0 {
		return r.done(w, page, "sync.held.none")
	}
	_, err = s.Engine.DecideMembers(r.ctx(), entry.InstanceID, id, members, decision == "approve")
	if fault.Is(err, fault.NotFound) {
		n := notice("warn", r.say("sync.held.moved"), r.say("sync.held.moved.text"))
		return s.showMembers(w, r, http.StatusConflict, &n)
	}
	if err != nil {
		return err
	}
	said := "sync.held.rejected"
	if decision == "approve" {
		said = "sync.held.approved"
	}
	if left, err := s.Engine.Change(r.ctx(), r.org, id); err != nil || left.State != engine.Held {
		page = "/instances/" + entry.InstanceID.String() + "/held" // nobody is left on that page
	}
	return r.done(w, page, said)
}
