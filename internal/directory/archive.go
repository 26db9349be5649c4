package directory

import (
	"context"
	"slices"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
)

// remove takes users out of their groups and deletes them, with a copy of each in the archive, and revokes what acts for them. All are of
// one organization.
func (s *Service) remove(ctx context.Context, users []User, reasons []string) error {
	now := s.now()
	ids := make([]ident.ID, len(users))
	for i, user := range users {
		ids[i] = user.ID
	}
	left, err := s.leave(ctx, users[0].OrgID, ids)
	if err != nil {
		return err
	}
	days, err := s.RetentionOf(ctx, users[0].OrgID)
	if err != nil {
		return err
	}
	copies := make([]Archived, len(users))
	for i, user := range users {
		copies[i] = Archived{
			OrgID: user.OrgID, ID: user.ID, User: user, Name: user.Name(), FormerName: formerName(user), ArchivedAt: now,
			KeepUntil: now.Add(time.Duration(days.Archive) * 24 * time.Hour), Reason: reasons[i], Memberships: left[user.ID],
		}
	}
	if err := s.store.SaveArchived(ctx, copies); err != nil {
		return err
	}
	if err := s.store.RevokeUserTokens(ctx, users[0].OrgID, ids, now); err != nil {
		return err
	}
	return s.store.DeleteUsers(ctx, users[0].OrgID, ids)
}

// formerName is the name before the user was renamed for the recycle bin: what follows the source id without its dashes (rule 12). The
// source id of a user whom his instance let go of is still his externalId, unless the mapping made that of something else. Whoever was
// not renamed has had one name only.
func formerName(user User) string {
	name := user.Name()
	if !user.Attributes.Has(attr.DeletedAt) {
		return name
	}
	for _, id := range []string{user.SourceID, user.Attributes.Text(attr.ExternalID)} {
		prefix := strings.ReplaceAll(id, "-", "")
		if former, renamed := strings.CutPrefix(name, prefix); renamed && prefix != "" && former != "" {
			return former
		}
	}
	return name
}

// ListArchived returns copies of removed users, newest first, found by either name or all.
func (s *Service) ListArchived(ctx context.Context, org ident.ID, name string, after ident.ID, limit int) ([]Archived, error) {
	return s.store.ListArchived(ctx, org, name, after, limit)
}

// Archived returns the copies of removed users with these ids that the retention policy still keeps, in no order.
func (s *Service) Archived(ctx context.Context, org ident.ID, ids []ident.ID) ([]Archived, error) {
	copies, err := s.store.ArchivedByID(ctx, org, ids)
	now := s.now()
	return slices.DeleteFunc(copies, func(a Archived) bool { return a.KeepUntil.Before(now) }), err
}

// archivedByID is Archived by id.
func (s *Service) archivedByID(ctx context.Context, org ident.ID, ids []ident.ID) (map[ident.ID]Archived, error) {
	copies, err := s.Archived(ctx, org, ids)
	byID := make(map[ident.ID]Archived, len(copies))
	for _, kept := range copies {
		byID[kept.ID] = kept
	}
	return byID, err
}

// Expire drops what the retention policy no longer keeps, copies in the archive and audit events, and the rows of members of groups that
// nobody can restore any more.
func (s *Service) Expire(ctx context.Context) error {
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		now := s.now()
		if _, err := s.store.DropArchived(ctx, now); err != nil {
			return err
		}
		if _, err := s.store.DropArchivedGroups(ctx, now); err != nil {
			return err
		}
		if _, err := s.store.DropAccessTokens(ctx, now.AddDate(0, 0, -1)); err != nil {
			return err
		}
		if _, err := s.store.DropAssertions(ctx, now); err != nil {
			return err
		}
		if _, err := s.store.DropSessions(ctx, now, now.Add(-SessionIdle)); err != nil {
			return err
		}
		return s.expireEvents(ctx)
	})
	if err != nil {
		return err
	}
	return s.sweep(ctx)
}
