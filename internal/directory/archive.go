package directory

import (
	"context"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
)

// remove deletes users, with a copy of each in the archive, and revokes what acts for them. All are of one organization.
func (s *Service) remove(ctx context.Context, users []User, reasons []string) error {
	now := s.now()
	ids := make([]ident.ID, len(users))
	copies := make([]Archived, len(users))
	for i, user := range users {
		ids[i] = user.ID
		copies[i] = Archived{
			OrgID: user.OrgID, ID: user.ID, User: user, Name: user.Name(), FormerName: formerName(user), ArchivedAt: now,
			KeepUntil: now.AddDate(0, 0, s.retention.Archive), Reason: reasons[i],
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

// Expire drops what the retention policy no longer keeps: copies in the archive and audit events.
func (s *Service) Expire(ctx context.Context) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		now := s.now()
		if _, err := s.store.DropArchived(ctx, now); err != nil {
			return err
		}
		_, err := s.store.DropEvents(ctx, now.AddDate(0, 0, -s.retention.Audit))
		return err
	})
}
