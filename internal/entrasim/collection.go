package entrasim

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A collection is what a query walks: the users or the groups as the replica shows them, by their numbers.
type collection interface {
	// size is the number after the last.
	size() int
	// row is the live object with a number, with the wanted properties; it is good until the next call.
	row(i int, want mask) (row, bool)
	// find leads from a key to the number of a live object.
	find(key string) (int, bool)
	// total counts the live objects.
	total() int
	write(dst []byte, r row, s *selection) []byte
}

// A listQuery is a checked request for a collection.
type listQuery struct {
	selection *selection
	filter    *filter
	top       int
	order     property // with ordered
	ordered   bool
	downwards bool
	counted   bool
	mask      mask // what has to be known of an object to answer
}

func (x *exchange) listQuery(q query, r *resource) (listQuery, error) {
	var l listQuery
	options := "$select $top $count $filter $search $orderby $skiptoken"
	if r == &userResource {
		options += " $expand"
	}
	err := q.only(options)
	if err != nil {
		return l, err
	}
	if l.top, err = q.top(); err != nil {
		return l, err
	}
	if l.selection, err = r.parseSelect(q.get("$select"), false); err != nil {
		return l, err
	}
	if err = parseExpand(l.selection, q.get("$expand")); err != nil {
		return l, err
	}
	advanced := x.advanced(q)
	l.counted = advanced
	if l.filter, err = r.parseFilter(q.get("$filter"), advanced); err != nil {
		return l, err
	}
	if q.has("$search") {
		if !x.eventual() {
			return l, unsupportedQuery("Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'")
		}
		if l.filter, err = r.parseSearch(q.get("$search"), l.filter); err != nil {
			return l, err
		}
	}
	if err = l.parseOrder(q, r, advanced); err != nil {
		return l, err
	}
	l.mask = l.selection.mask | l.filter.mask()
	if l.ordered {
		l.mask |= maskOf(l.order)
	}
	return l, nil
}

func (l *listQuery) parseOrder(q query, r *resource, advanced bool) error {
	if !q.has("$orderby") {
		return nil
	}
	by, direction, _ := strings.Cut(strings.TrimSpace(q.get("$orderby")), " ")
	p, ok := r.property(by)
	if !ok || !r.sortable.has(p) {
		return unsupportedQuery("Sorting by '%s' is not supported for %s.", by, r.set)
	}
	if l.filter != nil && !advanced {
		return unsupportedQuery("Sorting not supported for current query: $orderby with $filter needs ConsistencyLevel: eventual and $count=true.")
	}
	l.order, l.ordered, l.downwards = p, true, strings.EqualFold(strings.TrimSpace(direction), "desc")
	return nil
}

// list answers GET /users or /groups. Pages go by the objects' numbers, which never change: what lives through the whole
// walk comes exactly once, whatever is created or deleted meanwhile.
func (x *exchange) list(r *resource, open func(*directory) collection) {
	q := parseQuery(x.request.URL.RawQuery)
	l, err := x.listQuery(q, r)
	if err != nil {
		x.fail(err)
		return
	}
	from, err := x.listCursor(q, cursorList, r.set)
	if err != nil {
		x.fail(err)
		return
	}
	d := x.server.directory
	d.mu.RLock()
	defer d.mu.RUnlock()
	rows := open(d)
	p := newPage(x, l.selection.contextOf(), from, x.listLink(r.set, q))
	if l.counted && !q.has("$skiptoken") {
		p.count(countMatching(rows, l.filter))
	}
	if l.ordered {
		l.walkOrdered(p, rows)
	} else {
		l.walk(p, rows, r)
	}
	p.finish()
}

