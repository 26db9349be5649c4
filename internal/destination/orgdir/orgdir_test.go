package orgdir_test

import (
	"log/slog"
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
		db, err := store.Open(t.Context(), store.Config{
			Path: filepath.Join(t.TempDir(), "rollcall.db"), Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
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
		}
	})
}
