package entrasim

import (
	"net/http"
	"strings"
)

// deltaPage is how many users a delta page has at most; $top is not supported by delta.
const deltaPage = 200

// deltaRefused are the options that Graph does not take with delta.
var deltaRefused = []string{"$top", "$orderby", "$expand", "$search", "$count", "$skip"}

// delta answers GET /users/delta. A round without a token tells everybody by number; a later one tells the changes
// after its token, each user once, in the order of the users' last changes, in the state of the moment.
func (x *exchange) delta() {
	q := parseQuery(x.request.URL.RawQuery)
	for _, o := range deltaRefused {
		if q.has(o) {
			x.fail(badQuery("'%s' is not supported by the service for a delta query on users.", o))
			return
		}
	}
	c, latest, ok := x.deltaCursor(q)
	if !ok {
		return
	}
	s, err := parseSelect(c.Select, true)
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
	p := newPage(x, s.contextOf())
	again := c
	switch {
	case latest:
		p.delta = x.nextRound(c, c.Until)
	case c.Full:
		d.deltaEverybody(x, p, s, c)
	default:
		d.deltaChanges(x, p, s, c)
	}
	p.again = x.deltaLink("$skiptoken", again, cursorSkip)
	p.finish()
}

// deltaCursor makes the cursor of the request, from its token or from its options.
func (x *exchange) deltaCursor(q query) (c cursor, latest, ok bool) {
	lean := strings.Contains(strings.ToLower(x.request.Header.Get("Prefer")), "return=minimal")
	token := q.get("$deltatoken")
	kind := cursorDelta
	if q.has("$skiptoken") {
		token, kind = q.get("$skiptoken"), cursorSkip
	}
	if token == "" || strings.EqualFold(token, "latest") {
		ids, err := parseIDFilter(q.get("$filter"))
		if err != nil {
			x.fail(err)
			return c, false, false
		}
		c = cursor{Kind: cursorDelta, Full: true, Select: q.get("$select"), IDs: ids, Lean: lean}
		x.stamp(&c)
		return c, token != "", true
	}
	c, ok = x.server.decodeCursor(token, kind)
	if !ok {
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

// deltaEverybody writes a page of the first round.
func (d *directory) deltaEverybody(x *exchange, p *page, s *selection, c cursor) {
	var scratch user
	wanted := d.numbers(c.IDs)
	for i := c.At; i < len(d.objects); i++ {
		if wanted != nil && !wanted[i] {
			continue
		}
		u := d.at(i, d.visible, &scratch, s.mask)
		if u == nil || u.state != live {
			continue
		}
		if p.items == deltaPage {
			c.At = i
			p.next = x.deltaLink("$skiptoken", c, cursorSkip)
			return
		}
		p.item(func(dst []byte) []byte { return d.appendDelta(dst, u, s, everything, noManager, d.visible) })
	}
	x.closeRound(p, c)
}

// deltaChanges writes a page of a later round: at each entry that is its user's last one up to the end of the round.
func (d *directory) deltaChanges(x *exchange, p *page, s *selection, c cursor) {
	wanted := d.numbers(c.IDs)
	for seq := c.At + 1; seq <= c.Until; seq++ {
		e := d.log.get(seq)
		if e == nil || e.next != 0 && e.next <= c.Until || wanted != nil && !wanted[e.user] {
			continue
		}
		changed, managerBefore := d.log.changesOf(seq, c.Since)
		var scratch user
		u := d.at(e.user, d.visible, &scratch, s.mask)
		if u.state == live && changed&s.mask == 0 && changed != everything {
			continue
		}
		if p.items == deltaPage {
			c.At = seq - 1
			p.next = x.deltaLink("$skiptoken", c, cursorSkip)
			return
		}
		p.item(func(dst []byte) []byte {
			if u.state != live {
				return appendRemoved(dst, u)
			}
			tell := changed
			if !c.Lean {
				tell |= everything &^ maskOf(propManager)
			}
			return d.appendDelta(dst, u, s, tell, managerBefore, d.visible)
		})
	}
	x.closeRound(p, c)
}

// closeRound gives the link from which the next round starts: where this one's contents ended. The fault delta-skip
// makes it start at the true head instead, so that what the lagging replica did not show is never told.
func (x *exchange) closeRound(p *page, c cursor) {
	start := c.Until
	if truth := x.server.directory.log.head(); truth > start && x.server.faults.fire(faultDeltaSkip, x) {
		start = truth
	}
	p.delta = x.nextRound(c, start)
}

func (x *exchange) nextRound(c cursor, start int) string {
	return x.deltaLink("$deltatoken", cursor{
		Since: start, At: start, Select: c.Select, IDs: c.IDs, Lean: c.Lean, Issued: c.Issued, Generation: c.Generation,
	}, cursorDelta)
}

// deltaLink counts the life of its token from the beginning of the round.
func (x *exchange) deltaLink(name string, c cursor, kind string) string {
	c.Kind = kind
	return x.baseURL() + graphPrefix + "users/delta?" + name + "=" + x.server.encodeCursor(c)
}

// numbers are the users with these ids; nil means all.
func (d *directory) numbers(ids []string) map[int]bool {
	if ids == nil {
		return nil
	}
	wanted := map[int]bool{}
	for _, s := range ids {
		if id, ok := parseGUID(fold(s)); ok {
			if i, ok := d.numberByID(id); ok {
				wanted[i] = true
			}
		}
	}
	return wanted
}

// parseIDFilter reads the only filter that delta takes: id eq '…' or id eq '…', at most 50 of them.
func parseIDFilter(text string) ([]string, error) {
	f, err := parseFilter(text, false)
	if err != nil || f == nil {
		return nil, err
	}
	ids, ok := f.ids()
	if !ok || len(ids) > 50 {
		return nil, &queryError{http.StatusBadRequest, "Request_UnsupportedQuery", "A delta query on users can be filtered only by id eq '…', joined by or, for at most 50 ids."}
	}
	return ids, nil
}
