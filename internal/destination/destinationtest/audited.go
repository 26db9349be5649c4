package destinationtest

import (
	"bytes"
	"slices"

	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// owned collects what the destination says that the instance owns, so many objects at a time.
func (s *suite) owned(limit int, list func(after string) ([]plan.Target, string, error)) []ident.ID {
	s.Helper()
	var ids []ident.ID
	for after, pages := "", 0; ; pages++ {
		targets, next, err := list(after)
		switch {
		case err != nil:
			s.Fatalf("owned objects after %q: %v", after, err)
		case len(targets) > limit:
			s.Errorf("%d objects on a page of %d", len(targets), limit)
		case pages > 100:
			s.Fatal("the pages of owned objects do not end")
		}
		for _, target := range targets {
			if target.Owner != s.Instance || target.SourceID == "" || target.Version == 0 {
				s.Errorf("owned is %+v", target)
			}
			ids = append(ids, target.ID)
		}
		if after = next; after == "" {
			slices.SortFunc(ids, byID)
			return ids
		}
	}
}

func byID(a, b ident.ID) int { return bytes.Compare(a[:], b[:]) }

// audited are the tests of a destination that can be asked for everything that its instance owns.
var audited = []test{
	{"all that the instance owns is listed page by page, and nothing else", func(s *suite) {
		list, able := s.Destination.(destination.Audited)
		if !able {
			return
		}
		users := func(limit int) []ident.ID {
			return s.owned(limit, func(after string) ([]plan.Target, string, error) { return list.OwnedObjects(s.Context(), after, limit) })
		}
		if ids := users(2); len(ids) != 0 {
			s.Errorf("an empty destination owns %v", ids)
		}
		s.Add(record("userName", "by-hand@example.com"))
		var want []ident.ID
		for _, target := range s.people("d@example.com", "a@example.com", "C@example.com", "b@example.com") {
			want = append(want, target.ID)
		}
		slices.SortFunc(want, byID)
		for _, limit := range []int{1, 2, 3, 4, 5} {
			if ids := users(limit); !slices.Equal(ids, want) {
				s.Errorf("%d at a time the instance owns %v, want %v", limit, ids, want)
			}
		}
	}},
}

// auditedGroups are the same tests for groups.
var auditedGroups = []groupTest{
	{"all groups that the instance owns are listed page by page, also those of one name", func(s *groupSuite) {
		list, able := s.Destination.(destination.Audited)
		if !able {
			return
		}
		s.Groups.Add(record("displayName", "By hand"))
		var want []ident.ID
		for i, name := range []string{"Twins", "Alone", "Twins", "Twins"} {
			change := createGroup(name, string(rune('a'+i)))
			s.applyGroups(change)
			want = append(want, change.ObjectID)
		}
		slices.SortFunc(want, byID)
		for _, limit := range []int{1, 2, 4, 5} {
			ids := s.owned(limit, func(after string) ([]plan.Target, string, error) { return list.OwnedGroups(s.Context(), after, limit) })
			if !slices.Equal(ids, want) {
				s.Errorf("%d at a time the instance owns %v, want %v", limit, ids, want)
			}
		}
	}},
}
