package api

import (
	"context"
	"net/http"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// Archived is the copy of a removed user.
type Archived struct {
	ID         ident.ID  `json:"id" format:"uuid" doc:"The id that the user had."`
	Name       string    `json:"name" doc:"The name when removed: that of the recycle bin, if the user was in it."`
	FormerName string    `json:"formerName" doc:"The name before that."`
	ArchivedAt time.Time `json:"archivedAt" doc:"When the user was removed."`
	KeepUntil  time.Time `json:"keepUntil" doc:"When the copy is dropped."`
	Reason     string    `json:"reason" doc:"Why the user was removed."`
	User       User      `json:"user" doc:"The user as he was."`
}

func (s *server) serveArchive() {
	serve(s, operation{
		id: "listArchive", method: http.MethodGet, path: inOrg + "/archive", tag: "Users", summary: "List copies of removed users",
		detail: "Newest first; name finds them by either name.",
	}, func(ctx context.Context, in *struct {
		InOrganization
		Name string `query:"name" maxLength:"1024" doc:"The name when removed, or the one before the recycle bin."`
		Paging
	},
	) (*body[List[Archived]], error) {
		after, err := in.id(byArchive)
		if err != nil {
			return nil, err
		}
		copies, err := s.Directory.ListArchived(ctx, orgOf(ctx), in.Name, after, in.Limit+1)
		return reply(page(in.Paging, byArchive, copies, func(a directory.Archived) string { return a.ID.String() }, archivedOf)), err
	})
}

func archivedOf(archived directory.Archived) Archived {
	return Archived{
		ID: archived.ID, Name: archived.Name, FormerName: archived.FormerName, ArchivedAt: archived.ArchivedAt,
		KeepUntil: archived.KeepUntil, Reason: archived.Reason, User: userOf(archived.User, nil),
	}
}
