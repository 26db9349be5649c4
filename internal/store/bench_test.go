package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
	"rollcall/internal/store"
)

// BenchmarkFirstSyncWrites does what a first sync does to the database, a thousand users at a time, on a file with synchronous=FULL: take
// pages into the mirror, plan them, apply them. For one user it reports the CPU time of the writes with their commits and checkpoints, the
// CPU time of the reads in between, the wall time, and the bytes written. Making the records is no part of either.
func BenchmarkFirstSyncWrites(b *testing.B) {
	for _, users := range []int{10_000, 50_000} {
		b.Run(fmt.Sprint(users), func(b *testing.B) {
			for b.Loop() {
				firstSync(b, users)
			}
		})
	}
}

const (
	page      = 1000
	applyPage = 500
)

type tenant struct {
	*store.DB
	ctx      context.Context
	random   *rand.Rand
	org      ident.ID
	instance engine.Instance
	run      engine.Run
	cursor   mirror.Cursor
	// making and reads are CPU times: of what is not the store's work, and of its reads.
	making, reads time.Duration
}

// spent adds the CPU time since the last call of it to a sum.
func spent(sum *time.Duration, work func()) {
	before := cpuTime()
	work()
	*sum += cpuTime() - before
}

func firstSync(b *testing.B, users int) {
	b.StopTimer()
	s := newTenant(b, filepath.Join(b.TempDir(), "rollcall.db"))
	defer func() { must(b, s.Close()) }()
	b.StartTimer()
	began, written := time.Now(), bytesWritten(b)
	before := cpuTime()
	for range users / page {
		s.takePage(b)
	}
	for range users / page {
		s.planPage(b)
	}
	for range users / applyPage {
		s.applyPage(b)
	}
	total := cpuTime() - before
	for name, cpu := range map[string]time.Duration{"write": total - s.reads - s.making, "read": s.reads} {
		b.ReportMetric(float64(cpu.Microseconds())/float64(users), name+"-µs/user")
	}
	b.ReportMetric(float64(time.Since(began).Microseconds())/float64(users), "wall-µs/user")
	b.ReportMetric(float64(bytesWritten(b)-written)/float64(users), "written-B/user")
}

// bytesWritten is what the process has written so far.
func bytesWritten(b *testing.B) int64 {
	b.Helper()
	text, err := os.ReadFile("/proc/self/io")
	must(b, err)
	var read, written int64
	_, err = fmt.Sscanf(string(text), "rchar: %d\nwchar: %d", &read, &written)
	must(b, err)
	return written
}

func newTenant(b *testing.B, path string) *tenant {
	b.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, config(path))
	must(b, err)
	must(b, db.Migrate(ctx))
	s := &tenant{DB: db, ctx: ctx, random: rand.New(rand.NewPCG(1, 2)), org: ident.New(noon)}
	must(b, db.SaveOrganization(ctx, directory.Organization{ID: s.org, Name: "Contoso"}))
	connection := engine.Connection{ID: ident.New(noon), OrgID: s.org}
	must(b, db.SaveConnection(ctx, connection))
	s.instance = engine.Instance{ID: ident.New(noon), OrgID: s.org, ConnectionID: connection.ID, Name: "Main"}
	must(b, db.SaveInstance(ctx, s.instance))
	s.run = engine.Run{ID: ident.New(noon), OrgID: s.org, InstanceID: s.instance.ID, State: engine.Running}
	must(b, db.InsertRun(ctx, s.run))
	return s
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (s *tenant) takePage(b *testing.B) {
	users := make([]mirror.User, page)
	ids := make([]string, page)
	spent(&s.making, func() {
		for i := range users {
			users[i] = s.person()
			ids[i] = users[i].SourceID
		}
	})
	must(b, s.InTx(s.ctx, func(ctx context.Context) error {
		spent(&s.reads, func() {
			_, err := s.LoadUsers(ctx, s.instance.ConnectionID, ids, true)
			must(b, err)
		})
		if err := s.SaveUsers(ctx, s.instance.ConnectionID, users, 1); err != nil {
			return err
		}
		if err := s.SaveCursor(ctx, s.instance.ConnectionID, s.cursor); err != nil {
			return err
		}
		s.cursor.Version++
		return s.SaveRun(ctx, s.run, 0)
	}))
}

func (s *tenant) person() mirror.User {
	id := fmt.Sprintf("%08x-%04x-4%03x-9%03x-%012x", s.random.Uint32(), s.random.Uint32()&0xffff, s.random.Uint32()&0xfff, s.random.Uint32()&0xfff,
		s.random.Uint64()&0xffffffffffff)
	name := fmt.Sprintf("given%d.surname%d", s.random.IntN(1e9), s.random.IntN(1e6))
	record := attr.From(map[string]any{
		"id": id, "userPrincipalName": name + "@contoso.example", "displayName": "Given " + name, "accountEnabled": true, "userType": "Member",
		"givenName": "Given", "surname": "Surname", "jobTitle": "Senior Engineer", "usageLocation": "CH", "city": "Zürich",
		"streetAddress": "Bahnhofstrasse 1", "state": "ZH", "postalCode": "8001", "businessPhones": []string{"+41 44 123 45 67"},
		"mobilePhone": "+41 79 123 45 67", "faxNumber": "+41 44 123 45 68", "manager": id, "mail": name + "@contoso.example",
	})
	return mirror.User{SourceID: id, State: plan.Live, Record: record, Hash: 7}
}

