package scimapp_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/destination/destinationtest"
	"rollcall/internal/destination/scimapp"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
	"rollcall/internal/scimclient"
	"rollcall/internal/scimserver"
	"rollcall/internal/store"
)

// house is a SCIM service over real HTTP, with a directory of its own, and somebody who writes to it.
type house struct {
	*testing.T
	// service is the directory behind the service, org the organization.
	service *directory.Service
	org     ident.ID
	// db is the database of those who write to it, path its file.
	db   *store.DB
	path string
	id   ident.ID
	// sent counts bytes, calls requests.
	sent, calls atomic.Int64
	client      *scimclient.Client
	now         time.Time
}

type uncounted struct{}

func (uncounted) CountHTTP(string, string, int) {}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) open(path string) *store.DB {
	h.Helper()
	db, err := store.Open(h.Context(), store.Config{Path: path, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return h.now }})
	h.must(err)
	h.Cleanup(func() { h.must(db.Close()) })
	h.must(db.Migrate(h.Context()))
	return db
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{T: t, now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	h.service = directory.NewService(h.open(filepath.Join(t.TempDir(), "service.db")), func() time.Time { return h.now }, directory.Retention{})
	org, err := h.service.CreateOrganization(t.Context(), "Example")
	h.must(err)
	h.org = org.ID
	owner, err := h.service.CreateAdministrator(t.Context(), h.org, "administrator", directory.FullAdministrator)
	h.must(err)
	creator := directory.Token{OrgID: h.org, AdministratorID: owner.ID, Role: directory.FullAdministrator, AdministratorRole: directory.FullAdministrator}
	_, secret, err := h.service.CreateToken(t.Context(), creator, directory.NewToken{OrgID: h.org, Name: "test", Role: directory.SCIMWriter, Profile: scim.Strict})
	h.must(err)
	served := scimserver.New(scimserver.Config{Directory: h.service, Logger: slog.New(slog.DiscardHandler), Metrics: uncounted{}, Machine: time.Now})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.calls.Add(1)
		h.sent.Add(r.ContentLength)
		served.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	h.path = filepath.Join(t.TempDir(), "rollcall.db")
	h.db = h.open(h.path)
	h.id = ident.New(h.now)
	h.client = client(t, server.URL+scimserver.Prefix+h.org.String()+"/v2", secret)
	return h
}

// app is the service as the destination of a new instance.
func (h *house) app() *scimapp.App {
	return scimapp.New(scimapp.Config{
		Store: h.db, Service: h.id, Instance: ident.New(h.now), Now: func() time.Time { return h.now },
		Client: func(context.Context) (*scimclient.Client, error) { return h.client, nil },
	})
}

// prepare does all that comes before a plan.
func (h *house) prepare(app *scimapp.App) {
	h.Helper()
	for range 1000 {
		done, err := app.Prepare(h.Context())
		h.must(err)
		if done {
			return
		}
	}
	h.Fatal("preparing does not end")
}

// reread reads the service again.
func (h *house) reread(app *scimapp.App) {
	h.Helper()
	h.must(app.Renew(h.Context()))
	h.prepare(app)
}

// ours returns our id of an object of the service.
func (h *house) ours(kind scimapp.Kind, remote ident.ID) ident.ID {
	h.Helper()
	objects, err := h.db.RemoteObjectsOf(h.Context(), h.id, kind, []string{remote.String()})
	h.must(err)
	if len(objects) != 1 {
		h.Fatalf("%d objects are known of %s, want one", len(objects), remote)
	}
	return objects[0].ID
}

// theirs returns the service's id of one of our objects.
func (h *house) theirs(id ident.ID) ident.ID {
	h.Helper()
	objects, err := h.db.RemoteObjects(h.Context(), h.id, []ident.ID{id})
	h.must(err)
	if len(objects) == 0 {
		return ident.ID{}
	}
	remote, err := ident.Parse(objects[0].RemoteID)
	h.must(err)
	return remote
}

func TestARemoteServiceIsADestination(t *testing.T) {
	destinationtest.Run(t, func(t *testing.T) destinationtest.Fixture {
		h := newHouse(t)
		config := h.app()
		h.prepare(config)
		return destinationtest.Fixture{
			Destination: config, Instance: config.Instance, Rival: h.app(),
			Add: func(attributes attr.Record) ident.ID {
				user, err := h.service.CreateUser(t.Context(), h.org, attributes)
				h.must(err)
				h.reread(config)
				return h.ours(scimapp.Users, user.ID)
			},
			Groups: h.groups(config),
		}
	})
}

func (h *house) groups(app *scimapp.App) *destinationtest.GroupFixture {
	return &destinationtest.GroupFixture{
		Add: func(attributes attr.Record) ident.ID {
			group, err := h.service.CreateGroup(h.Context(), h.org, attributes)
			h.must(err)
			h.reread(app)
			return h.ours(scimapp.Groups, group.ID)
		},
		Join: func(group ident.ID, members ...ident.ID) {
			refs := make([]directory.MemberRef, len(members))
			for i, member := range members {
				refs[i].ID = h.theirs(member)
			}
			_, err := h.service.AddMembers(h.Context(), h.org, h.theirs(group), refs)
			h.must(err)
			h.reread(app)
		},
		Members: func(group ident.ID) []ident.ID { return h.members(group) },
		Awaited: func(group ident.ID) (bool, int64) {
			objects, err := h.db.RemoteObjects(h.Context(), h.id, []ident.ID{group})
			h.must(err)
			return objects[0].ToBeSynced, objects[0].Awaited
		},
		// What is written is what the service is sent, and what a write-ahead log grows by.
		Work: func(fn func()) int64 {
			_, err := h.db.WriterDB().ExecContext(h.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
			h.must(err)
			before := h.sent.Load()
			fn()
			log, err := os.Stat(h.path + "-wal")
			h.must(err)
			return log.Size() + h.sent.Load() - before
		},
	}
}

// members are those whom the service says to be in the group, by our ids.
func (h *house) members(group ident.ID) []ident.ID {
	h.Helper()
	rows, err := h.service.Members(h.Context(), h.org, h.theirs(group), directory.MemberQuery{Limit: 10_000})
	h.must(err)
	ids := make([]ident.ID, len(rows))
	for i, row := range rows {
		kind := scimapp.Users
		if row.Type == directory.GroupMember {
			kind = scimapp.Groups
		}
		ids[i] = h.ours(kind, row.Member)
	}
	sortIDs(ids)
	return ids
}

var _ destination.Remote = (*scimapp.App)(nil)
