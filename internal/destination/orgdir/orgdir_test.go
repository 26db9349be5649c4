package orgdir_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/destination/destinationtest"
	"rollcall/internal/destination/orgdir"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/store"
)

func TestTheBuiltInDirectoryIsADestination(t *testing.T) {
	destinationtest.Run(t, func(t *testing.T) destinationtest.Fixture {
		now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
		path := filepath.Join(t.TempDir(), "rollcall.db")
		db, err := store.Open(t.Context(), store.Config{
			Path: path, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		service := directory.NewService(db, func() time.Time { return now }, directory.Retention{})
		org, err := service.CreateOrganization(t.Context(), "Example")
		if err != nil {
			t.Fatal(err)
		}
		instance := ident.New(now)
		return destinationtest.Fixture{
			Destination: orgdir.New(service, org.ID, instance), Instance: instance,
			Rival: orgdir.New(service, org.ID, ident.New(now)),
			Add: func(attributes attr.Record) ident.ID {
				user, err := service.CreateUser(t.Context(), org.ID, attributes)
				if err != nil {
					t.Fatal(err)
				}
				return user.ID
			},
			Verify: func(domains ...string) {
				for _, name := range domains {
					if _, err := service.AddDomain(t.Context(), org.ID, name); err != nil {
						t.Fatal(err)
					}
				}
				if err := service.RequireVerifiedDomain(t.Context(), org.ID, true); err != nil {
					t.Fatal(err)
				}
			},
			Groups: groupFixture(t, db, path, service, org.ID),
		}
	})
}

func groupFixture(t *testing.T, db *store.DB, path string, service *directory.Service, org ident.ID) *destinationtest.GroupFixture {
	return &destinationtest.GroupFixture{
		Add: func(attributes attr.Record) ident.ID {
			group, err := service.CreateGroup(t.Context(), org, attributes)
			if err != nil {
				t.Fatal(err)
			}
			return group.ID
		},
		Join: func(group ident.ID, members ...ident.ID) {
			refs := make([]directory.MemberRef, len(members))
			for i, member := range members {
				refs[i].ID = member
			}
			if _, err := service.AddMembers(t.Context(), org, group, refs); err != nil {
				t.Fatal(err)
			}
		},
		Members: func(group ident.ID) []ident.ID {
			rows, err := service.Members(t.Context(), org, group, directory.MemberQuery{Limit: 10_000})
			if err != nil {
				t.Fatal(err)
			}
			if now := groupNow(t, service, org, group); now.Members != int64(len(rows)) {
				t.Errorf("the group counts %d members and has %d", now.Members, len(rows))
			}
			ids := make([]ident.ID, len(rows))
			for i, row := range rows {
				ids[i] = row.Member
			}
			return ids
		},
		Awaited: func(group ident.ID) (bool, int64) {
			now := groupNow(t, service, org, group)
			return now.ToBeSynced, now.Awaited
		},
		// What a write-ahead log grows by is what was written.
		Work: func(fn func()) int64 {
			if _, err := db.WriterDB().ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
				t.Fatal(err)
			}
			fn()
			log, err := os.Stat(path + "-wal")
			if err != nil {
				t.Fatal(err)
			}
			return log.Size()
		},
	}
}

func groupNow(t *testing.T, service *directory.Service, org, id ident.ID) directory.Group {
	t.Helper()
	group, err := service.Group(t.Context(), org, id)
	if err != nil {
		t.Fatal(err)
	}
	return group
}
