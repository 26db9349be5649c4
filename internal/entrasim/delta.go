package entrasim

import (
	"net/http"
	"strings"
)

// deltaPage is how many objects a delta page has at most; $top is not supported by delta.
const deltaPage = 200

// deltaRefused are the options that Graph does not take with delta.
var deltaRefused = []string{"$top", "$orderby", "$expand", "$search", "$count", "$skip"}

// A tracked is a set of objects whose changes a delta tells. A page of its first round tells everything by number; one of a
// later round tells the changes after its token, each object once, in the order of their last changes, in the state of the moment.
type tracked struct {
	resource *resource
	number   func(d *directory, id guid) (int, bool)
	// everything and changes write a page of a round; false means that the round goes on behind p.next.
	everything, changes func(d *directory, p *page, s *selection, wanted map[int]bool) (complete bool)
}

func (x *exchange) deltaUsers() {
	x.delta(tracked{&userResource, (*directory).numberByID, (*directory).deltaEverybody, (*directory).deltaChanges})
}

func (x *exchange) deltaGroups() {
	x.delta(tracked{&groupResource, (*directory).groupNumber, (*directory).deltaAllGroups, (*directory).deltaGroupChanges})
}

// delta answers GET /users/delta or /groups/delta.
func (x *exchange) delta(t tracked) {
	q := parseQuery(x.request.URL.RawQuery)
	for _, o := range deltaRefused {
		if q.has(o) {
			x.fail(badQuery("'%s' is not supported by the service for a delta query on %s.", o, t.resource.set))
			return
		}
	}
	c, latest, ok := x.deltaCursor(q, t.resource)
	if !ok {
		return
	}
	s, err := t.resource.parseSelect(c.Select, true)
	if err != nil {
		x.fail(err)
		return
	}
	if c.Lean {
		x.header.Set("Preference-Applied", "return=minimal")
	}
	d := x.server.directory
	d.mu.RLock()
	defer d.mu.RUnlock()
	if c.Kind == cursorDelta { // a round begins, and ends where the replica stands now
		c.Until = max(d.visible, c.Since)
	}
	if latest {
		p := newPage(x, s.contextOf(), c, x.deltaLink)
		p.done = nextRound(c, c.Until)
		p.finish()
		return
	}
	c.Kind = cursorSkip // as the link to this page again
	p := d.roundPage(x, t, s, c)
	if x.spoil == faultSwapPages && p.next != nil && c.Detour == "" {
		p = d.swapped(x, t, s, p)
	}
	p.finish()
}

// roundPage writes the page at a cursor.
func (d *directory) roundPage(x *exchange, t tracked, s *selection, c cursor) *page {
	p := newPage(x, s.contextOf(), c, x.deltaLink)
	write := t.changes
	if c.Full {
		write = t.everything
	}
	if write(d, p, s, d.numbers(c.IDs, t)) {
		x.closeRound(p)
	}
	return p
}

// swapped writes the page after p in its place. That one leads to p, and p from there to where the other would have led.
func (d *directory) swapped(x *exchange, t tracked, s *selection, p *page) *page {
	first := p.from
	later := d.roundPage(x, t, s, *p.next)
	if later.next != nil {
		first.Detour = x.deltaLink(*later.next)
	} else {
		first.Detour = x.deltaLink(*later.done)
	}
	later.next, later.done = &first, nil
	return later
}

// deltaCursor makes the cursor of the request, from its token or from its options.
func (x *exchange) deltaCursor(q query, r *resource) (c cursor, latest, ok bool) {
	lean := strings.Contains(strings.ToLower(x.request.Header.Get("Prefer")), "return=minimal")
	token := q.get("$deltatoken")
	kind := cursorDelta
	if q.has("$skiptoken") {
		token, kind = q.get("$skiptoken"), cursorSkip
	}
	if token == "" || strings.EqualFold(token, "latest") {
		ids, err := r.parseIDFilter(q.get("$filter"))
		if err != nil {
			x.fail(err)
			return c, false, false
		}
		c = cursor{Kind: cursorDelta, Set: r.set, Full: true, Select: q.get("$select"), IDs: ids, Lean: lean}
		x.stamp(&c)
		return c, token != "", true
	}
	c, ok = x.server.decodeCursor(token, kind)
	if !ok || c.Set != r.set {
		x.fail(badQuery("Badly formed token."))
		return c, false, false
	}
	if q.has("$select") {
		if kind == cursorSkip {
			x.fail(badQuery("'$select' cannot be combined with '$skiptoken'."))
			return c, false, false
		}
		c.Select = q.get("$select")
	}
	c.Lean = c.Lean || lean
	ok = x.usable(c)
	if kind == cursorDelta {
		x.stamp(&c)
	}
	return c, false, ok
}

