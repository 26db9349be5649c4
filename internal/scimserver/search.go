package scimserver

import (
	"net/http"
	"net/url"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/scim"
)

// search answers a query that comes as a POST (RFC 7644, section 3.4.3).
func (s *server) search(w http.ResponseWriter, r *http.Request, k kind) error {
	l, err := searched(r)
	if err != nil {
		return err
	}
	return s.answerListing(w, r, k, l)
}

// searched reads a search request.
func searched(r *http.Request) (listing, error) {
	l := listing{startIndex: 1, count: defaultCount, chosen: url.Values{}}
	message, err := body(r)
	if err != nil {
		return l, err
	}
	if err := scim.CheckMessage(message, scim.SearchRequest, callerOf(r.Context()).profile); err != nil {
		return l, err
	}
	for name, to := range map[string]*string{"filter": &l.filter, "sortBy": &l.sortBy, "sortOrder": &l.sortOrder, "cursor": &l.cursor} {
		switch value := scim.Field(message, name).(type) {
		case nil:
		case string:
			*to, l.byCursor = value, l.byCursor || name == "cursor"
		default:
			return l, fault.New(fault.Invalid, scim.InvalidSyntax, "%s is a text", name)
		}
	}
	for name, to := range map[string]*int{"startIndex": &l.startIndex, "count": &l.count} {
		switch err := wholeNumber(message, name, to); {
		case err != nil && l.byCursor && name == "count":
			return l, wrongCount()
		case err != nil:
			return l, err
		}
	}
	for _, name := range []string{"attributes", "excludedAttributes"} {
		if err := l.choose(message, name); err != nil {
			return l, err
		}
	}
	return l.bounded()
}

// choose reads a list of names of attributes.
func (l listing) choose(message map[string]any, name string) error {
	wrong := fault.New(fault.Invalid, scim.InvalidSyntax, "%s is a list of names", name)
	switch value := scim.Field(message, name).(type) {
	case nil:
	case string:
		l.chosen.Add(name, value)
	case []any:
		for _, element := range value {
			text, ok := element.(string)
			if !ok {
				return wrong
			}
			l.chosen.Add(name, text)
		}
	default:
		return wrong
	}
	return nil
}

// everything answers a query for users and groups together.
func (s *server) everything(w http.ResponseWriter, r *http.Request) error {
	l, err := listingOf(r.URL.Query())
	if err != nil {
		return err
	}
	return s.answerAll(w, r, l)
}

func (s *server) searchAll(w http.ResponseWriter, r *http.Request) error {
	l, err := searched(r)
	if err != nil {
		return err
	}
	return s.answerAll(w, r, l)
}

// answerAll answers with users and then groups, each in their order. A kind whose schemas do not have what the filter or the order asks about
// has nothing that fits.
func (s *server) answerAll(w http.ResponseWriter, r *http.Request, l listing) error {
	if l.byCursor {
		return fault.New(fault.Invalid, scim.InvalidCursor, "cursors are for users or groups, not for both together")
	}
	var items []shown
	var failed error
	total, answered := 0, false
	for _, k := range []kind{s.users, s.groups} {
		query, err := l.query(k, callerOf(r.Context()).profile)
		if err != nil {
			failed = err
			continue
		}
		answered = true
		page, err := s.share(r, k, l, query, total, len(items))
		if err != nil {
			return err
		}
		items, total = append(items, page.items...), total+page.total
	}
	if !answered {
		return failed
	}
	return s.answerList(w, r, map[string]any{
		"schemas": []string{scim.ListResponse}, "totalResults": total, "startIndex": l.startIndex, "itemsPerPage": len(items),
	}, items)
}

// share is the part of a page that one kind has, behind so many resources of others, of which some are on the page already.
func (s *server) share(r *http.Request, k kind, l listing, query directory.ResourceQuery, before, taken int) (shownPage, error) {
	query.Skip, query.Limit = max(0, query.Skip-before), query.Limit-taken
	return k.query(r.Context(), query, projection(k, l.chosen))
}