func (s *tenant) planPage(b *testing.B) {
	must(b, s.InTx(s.ctx, func(ctx context.Context) error {
		var objects []engine.Object
		spent(&s.reads, func() {
			var err error
			objects, err = s.DirtyObjects(ctx, s.instance, 0, page)
			must(b, err)
		})
		entries := make([]engine.Entry, len(objects))
		seqs := make([]int64, len(objects))
		names, externals := make([]string, len(objects)), make([]string, len(objects))
		spent(&s.making, func() {
			for i, object := range objects {
				entries[i] = s.creation(object)
				seqs[i], names[i], externals[i] = object.Seq, entries[i].TakesName, object.SourceID
			}
		})
		spent(&s.reads, func() {
			_, err := s.UsersByNameKey(ctx, s.org, names)
			must(b, err)
			_, err = s.UsersBy(ctx, s.org, attr.ExternalID, externals)
			must(b, err)
		})
		if err := s.InsertEntries(ctx, entries); err != nil {
			return err
		}
		if err := s.ClearDirty(ctx, s.instance.ID, seqs); err != nil {
			return err
		}
		return s.SaveRun(ctx, s.run, 0)
	}))
}

func (s *tenant) creation(object engine.Object) engine.Entry {
	r := object.Record
	name := r.Text("userPrincipalName")
	return engine.Entry{
		ID: ident.New(noon), OrgID: s.org, InstanceID: s.instance.ID, RunID: s.run.ID, State: engine.Planned,
		Fingerprint: "0123456789abcdef0123456789abcdef", PlannedAt: noon,
		Change: plan.Change{
			Action: plan.Create, Phase: plan.Write, SourceID: object.SourceID, ObjectID: ident.New(noon), SourceName: r.Text("displayName"),
			ObjectName: name, Reason: plan.Reason{Code: "Added", Text: "all users are in scope"}, Link: true, Status: plan.InScope, TakesName: name,
			After: attr.From(map[string]any{
				attr.UserName: name, attr.DisplayName: r.Text("displayName"), attr.Active: true, "name.givenName": "Given",
				"name.familyName": "Surname", attr.ExternalID: object.SourceID, "title": "Senior Engineer", attr.Manager: object.SourceID,
				`addresses[type eq "work"].country`: "CH", `addresses[type eq "work"].locality`: "Zürich", `addresses[type eq "work"].region`: "ZH",
				`addresses[type eq "work"].streetAddress`: "Bahnhofstrasse 1", `addresses[type eq "work"].postalCode`: "8001",
				`phoneNumbers[type eq "work"].value`: "+41 44 123 45 67", `phoneNumbers[type eq "mobile"].value`: "+41 79 123 45 67",
				`phoneNumbers[type eq "fax"].value`: "+41 44 123 45 68",
			}),
		},
	}
}

func (s *tenant) applyPage(b *testing.B) {
	must(b, s.InTx(s.ctx, func(ctx context.Context) error {
		var entries []engine.Entry
		spent(&s.reads, func() {
			_, err := s.NextEntries(ctx, s.run.ID, true, applyPage)
			must(b, err)
			entries, err = s.NextEntries(ctx, s.run.ID, false, applyPage)
			must(b, err)
		})
		users := make([]directory.User, len(entries))
		ids := make([]ident.ID, len(entries))
		links := make([]engine.Link, len(entries))
		names := make([]string, len(entries))
		for i, e := range entries {
			users[i] = directory.User{
				OrgID: s.org, ID: e.ObjectID, Attributes: e.After, Owner: s.instance.ID, SourceID: e.SourceID, Origin: "Entra", Version: 1,
				CreatedAt: noon, UpdatedAt: noon,
			}
			ids[i], names[i] = e.ID, e.TakesName
			links[i] = engine.Link{SourceID: e.SourceID, ObjectID: e.ObjectID, Status: plan.InScope}
		}
		spent(&s.reads, func() {
			_, err := s.UsersByNameKey(ctx, s.org, names)
			must(b, err)
		})
		if err := s.InsertUsers(ctx, users); err != nil {
			return err
		}
		if err := s.SettleApplied(ctx, s.run.ID, ids, noon); err != nil {
			return err
		}
		if err := s.SaveLinks(ctx, s.org, s.instance.ID, links); err != nil {
			return err
		}
		return s.SaveRun(ctx, s.run, 0)
	}))
}

// cpuTime is what the process has used so far.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
