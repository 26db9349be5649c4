package mirror_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
)

// moved makes the stored links those of a cloud that was at another address.
func (s *tenant) moved() {
	s.t.Helper()
	cursor := s.cursor()
	old := func(link *string) { *link = strings.Replace(*link, s.server.URL, "https://graph.old.example", 1) }
	old(&cursor.Delta)
	old(&cursor.Next)
	old(&cursor.Replay)
	for i := range cursor.Marks {
		old(&cursor.Marks[i].Link)
	}
	if cursor.Full != nil {
		old(&cursor.Full.Next)
		old(&cursor.Full.Latest)
	}
	s.must(s.db.InTx(s.ctx, func(ctx context.Context) error { return s.db.SaveCursor(ctx, s.pull.Connection, cursor) }))
}

func TestAStoredLinkOfACloudThatMovedLeadsToAFullReadWithoutDoubles(t *testing.T) {
	s := newTenant(t, 300)
	s.mustRun(everything)
	before := s.mirrored()
	s.control("POST", "/random", `{"changes":20,"kinds":["change","create","delete"]}`)
	s.moved()
	if progress := s.mustRun(everything); !progress.Full {
		t.Errorf("no full read: %+v", progress)
	}
	s.mustRun(everything)
	s.equals(attributes)
	for id, user := range s.mirrored() {
		if was, known := before[id]; known && was.Seq != user.Seq {
			t.Errorf("%s moved from %d to %d", id, was.Seq, user.Seq)
		}
	}
}

func TestACloudThatMovesDuringAFullReadIsReadFromTheBeginning(t *testing.T) {
	s := newTenant(t, 1500)
	for range 2 { // the latest delta link, and the first page of the list
		if _, err := s.pull.Step(s.ctx, everything, false); err != nil {
			t.Fatal(err)
		}
	}
	s.moved()
	s.mustRun(everything)
	s.equals(attributes)
	if got := s.cursor().Generation; got != 2 {
		t.Errorf("%d full reads were begun, want the one that was cut off and another", got)
	}
}

// astray answers with pages that name a page, or the next round, on another host.
type astray struct {
	hooked
	next, delta string
}

func (a astray) Follow(ctx context.Context, link string) (graph.Page, error) {
	page, err := a.hooked.Follow(ctx, link)
	page.Next, page.Delta = a.next, a.delta
	return page, err
}

func TestAFreshPageThatLeadsOffTheHostIsAnErrorAndNothingOfItIsUsed(t *testing.T) {
	for name, away := range map[string]astray{
		"next page":  {next: "https://evil.example/v1.0/users/delta?$skiptoken=1"},
		"next round": {delta: "https://evil.example/v1.0/users/delta?$deltatoken=1"},
		"no address": {next: "http://[::1"},
	} {
		s := newTenant(t, 30)
		s.mustRun(everything)
		s.control("POST", "/random", `{"changes":5,"kinds":["change","delete"]}`)
		away.hooked = hooked{s}
		s.pull.Tenant = away
		for range 2 {
			s.leadOffHost()
		}
		s.pull.Tenant = hooked{s}
		if progress := s.mustRun(everything); progress.Full {
			t.Errorf("%s: a full read was needed afterwards", name)
		}
		s.equals(attributes)
	}
}

// leadOffHost runs and asserts that the run fails because it was led to another host, and that the mirror stays as it was.
func (s *tenant) leadOffHost() {
	s.t.Helper()
	before, cursor := s.mirrored(), s.cursor()
	_, err := s.run(everything)
	if f := fault.Of(err); f == nil || f.Kind != fault.Invalid || f.Code != "LinkOffHost" {
		s.t.Errorf("error %v, want that the page leads off the host", err)
	}
	if diff := cmp.Diff(before, s.mirrored()); diff != "" {
		s.t.Errorf("users of the mirror (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(cursor, s.cursor()); diff != "" {
		s.t.Errorf("cursor (-before +after):\n%s", diff)
	}
}

// astrayList names the second page of its list on another host.
type astrayList struct{ hooked }

func (a astrayList) ListUsers(ctx context.Context, properties []string) (graph.Page, error) {
	page, err := a.hooked.ListUsers(ctx, properties)
	page.Next = "https://evil.example/v1.0/users?$skiptoken=1"
	return page, err
}

func TestAListThatLeadsOffTheHostAgainAndAgainEndsInAnError(t *testing.T) {
	s := newTenant(t, 30)
	s.pull.Tenant = astrayList{hooked{s}}
	for range 2 {
		_, err := s.run(everything)
		if !fault.Is(err, fault.Expired) || !strings.Contains(err.Error(), "a link to follow is not on") {
			t.Errorf("%v", err)
		}
	}
	s.pull.Tenant = hooked{s}
	s.mustRun(everything)
	s.equals(attributes)
}

// redirected is a client that was sent to another host by an answer.
type redirected struct{ hooked }

func (r redirected) Follow(context.Context, string) (graph.Page, error) {
	refused := fault.New(fault.Invalid, "LinkOffHost", "redirects to another host")
	refused.RequestID = "r1"
	return graph.Page{}, refused
}

func TestARedirectOffTheHostCostsNoFullRead(t *testing.T) {
	s := newTenant(t, 30)
	s.mustRun(everything)
	s.pull.Tenant = redirected{hooked{s}}
	s.leadOffHost()
}
