package directory_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/store"
)

// crew is a directory on a file with synchronous=FULL, with users and one instance.
type crew struct {
	*directory.Service
	db            *store.DB
	org, instance ident.ID
	now           time.Time
	users         []ident.ID
	random        *rand.Rand
}

func newCrew(b *testing.B, users int) *crew {
	b.Helper()
	c := &crew{now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), random: rand.New(rand.NewPCG(1, 2))}
	var err error
	c.db, err = store.Open(b.Context(), store.Config{
		Path: filepath.Join(b.TempDir(), "rollcall.db"), Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return c.now },
	})
	must(b, err)
	b.Cleanup(func() { must(b, c.db.Close()) })
	must(b, c.db.Migrate(b.Context()))
	c.Service = directory.NewService(c.db, func() time.Time { return c.now }, directory.Retention{})
	org, err := c.CreateOrganization(b.Context(), "Example")
	must(b, err)
	c.org, c.instance = org.ID, ident.New(c.now)
	rows := make([]directory.User, 0, 1000)
	for i := range users {
		user := directory.User{
			OrgID: c.org, ID: ident.New(c.now), Owner: c.instance, Origin: "Entra", Version: 1, CreatedAt: c.now, UpdatedAt: c.now,
			Attributes: record(attr.Active, true, attr.DisplayName, fmt.Sprintf("User %d", i), attr.UserName, fmt.Sprintf("u%06d@example.com", i)),
		}
		c.users = append(c.users, user.ID)
		if rows = append(rows, user); len(rows) == cap(rows) || i == users-1 {
			must(b, c.db.InsertUsers(b.Context(), rows))
			rows = rows[:0]
		}
	}
	return c
}

// groups lets the instance make groups.
func (c *crew) groups(b *testing.B, n int) []ident.ID {
	b.Helper()
	ids := make([]ident.ID, n)
	changes := make([]plan.Change, n)
	for i := range ids {
		ids[i] = ident.New(c.now)
		name := fmt.Sprintf("Group %05d", i)
		changes[i] = plan.Change{Action: plan.Create, SourceID: name, ObjectID: ids[i], After: record(attr.DisplayName, name, attr.ExternalID, name)}
	}
	_, err := c.ApplyGroupChanges(b.Context(), c.org, c.instance, changes)
	must(b, err)
	return ids
}

// fill puts the first n users into the group.
func (c *crew) fill(b *testing.B, group ident.ID, n int) {
	b.Helper()
	for from := 0; from < n; from += 5000 {
		changes := make([]directory.MemberChange, 0, 5000)
		for _, user := range c.users[from:min(from+5000, n)] {
			changes = append(changes, directory.MemberChange{Pair: directory.Pair{Group: group, Member: user}, Add: true})
		}
		_, err := c.ApplyMembers(b.Context(), c.org, c.instance, changes)
		must(b, err)
	}
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// spent is the CPU time of the process and what it has written so far.
func spent(b *testing.B) (cpu time.Duration, written int64) {
	b.Helper()
	var usage syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	text, err := os.ReadFile("/proc/self/io")
	must(b, err)
	var read int64
	_, err = fmt.Sscanf(string(text), "rchar: %d\nwchar: %d", &read, &written)
	must(b, err)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), written
}

// BenchmarkOneMember adds and removes one member of a group, a transaction each: it must cost the same whatever the size (E6).
func BenchmarkOneMember(b *testing.B) {
	for _, size := range []int{10, 10_000, 250_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			c := newCrew(b, 250_001)
			group := c.groups(b, 1)[0]
			c.fill(b, group, size)
			// What was written so far is moved into the file first, or its checkpoint would count here.
			_, err := c.db.WriterDB().ExecContext(b.Context(), "PRAGMA wal_checkpoint(TRUNCATE)")
			must(b, err)
			cpu, written := spent(b)
			for i := 0; b.Loop(); i++ {
				member := c.users[len(c.users)-1]
				_, err := c.ApplyMembers(b.Context(), c.org, c.instance, []directory.MemberChange{
					{Pair: directory.Pair{Group: group, Member: member}, Add: i%2 == 0},
				})
				must(b, err)
			}
			after, writtenAfter := spent(b)
			b.ReportMetric(float64((after-cpu).Microseconds())/float64(b.N), "cpu-µs/op")
			b.ReportMetric(float64(writtenAfter-written)/float64(b.N), "written-B/op")
		})
	}
}

// BenchmarkFirstMembers does what a first sync does: 1,000 groups of 50 and one of 50,000, five thousand members to a transaction.
func BenchmarkFirstMembers(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		c := newCrew(b, 50_000)
		b.StartTimer()
		cpu, written := spent(b)
		groups := c.groups(b, 1001)
		c.fill(b, groups[0], 50_000)
		var changes []directory.MemberChange
		for _, group := range groups[1:] {
			for range 50 {
				member := c.users[c.random.IntN(len(c.users))]
				changes = append(changes, directory.MemberChange{Pair: directory.Pair{Group: group, Member: member}, Add: true})
			}
			if len(changes) >= 5000 {
				_, err := c.ApplyMembers(b.Context(), c.org, c.instance, changes)
				must(b, err)
				changes = changes[:0]
			}
		}
		after, writtenAfter := spent(b)
		b.ReportMetric((after - cpu).Seconds(), "cpu-s/op")
		b.ReportMetric(float64(writtenAfter-written)/100_000, "written-B/member")
	}
}
