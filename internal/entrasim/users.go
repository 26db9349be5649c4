package entrasim

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A userQuery is a checked request for a collection of users.
type userQuery struct {
	selection *selection
	filter    *filter
	top       int
	order     property // with ordered
	ordered   bool
	downwards bool
	counted   bool
	mask      mask // what has to be known of a user to answer
}

func (x *exchange) userQuery(q query) (userQuery, error) {
	var u userQuery
	err := q.only("$select $expand $top $count $filter $search $orderby $skiptoken")
	if err != nil {
		return u, err
	}
	if u.top, err = q.top(); err != nil {
		return u, err
	}
	if u.selection, err = parseSelect(q.get("$select"), false); err != nil {
		return u, err
	}
	if err = parseExpand(u.selection, q.get("$expand")); err != nil {
		return u, err
	}
	u.counted = q.get("$count") == "true" && x.eventual()
	advanced := x.eventual() && q.get("$count") == "true"
	if u.filter, err = parseFilter(q.get("$filter"), advanced); err != nil {
		return u, err
	}
	if q.has("$search") {
		if !x.eventual() {
			return u, unsupportedQuery("Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'")
		}
		if u.filter, err = parseSearch(q.get("$search"), u.filter); err != nil {
			return u, err
		}
	}
	if err = u.parseOrder(q, advanced); err != nil {
		return u, err
	}
	u.mask = u.selection.mask | u.filter.mask()
	if u.ordered {
		u.mask |= maskOf(u.order)
	}
	return u, nil
}

func (u *userQuery) parseOrder(q query, advanced bool) error {
	if !q.has("$orderby") {
		return nil
	}
	by, direction, _ := strings.Cut(strings.TrimSpace(q.get("$orderby")), " ")
	p, ok := propertyByName(by)
	if !ok || p != propDisplayName && p != propUserPrincipalName {
		return unsupportedQuery("Sorting by '%s' is not supported for users.", by)
	}
	if u.filter != nil && !advanced {
		return unsupportedQuery("Sorting not supported for current query: $orderby with $filter needs ConsistencyLevel: eventual and $count=true.")
	}
	u.order, u.ordered, u.downwards = p, true, strings.EqualFold(strings.TrimSpace(direction), "desc")
	return nil
}

// listUsers answers GET /users. Pages go by the users' numbers, which never change: whoever lives through the whole walk
// comes exactly once, whatever is created or deleted meanwhile.
func (x *exchange) listUsers() {
	q := parseQuery(x.request.URL.RawQuery)
	u, err := x.userQuery(q)
	if err != nil {
		x.fail(err)
		return
	}
	from := cursor{Kind: cursorList}
	if q.has("$skiptoken") {
		var ok bool
		if from, ok = x.server.decodeCursor(q.get("$skiptoken"), cursorList); !ok || from.Life != x.server.life {
			x.fail(&queryError{http.StatusBadRequest, "Directory_ExpiredPageToken", "The specified page token value has expired or is not valid."})
			return
		}
	}
	d := x.server.directory
	d.mu.RLock()
	defer d.mu.RUnlock()
	p := newPage(x, u.selection.contextOf())
	if u.counted && !q.has("$skiptoken") {
		p.count(d.countMatching(u.filter, d.visible))
	}
	var next cursor
	var more bool
	if u.ordered {
		next, more = d.walkOrdered(p, &u, from)
	} else {
		next, more = d.walk(p, &u, from)
	}
	link := func(c cursor) string {
		return x.baseURL() + graphPrefix + "users?" + strings.TrimPrefix(q.encode("$skiptoken")+"&", "&") + "$skiptoken=" + x.server.encodeCursor(c)
	}
	if more {
		p.next = link(next)
	}
	p.again = link(from)
	p.finish()
}

// walk writes one page in the order of the numbers.
func (d *directory) walk(p *page, u *userQuery, from cursor) (next cursor, more bool) {
	var scratch user
	written := 0
	visit := func(i int) bool { // false: the page is full, and i is where the next one starts
		v := d.at(i, d.visible, &scratch, u.mask)
		if v == nil || v.state != live || !u.filter.matches(v) {
			return true
		}
		if written == u.top {
			next, more = cursor{Kind: cursorList, At: i}, true
			return false
		}
		written++
		p.item(func(dst []byte) []byte { return d.appendUser(dst, v, u.selection, d.visible) })
		return true
	}
	if few, ok := u.filter.candidates(d); ok {
		for _, i := range few {
			if i >= from.At && !visit(i) {
				break
			}
		}
		return next, more
	}
	for i := from.At; i < len(d.objects); i++ {
		if !visit(i) {
			break
		}
	}
	return next, more
}

// walkOrdered writes one page in the order of a property. It looks at every user for every page: meant for pickers.
func (d *directory) walkOrdered(p *page, u *userQuery, from cursor) (next cursor, more bool) {
	type key struct {
		text   string
		number int
	}
	compare := func(a, b key) int {
		c := cmp.Or(strings.Compare(a.text, b.text), cmp.Compare(a.number, b.number))
		if u.downwards {
			return -c
		}
		return c
	}
	start := key{from.After, from.At}
	var keys []key
	var scratch user
	for i := range d.objects {
		v := d.at(i, d.visible, &scratch, u.mask)
		if v == nil || v.state != live || !u.filter.matches(v) {
			continue
		}
		if k := (key{fold(v.text[u.order]), i}); from.After == "" || compare(k, start) > 0 {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, compare)
	if more = len(keys) > u.top; more {
		keys = keys[:u.top]
		last := keys[len(keys)-1]
		next = cursor{Kind: cursorList, At: last.number, After: last.text}
	}
	for _, k := range keys {
		v := d.at(k.number, d.visible, &scratch, u.mask)
		p.item(func(dst []byte) []byte { return d.appendUser(dst, v, u.selection, d.visible) })
	}
	return next, more
}

func (d *directory) countMatching(f *filter, seq int) int {
	if f == nil {
		n, _ := d.counts(seq)
		return n
	}
	n := 0
	var scratch user
	for i := range d.objects {
		if u := d.at(i, seq, &scratch, f.mask()); u != nil && u.state == live && f.matches(u) {
			n++
		}
	}
	return n
}

// countUsers answers GET /users/$count, which is plain text and an advanced query.
func (x *exchange) countUsers() {
	q := parseQuery(x.request.URL.RawQuery)
	if !x.eventual() {
		x.fail(badQuery("$count is not currently supported."))
		return
	}
	f, err := parseFilter(q.get("$filter"), true)
	if err == nil {
		err = q.only("$filter $search")
	}
	if err == nil && q.has("$search") {
		f, err = parseSearch(q.get("$search"), f)
	}
	if err != nil {
		x.fail(err)
		return
	}
	d := x.server.directory
	d.mu.RLock()
	defer d.mu.RUnlock()
	x.header.Set("Content-Type", "text/plain")
	x.body = strconv.AppendInt(x.body[:0], int64(d.countMatching(f, d.visible)), 10)
}

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
	s, err := parseSelect(q.get("$select"), false)
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
	context := strings.Replace(s.contextOf(), "users", set, 1) + "/$entity"
	x.header.Set("Content-Type", graphContentType)
	x.body = appendString(append(x.body[:0], `{"@odata.context":`...), x.metadata(context))
	if set == "directoryObjects" {
		x.body = append(x.body, `,"@odata.type":"#microsoft.graph.user"`...)
	}
	inner := d.appendUser(nil, u, s, d.visible)
	if len(inner) > 2 {
		x.body = append(x.body, ',')
	}
	x.body = append(x.body, inner[1:]...)
}
