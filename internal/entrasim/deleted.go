package entrasim

import (
	"net/http"
	"slices"
	"strings"
)

// Properties of a deleted object without $select.
const (
	deletedDefaults      = "businessPhones,displayName,givenName,jobTitle,mail,mobilePhone,officeLocation,preferredLanguage,surname,userPrincipalName,id,deletedDateTime"
	deletedGroupDefaults = "id,deletedDateTime,createdDateTime,description,displayName,groupTypes,mail,mailEnabled,mailNickname,proxyAddresses,securityEnabled,visibility"
)

// listDeletedUsers answers GET /directory/deletedItems/microsoft.graph.user, in the order of the users' numbers.
func (x *exchange) listDeletedUsers() {
	x.listDeleted(&userResource, deletedDefaults, func(d *directory, p *page, s *selection, top int) {
		var scratch user
		at, _ := slices.BinarySearch(d.bin, p.from.At)
		for _, i := range d.bin[at:] {
			u := d.at(i, d.visible, &scratch, s.mask)
			if u == nil || u.state != deleted {
				continue
			}
			if p.items == top {
				p.continueAt(i)
				return
			}
			p.item(func(dst []byte) []byte { return d.appendUser(dst, u, s, d.visible) })
		}
	})
}

// listDeletedGroups answers GET /directory/deletedItems/microsoft.graph.group, in the order of the groups' numbers.
func (x *exchange) listDeletedGroups() {
	x.listDeleted(&groupResource, deletedGroupDefaults, func(d *directory, p *page, s *selection, top int) {
		for n := p.from.At; n < len(d.groups.objects); n++ {
			if state, exists := d.groupState(n, d.visible); !exists || state != deleted {
				continue
			}
			if p.items == top {
				p.continueAt(n)
				return
			}
			p.item(func(dst []byte) []byte { return appendGroup(dst, d.groupAt(n, d.visible), s) })
		}
	})
}

// listDeleted answers the part of the recycle bin that write writes.
func (x *exchange) listDeleted(r *resource, defaults string, write func(d *directory, p *page, s *selection, top int)) {
	q := parseQuery(x.request.URL.RawQuery)
	s, err := r.parseSelect(orElse(q.get("$select"), defaults), false)
	if err == nil {
		err = q.only("$select $top $skiptoken $count")
	}
	top, errTop := q.top()
	if err == nil {
		err = errTop
	}
	from, errFrom := x.listCursor(q, cursorDeleted, r.set)
	if err == nil {
		err = errFrom
	}
	if err != nil {
		x.fail(err)
		return
	}
	d := x.server.directory
	d.mu.RLock()
	defer d.mu.RUnlock()
	p := newPage(x, strings.Replace(s.contextOf(), r.set, "directoryObjects/"+r.typeName, 1), from, x.listLink("directory/deletedItems/"+r.typeName, q))
	write(d, p, s, top)
	p.finish()
}

// getDeleted answers GET /directory/deletedItems/{id}.
func (x *exchange) getDeleted() {
	id := x.request.PathValue("id")
	if _, ok := parseGUID(fold(id)); !ok {
		x.notFound(id)
		return
	}
	whole := !parseQuery(x.request.URL.RawQuery).has("$select")
	d := x.server.directory
	d.mu.RLock()
	_, isGroup := d.findGroup(id, d.visible, deleted)
	d.mu.RUnlock()
	if isGroup {
		if whole {
			x.request.URL.RawQuery = "$select=" + deletedGroupDefaults
		}
		x.answerGroup(id, "directoryObjects", deleted)
		return
	}
	if whole {
		x.request.URL.RawQuery = "$select=" + deletedDefaults
	}
	x.answerUser(id, "directoryObjects", deleted, func(_ *directory, i int) (int, bool) { return i, true })
}

// restoreDeleted answers POST /directory/deletedItems/{id}/restore, for users with an optional newUserPrincipalName.
func (x *exchange) restoreDeleted() {
	var body struct {
		NewUserPrincipalName string `json:"newUserPrincipalName"`
	}
	if err := x.readJSON(&body); err != nil {
		x.fail(badQuery("Unable to read JSON request payload."))
		return
	}
	id := x.request.PathValue("id")
	d := x.server.directory
	d.mu.Lock()
	defer d.mu.Unlock()
	if n, ok := d.findGroup(id, head, deleted); ok {
		d.restoreGroup(n, x.now)
		d.settle(x.now)
		x.answerRestored(&groupResource, func(s *selection) []byte { return appendGroup(nil, d.groupAt(n, head), s) })
		return
	}
	i, ok := d.find(id, head, deleted)
	if !ok {
		x.notFound(id)
		return
	}
	if err := d.restore(i, x.now, body.NewUserPrincipalName); err != nil {
		x.graphError(http.StatusBadRequest, "Request_BadRequest", "Another object with the same value for property userPrincipalName already exists.")
		return
	}
	d.settle(x.now)
	x.answerRestored(&userResource, func(s *selection) []byte {
		var scratch user
		return d.appendUser(nil, d.at(i, head, &scratch, s.mask), s, head)
	})
}

func (x *exchange) answerRestored(r *resource, write func(*selection) []byte) {
	s, err := r.parseSelect("", false)
	if err != nil {
		x.fail(err)
		return
	}
	x.answerEntity(s, "directoryObjects", write(s))
}

// purgeDeleted answers DELETE /directory/deletedItems/{id}.
func (x *exchange) purgeDeleted() {
	id := x.request.PathValue("id")
	d := x.server.directory
	d.mu.Lock()
	defer d.mu.Unlock()
	if n, ok := d.findGroup(id, head, deleted); ok {
		d.purgeGroup(n, x.now)
	} else if i, ok := d.find(id, head, deleted); ok {
		d.purge(i, x.now)
	} else {
		x.notFound(id)
		return
	}
	d.settle(x.now)
	x.status = http.StatusNoContent
}
