//go:build bench

package bench

import (
	"fmt"
	"testing"
	"time"
)

const (
	scimUsers = 110_000
	// scimTime is how long each kind of request is measured.
	scimTime = 4 * time.Second
	// memberTurns is how often the groups take turns with members who come and go, so that whatever else the machine does falls on all.
	memberTurns = 3
	// likeTenOverSCIM is how many times the cost in the smallest group the largest may cost.
	likeTenOverSCIM = 1.5
	scimMemory      = 150 << 20
)

// TestSCIMMeetsItsTargets measures the SCIM service alone and prints its figures; TestBenchmarksMeetTheirTargets writes the page.
func TestSCIMMeetsItsTargets(t *testing.T) {
	tell(t, measureSCIM(t).targets())
}

// scimFigures are what the service did.
type scimFigures struct {
	requests []scimRequest
	// peak is the largest resident set from the start on, in bytes.
	peak int64
}

// scimRequest is a kind of request.
type scimRequest struct {
	what string
	// goal is how many a second there should be, 0 for no goal.
	goal int
	// full is with synchronous=FULL; normal with NORMAL, for those that write.
	full, normal pace
}

// measureSCIM measures every kind of request, and those that write once more without waiting for the disk.
func measureSCIM(t *testing.T) scimFigures {
	t.Helper()
	b := openSCIM(t)
	post := scimRequest{what: "POST a user", goal: 1500, full: b.post(t, scimUsers, time.Hour)}
	reads := b.reads(t)
	patch := scimRequest{what: "PATCH active of a user", goal: 1500, full: b.patchActive(t, b.mixed[:scimUsers/2])}
	b.fillGroups(t)
	members := b.members(t)
	reads = append(reads, b.groupReads(t)...)
	out := scimFigures{peak: peakOf(t, b.server.PID())}

	b.restart(t, buildNormal(t))
	post.normal = b.post(t, 1<<30, scimTime)
	patch.normal = b.patchActive(t, b.mixed[scimUsers/2:])
	normal := b.members(t)
	out.requests = append(append(out.requests, post), reads...)
	out.requests = append(out.requests, patch)
	for i, size := range memberGroups {
		what := "PATCH a group of " + thousands(size) + ", one member in or out"
		out.requests = append(out.requests, scimRequest{what, 1000, members[i], normal[i]})
	}
	return out
}

// scimRow is a row of the page.
type scimRow struct{ What, Second, CPUSecond, Normal, NormalCPU string }

func (f scimFigures) rows() []scimRow {
	rows := make([]scimRow, len(f.requests))
	whole := func(rate float64) string { return thousands(int(rate)) }
	for i, r := range f.requests {
		rows[i] = scimRow{What: r.what, Second: whole(r.full.second()), CPUSecond: whole(r.full.cpuSecond())}
		if r.normal.answered > 0 {
			rows[i].Normal, rows[i].NormalCPU = whole(r.normal.second()), whole(r.normal.cpuSecond())
		}
	}
	return rows
}

func (f scimFigures) targets() []target {
	var targets []target
	for _, r := range f.requests {
		if r.goal > 0 {
			targets = append(targets, judged("SCIM, "+r.what, fmt.Sprintf("at least %s/s", thousands(r.goal)),
				thousands(int(r.full.second()))+"/s", r.full.second() >= float64(r.goal)))
		}
	}
	groups := f.requests[len(f.requests)-len(memberGroups):]
	times := groups[0].full.cpuSecond() / groups[len(groups)-1].full.cpuSecond()
	return append(targets,
		judged("SCIM, one member in a group of 100,000 beside one of 10, CPU", fmt.Sprintf("at most %g times", likeTenOverSCIM),
			fmt.Sprintf("%.2f times", times), times <= likeTenOverSCIM),
		judged("SCIM, "+thousands(scimUsers)+" users, memory", "at most "+mebibytes(scimMemory), mebibytes(f.peak), f.peak <= scimMemory))
}
