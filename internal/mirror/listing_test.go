package mirror_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/mirror"
)

// overlap is what a page repeats of the end of the page before, and loses at its own beginning.
type overlap struct{ repeats, loses int }

// overlapping has the pages of members behind the first overlap.
type overlapping struct {
	hooked
	behind []overlap
	at     *overlapped
}

type overlapped struct {
	page int
	last []graph.Member
}

func (o overlapping) Members(ctx context.Context, groupID string) (graph.MemberPage, error) {
	page, err := o.hooked.Members(ctx, groupID)
	*o.at = overlapped{last: page.Members}
	return page, err
}

func (o overlapping) FollowMembers(ctx context.Context, link string) (graph.MemberPage, error) {
	page, err := o.hooked.FollowMembers(ctx, link)
	if err == nil {
		this, last := o.behind[o.at.page], o.at.last
		*o.at = overlapped{o.at.page + 1, page.Members}
		page.Members = slices.Concat(last[len(last)-this.repeats:], page.Members[this.loses:])
	}
	return page, err
}

func TestAListThatRepeatsSomeAndLacksAsManyRemovesNobody(t *testing.T) {
	for what, c := range map[string]struct {
		devices int
		behind  []overlap
	}{
		"users":                               {0, []overlap{{40, 40}}},
		"devices that hide the lack of users": {900, []overlap{{0, 40}, {40, 0}}},
	} {
		t.Run(what, func(t *testing.T) {
			s := newTenant(t, 1500)
			p := s.users("live")
			big := s.group("Big", p[:1200]...)
			if c.devices > 0 {
				s.devices(big, c.devices)
			}
			want := alone(big)
			s.synced("at first", want)
			s.control("POST", "/delta/expire", "")
			s.control("POST", "/clock", `{"advance":"1s"}`)
			s.pull.Tenant = overlapping{hooked{s}, c.behind, &overlapped{}}
			s.careful(want)
			s.careful(want)
			if s.theGroup(big).Sure() {
				t.Error("the members of the group are told to be sure")
			}
			s.pull.Tenant = hooked{s}
			s.leave(big, p[0])
			s.synced("mended", want)
			if !s.theGroup(big).Sure() {
				t.Error("the members of the group are not sure after a whole list")
			}
		})
	}
}

// devices lets new devices join a group.
func (s *tenant) devices(group string, count int) {
	s.t.Helper()
	body := `{"members":[{"type":"device"}`
	for range count - 1 {
		body += `,{"type":"device"}`
	}
	s.control("POST", "/groups/"+group+"/join", body+"]}")
}

func (s *tenant) theGroup(id string) mirror.Group {
	s.t.Helper()
	groups, err := s.db.LoadGroups(s.ctx, s.pull.Connection, []string{id})
	s.must(err)
	return groups[id]
}

// expiring no longer knows the first link to a second page; at that time, who was on the first one leaves.
type expiring struct {
	overlapping
	leave func()
	known *bool
}

func (e expiring) FollowMembers(ctx context.Context, link string) (graph.MemberPage, error) {
	if !*e.known {
		*e.known = true
		e.leave()
		return graph.MemberPage{}, fault.New(fault.Expired, "Directory_ExpiredPageToken", "the link is too old")
	}
	return e.overlapping.FollowMembers(ctx, link)
}

func TestAListThatBeganAnewCountsOnlyWhatItHasItself(t *testing.T) {
	s := newTenant(t, 1600)
	p := s.users("live")
	big := s.group("Big", p[:1500]...)
	want := alone(big)
	s.synced("at first", want)
	s.control("POST", "/delta/expire", "")
	s.control("POST", "/clock", `{"advance":"1s"}`)
	var known bool
	s.pull.Tenant = expiring{overlapping{hooked{s}, []overlap{{30, 30}}, &overlapped{}}, func() { s.leave(big, p[:30]...) }, &known}
	s.careful(want)
	s.pull.Tenant = hooked{s}
	s.recovered(want)
	s.memberships("mended", want)
}

// lacking is behind with the members of one group: its list lacks some of them, though it counts all.
type lacking struct {
	hooked
	group string
	lacks []string
}

func (l lacking) Members(ctx context.Context, groupID string) (graph.MemberPage, error) {
	page, err := l.hooked.Members(ctx, groupID)
	if groupID == l.group {
		page.Members = slices.DeleteFunc(page.Members, func(m graph.Member) bool { return slices.Contains(l.lacks, m.ID) })
	}
	return page, err
}

func TestAShortListOfAGroupThatIsChosenAgainIsNotSureWhoeverLacks(t *testing.T) {
	for lost := 1; lost <= 4; lost++ {
		t.Run(fmt.Sprint(lost), func(t *testing.T) {
			s := newTenant(t, 40)
			p := s.users("live")
			sales, other := s.group("Sales", p[:4]...), s.group("Other", p[20])
			s.synced("at first", alone(sales, other))
			s.synced("deselected", alone(other))
			want := alone(sales, other)
			s.pull.Tenant = lacking{hooked{s}, sales, p[:lost]}
			if _, err := s.steps(want); err == nil {
				t.Error("a short list is taken for the group")
			}
			_, err := s.steps(want)
			if tolerated := err == nil; tolerated != (lost <= 3) {
				t.Errorf("the second time: %v", err)
			}
			if group := s.theGroup(sales); group.Sure() || group.ReadIn == 0 == (lost <= 3) {
				t.Errorf("after two short lists the group is %+v", group)
			}
			s.pull.Tenant = hooked{s}
			s.synced("mended", want)
			if group := s.theGroup(sales); !group.Sure() {
				t.Errorf("after a whole list the group is %+v", group)
			}
		})
	}
}

func TestADoubtOutlastsTheRecycleBin(t *testing.T) {
	s := newTenant(t, 40)
	p := s.users("live")
	sales := s.group("Sales", p[:10]...)
	want := alone(sales)
	s.pull.Tenant = lacking{hooked{s}, sales, p[:2]}
	_, _ = s.steps(want)
	s.mustRun(want)
	s.control("DELETE", "/groups/"+sales, "")
	s.mustRun(want)
	s.mustRun(want)
	if group := s.theGroup(sales); group.Sure() {
		t.Errorf("in the recycle bin the group is %+v", group)
	}
	s.pull.Tenant = hooked{s}
	s.control("POST", "/groups/"+sales+"/restore", "")
	s.synced("restored", want)
	if group := s.theGroup(sales); !group.Sure() {
		t.Errorf("restored, and read again, the group is %+v", group)
	}
}
