package entrasim

import (
	"slices"
	"strconv"
	"time"
)

// Sizes of the generated groups unless the Server says otherwise.
const (
	usersPerGroup    = 50 // the size of the tenant over the number of its groups, and their members
	specialGroups    = 4  // the one of everybody and the circle
	nestingStep      = 10 // every tenth group holds the next two
	othersEvery      = 25 // of so many groups one has a device, one a contact, one an application as member
	sharedNameStep   = 40 // one in so many groups has the displayName of the one before it
	oddNameStep      = 150
	groupCreatedStep = 3 * time.Hour
)

// A groupSeed makes the groups of the tenant from their number, like the people: group 0 has everybody, each other one a
// stretch of the people and, by its number, other groups: the three after 0 hold each other in a cycle, and every tenth
// holds the next two.
type groupSeed struct {
	ids     idSpace
	others  idSpace
	domain  string
	people  int // how many there are
	count   int
	members int // how many people each but group 0 has at most
	nesting int // every so manieth group holds the next two; 0: none does
}

// groupSeed reads the fields of the server.
func (s *Server) groupSeed() groupSeed {
	g := groupSeed{
		ids: s.space(spaceGroups), others: s.space(spaceOthers), domain: s.Domain, people: max(s.Users, 0),
		count: max(s.Groups, 0), members: max(s.GroupMembers, 0), nesting: max(s.GroupNesting, 0),
	}
	if s.Groups == 0 && g.people > 0 {
		g.count = g.people/usersPerGroup + specialGroups
	}
	if s.GroupMembers == 0 {
		g.members = usersPerGroup
	}
	if s.GroupNesting == 0 {
		g.nesting = nestingStep
	}
	return g
}

// isCircle tells whether a group is one of the three that hold each other.
func (s *groupSeed) isCircle(n int) bool {
	return s.nesting > 0 && s.count >= specialGroups && n > 0 && n < specialGroups
}

func (s *groupSeed) holdsNextTwo(n int) bool {
	return s.nesting > 0 && n >= specialGroups && n%s.nesting == 0 && n+2 < s.count
}

func (s *groupSeed) isUnified(n int) bool {
	return n == 0 || n >= specialGroups && n%3 == 1 && !s.holdsNextTwo(n)
}

func (s *groupSeed) name(n int) string {
	switch {
	case n == 0:
		return "All Company"
	case n < specialGroups:
		return "Circle " + strconv.Itoa(n)
	case n%oddNameStep == 77:
		return oddDisplayNames[n/oddNameStep%len(oddDisplayNames)]
	case n%sharedNameStep == 21:
		n--
	}
	return departments[n%len(departments)] + " " + strconv.Itoa(n)
}

// group makes group n.
func (s *groupSeed) group(n int) *group {
	g := &group{id: s.ids.id(n), unified: s.isUnified(n), created: time.Unix(1420070400, 0).UTC().Add(time.Duration(n) * groupCreatedStep)}
	g.text[propGroupDisplayName] = s.name(n)
	g.text[propGroupMailNickname] = "group" + strconv.Itoa(n)
	if n%4 == 0 {
		g.text[propGroupDescription] = "Everything about " + s.name(n)
	}
	if g.unified {
		g.text[propGroupMail] = g.text[propGroupMailNickname] + "@" + s.domain
		g.text[propGroupVisibility] = [...]string{"Public", "Private"}[n%2]
		g.proxies = []string{"SMTP:" + g.text[propGroupMail]}
	}
	g.everSet = g.filled()
	return g
}

// stride is the distance between the stretches of two neighbours, which overlap by half.
func (s *groupSeed) stride() int { return max((s.members+1)/2, 1) }

// users are the numbers from to to-1 of the generated people that are direct members.
func (s *groupSeed) users(n int) (from, to int) {
	if n == 0 || s.people == 0 {
		return 0, s.people
	}
	from = (n - 1) * s.stride() % s.people
	return from, min(from+s.members, s.people)
}

// membership is group n at its beginning.
func (s *groupSeed) membership(n int) *membership {
	var others []ref
	switch {
	case s.isCircle(n):
		others = []ref{newRef(refGroup, n%3+1)}
	case s.holdsNextTwo(n):
		others = []ref{newRef(refGroup, n+1), newRef(refGroup, n+2)}
	}
	if _, ok := s.otherType(n); ok {
		others = append(others, newRef(refOther, n))
	}
	from, to := s.users(n)
	return newMembership(from, to, others...)
}

// otherType is the type of the member of group n that is neither a user nor a group, if it has one.
func (s *groupSeed) otherType(n int) (string, bool) {
	if n%othersEvery < 7 || n%othersEvery > 9 {
		return "", false
	}
	return [...]string{"device", "orgContact", "servicePrincipal"}[n%othersEvery-7], true
}

// groupsOf are the numbers of the groups that r is a member of at their beginning, ascending.
func (s *groupSeed) groupsOf(r ref) []int {
	n := r.number()
	switch {
	case r.kind() == refOther:
		if _, ok := s.otherType(n); ok && n < s.count {
			return []int{n}
		}
		return nil
	case r.kind() == refGroup:
		return slices.DeleteFunc([]int{(n+1)%3 + 1, n - 2, n - 1}, func(g int) bool {
			return g < 0 || g >= s.count || !slices.Contains(s.membership(g).others, r)
		})
	case n >= s.people || s.count == 0:
		return nil
	}
	groups := []int{0}
	stride := s.stride()
	for lap := 0; lap*s.people <= s.count*stride; lap++ {
		// (g-1)*stride from lap*people+n-members+1 to lap*people+n, and not in an earlier lap
		last := (lap*s.people + n) / stride
		first := max((lap*s.people+max(n-s.members+1, 0)+stride-1)/stride, 0)
		for g := first + 1; g <= min(last+1, s.count-1) && s.members > 0; g++ {
			groups = append(groups, g)
		}
	}
	return groups
}
