package entrasim

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// shownMembers is how many members of each type GET /sim/groups/{id} lists; /members lists them all, in pages.
const shownMembers = 1000

// groupFields are all properties of a group, in the order in which the control API writes them.
var groupFields = func() *selection {
	s := &selection{resource: &groupResource}
	s.add(propGroupID)
	for p := range numGroupProperties {
		if p != propGroupID && p != propGroupMembers {
			s.add(p)
		}
	}
	return s
}()

// appendSimGroup writes a group as the control API shows it, open at its end: all properties, its kind and state, and how many
// members of which type it has, those in the recycle bin included. The caller holds the lock.
func (d *directory) appendSimGroup(n int) []byte {
	g := d.groupAt(n, head)
	b := appendGroupFields([]byte{'{'}, g, groupFields)
	b = append(b, `,"kind":"`+g.kind()+`","state":"`+g.state.String()+`"`...)
	counts := d.membersAt(n, head).membership.counts
	for kind, name := range [...]string{"user_count", "group_count", "other_count"} {
		b = append(b, `,"`+name+`":`...)
		b = appendInt(b, counts[kind])
	}
	return b
}

func (d *directory) simGroupJSON(n int) rawJSON { return append(d.appendSimGroup(n), '}') }

func (x *exchange) simGroups() (int, any, error) {
	limit, offset, err := x.pageOptions(1000)
	if err != nil {
		return 0, nil, err
	}
	q := parseQuery(x.request.URL.RawQuery)
	state := live
	switch q.get("state") {
	case "", "live":
	case "deleted":
		state = deleted
	default:
		return 0, nil, refuse(http.StatusBadRequest, "state=%s must be live or deleted", q.get("state"))
	}
	d := x.server.directory
	d.mu.RLock()
	defer d.mu.RUnlock()
	wanted := fold(q.get("q"))
	total, groups := 0, []rawJSON{}
	for n := range d.groups.objects {
		g := d.groupAt(n, head)
		if g.state != state || !strings.Contains(fold(g.text[propGroupDisplayName]), wanted) {
			continue
		}
		if total++; total > offset && len(groups) < limit {
			groups = append(groups, d.simGroupJSON(n))
		}
	}
	return http.StatusOK, map[string]any{"groups": groups, "total": total, "limit": limit, "offset": offset}, nil
}

// knownGroup is the number of a group in one of the given states.
func (d *directory) knownGroup(key string, states ...lifeState) (int, error) {
	if n, ok := d.findGroup(key, head, states...); ok {
		return n, nil
	}
	for _, s := range []lifeState{live, deleted} {
		if _, other := d.findGroup(key, head, s); other {
			return 0, refuse(http.StatusConflict, "the group %q is %s: that cannot be done now", key, s)
		}
	}
	return 0, refuse(http.StatusNotFound, "there is no group %q: give an id (GET /sim/groups lists them)", key)
}

// simGroup answers a group with the ids of its direct members by type, whatever their state.
func (x *exchange) simGroup() (int, any, error) {
	d := x.server.directory
	d.mu.RLock()
	defer d.mu.RUnlock()
	n, err := d.knownGroup(x.request.PathValue("id"), live, deleted)
	if err != nil {
		return 0, nil, err
	}
	lists := map[string][]string{"users": {}, "groups": {}, "others": {}}
	view := d.membersAt(n, head)
	for kind, name := range [...]string{"users", "groups", "others"} {
		for m := range view.all(newRef(refKind(kind), 0)) {
			if m.kind() != refKind(kind) || len(lists[name]) == shownMembers { //nolint:gosec // G115: 0 to 2
				break
			}
			lists[name] = append(lists[name], d.memberID(m).String())
		}
	}
	b := d.appendSimGroup(n)
	tail, err := json.Marshal(lists)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, rawJSON(append(append(b, ','), tail[1:]...)), nil
}

// A memberLine is a direct member as the control API lists it. Name is its displayName; devices, contacts and applications have none.
type memberLine struct {
	Type  string `json:"type"`
	ID    string `json:"id"`
	State string `json:"state"`
	Name  string `json:"name,omitempty"`
}

// memberName is the displayName of a user or group. The caller holds the lock.
func (d *directory) memberName(r ref) string {
	switch r.kind() {
	case refUser:
		var scratch user
		if u := d.at(r.number(), head, &scratch, maskOf(propDisplayName)); u != nil {
			return u.text[propDisplayName]
		}
	case refGroup:
		if g := d.groupAt(r.number(), head); g != nil {
			return g.text[propGroupDisplayName]
		}
	case refOther:
	}
	return ""
}

