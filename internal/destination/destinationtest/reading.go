package destinationtest

import (
	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

var reading = []test{
	{"TermsNameTheVerifiedDomains", func(s *suite) {
		if s.Verify == nil {
			return
		}
		s.Verify("example.com", "example.org")
		terms, err := s.Destination.Terms(s.Context())
		if err != nil {
			s.Fatal(err)
		}
		want := destination.Terms{Domains: map[string]bool{"example.com": true, "example.org": true}, RequireDomain: true}
		if diff := cmp.Diff(want, terms); diff != "" {
			s.Errorf("terms (-want +got):\n%s", diff)
		}
	}},
	{"ObjectsReturnsThoseThatExist", func(s *suite) {
		targets := s.people("ada@example.com", "grace@example.com")
		got := s.all(targets[0].ID, ident.New(moment), targets[1].ID)
		if diff := cmp.Diff(targets, got); diff != "" {
			s.Errorf("objects (-want +got):\n%s", diff)
		}
		if none := s.all(); len(none) != 0 {
			s.Errorf("without ids there are %d objects, want none", len(none))
		}
	}},
	{"FindAnswersUnderTheKeysThatWereAsked", func(s *suite) {
		ada := s.Add(record(attr.UserName, "Ada@example.com", attr.DisplayName, "Ada Lovelace", attr.ExternalID, "X-1"))
		keys := []plan.Key{
			{Path: attr.UserName, Value: attr.NameKey("Ada@example.com")},
			{Path: attr.DisplayName, Value: "ada lovelace"},
			{Path: attr.DisplayName, Value: "Ada Lovelace"},
			{Path: attr.ExternalID, Value: "X-1"},
			{Path: attr.ExternalID, Value: "x-1"},
			{Path: attr.UserName, Value: "nobody@example.com"},
			{Path: attr.DisplayName, Value: "X-1"},
		}
		found, err := s.Destination.Find(s.Context(), keys)
		if err != nil {
			s.Fatal(err)
		}
		got := map[plan.Key]ident.ID{}
		for key, targets := range found {
			if len(targets) != 1 {
				s.Fatalf("%v finds %d objects, want one", key, len(targets))
			}
			got[key] = targets[0].ID
		}
		want := map[plan.Key]ident.ID{keys[0]: ada, keys[1]: ada, keys[2]: ada, keys[3]: ada}
		if diff := cmp.Diff(want, got); diff != "" {
			s.Errorf("found (-want +got):\n%s", diff)
		}
	}},
	{"FindReturnsAllThatShareAValue", func(s *suite) {
		for _, name := range []string{"ada@example.com", "ada@example.org"} {
			s.Add(record(attr.UserName, name, attr.DisplayName, "Ada", attr.ExternalID, "X-1"))
		}
		if n := len(s.find(attr.ExternalID, "X-1")); n != 2 {
			s.Errorf("%d objects have the externalId, want 2", n)
		}
		if n := len(s.find(attr.DisplayName, "ADA")); n != 2 {
			s.Errorf("%d objects have the displayName, want 2", n)
		}
	}},
	{"FindReturnsNobodyTwiceHoweverOftenAKeyIsAsked", func(s *suite) {
		s.Add(record(attr.UserName, "ada@example.com", attr.ExternalID, "X-1"))
		keys := make([]plan.Key, 600)
		for i := range keys {
			keys[i] = plan.Key{Path: attr.ExternalID, Value: "X-1"}
		}
		found, err := s.Destination.Find(s.Context(), keys)
		if err != nil {
			s.Fatal(err)
		}
		if n := len(found[keys[0]]); n != 1 {
			s.Errorf("one object was found %d times", n)
		}
	}},
}
