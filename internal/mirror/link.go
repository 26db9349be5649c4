package mirror

import (
	"context"
	"net/url"
	"strings"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
)

// follow returns the page behind the link, or the first one. A page that names itself as the next one is refused, so that the next run
// asks for it again. A link that was kept from when the cloud had another address is as good as expired: a full read follows. A link
// that leads from a fresh page to another host stays an error (rule 18).
func (p *Pull) follow(ctx context.Context, link string, first func() (graph.Page, error)) (graph.Page, error) {
	if link == "" && first != nil {
		return first()
	}
	page, err := p.Tenant.Follow(ctx, link)
	switch {
	case refusedUnsent(err):
		return graph.Page{}, fault.Wrap(fault.Expired, "CloudMoved", err, "the last read ended at another address of the cloud").
			WithRemedy("A full read starts over")
	case err != nil:
		return graph.Page{}, err
	case page.Next == link:
		return graph.Page{}, endless("a page of the tenant's users names itself as the next page")
	case leadsAway(link, page.Next) || leadsAway(link, page.Delta):
		return graph.Page{}, fault.New(fault.Invalid, offHost, "a page of the tenant's users names a page on another host, which is not followed").
			WithRemedy("Nothing of it was used; look for a proxy that answers in Microsoft's place.")
	}
	return page, nil
}

// offHost is the code of graph's refusals to go to another host.
const offHost = "LinkOffHost"

// refusedUnsent reports whether the client refused a link for its host. A request id tells that a request was made: then an answer led off
// the host, not the link.
func refusedUnsent(err error) bool {
	refused := fault.Of(err)
	return refused != nil && refused.Code == offHost && refused.RequestID == ""
}

// leadsAway reports whether the link of a page is on another origin than the link that led to the page, which was on the tenant's.
func leadsAway(from, to string) bool {
	if to == "" {
		return false
	}
	here, err := url.Parse(from)
	if err != nil {
		return false
	}
	there, err := url.Parse(to)
	return err != nil || !strings.EqualFold(here.Scheme, there.Scheme) || !strings.EqualFold(here.Hostname(), there.Hostname()) ||
		port(here) != port(there)
}

func port(u *url.URL) string {
	if u.Port() == "" {
		return map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)]
	}
	return u.Port()
}

func endless(format string, args ...any) error {
	return fault.New(fault.Unavailable, "EndlessPages", format, args...).
		WithRemedy("Nothing was removed and the next run asks again; if this repeats, look for a proxy that answers in Microsoft's place.")
}
