package entrasim

import "strconv"

// A page is one answer of a collection under construction. It knows the faults of pages.
type page struct {
	x       *exchange
	started bool
	items   int
	starts  []int // where each item starts in the body, to cut some off again
	// next and delta are the links; again is the link that would bring this same page.
	next, delta, again string
}

func newPage(x *exchange, context string) *page {
	x.header.Set("Content-Type", graphContentType)
	x.body = appendString(append(x.body[:0], `{"@odata.context":`...), x.metadata(context))
	return &page{x: x}
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
	switch p.x.spoil {
	case faultEmptyPage:
		p.keep(0)
	case faultEmptyEnd:
		p.keep(0)
		p.next, p.delta = "", ""
	case faultTruncatedPage:
		p.keep((p.items + 1) / 2)
	case faultRepeatPage:
		p.next, p.delta = p.again, ""
	default:
	}
	p.x.body = append(p.x.body, ']')
	if p.next != "" {
		p.x.body = appendString(append(p.x.body, `,"@odata.nextLink":`...), p.next)
	}
	if p.delta != "" {
		p.x.body = appendString(append(p.x.body, `,"@odata.deltaLink":`...), p.delta)
	}
	p.x.body = append(p.x.body, '}')
}

// keep throws away all items but the first n.
func (p *page) keep(n int) {
	if n < p.items {
		p.x.body = p.x.body[:p.starts[n]]
		p.items = n
	}
}

func appendInt(dst []byte, n int) []byte { return strconv.AppendInt(dst, int64(n), 10) }