func (x *exchange) simMembers() (int, any, error) {
	limit, offset, err := x.pageOptions(100_000)
	if err != nil {
		return 0, nil, err
	}
	d := x.server.directory
	d.mu.RLock()
	defer d.mu.RUnlock()
	n, err := d.knownGroup(x.request.PathValue("id"), live, deleted)
	if err != nil {
		return 0, nil, err
	}
	total, lines := 0, []memberLine{}
	for m := range d.membersAt(n, head).all(0) {
		if total++; total > offset && len(lines) < limit {
			typeName := strings.TrimPrefix(d.memberType(m), "#microsoft.graph.")
			lines = append(lines, memberLine{typeName, d.memberID(m).String(), d.memberState(m, head).String(), d.memberName(m)})
		}
	}
	return http.StatusOK, map[string]any{"members": lines, "total": total, "limit": limit, "offset": offset}, nil
}

// oneGroup does a single operation on a group and answers the group.
func (x *exchange) oneGroup(o operation, status int) (int, any, error) {
	d := x.server.directory
	d.mu.Lock()
	defer d.mu.Unlock()
	n, err := x.operateGroup(o)
	if err != nil {
		return 0, nil, err
	}
	d.settle(x.now)
	return status, d.simGroupJSON(n), nil
}

func (x *exchange) simCreateGroup() (int, any, error) {
	o := operation{Op: "create-group"}
	if err := x.readControl(&o.Properties); err != nil {
		return 0, nil, err
	}
	return x.oneGroup(o, http.StatusCreated)
}

func (x *exchange) simChangeGroup() (int, any, error) {
	o := operation{Op: "change-group", Group: x.request.PathValue("id")}
	if err := x.readControl(&o.Properties); err != nil {
		return 0, nil, err
	}
	return x.oneGroup(o, http.StatusOK)
}

// simGroupStep makes the handler of an operation that has an endpoint of its own.
func simGroupStep(op string) func(*exchange) (int, any, error) {
	return func(x *exchange) (int, any, error) {
		return x.oneGroup(operation{Op: op, Group: x.request.PathValue("id")}, http.StatusOK)
	}
}

// simMembership makes the handler of join or leave: all members named become or stop being members, in one visible step.
func simMembership(op string) func(*exchange) (int, any, error) {
	return func(x *exchange) (int, any, error) {
		var body memberChoice
		if err := x.readControl(&body); err != nil {
			return 0, nil, err
		}
		d := x.server.directory
		d.mu.Lock()
		defer d.mu.Unlock()
		n, done, err := x.operateMembers(operation{Op: op, Group: x.request.PathValue("id"), memberChoice: body})
		if err != nil {
			return 0, nil, err
		}
		d.settle(x.now)
		return http.StatusOK, map[string]any{"changed": done, "group": d.simGroupJSON(n)}, nil
	}
}

// simBulkGroups makes many groups at once, or one huge one: each of a stretch of the people, which costs no memory for each member.
func (x *exchange) simBulkGroups() (int, any, error) {
	body := struct {
		Groups  int    `json:"groups"`
		Members int    `json:"members"`
		Kind    string `json:"kind"`
		Name    string `json:"name"`
	}{Groups: 1, Members: usersPerGroup, Kind: kindSecurity, Name: "Bulk"}
	if err := x.readControl(&body); err != nil {
		return 0, nil, err
	}
	d := x.server.directory
	d.mu.Lock()
	defer d.mu.Unlock()
	people := len(d.objects)
	if body.Groups < 1 || body.Groups > 1_000_000 || body.Members < 0 || body.Members > people {
		return 0, nil, refuse(http.StatusBadRequest, "groups must be from 1 to 1000000, members from 0 to the %d people there are", people)
	}
	unified, err := isUnifiedKind(body.Kind)
	if err != nil {
		return 0, nil, err
	}
	defer d.settle(x.now)
	ids := make([]string, 0, body.Groups)
	for k := range body.Groups {
		from := k * body.Members % max(people-body.Members+1, 1)
		n, err := d.createGroup(x.now, newMembership(from, from+body.Members), func(g *group) {
			g.unified = unified
			g.text[propGroupDisplayName] = body.Name + " " + strconv.Itoa(k+1)
		})
		if err != nil {
			return 0, nil, err
		}
		d.dropPurged(n)
		ids = append(ids, d.groupID(n).String())
	}
	return http.StatusCreated, map[string]any{"groups": ids}, nil
}

// dropPurged takes the people who are gone for good out of a group that was made of a stretch.
func (d *directory) dropPurged(n int) {
	m := d.groups.objects[n].members
	for i := m.from; i < m.to; i++ {
		if d.objects[i] != nil && d.memberState(newRef(refUser, i), head) == purged {
			m.apply(edge(newRef(refUser, i)) | left)
		}
	}
}
