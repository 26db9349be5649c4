package mirror_test

import "testing"

func TestAGroupThatIsChosenAfterAWeekWithoutPullsHidesNoChangeOfTheOthers(t *testing.T) {
	s := newTenant(t, 40)
	p := s.users("live")
	old, inside, other := s.group("Old", p[0], p[1]), s.group("Inside", p[2]), s.group("Other", p[3])
	s.join(old, inside)
	s.synced("at first", with(old))
	s.control("POST", "/clock", `{"advance":"192h"}`) // Graph has forgotten the delta link
	s.join(old, p[4])
	s.leave(old, p[0], inside)
	s.synced("another group is chosen too", with(old, other))
}
