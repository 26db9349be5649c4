package directory

import (
	"context"
	"slices"
	"time"

	"rollcall/internal/ident"
)

// ArchivedGroup is the copy of a removed group. The rows of its members stay where they are, out of sight, as long as the copy does; users
// and groups who are removed or restored meanwhile leave and rejoin it as any other group.
type ArchivedGroup struct {
	OrgID ident.ID
	// ID is the group's id in the directory.
	ID ident.ID
	// Group as it was when removed, but with the numbers of its members as they are now.
	Group      Group
	ArchivedAt time.Time
	// KeepUntil is when the retention policy drops the copy.
	KeepUntil time.Time
	// Reason says why the group was removed.
	Reason string
	// Memberships are those that the group itself had then, in other groups.
	Memberships []Membership
}

// GroupArchive keeps copies of removed groups. Methods join the transaction of the context.
type GroupArchive interface {
	// SaveArchivedGroups adds copies; the groups are deleted after that, with Groups.DeleteGroups.
	SaveArchivedGroups(ctx context.Context, archived []ArchivedGroup) error
	// ArchivedGroupsByID returns the copies with these ids that exist, in no order.
	ArchivedGroupsByID(ctx context.Context, org ident.ID, ids []ident.ID) ([]ArchivedGroup, error)
	// DeleteArchivedGroups removes copies of groups that exist again; the rows of their members are theirs.
	DeleteArchivedGroups(ctx context.Context, org ident.ID, ids []ident.ID) error
	// DropArchivedGroups removes copies whose KeepUntil is before the time, and leaves the rows of their members to SweepMembers.
	DropArchivedGroups(ctx context.Context, before time.Time) (int, error)
}

// ArchivedGroups returns the copies of removed groups with these ids that the retention policy still keeps, in no order.
func (s *Service) ArchivedGroups(ctx context.Context, org ident.ID, ids []ident.ID) ([]ArchivedGroup, error) {
	copies, err := s.store.ArchivedGroupsByID(ctx, org, ids)
	now := s.now()
	return slices.DeleteFunc(copies, func(a ArchivedGroup) bool { return a.KeepUntil.Before(now) }), err
}

// removeGroups takes groups out of their own groups and deletes them, with a copy of each in the archive, whatever their size at the same
// cost. Reasons are by the groups' ids.
func (s *Service) removeGroups(ctx context.Context, org ident.ID, reasons map[ident.ID]string) error {
	ids := make([]ident.ID, 0, len(reasons))
	for id := range reasons {
		ids = append(ids, id)
	}
	ids = distinct(ids)
	left, err := s.leave(ctx, org, ids)
	if err != nil {
		return err
	}
	groups, err := s.store.GroupsByID(ctx, org, ids) // after leaving: some may have been members of others
	if err != nil {
		return err
	}
	days, err := s.RetentionOf(ctx, org)
	if err != nil {
		return err
	}
	now := s.now()
	copies := make([]ArchivedGroup, len(groups))
	for i, group := range groups {
		copies[i] = ArchivedGroup{
			OrgID: org, ID: group.ID, Group: group, ArchivedAt: now, KeepUntil: now.Add(time.Duration(days.Archive) * 24 * time.Hour), Reason: reasons[group.ID],
			Memberships: left[group.ID],
		}
	}
	if err := s.store.SaveArchivedGroups(ctx, copies); err != nil {
		return err
	}
	return s.store.DeleteGroups(ctx, org, ids)
}

// sweepAtOnce is how many rows of members of groups that nobody can restore any more go in one transaction.
const sweepAtOnce = 10_000

// sweep removes what removed groups left behind, a batch to a transaction.
func (s *Service) sweep(ctx context.Context) error {
	for {
		swept, err := s.store.SweepMembers(ctx, sweepAtOnce)
		if err != nil || swept < sweepAtOnce {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}
