package console

import (
	"net/http"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

type groupView struct {
	groupRow
	ID, SourceID string
	// Managed groups have no buttons but those for members whom people put in.
	Managed    bool
	Notices    []Notice
	Attributes []attribute
	Created    *Moment
	Kinds      []Choice
	Rows       []memberRow
	Pager      Pager
	Of         []Choice
	History    []historyLine
	Undo       *undoView
}

type memberRow struct {
	ID, Href, Name, UserName, Kind string
	// By says who put the member in; Removable: people may take the member out.
	By        string
	State     Pill
	Removable bool
}

// group shows one group and a page of its members (A5).
func (s *server) group(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	group, err := s.Directory.Group(r.ctx(), r.org, id)
	if err != nil {
		return err
	}
	view := groupView{
		groupRow: r.groupRow(group), ID: id.String(), SourceID: group.SourceID, Managed: !group.Owner.IsZero(), Created: r.moment(group.CreatedAt),
		Attributes: r.groupAttributes(group.Attributes), Notices: r.groupNotices(group),
	}
	if err := s.membersOf(r, group, &view); err != nil {
		return err
	}
	parents, err := s.Directory.MemberOf(r.ctx(), r.org, id, ident.ID{}, groupsShown)
	if err != nil {
		return err
	}
	for _, parent := range parents {
		view.Of = append(view.Of, Choice{Text: parent.Of.Name(), Href: r.at("/groups/", parent.Of.ID.String())})
	}
	if view.History, err = s.history(r, plan.Group, group.ID, group.SourceID, historyShown); err != nil {
		return err
	}
	if view.Undo, err = s.undoOf(r, plan.Group, group.ID, view.Name, group.Version); err != nil {
		return err
	}
	r.titled(view.Name, r.say("groups.title"), "/groups")
	return r.render(w, http.StatusOK, "group", view)
}

// groupNotices say by whom the group is managed, and who is still missing.
func (r *request) groupNotices(group directory.Group) []Notice {
	if group.Owner.IsZero() {
		return nil
	}
	notices := []Notice{notice("info", "", r.say("group.managed", "instance", group.OwnerName))}
	switch {
	case group.ToBeSynced && group.Awaited > 0:
		notices = append(notices, notice("warn", r.say("count.toBeSynced"), r.say("group.awaited", "n", group.Awaited)))
	case group.ToBeSynced:
		notices = append(notices, notice("warn", r.say("count.toBeSynced"), r.say("group.incomplete")))
	}
	return notices
}

// membersOf adds a page of the group's direct members.
func (s *server) membersOf(r *request, group directory.Group, view *groupView) error {
	query := directory.MemberQuery{Limit: pageSize + 1}
	kind := r.query("kind")
	for _, value := range []string{"", string(directory.UserMember), string(directory.GroupMember)} {
		view.Kinds = append(view.Kinds, Choice{Text: r.say("group.members." + orAll(value)), Href: r.with("kind", value), Current: value == kind})
		if value == kind {
			query.Type = directory.MemberType(value)
		}
	}
	var err error
	if query.After, err = idPlaceOf(r.query("cursor")); err != nil {
		return err
	}
	found, err := s.Directory.Members(r.ctx(), r.org, group.ID, query)
	if err != nil {
		return err
	}
	if !query.After.IsZero() {
		view.Pager.First = r.with()
	}
	if len(found) > pageSize {
		found = found[:pageSize]
		view.Pager.Next = r.with("cursor", cursorAt(found[pageSize-1].Member.String()))
	}
	for _, member := range found {
		view.Rows = append(view.Rows, r.memberRow(group, member))
	}
	return nil
}

func (r *request) memberRow(group directory.Group, member directory.Member) memberRow {
	row := memberRow{
		ID: member.Member.String(), Name: member.DisplayName, UserName: member.UserName, Href: r.at("/users/", member.Member.String()),
		Kind: r.say("group.kind." + string(member.Type)), Removable: group.Owner.IsZero() || !member.Marks.Has(directory.Synced),
	}
	if row.Name == "" {
		row.Name = member.UserName
	}
	if member.Type == directory.GroupMember {
		row.Href = r.at("/groups/", member.Member.String())
	}
	switch {
	case member.Deleted:
		row.State = pill("warn", r.say("users.deleted"))
	case member.Active:
		row.State = pill("ok", r.say("users.active"))
	default:
		row.State = pill("idle", r.say("users.inactive"))
	}
	switch synced, byHand := member.Marks.Has(directory.Synced), member.Marks.Has(directory.ByHand); {
	case synced && byHand:
		row.By = r.say("group.by.both")
	case synced:
		row.By = r.say("group.by.sync")
	default:
		row.By = r.say("group.by.hand")
	}
	return row
}
