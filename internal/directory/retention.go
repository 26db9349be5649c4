package directory

import (
	"context"
	"fmt"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// Days says for how many days things are kept (I5). As what an organization chose, and as bounds, 0 is none.
type Days struct {
	// Changes: what the provisioning history knows of people. Audit: what people and tokens did. Archive: copies of removed users and groups.
	Changes, Audit, Archive int
}

// Retention is for how long the server keeps things, where an organization chose nothing else. What is 0 is the product's default: 90, 400 and 365
// days.
type Retention struct {
	Changes, Audit, Archive int
	// Most is the longest that an organization may choose; 0 for MaxDays.
	Most Days
}

// MaxDays keeps deadlines within what times can express, and catches a slip of the finger.
const MaxDays = 36_500

// leastAudit is for how many days the audit log is kept in any case: who shortens the retention does not remove the trace of that.
const leastAudit = 30

// RecycleBin is for how many days the copy of the tenant keeps who was deleted there, which follows Entra's recycle bin and is nobody's choice.
const RecycleBin = int(plan.Retention / (24 * time.Hour))

// days returns the server's retention, with the product's defaults.
func (r Retention) days() Days {
	return Days{Changes: orDefault(r.Changes, 90), Audit: orDefault(r.Audit, 400), Archive: orDefault(r.Archive, 365)}
}

func orDefault(value, otherwise int) int {
	if value == 0 {
		return otherwise
	}
	return value
}

// RetentionBounds is what an organization may choose, and what holds while it does not.
type RetentionBounds struct{ Default, Least, Most Days }

// RetentionBounds returns the server's.
func (s *Service) RetentionBounds() RetentionBounds {
	most, usual := s.retention.Most, s.retention.days()
	return RetentionBounds{
		Default: usual, Least: Days{Changes: 1, Audit: min(leastAudit, usual.Audit), Archive: 1},
		Most: Days{Changes: orDefault(most.Changes, MaxDays), Audit: orDefault(most.Audit, MaxDays), Archive: orDefault(most.Archive, MaxDays)},
	}
}

// in returns what holds of what an organization chose. An operator may have lowered a bound since.
func (b RetentionBounds) in(chosen Days) Days {
	return Days{
		Changes: min(orDefault(chosen.Changes, b.Default.Changes), b.Most.Changes), Audit: min(orDefault(chosen.Audit, b.Default.Audit), b.Most.Audit),
		Archive: min(orDefault(chosen.Archive, b.Default.Archive), b.Most.Archive),
	}
}

// check says what is out of bounds, as a fault.Invalid.
func (b RetentionBounds) check(chosen Days) error {
	for _, one := range []struct {
		what              string
		days, least, most int
	}{
		{"the provisioning history", chosen.Changes, b.Least.Changes, b.Most.Changes},
		{"the audit log", chosen.Audit, b.Least.Audit, b.Most.Audit},
		{"the archive", chosen.Archive, b.Least.Archive, b.Most.Archive},
	} {
		if one.days != 0 && (one.days < one.least || one.days > one.most) {
			return fault.New(fault.Invalid, "BadRetention", "%s is kept for %d to %d days, and not for %d", one.what, one.least, one.most, one.days).
				WithRemedy("Give a number in between, or 0 for as long as the server says.")
		}
	}
	return nil
}

// RetentionOf returns for how many days the organization keeps things; the server itself for the zero id.
func (s *Service) RetentionOf(ctx context.Context, org ident.ID) (Days, error) {
	bounds := s.RetentionBounds()
	if org.IsZero() {
		return bounds.Default, nil
	}
	organization, err := s.store.Organization(ctx, org)
	return bounds.in(organization.Retention), err
}

// RetentionChange is what may be changed of a retention; nil fields stay as they are, 0 is as long as the server says.
type RetentionChange struct{ Changes, Audit, Archive *int }

// to returns what an organization has chosen after the change.
func (c RetentionChange) to(chosen Days) Days {
	for _, field := range []struct{ of, to *int }{{&chosen.Changes, c.Changes}, {&chosen.Audit, c.Audit}, {&chosen.Archive, c.Archive}} {
		if field.to != nil {
			*field.of = *field.to
		}
	}
	return chosen
}

// ChangeRetention changes for how long the organization keeps things. It holds from the next clean-up on; copies in the archive have their new end
// at once. What is out of bounds fails as fault.Invalid.
func (s *Service) ChangeRetention(ctx context.Context, org ident.ID, change RetentionChange) error {
	bounds := s.RetentionBounds()
	return s.store.InTx(ctx, func(ctx context.Context) error {
		organization, err := s.store.Organization(ctx, org)
		if err != nil {
			return err
		}
		before, after := organization.Retention, change.to(organization.Retention)
		if before == after {
			return nil
		}
		if err := bounds.check(change.to(Days{})); err != nil {
			return err
		}
		organization.Retention = after
		if err := s.store.SaveOrganization(ctx, organization); err != nil {
			return err
		}
		if days := bounds.in(after).Archive; days != bounds.in(before).Archive {
			if err := s.store.KeepArchived(ctx, org, time.Duration(days)*24*time.Hour); err != nil {
				return err
			}
		}
		was, is := retentionRecords(before, after)
		return s.record(ctx, audit.Event{
			OrgID: org, Action: "organization.retention", ObjectID: org.String(), ObjectName: organization.Name, Before: was, After: is,
		})
	})
}

// retentionRecords are the days that differ; 0 is told as what it means.
func retentionRecords(before, after Days) (was, is attr.Record) {
	told := func(days int) string {
		if days == 0 {
			return "as the server says"
		}
		return fmt.Sprintf("%d days", days)
	}
	for _, field := range []struct {
		name    string
		was, is int
	}{{"changes", before.Changes, after.Changes}, {"audit", before.Audit, after.Audit}, {"archive", before.Archive, after.Archive}} {
		if field.was != field.is {
			was.Set(field.name, told(field.was))
			is.Set(field.name, told(field.is))
		}
	}
	return was, is
}

// Ends are times up to which things are over.
type Ends struct{ Changes, Audit, Archive time.Time }

func (d Days) ends(now time.Time) Ends {
	return Ends{Changes: now.AddDate(0, 0, -d.Changes), Audit: now.AddDate(0, 0, -d.Audit), Archive: now.Add(-time.Duration(d.Archive) * 24 * time.Hour)}
}

// Expiring counts what a clean-up removes. Changes are emptied of what they know of people; what was done, and when, stays.
type Expiring struct {
	Changes, Audit, Users, Groups int
}

// MostCounted is how far Expiring counts: a number above says that there are more.
const MostCounted = 100_000

// PreviewRetention counts what a clean-up would remove now if the change were made.
func (s *Service) PreviewRetention(ctx context.Context, org ident.ID, change RetentionChange) (Expiring, error) {
	bounds := s.RetentionBounds()
	organization, err := s.store.Organization(ctx, org)
	if err == nil {
		err = bounds.check(change.to(Days{}))
	}
	if err != nil {
		return Expiring{}, err
	}
	return s.store.CountExpiring(ctx, org, bounds.in(change.to(organization.Retention)).ends(s.now()), MostCounted+1)
}

// expireEvents drops the audit events whose time is over, of each organization and of the server.
func (s *Service) expireEvents(ctx context.Context) error {
	organizations, err := s.store.ListOrganizations(ctx)
	if err != nil {
		return err
	}
	bounds, now := s.RetentionBounds(), s.now()
	for _, organization := range append(organizations, Organization{}) {
		if _, err := s.store.DropEvents(ctx, organization.ID, bounds.in(organization.Retention).ends(now).Audit); err != nil {
			return err
		}
	}
	return nil
}
