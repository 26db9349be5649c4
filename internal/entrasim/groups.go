package entrasim

// groupRows are the live groups that the replica shows.
type groupRows struct{ d *directory }

func openGroups(d *directory) collection { return groupRows{d} }

func (r groupRows) size() int { return len(r.d.groups.objects) }

func (r groupRows) row(n int, _ mask) (row, bool) {
	g := r.d.groupAt(n, r.d.visible)
	return g, g != nil && g.state == live
}

func (r groupRows) find(key string) (int, bool) { return r.d.findGroup(key, r.d.visible, live) }

func (r groupRows) total() int {
	n, _ := r.d.groupCounts(r.d.visible)
	return n
}

func (r groupRows) write(dst []byte, v row, s *selection) []byte {
	g, ok := v.(*group)
	if !ok {
		return dst
	}
	return appendGroup(dst, g, s)
}

// listGroups answers GET /groups.
func (x *exchange) listGroups() { x.list(&groupResource, openGroups) }

// countGroups answers GET /groups/$count.
func (x *exchange) countGroups() { x.countAll(&groupResource, openGroups) }

// getGroup answers GET /groups/{id}.
func (x *exchange) getGroup() { x.answerGroup(x.request.PathValue("id"), "groups", live) }

// answerGroup answers one group in a given state.
func (x *exchange) answerGroup(key, set string, state lifeState) {
	q := parseQuery(x.request.URL.RawQuery)
	s, err := groupResource.parseSelect(q.get("$select"), false)
	if err == nil {
		err = q.only("$select")
	}
	if err != nil {
		x.fail(err)
		return
	}
	d := x.server.directory
	d.mu.RLock()
	defer d.mu.RUnlock()
	n, ok := d.findGroup(key, d.visible, state)
	if !ok {
		x.notFound(key)
		return
	}
	x.answerEntity(s, set, appendGroup(nil, d.groupAt(n, d.visible), s))
}
