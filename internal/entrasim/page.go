package entrasim

import (
	"strconv"
	"strings"
)

// A page is one answer of a collection under construction. It knows the faults of pages.
type page struct {
	x       *exchange
	started bool
	items   int
	starts  []int // where each item starts in the body, to cut some off again
	// from leads to this page, next to the one after it; done is the delta link's. link makes links of them.
	from       cursor
	next, done *cursor
	link       func(cursor) string
}

func newPage(x *exchange, context string, from cursor, link func(cursor) string) *page {
	x.header.Set("Content-Type", graphContentType)
	x.body = appendString(append(x.body[:0], `{"@odata.context":`...), x.metadata(context))
	return &page{x: x, from: from, link: link}
}

// continueAt makes the next page begin at another place of the same walk.
func (p *page) continueAt(at int) {
	next := p.from
	next.At = at
	p.next = &next
}

// count writes @odata.count; it comes on the first page only.
func (p *page) count(n int) {
	p.x.body = appendInt(append(p.x.body, `,"@odata.count":`...), n)
}

func (p *page) start() {
	if !p.started {
		p.x.body = append(p.x.body, `,"value":[`...)
		p.started = true
	}
}

// item adds one element, which write appends.
func (p *page) item(write func([]byte) []byte) {
	p.start()
	p.starts = append(p.starts, len(p.x.body))
	if p.items > 0 {
		p.x.body = append(p.x.body, ',')
	}
	p.x.body = write(p.x.body)
	p.items++
}

// finish closes the page with its link. (In production the links come before the values; the order of members has no meaning in JSON.)
func (p *page) finish() {
	p.start()
	p.suffer()
	p.x.body = append(p.x.body, ']')
	next, done := "", ""
	if p.next != nil {
		next = p.link(*p.next)
	}
	if p.done != nil {
		done = p.link(*p.done)
	}
	if detour := p.from.Detour; detour != "" && p.x.spoil != faultRepeatPage {
		if next, done = detour, ""; strings.Contains(detour, "$deltatoken=") {
			next, done = "", detour
		}
	}
	if next != "" {
		p.x.body = appendString(append(p.x.body, `,"@odata.nextLink":`...), next)
	}
	if done != "" {
		p.x.body = appendString(append(p.x.body, `,"@odata.deltaLink":`...), done)
	}
	p.x.body = append(p.x.body, '}')
}

// suffer does to the page what a fault says.
func (p *page) suffer() {
	switch p.x.spoil {
	case faultEmptyPage:
		p.keep(0)
	case faultEmptyEnd:
		p.keep(0)
		p.next, p.done, p.from.Detour = nil, nil, ""
	case faultTruncatedPage:
		p.keep((p.items + 1) / 2)
	case faultRepeatPage:
		p.next, p.done = &p.from, nil
	case faultShortPage:
		p.keep((p.items + 1) / 2)
		p.trap(faultShortPage)
	case faultLostPage:
		p.keep(0)
		p.trap(faultLostPage)
	default:
	}
}

// trap makes the page go on behind a link that fails.
func (p *page) trap(kind faultKind) {
	next := p.from
	next.Trap, next.Detour = kind, ""
	p.next, p.done, p.from.Detour = &next, nil, ""
}

// keep throws away all items but the first n.
func (p *page) keep(n int) {
	if n < p.items {
		p.x.body = p.x.body[:p.starts[n]]
		p.items = n
	}
}

func appendInt(dst []byte, n int) []byte { return strconv.AppendInt(dst, int64(n), 10) }
