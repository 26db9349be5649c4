package scimserver

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"strconv"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/scim"
)

// listing is what a client asks of a list (RFC 7644, section 3.4.2; RFC 9865).
type listing struct {
	filter, sortBy, sortOrder string
	// startIndex is that of the first resource, from 1; count how many there may be.
	startIndex, count int
	// cursor is where the page begins; byCursor: cursors are wanted, with "" for the first page.
	cursor   string
	byCursor bool
	// chosen holds attributes and excludedAttributes.
	chosen url.Values
}

// listingOf reads the parameters of a GET. Others are passed over: Entra appends a flag of its own.
func listingOf(query url.Values) (listing, error) {
	l := listing{
		filter: query.Get("filter"), sortBy: query.Get("sortBy"), sortOrder: query.Get("sortOrder"),
		startIndex: 1, count: defaultCount, cursor: query.Get("cursor"), byCursor: query.Has("cursor"), chosen: query,
	}
	for name, to := range map[string]*int{"startIndex": &l.startIndex, "count": &l.count} {
		if text := query.Get(name); text != "" {
			number, err := strconv.Atoi(text)
			switch {
			case err != nil && l.byCursor && name == "count":
				return l, wrongCount()
			case err != nil:
				return l, fault.New(fault.Invalid, scim.InvalidValue, "%s is a whole number, not %q", name, text)
			}
			*to = number
		}
	}
	return l.bounded()
}

// bounded brings numbers into their bounds, as RFC 7644 demands. A page behind a cursor is never empty by wish: without a next cursor it would pass for
// the last one (RFC 9865, section 2.1).
func (l listing) bounded() (listing, error) {
	if l.byCursor && l.count < 1 {
		return l, wrongCount()
	}
	l.startIndex = max(1, l.startIndex)
	l.count = min(max(0, l.count), maxCount)
	return l, nil
}

func wrongCount() error {
	return fault.New(fault.Invalid, scim.InvalidCount, "with a cursor, count is a whole number from 1 to %d", maxCount)
}

// query is what the listing asks of a kind of resource.
func (l listing) query(k kind, profile scim.Profile) (directory.ResourceQuery, error) {
	types := k.resourceType()
	filter, err := types.ParseFilter(l.filter, profile)
	if err != nil {
		return directory.ResourceQuery{}, err
	}
	sort, descending, err := types.ParseSort(l.sortBy, l.sortOrder, profile)
	return directory.ResourceQuery{
		Filter: filter, Sort: sort, Descending: descending, Skip: l.startIndex - 1, Limit: l.count, Total: true,
	}, err
}

func (s *server) list(w http.ResponseWriter, r *http.Request, k kind) error {
	l, err := listingOf(r.URL.Query())
	if err != nil {
		return err
	}
	return s.answerListing(w, r, k, l)
}

func (s *server) answerListing(w http.ResponseWriter, r *http.Request, k kind, l listing) error {
	query, err := l.query(k, callerOf(r.Context()).profile)
	if err != nil {
		return err
	}
	show := projection(k, l.chosen)
	if l.byCursor {
		return s.answerByCursor(w, r, k, l, query, show)
	}
	page, err := k.query(r.Context(), query, show)
	if err != nil {
		return err
	}
	return s.answerList(w, r, map[string]any{
		"schemas": []string{scim.ListResponse}, "totalResults": page.total, "startIndex": l.startIndex, "itemsPerPage": len(page.items),
	}, page.items)
}

// answerList answers with a list: what is said of it, and then its resources.
func (s *server) answerList(w http.ResponseWriter, r *http.Request, said map[string]any, items []shown) error {
	return s.stream(w, r, http.StatusOK, func(ctx context.Context, out *bufio.Writer) error {
		head, err := encode(said)
		if err != nil {
			return err
		}
		if _, err := out.Write(head[:len(head)-1]); err != nil {
			return err
		}
		if _, err := out.WriteString(`,"Resources":[`); err != nil {
			return err
		}
		for i, item := range items {
			if i > 0 {
				if err := out.WriteByte(','); err != nil {
					return err
				}
			}
			if err := writeShown(ctx, out, item); err != nil {
				return err
			}
		}
		_, err = out.WriteString("]}")
		return err
	})
}