// listCursor is where the walk of a list goes on: at its $skiptoken, or at the beginning.
func (x *exchange) listCursor(q query, kind, set string) (cursor, error) {
	if !q.has("$skiptoken") {
		return cursor{Kind: kind, Set: set}, nil
	}
	c, ok := x.server.decodeCursor(q.get("$skiptoken"), kind)
	switch {
	case !ok || c.Life != x.server.life || c.Set != set:
		return c, &queryError{http.StatusBadRequest, "Directory_ExpiredPageToken", "The specified page token value has expired or is not valid."}
	case c.Trap != "":
		return c, &queryError{http.StatusServiceUnavailable, "serviceNotAvailable", "Service Unavailable."}
	}
	return c, nil
}

// listLink makes the links of a list from its cursors: the query stays readable in them.
func (x *exchange) listLink(path string, q query) func(cursor) string {
	return func(c cursor) string {
		return x.baseURL() + graphPrefix + path + "?" + strings.TrimPrefix(q.encode("$skiptoken")+"&", "&") + "$skiptoken=" + x.server.encodeCursor(c)
	}
}

// walk writes one page in the order of the numbers.
func (l *listQuery) walk(p *page, rows collection, r *resource) {
	visit := func(i int) bool { // false: the page is full, and i is where the next one starts
		v, ok := rows.row(i, l.mask)
		if !ok || !l.filter.matches(v) {
			return true
		}
		if p.items == l.top {
			p.continueAt(i)
			return false
		}
		p.item(func(dst []byte) []byte { return rows.write(dst, v, l.selection) })
		return true
	}
	if few, ok := l.filter.candidates(r, rows.find); ok {
		for _, i := range few {
			if i >= p.from.At && !visit(i) {
				break
			}
		}
		return
	}
	for i := p.from.At; i < rows.size(); i++ {
		if !visit(i) {
			break
		}
	}
}

// walkOrdered writes one page in the order of a property. It looks at every object for every page: meant for pickers.
func (l *listQuery) walkOrdered(p *page, rows collection) {
	type key struct {
		text   string
		number int
	}
	compare := func(a, b key) int {
		c := cmp.Or(strings.Compare(a.text, b.text), cmp.Compare(a.number, b.number))
		if l.downwards {
			return -c
		}
		return c
	}
	start := key{p.from.After, p.from.At}
	var keys []key
	for i := range rows.size() {
		v, ok := rows.row(i, l.mask)
		if !ok || !l.filter.matches(v) {
			continue
		}
		if k := (key{fold(v.filterValues(l.order)[0]), i}); !p.from.Begun || compare(k, start) > 0 {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, compare)
	if len(keys) > l.top {
		keys = keys[:l.top]
		next := p.from
		last := keys[len(keys)-1]
		next.At, next.After, next.Begun = last.number, last.text, true
		p.next = &next
	}
	for _, k := range keys {
		v, _ := rows.row(k.number, l.mask)
		p.item(func(dst []byte) []byte { return rows.write(dst, v, l.selection) })
	}
}

func countMatching(rows collection, f *filter) int {
	if f == nil {
		return rows.total()
	}
	n := 0
	for i := range rows.size() {
		if r, ok := rows.row(i, f.mask()); ok && f.matches(r) {
			n++
		}
	}
	return n
}

// countAll answers GET /users/$count or /groups/$count, which is plain text and an advanced query.
func (x *exchange) countAll(r *resource, open func(*directory) collection) {
	q := parseQuery(x.request.URL.RawQuery)
	if !x.eventual() {
		x.fail(badQuery("$count is not currently supported."))
		return
	}
	f, err := r.parseFilter(q.get("$filter"), true)
	if err == nil {
		err = q.only("$filter $search")
	}
	if err == nil && q.has("$search") {
		f, err = r.parseSearch(q.get("$search"), f)
	}
	if err != nil {
		x.fail(err)
		return
	}
	d := x.server.directory
	d.mu.RLock()
	defer d.mu.RUnlock()
	x.answerCount(countMatching(open(d), f))
}

func (x *exchange) answerCount(n int) {
	x.header.Set("Content-Type", "text/plain")
	x.body = strconv.AppendInt(x.body[:0], int64(n), 10)
}
