package entrasim

import "strings"

// userRows are the live users that the replica shows.
type userRows struct {
	d       *directory
	scratch user
}

func openUsers(d *directory) collection { return &userRows{d: d} }

func (r *userRows) size() int { return len(r.d.objects) }

func (r *userRows) row(i int, want mask) (row, bool) {
	u := r.d.at(i, r.d.visible, &r.scratch, want)
	return u, u != nil && u.state == live
}

func (r *userRows) find(key string) (int, bool) { return r.d.find(key, r.d.visible, live) }

func (r *userRows) total() int {
	n, _ := r.d.counts(r.d.visible)
	return n
}

func (r *userRows) write(dst []byte, v row, s *selection) []byte {
	u, ok := v.(*user)
	if !ok {
		return dst
	}
	return r.d.appendUser(dst, u, s, r.d.visible)
}

// listUsers answers GET /users.
func (x *exchange) listUsers() { x.list(&userResource, openUsers) }

// countUsers answers GET /users/$count.
func (x *exchange) countUsers() { x.countAll(&userResource, openUsers) }

// getUser answers GET /users/{id | userPrincipalName}.
func (x *exchange) getUser() {
	x.answerUser(x.request.PathValue("id"), "users", live, func(d *directory, i int) (int, bool) { return i, true })
}

// getManager answers GET /users/{id}/manager, 404 if there is none.
func (x *exchange) getManager() {
	x.answerUser(x.request.PathValue("id"), "directoryObjects", live, func(d *directory, i int) (int, bool) {
		var scratch user
		m := d.at(i, d.visible, &scratch, maskOf(propManager)).manager
		return m, d.isLive(m, d.visible)
	})
}

// answerUser answers one user in a given state, or whom follow makes of it.
func (x *exchange) answerUser(key, set string, state lifeState, follow func(*directory, int) (int, bool)) {
	q := parseQuery(x.request.URL.RawQuery)
	s, err := userResource.parseSelect(q.get("$select"), false)
	if err == nil {
		err = q.only("$select $expand")
	}
	if err == nil {
		err = parseExpand(s, q.get("$expand"))
	}
	if err != nil {
		x.fail(err)
		return
	}
	d := x.server.directory
	d.mu.RLock()
	defer d.mu.RUnlock()
	i, ok := d.find(key, d.visible, state)
	if ok {
		i, ok = follow(d, i)
	}
	if !ok {
		x.notFound(key)
		return
	}
	var scratch user
	u := d.at(i, d.visible, &scratch, s.mask)
	x.answerEntity(s, set, d.appendUser(nil, u, s, d.visible))
}

// answerEntity answers one object, a member of a set: users, groups, or directoryObjects, in which it tells its type.
func (x *exchange) answerEntity(s *selection, set string, object []byte) {
	context := strings.Replace(s.contextOf(), s.resource.set, set, 1) + "/$entity"
	x.header.Set("Content-Type", graphContentType)
	x.body = appendString(append(x.body[:0], `{"@odata.context":`...), x.metadata(context))
	if set == "directoryObjects" {
		x.body = append(x.body, `,"@odata.type":"#`+s.resource.typeName+`"`...)
	}
	if len(object) > 2 {
		x.body = append(x.body, ',')
	}
	x.body = append(x.body, object[1:]...)
}
