package mirror_test

import (
	"context"
	"testing"
	"time"

	"rollcall/internal/graph"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// overtaken answers look-ups, and before it hands the answer over, something else happens.
type overtaken struct {
	silentDelta
	meanwhile func()
}

func (o overtaken) LookUpUsers(ctx context.Context, ids, properties []string) (map[string]graph.Existence, error) {
	found, err := o.hooked.LookUpUsers(ctx, ids, properties)
	o.meanwhile()
	return found, err
}

func TestALookUpThatAnotherPullOvertookBringsNobodyBack(t *testing.T) {
	s := newTenant(t, 10)
	s.mustRun(everything)
	s.mustRun(everything) // without a replay that is still to come
	person := s.users("live")[0]
	s.control("DELETE", "/users/"+person, "")
	s.mustRun(everything)
	s.control("POST", "/users/"+person+"/restore", "")
	// Thirty-one days later by its clock, a pull without news looks the person up, finds him alive, and is overtaken by another pull, which
	// hears that he was deleted again.
	other := *s.pull
	s.pull.Now = func() time.Time { return s.now().Add(31 * 24 * time.Hour) }
	s.pull.Tenant = overtaken{silentDelta{hooked: hooked{s}}, func() {
		s.control("DELETE", "/users/"+person, "")
		for done := false; !done; {
			progress, err := other.Step(t.Context(), everything, true)
			s.must(err)
			done = progress.Done
		}
	}}
	if _, err := s.pull.Step(t.Context(), everything, true); err != nil {
		t.Fatal(err)
	}
	s.pull = &mirror.Pull{Connection: other.Connection, Tenant: other.Tenant, Store: other.Store, Now: other.Now}
	s.mustRun(everything)
	if user := s.one(person); user.State != plan.Deleted {
		t.Errorf("the person is %s in the mirror and in the tenant's recycle bin", user.State)
	}
}