// deltaEverybody writes a page of the first round of users.
func (d *directory) deltaEverybody(p *page, s *selection, wanted map[int]bool) bool {
	var scratch user
	for i := p.from.At; i < len(d.objects); i++ {
		if wanted != nil && !wanted[i] {
			continue
		}
		u := d.at(i, d.visible, &scratch, s.mask)
		if u == nil || u.state != live {
			continue
		}
		if p.items == deltaPage {
			p.continueAt(i)
			return false
		}
		p.item(func(dst []byte) []byte { return d.appendDelta(dst, u, s, everything, noManager, d.visible) })
	}
	return true
}

// deltaChanges writes a page of a later round of users: at each entry that is its user's last one up to the end of the round.
func (d *directory) deltaChanges(p *page, s *selection, wanted map[int]bool) bool {
	c := p.from
	for seq := c.At + 1; seq <= c.Until; seq++ {
		e := d.log.lastOf(refUser, seq, c.Until)
		if e == nil || wanted != nil && !wanted[e.object.number()] {
			continue
		}
		changed, managerBefore := d.log.changesOf(seq, c.Since)
		var scratch user
		u := d.at(e.object.number(), d.visible, &scratch, s.mask)
		if u.state == live && changed&s.mask == 0 && changed != everything {
			continue
		}
		if p.items == deltaPage {
			p.continueAt(seq - 1)
			return false
		}
		p.item(func(dst []byte) []byte {
			if u.state != live {
				return appendRemoved(dst, u.id, u.state)
			}
			tell := changed
			if !c.Lean {
				tell |= everything &^ maskOf(propManager)
			}
			return d.appendDelta(dst, u, s, tell, managerBefore, d.visible)
		})
	}
	return true
}

// closeRound gives the link from which the next round starts: where this one's contents ended. The fault delta-skip
// makes it start at the true head instead, so that what the lagging replica did not show is never told.
func (x *exchange) closeRound(p *page) {
	start := p.from.Until
	if truth := x.server.directory.log.head(); truth > start && x.server.faults.fire(faultDeltaSkip, x) {
		start = truth
	}
	p.done = nextRound(p.from, start)
}

func nextRound(c cursor, start int) *cursor {
	return &cursor{
		Kind: cursorDelta, Set: c.Set, Since: start, At: start, Select: c.Select, IDs: c.IDs, Lean: c.Lean, Issued: c.Issued, Generation: c.Generation,
	}
}

// deltaLink makes a nextLink or a deltaLink, by the kind of the cursor.
func (x *exchange) deltaLink(c cursor) string {
	name := "$skiptoken"
	if c.Kind == cursorDelta {
		name = "$deltatoken"
	}
	return x.baseURL() + graphPrefix + c.Set + "/delta?" + name + "=" + x.server.encodeCursor(c)
}

// numbers are the objects with these ids; nil means all.
func (d *directory) numbers(ids []string, t tracked) map[int]bool {
	if ids == nil {
		return nil
	}
	wanted := map[int]bool{}
	for _, s := range ids {
		if id, ok := parseGUID(fold(s)); ok {
			if i, ok := t.number(d, id); ok {
				wanted[i] = true
			}
		}
	}
	return wanted
}

// parseIDFilter reads the only filter that delta takes: id eq '…' or id eq '…', at most 50 of them.
func (r *resource) parseIDFilter(text string) ([]string, error) {
	f, err := r.parseFilter(text, false)
	if err != nil || f == nil {
		return nil, err
	}
	ids, ok := f.ids(r)
	if !ok || len(ids) > 50 {
		return nil, &queryError{
			http.StatusBadRequest, "Request_UnsupportedQuery",
			"A delta query on " + r.set + " can be filtered only by id eq '…', joined by or, for at most 50 ids.",
		}
	}
	return ids, nil
}
