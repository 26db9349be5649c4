package entrasim

import (
	"net/http"
	"strconv"
)

// usersPerGroup is the size of the tenant over the number of its groups.
const usersPerGroup = 50

// groups are the groups of the tenant, made from their number like the people: group 0 has everybody, each other one a
// stretch of the people and, by its number, other groups: the three after 0 hold each other in a cycle, and every tenth
// holds the next two.
type groups struct {
	ids    idSpace
	people *people
}

func (s *Server) groups() groups { return groups{s.space(spaceGroups), &s.directory.people} }

func (g groups) count() int {
	if g.people.size == 0 {
		return 0
	}
	return g.people.size/usersPerGroup + 4
}

func (g groups) name(n int) string {
	switch {
	case n == 0:
		return "All Company"
	case n <= 3:
		return "Circle " + strconv.Itoa(n)
	default:
		return departments[n%len(departments)] + " " + strconv.Itoa(n)
	}
}

// users are the numbers from to to-1 of the generated people that are direct members.
func (g groups) users(n int) (from, to int) {
	if n == 0 {
		return 0, g.people.size
	}
	from = (n - 1) * usersPerGroup / 2 % g.people.size
	return from, min(from+usersPerGroup, g.people.size)
}

// nested are the numbers of the groups that are direct members.
func (g groups) nested(n int) []int {
	switch {
	case n == 0:
		return nil
	case n <= 3:
		return []int{n%3 + 1}
	case n%10 == 0 && n+2 < g.count():
		return []int{n + 1, n + 2}
	default:
		return nil
	}
}

type groupLine struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
	UserCount   int    `json:"user_count"`
	GroupCount  int    `json:"group_count"`
}

func (g groups) line(n int) groupLine {
	from, to := g.users(n)
	return groupLine{g.ids.id(n).String(), g.name(n), to - from, len(g.nested(n))}
}

func (x *exchange) simGroups() (int, any, error) {
	limit, offset, err := x.pageOptions(1000)
	if err != nil {
		return 0, nil, err
	}
	g := x.server.groups()
	lines := []groupLine{}
	for n := offset; n < min(offset+limit, g.count()); n++ {
		lines = append(lines, g.line(n))
	}
	return http.StatusOK, map[string]any{"groups": lines, "total": g.count(), "limit": limit, "offset": offset}, nil
}

func (x *exchange) simGroup() (int, any, error) {
	g := x.server.groups()
	id, _ := parseGUID(fold(x.request.PathValue("id")))
	n, ok := g.ids.number(id)
	if !ok || n >= g.count() {
		return 0, nil, refuse(http.StatusNotFound, "there is no group %q: GET /sim/groups lists them", x.request.PathValue("id"))
	}
	d := x.server.directory
	d.mu.RLock()
	defer d.mu.RUnlock()
	users, nested := []string{}, []string{}
	for from, to := g.users(n); from < to; from++ {
		if d.isLive(from, head) {
			users = append(users, d.id(from).String())
		}
	}
	for _, m := range g.nested(n) {
		nested = append(nested, g.ids.id(m).String())
	}
	return http.StatusOK, map[string]any{"id": id.String(), "displayName": g.name(n), "users": users, "groups": nested}, nil
}
