package entrasim

import (
	"slices"
	"sync"
	"time"
)

// A groupObject is a group that was changed or created, or whose members were.
type groupObject struct {
	history[group]
	members *membership // at the head
	last    int         // sequence number of its latest change
}

// An other is a member that is neither a user nor a group: known by type and id only.
type other struct {
	typeName string // "device"
	id       guid
}

// A groupDirectory is the groups of the tenant; the directory guards it.
type groupDirectory struct {
	seed    groupSeed
	objects []*groupObject // nil: as generated
	edited  []int          // the numbers of those that are not nil, in the order in which that came
	byID    map[guid]int   // ids that a caller chose
	others  map[int]other  // those that came by the control API; the generated ones have the number of their group
	// otherNumbers leads from an id to the number of an other; nextOther is the next free one.
	otherNumbers map[guid]int
	nextOther    int

	mu     sync.Mutex
	latest netEdges
}

func newGroupDirectory(seed groupSeed) groupDirectory {
	return groupDirectory{
		seed: seed, objects: make([]*groupObject, seed.count), byID: map[guid]int{},
		others: map[int]other{}, otherNumbers: map[guid]int{}, nextOther: seed.count,
	}
}

// groupAt returns group n as of a sequence number, or nil if there was none yet. It must not be changed.
func (d *directory) groupAt(n, seq int) *group {
	if o := d.groups.objects[n]; o != nil {
		if g := o.at(seq); g != nil {
			return g
		}
	}
	if n >= d.groups.seed.count {
		return nil
	}
	return d.groups.seed.group(n)
}

// groupState tells a group's state without making the group; false if there was none yet.
func (d *directory) groupState(n, seq int) (lifeState, bool) {
	if o := d.groups.objects[n]; o != nil {
		if g := o.at(seq); g != nil {
			return g.state, true
		}
	}
	return live, n < d.groups.seed.count
}

func (d *directory) groupID(n int) guid {
	if o := d.groups.objects[n]; o != nil && len(o.versions) > 0 {
		return o.versions[0].value.id
	}
	return d.groups.seed.ids.id(n)
}

// findGroup returns the number of the group with this id in one of the given states, as of seq.
func (d *directory) findGroup(key string, seq int, states ...lifeState) (int, bool) {
	id, ok := parseGUID(fold(key))
	if !ok {
		return 0, false
	}
	n, ok := d.groupNumber(id)
	if !ok {
		return 0, false
	}
	state, exists := d.groupState(n, seq)
	return n, exists && slices.Contains(states, state)
}

func (d *directory) groupNumber(id guid) (int, bool) {
	if n, ok := d.groups.byID[id]; ok {
		return n, true
	}
	n, ok := d.groups.seed.ids.number(id)
	return n, ok && n < len(d.groups.objects) && d.groupID(n) == id
}

// groupObject is the object of group n, made if there is none yet.
func (d *directory) groupObject(n int) *groupObject {
	o := d.groups.objects[n]
	if o == nil {
		o = &groupObject{members: d.groups.seed.membership(n)}
		d.groups.objects[n] = o
		d.groups.edited = append(d.groups.edited, n)
	}
	return o
}

// recordGroup appends a version, unless it is nil, and the log entry. The caller settles afterwards.
func (d *directory) recordGroup(n int, now time.Time, changed mask, edges []edge, after *group) {
	o := d.groupObject(n)
	o.last = d.log.append(entry{at: now.UnixNano(), object: newRef(refGroup, n), changed: changed, edges: edges, prev: o.last})
	if after != nil {
		after.everSet |= after.filled()
		o.follow(version[group]{o.last, after}, d.visible, d.lag != 0)
	}
}

// groupCounts are the numbers of live and of deleted groups as of seq.
func (d *directory) groupCounts(seq int) (alive, inBin int) {
	alive = d.groups.seed.count
	for _, n := range d.groups.edited {
		state, exists := d.groupState(n, seq)
		switch {
		case exists && state == live && n >= d.groups.seed.count:
			alive++
		case exists && state != live && n < d.groups.seed.count:
			alive--
		}
		if exists && state == deleted {
			inBin++
		}
	}
	return alive, inBin
}

// other tells type and id of a member that is neither a user nor a group.
func (d *directory) other(n int) other {
	if o, ok := d.groups.others[n]; ok {
		return o
	}
	typeName, _ := d.groups.seed.otherType(n)
	return other{typeName, d.groups.seed.others.id(n)}
}

// otherRef names an other by its id; a new one is made up if it is not known.
func (d *directory) otherRef(typeName string, id guid) ref {
	if id != (guid{}) {
		if n, ok := d.groups.otherNumbers[id]; ok {
			return newRef(refOther, n)
		}
		if n, ok := d.groups.seed.others.number(id); ok && n < d.groups.seed.count && d.other(n).typeName != "" {
			return newRef(refOther, n)
		}
	}
	n := d.groups.nextOther
	d.groups.nextOther++
	if id == (guid{}) {
		id = d.groups.seed.others.id(n)
	}
	d.groups.others[n] = other{typeName, id}
	d.groups.otherNumbers[id] = n
	return newRef(refOther, n)
}

// memberState tells where a member is in its life; others are always live.
func (d *directory) memberState(r ref, seq int) lifeState {
	switch r.kind() {
	case refGroup:
		if state, exists := d.groupState(r.number(), seq); exists {
			return state
		}
		return purged
	case refUser:
		if d.objects[r.number()] == nil {
			return live
		}
		var scratch user
		if u := d.at(r.number(), seq, &scratch, 0); u != nil {
			return u.state
		}
		return purged
	default:
		return live
	}
}

// memberID is the id of a member.
func (d *directory) memberID(r ref) guid {
	switch r.kind() {
	case refUser:
		return d.id(r.number())
	case refGroup:
		return d.groupID(r.number())
	default:
		return d.other(r.number()).id
	}
}

// memberType is the @odata.type of a member.
func (d *directory) memberType(r ref) string {
	switch r.kind() {
	case refUser:
		return "#microsoft.graph.user"
	case refGroup:
		return "#microsoft.graph.group"
	default:
		return "#microsoft.graph." + d.other(r.number()).typeName
	}
}
