package entrasim

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// errNameTaken is a userPrincipalName that another live user has: Entra knows it once, without regard to case.
var errNameTaken = errors.New("userPrincipalName is taken")

// errIDTaken is an id that exists already, in whatever state.
var errIDTaken = errors.New("id is taken")

func (d *directory) nameTaken(name string, but int) bool {
	i, ok := d.find(name, head, live)
	return ok && i != but
}

// create adds a user that edit fills in; id and userPrincipalName are made up when it leaves them empty. The caller
// settles after this and after all other writes, which makes them one visible step.
func (d *directory) create(now time.Time, edit func(*user)) (int, error) {
	i := len(d.objects)
	u := &user{enabled: true, manager: noManager, created: now.Truncate(time.Second), phones: []string{}}
	u.text[propUserType] = "Member"
	edit(u)
	if u.text[propUserPrincipalName] == "" {
		u.text[propUserPrincipalName] = "user" + strconv.Itoa(i) + "@" + d.people.domains.primary
	}
	local, _, _ := strings.Cut(u.text[propUserPrincipalName], "@")
	u.text[propMailNickname] = orElse(u.text[propMailNickname], local)
	u.text[propDisplayName] = orElse(u.text[propDisplayName], local)
	if d.nameTaken(u.text[propUserPrincipalName], -1) {
		return 0, errNameTaken
	}
	if u.id == (guid{}) {
		u.id = d.people.ids.id(i)
	} else if _, exists := d.numberByID(u.id); exists {
		return 0, errIDTaken
	} else {
		d.byID[u.id] = i
	}
	d.objects = append(d.objects, nil)
	d.record(i, noManager, now, everything, u)
	return i, nil
}

// change edits a live user. An edit that changes nothing leaves no trace.
func (d *directory) change(i int, now time.Time, edit func(*user)) error {
	var scratch user
	before := d.at(i, head, &scratch, everything)
	after := before.clone()
	edit(after)
	if d.nameTaken(after.text[propUserPrincipalName], i) {
		return errNameTaken
	}
	if changed := difference(before, after); changed != 0 {
		d.record(i, before.manager, now, changed, after)
	}
	return nil
}

// remove moves a live user to the recycle bin.
func (d *directory) remove(i int, now time.Time) {
	d.replace(i, now, func(u *user) { u.state, u.deletedAt = deleted, now })
	d.expiry = append(d.expiry, binEntry{newRef(refUser, i), now})
	if at, found := slices.BinarySearch(d.bin, i); !found {
		d.bin = slices.Insert(d.bin, at, i)
	}
}

// restore brings a user back from the recycle bin, under the former name or a new one.
func (d *directory) restore(i int, now time.Time, newName string) error {
	var scratch user
	name := orElse(newName, d.at(i, head, &scratch, everything).text[propUserPrincipalName])
	if d.nameTaken(name, i) {
		return errNameTaken
	}
	d.replace(i, now, func(u *user) {
		u.state, u.deletedAt, u.text[propUserPrincipalName] = live, time.Time{}, name
	})
	return nil
}

// purge removes a user for good, from the recycle bin or straight away, and from its groups.
func (d *directory) purge(i int, now time.Time) {
	d.replace(i, now, func(u *user) { u.state = purged })
	d.leaveAll(newRef(refUser, i), now)
}

// emptyBin forgets the places in the recycle bin that are free, once the replica knows it too.
func (d *directory) emptyBin() {
	if !d.binStale || d.visible != d.log.head() {
		return
	}
	d.bin = slices.DeleteFunc(d.bin, func(i int) bool { return !d.inState(i, head, []lifeState{deleted}) })
	d.binStale = false
}
