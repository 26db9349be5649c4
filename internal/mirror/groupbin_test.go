package mirror_test

import (
	"testing"

	"rollcall/internal/mirror"
)

func TestAGroupInsideThatWasInTheRecycleBinIsFoundWhenItIsRestored(t *testing.T) {
	fullRead := func(s *tenant, want mirror.Want) {
		s.control("POST", "/delta/expire", "")
		s.control("POST", "/clock", `{"advance":"1s"}`)
		s.mustRun(want)
	}
	for what, c := range map[string]struct {
		before, meanwhile func(s *tenant, child string, want mirror.Want)
	}{
		"while the outer one was read again": {
			before: func(s *tenant, _ string, want mirror.Want) { s.synced("at first", want) },
			meanwhile: func(s *tenant, _ string, want mirror.Want) {
				fullRead(s, want)
			},
		},
		"while the outer one was read for the first time": {
			meanwhile: func(s *tenant, _ string, want mirror.Want) { s.mustRun(want) },
		},
		"of which the mirror did not know when the outer one was read again": {
			before: func(s *tenant, _ string, want mirror.Want) { s.synced("at first", want) },
			meanwhile: func(s *tenant, _ string, want mirror.Want) {
				_, _, ready, err := s.pull.AuditGroups(s.ctx, 0)
				if s.must(err); !ready {
					s.t.Fatalf("the groups are being read")
				}
				s.mustRun(want)
			},
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := newTenant(t, 40)
			p := s.users("live")
			grandchild := s.group("Grandchild", p[2])
			child := s.group("Child", p[1], grandchild)
			parent := s.group("Parent", p[0], child)
			want := with(parent)
			s.mustRun(everything)
			if c.before != nil {
				c.before(s, child, want)
			}
			s.control("DELETE", "/groups/"+child, "")
			c.meanwhile(s, child, want)
			s.memberships("the child is in the recycle bin", want)
			s.control("POST", "/groups/"+child+"/restore", "")
			s.synced("restored", want)
			s.mustRun(want)
			s.calls = 0
			s.synced("and nothing new", want)
			if s.calls != 2 {
				t.Errorf("%d requests, want 2", s.calls)
			}
		})
	}
}

func TestARestoredGroupIsFoundInThoseThatAreWantedWithoutWhatIsInside(t *testing.T) {
	s := newTenant(t, 40)
	p := s.users("live")
	child := s.group("Child", p[1])
	parent := s.group("Parent", p[0], child)
	s.mustRun(everything)
	s.control("DELETE", "/groups/"+child, "")
	s.mustRun(alone(parent))
	s.control("POST", "/groups/"+child+"/restore", "")
	s.mustRun(alone(parent))
	s.synced("what is inside is wanted later", with(parent))
}

func TestAGroupThatARefreshFindsRestoredIsAskedForItsGroups(t *testing.T) {
	s := newTenant(t, 40)
	p := s.users("live")
	child := s.group("Child", p[1])
	parent := s.group("Parent", p[0])
	want := alone(parent, child)
	s.synced("at first", want)
	s.control("DELETE", "/groups/"+child, "")
	s.mustRun(want)
	s.control("POST", "/groups/"+child+"/restore", "")
	s.lookGroup(child, want)
	asked := 0
	s.hook = func(call string, _ int) {
		if call == "member of" {
			asked++
		}
	}
	s.mustRun(want)
	if asked == 0 {
		t.Error("nobody asked in which groups the restored one is")
	}
}

func TestAGroupInTheBinLeavesTheGroupThatLacksItWhenItIsPurged(t *testing.T) {
	s := newTenant(t, 40)
	p := s.users("live")
	child := s.group("Child", p[1])
	parent := s.group("Parent", p[0], child)
	want := with(parent)
	s.synced("at first", want)
	s.control("DELETE", "/groups/"+child, "")
	s.control("POST", "/delta/expire", "")
	s.control("POST", "/clock", `{"advance":"1s"}`)
	s.mustRun(want)
	s.control("POST", "/groups/"+child+"/purge", "")
	s.mustRun(want)
	s.mustRun(mirror.Want{Attributes: attributes, Full: true, WithGroups: true, Groups: want.Groups})
	nested, err := s.db.NestedGroups(t.Context(), s.pull.Connection)
	if err != nil || len(nested) != 0 {
		t.Errorf("after the purge and a full read %v are inside (%v), want none", nested, err)
	}
	if err := s.db.Sweep(t.Context(), s.pull.Connection); err != nil {
		t.Fatal(err)
	}
	s.mustRun(want)
	if kept := s.kept(); len(kept) != 1 {
		t.Errorf("%d groups are kept, want the one that is selected", len(kept))
	}
}
