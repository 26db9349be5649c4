package console

import (
	"net/http"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

type archiveView struct {
	// Days is how long copies are kept.
	Days   int
	Search Search
	Rows   []archiveRow
	Pager  Pager
}

type archiveRow struct {
	Href, Name, Former, Reason string
	At                         *Moment
	// Until is when the copy is dropped.
	Until string
}

// archive lists copies of removed users, the newest first, found by either name.
func (s *server) archive(w http.ResponseWriter, r *request) error {
	r.titled(r.say("archive.title"))
	after, err := idPlaceOf(r.query("cursor"))
	if err != nil {
		return err
	}
	found, err := s.Directory.ListArchived(r.ctx(), r.org, r.query("search"), after, pageSize+1)
	if err != nil {
		return err
	}
	kept, err := s.Directory.RetentionOf(r.ctx(), r.org)
	if err != nil {
		return err
	}
	view := archiveView{
		Days:   kept.Archive,
		Search: Search{Label: r.say("archive.search"), Value: r.query("search"), Action: r.at("/archive"), Target: "rows"},
	}
	if !after.IsZero() {
		view.Pager.First = r.with()
	}
	if len(found) > pageSize {
		found = found[:pageSize]
		view.Pager.Next = r.with("cursor", cursorAt(found[pageSize-1].ID.String()))
	}
	for _, kept := range found {
		view.Rows = append(view.Rows, r.archiveRow(kept))
	}
	return r.render(w, http.StatusOK, "archive", view)
}

func (r *request) archiveRow(kept directory.Archived) archiveRow {
	row := archiveRow{
		Href: r.at("/archive/", kept.ID.String()), Name: kept.Name, Reason: kept.Reason, At: r.moment(kept.ArchivedAt), Until: r.day(kept.KeepUntil),
	}
	if kept.FormerName != kept.Name {
		row.Name, row.Former = kept.FormerName, kept.Name
	}
	return row
}

type archivedView struct {
	archiveRow
	ID, SourceID, Source, Owner string
	Attributes                  []attribute
	Created, Changed            *Moment
	Groups                      []Choice
}

// archived shows one copy as the user was.
func (s *server) archived(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	found, err := s.Directory.Archived(r.ctx(), r.org, []ident.ID{id})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fault.New(fault.NotFound, "UnknownUser", "the archive has no user %s", id)
	}
	kept := found[0]
	view := archivedView{
		archiveRow: r.archiveRow(kept), ID: id.String(), SourceID: kept.User.SourceID, Source: r.source(kept.User.Origin), Owner: kept.User.OwnerName,
		Attributes: r.userAttributes(kept.User.Attributes), Created: r.moment(kept.User.CreatedAt), Changed: r.moment(kept.User.UpdatedAt),
	}
	if view.SourceID == "" {
		view.SourceID = kept.User.Attributes.Text(attr.ExternalID)
	}
	if view.Groups, err = s.formerGroups(r, kept.Memberships); err != nil {
		return err
	}
	r.titled(nameOf(kept.User), r.say("archive.title"), "/archive")
	return r.render(w, http.StatusOK, "archived", view)
}

// formerGroups names the groups of the memberships: those that exist, and those that are in the archive themselves.
func (s *server) formerGroups(r *request, memberships []directory.Membership) ([]Choice, error) {
	ids := make([]ident.ID, len(memberships))
	for i, membership := range memberships {
		ids[i] = membership.Group
	}
	there, err := s.Directory.GroupsByID(r.ctx(), r.org, ids)
	if err != nil {
		return nil, err
	}
	gone, err := s.Directory.ArchivedGroups(r.ctx(), r.org, ids)
	var groups []Choice
	for _, group := range there {
		groups = append(groups, Choice{Text: group.Name(), Href: r.at("/groups/", group.ID.String())})
	}
	for _, kept := range gone {
		groups = append(groups, Choice{Text: kept.Group.Name(), Value: r.say("archive.group.gone")})
	}
	return groups, err
}
