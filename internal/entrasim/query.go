package entrasim

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// A queryError is a request that Graph refuses, with its code.
type queryError struct {
	status        int
	code, message string
}

func (e *queryError) Error() string { return e.message }

func badQuery(format string, args ...any) error {
	return &queryError{http.StatusBadRequest, "Request_BadRequest", fmt.Sprintf(format, args...)}
}

func unsupportedQuery(format string, args ...any) error {
	return &queryError{http.StatusBadRequest, "Request_UnsupportedQuery", fmt.Sprintf(format, args...)}
}

// A query is the options of a request in their order. Names are in lower case, as Graph does not mind; a semicolon belongs
// to the value ($expand=manager($levels=1;$select=id)), which is why url.ParseQuery cannot be used.
type query []queryOption

type queryOption struct{ name, value string }

func parseQuery(raw string) query {
	var q query
	for part := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(part, "=")
		if n, err := url.QueryUnescape(name); err == nil {
			name = n
		}
		if v, err := url.QueryUnescape(value); err == nil {
			value = v
		}
		if name != "" {
			q = append(q, queryOption{strings.ToLower(name), value})
		}
	}
	return q
}

func (q query) has(name string) bool {
	for _, o := range q {
		if o.name == name {
			return true
		}
	}
	return false
}

func (q query) get(name string) string {
	for _, o := range q {
		if o.name == name {
			return o.value
		}
	}
	return ""
}

// only refuses every system option but the given ones.
func (q query) only(names string) error {
	for _, o := range q {
		if strings.HasPrefix(o.name, "$") && !strings.Contains(" "+names+" ", " "+o.name+" ") {
			return badQuery("'%s' is not supported by the service for this request.", o.name)
		}
	}
	return nil
}

// top is the page size: Graph's default for users is 100, its limit 999.
func (q query) top() (int, error) {
	if !q.has("$top") {
		return 100, nil
	}
	n, err := strconv.Atoi(q.get("$top"))
	if err != nil || n < 1 || n > 999 {
		return 0, unsupportedQuery("Invalid page size specified: '%s'. Must be between 1 and 999 inclusive.", q.get("$top"))
	}
	return n, nil
}

// encode writes the options back, without one of them.
func (q query) encode(without string) string {
	var b strings.Builder
	for _, o := range q {
		if o.name == without {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(o.name + "=" + url.QueryEscape(o.value))
	}
	return b.String()
}

// advanced tells whether the request asks for an advanced query and for a count, which most of them need.
func (x *exchange) advanced(q query) bool { return x.eventual() && q.get("$count") == "true" }

// eventual tells whether the request asks for an advanced query (header ConsistencyLevel: eventual).
func (x *exchange) eventual() bool {
	return strings.EqualFold(x.request.Header.Get("ConsistencyLevel"), "eventual")
}

// A selection is what is written of an object.
type selection struct {
	resource *resource
	fields   []field
	mask     mask
	named    string     // the properties between parentheses in @odata.context; "" if the default ones
	manager  *selection // what is expanded of the manager, nil if nothing
}

// A field is one member of the JSON object.
type field struct {
	key      string // `"displayName":`
	property property
	constant string // the JSON of a property that this tenant never fills
}

func (s *selection) add(p property) {
	s.mask |= maskOf(p)
	if p != s.resource.relation { // a navigation property: only delta writes it, as manager@delta
		s.fields = append(s.fields, field{key: `"` + s.resource.names[p] + `":`, property: p})
	}
}

// parseSelect reads a $select; navigation says whether a relationship may be named in it, as in delta.
func (r *resource) parseSelect(list string, navigation bool) (*selection, error) {
	s := &selection{resource: r}
	if strings.TrimSpace(list) == "" {
		for _, p := range r.defaults {
			s.add(p)
		}
		if navigation && r.relationTracked {
			s.add(r.relation)
		}
		return s, nil
	}
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		p, known := r.property(name)
		switch {
		case known && (p != r.relation || navigation):
			if !s.mask.has(p) {
				s.add(p)
			}
			name = r.names[p]
		case strings.Contains(r.elsewhere, " "+name+" "):
			return nil, &queryError{http.StatusNotImplemented, "NotImplemented", "The property '" + name + "' cannot be selected on a collection of " + r.set + "."}
		default:
			canonical, constant, ok := r.emptyValue(name)
			if !ok {
				return nil, badQuery("Parsing OData Select and Expand failed: Could not find a property named '%s' on type '%s'.", name, r.typeName)
			}
			name = canonical
			if constant != "" {
				s.fields = append(s.fields, field{key: `"` + canonical + `":`, constant: constant})
			}
		}
		names = append(names, name)
	}
	s.named = strings.Join(names, ",")
	return s, nil
}

// parseExpand reads $expand, of which only manager and manager($levels=1;$select=…) are modelled.
func parseExpand(s *selection, expand string) error {
	if expand == "" {
		return nil
	}
	inner, found := strings.CutPrefix(expand, "manager")
	if !found || inner != "" && (inner[0] != '(' || inner[len(inner)-1] != ')') {
		return unsupportedQuery("Only manager can be expanded here, not '%s'.", expand)
	}
	properties := ""
	for option := range strings.SplitSeq(strings.Trim(inner, "()"), ";") {
		switch name, value, _ := strings.Cut(strings.TrimSpace(option), "="); strings.ToLower(name) {
		case "":
		case "$select":
			properties = value
		case "$levels":
			if value != "1" {
				return unsupportedQuery("Only one level of managers can be expanded here, not '%s'.", value)
			}
		default:
			return unsupportedQuery("'%s' is not supported inside $expand=manager.", name)
		}
	}
	m, err := s.resource.parseSelect(properties, false)
	s.manager = m
	s.mask |= maskOf(propManager)
	return err
}

// contextOf is the fragment of @odata.context for a selection.
func (s *selection) contextOf() string {
	parts := s.named
	if s.manager != nil {
		if parts != "" {
			parts += ","
		}
		parts += "manager(" + s.manager.named + ")"
	}
	if parts == "" {
		return s.resource.set
	}
	return s.resource.set + "(" + parts + ")"
}
