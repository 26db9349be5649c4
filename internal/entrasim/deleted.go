package entrasim

import (
	"net/http"
	"slices"
	"strings"
)

// deletedDefaults are the properties of a deleted user without $select.
const deletedDefaults = "businessPhones,displayName,givenName,jobTitle,mail,mobilePhone,officeLocation,preferredLanguage,surname,userPrincipalName,id,deletedDateTime"

// listDeleted answers GET /directory/deletedItems/microsoft.graph.user, in the order of the users' numbers.
func (x *exchange) listDeleted() {
	q := parseQuery(x.request.URL.RawQuery)
	s, err := parseSelect(orElse(q.get("$select"), deletedDefaults), false)
	if err == nil {
		err = q.only("$select $top $skiptoken $count")
	}
	top, errTop := q.top()
	if err == nil {
		err = errTop
	}
	from := cursor{Kind: cursorDeleted}
	if err == nil && q.has("$skiptoken") {
		var ok bool
		if from, ok = x.server.decodeCursor(q.get("$skiptoken"), cursorDeleted); !ok || from.Life != x.server.life {
			err = &queryError{http.StatusBadRequest, "Directory_ExpiredPageToken", "The specified page token value has expired or is not valid."}
		}
	}
	if err != nil {
		x.fail(err)
		return
	}
	link := func(c cursor) string {
		return x.baseURL() + graphPrefix + "directory/deletedItems/microsoft.graph.user?" +
			strings.TrimPrefix(q.encode("$skiptoken")+"&", "&") + "$skiptoken=" + x.server.encodeCursor(c)
	}
	d := x.server.directory
	d.mu.RLock()
	defer d.mu.RUnlock()
	p := newPage(x, strings.Replace(s.contextOf(), "users", "directoryObjects/microsoft.graph.user", 1))
	var scratch user
	at, _ := slices.BinarySearch(d.bin, from.At)
	for _, i := range d.bin[at:] {
		u := d.at(i, d.visible, &scratch, s.mask)
		if u == nil || u.state != deleted {
			continue
		}
		if p.items == top {
			p.next = link(cursor{Kind: cursorDeleted, At: i})
			break
		}
		p.item(func(dst []byte) []byte { return d.appendUser(dst, u, s, d.visible) })
	}
	p.again = link(from)
	p.finish()
}

// getDeleted answers GET /directory/deletedItems/{id}.
func (x *exchange) getDeleted() {
	id := x.request.PathValue("id")
	if _, ok := parseGUID(fold(id)); !ok {
		x.notFound(id)
		return
	}
	if !parseQuery(x.request.URL.RawQuery).has("$select") {
		x.request.URL.RawQuery = "$select=" + deletedDefaults
	}
	x.answerUser(id, "directoryObjects", deleted, func(_ *directory, i int) (int, bool) { return i, true })
}

// restoreDeleted answers POST /directory/deletedItems/{id}/restore, with an optional newUserPrincipalName.
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
	s, err := parseSelect("", false)
	if err != nil {
		x.fail(err)
		return
	}
	var scratch user
	x.header.Set("Content-Type", graphContentType)
	x.body = appendString(append(x.body[:0], `{"@odata.context":`...), x.metadata("directoryObjects/$entity"))
	x.body = append(x.body, `,"@odata.type":"#microsoft.graph.user",`...)
	x.body = append(x.body, d.appendUser(nil, d.at(i, head, &scratch, s.mask), s, head)[1:]...)
}

// purgeDeleted answers DELETE /directory/deletedItems/{id}.
func (x *exchange) purgeDeleted() {
	id := x.request.PathValue("id")
	d := x.server.directory
	d.mu.Lock()
	defer d.mu.Unlock()
	i, ok := d.find(id, head, deleted)
	if !ok {
		x.notFound(id)
		return
	}
	d.purge(i, x.now)
	d.settle(x.now)
	x.status = http.StatusNoContent
}
