package entrasim

import (
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

// binLife is how long a deleted user can be restored.
const binLife = 30 * 24 * time.Hour

// head asks for the state after the latest change, whatever the replica shows.
const head = math.MaxInt

// A directory is the data of the tenant. Users and groups are known by their number: the generated ones come first, created
// ones follow in the order of their creation; a number is never used again, so paging by number shows everybody once.
//
// Reads go to a replica that is lag behind; the control API reads the head.
type directory struct {
	mu       sync.RWMutex
	people   people
	objects  []*history[user] // nil: as generated
	byName   map[string][]int // folded userPrincipalName → who has or had it since a change
	byID     map[guid]int     // ids that a caller chose
	bin      []int            // who is, or on the replica still is, in the recycle bin; ascending
	binStale bool             // somebody left the bin
	expiry   []binEntry       // in the order of deletion
	groups   groupDirectory
	log      changeLog
	visible  int // sequence number up to which the replica has followed
	lag      time.Duration
}

type binEntry struct {
	object ref
	at     time.Time
}

func newDirectory(p people, g groupSeed, lag time.Duration) *directory {
	return &directory{
		people: p, lag: lag, groups: newGroupDirectory(g),
		objects: make([]*history[user], p.size),
		byName:  map[string][]int{},
		byID:    map[guid]int{},
	}
}

// fold is the form in which Entra compares names.
func fold(s string) string { return strings.ToLower(s) }

// at returns user i as of a sequence number, or nil if there was none yet. A user as generated is made in scratch, with
// the wanted properties; any other must not be changed. The caller holds the lock.
func (d *directory) at(i, seq int, scratch *user, want mask) *user {
	if o := d.objects[i]; o != nil {
		if u := o.at(seq); u != nil {
			return u
		}
	}
	if i >= d.people.size {
		return nil
	}
	d.people.fill(scratch, i, want)
	return scratch
}

// isLive is at without making the user.
func (d *directory) isLive(i, seq int) bool {
	if i < 0 {
		return false
	}
	if d.objects[i] == nil {
		return true
	}
	var scratch user
	u := d.at(i, seq, &scratch, 0)
	return u != nil && u.state == live
}

// id is the id of user i at any time: it never changes.
func (d *directory) id(i int) guid {
	if o := d.objects[i]; o != nil {
		return o.versions[0].value.id
	}
	return d.people.ids.id(i)
}

func (d *directory) numberByID(id guid) (int, bool) {
	if i, ok := d.byID[id]; ok {
		return i, true
	}
	i, ok := d.people.ids.number(id)
	return i, ok && i < len(d.objects) && d.id(i) == id
}

// find returns the number of the user with this id or userPrincipalName in one of the given states, as of seq. Among
// several deleted ones with the same former name it is the one deleted last.
func (d *directory) find(key string, seq int, states ...lifeState) (int, bool) {
	if id, ok := parseGUID(fold(key)); ok {
		i, ok := d.numberByID(id)
		return i, ok && d.inState(i, seq, states)
	}
	candidates := d.byName[fold(key)]
	if i, ok := d.people.numberOf(key); ok && !slices.Contains(candidates, i) {
		candidates = append([]int{i}, candidates...)
	}
	var scratch user
	found := -1
	var since time.Time
	for _, i := range candidates {
		u := d.at(i, seq, &scratch, addressProperties)
		if u == nil || !slices.Contains(states, u.state) || !strings.EqualFold(u.text[propUserPrincipalName], key) {
			continue
		}
		if u.state == live {
			return i, true
		}
		if found < 0 || u.deletedAt.After(since) {
			found, since = i, u.deletedAt
		}
	}
	return found, found >= 0
}

func (d *directory) inState(i, seq int, states []lifeState) bool {
	var scratch user
	u := d.at(i, seq, &scratch, 0)
	return u != nil && slices.Contains(states, u.state)
}

// settle brings the tenant to the given time: the recycle bin runs out, the replica follows, the log forgets.
func (d *directory) settle(now time.Time) {
	for len(d.expiry) > 0 && now.Sub(d.expiry[0].at) >= binLife {
		e := d.expiry[0]
		d.expiry = d.expiry[1:]
		d.expire(e, now)
	}
	if d.lag == 0 {
		d.visible = d.log.head()
	}
	for d.visible < d.log.head() && now.UnixNano()-d.log.get(d.visible+1).at >= int64(d.lag) {
		d.visible++
	}
	d.emptyBin()
	d.log.trim(now, d.visible)
}

// expire purges who has been in the recycle bin all the time since an entry.
func (d *directory) expire(e binEntry, now time.Time) {
	if e.object.kind() == refGroup {
		if g := d.groupAt(e.object.number(), head); g.state == deleted && g.deletedAt.Equal(e.at) {
			d.purgeGroup(e.object.number(), now)
		}
		return
	}
	var scratch user
	if u := d.at(e.object.number(), head, &scratch, 0); u.state == deleted && u.deletedAt.Equal(e.at) {
		d.purge(e.object.number(), now)
	}
}

// advance is settle for readers.
func (d *directory) advance(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settle(now)
}

// replace makes the next version of user i, at a step in its life, and logs it. The caller settles afterwards.
func (d *directory) replace(i int, now time.Time, edit func(*user)) {
	var scratch user
	before := d.at(i, head, &scratch, everything)
	after := before.clone()
	edit(after)
	d.binStale = d.binStale || before.state == deleted
	d.record(i, before.manager, now, everything, after)
}

// record appends a version and its log entry, and forgets the versions that nobody can see any more.
func (d *directory) record(i, managerBefore int, now time.Time, changed mask, after *user) {
	o := d.objects[i]
	prev := 0
	if o == nil {
		o = &history[user]{}
		d.objects[i] = o
	} else if len(o.versions) > 0 {
		prev = o.last().seq
	}
	after.everSet |= after.filled()
	seq := d.log.append(entry{
		at: now.UnixNano(), object: newRef(refUser, i), managerBefore: int32(managerBefore), changed: changed, prev: prev, //nolint:gosec // G115: a number of a user
	})
	o.follow(version[user]{seq, after}, d.visible, d.lag != 0)
	d.indexName(i, after)
	if after.state == purged {
		*after = user{id: after.id, manager: noManager, state: purged}
	}
}

func (d *directory) indexName(i int, u *user) {
	key := fold(u.text[propUserPrincipalName])
	who := d.byName[key]
	at := slices.Index(who, i)
	switch {
	case u.state == purged && at >= 0 && len(who) == 1:
		delete(d.byName, key)
	case u.state == purged && at >= 0:
		d.byName[key] = slices.Delete(slices.Clone(who), at, at+1)
	case u.state != purged && at < 0:
		d.byName[key] = append(slices.Clip(who), i)
	}
}

// counts are the numbers of live and of deleted users as of seq.
func (d *directory) counts(seq int) (alive, inBin int) {
	var scratch user
	for i, o := range d.objects {
		if o == nil {
			alive++
			continue
		}
		switch u := d.at(i, seq, &scratch, 0); {
		case u == nil:
		case u.state == live:
			alive++
		case u.state == deleted:
			inBin++
		}
	}
	return alive, inBin
}
