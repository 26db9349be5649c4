package entrasim

import "strings"

// A property is one stored property of a resource, numbered from 0 in each of them.
type property int

// A mask is a set of properties of one resource, one bit each.
type mask uint64

// everything is the mask of a change after which a delta tells the whole object again.
const everything mask = 1<<63 - 1

func maskOf(properties ...property) mask {
	var m mask
	for _, p := range properties {
		m |= 1 << p
	}
	return m
}

func (m mask) has(p property) bool { return m&(1<<p) != 0 }

// A resource is a type of Graph that can be listed and tracked: what its properties are called, and what a query may do
// with them.
type resource struct {
	set      string     // "users": the path below the version, and the fragment of @odata.context
	typeName string     // "microsoft.graph.user"
	names    []string   // of the properties, by number
	defaults []property // what Graph returns without $select, in its order
	keys     []property // those that lead to one object; the first is the id
	relation property   // the navigation property that a delta can track
	// relationTracked says that a delta without $select tracks the relation too.
	relationTracked bool
	sortable        mask
	unfilterable    mask
	// empty are the properties that this tenant never fills, with the JSON that Graph returns for them when they are selected.
	empty map[string]string
	// elsewhere are the properties that Graph refuses on the collection with 501 NotImplemented, between blanks.
	elsewhere string
}

// property finds a stored property; Graph takes property names without regard to case.
func (r *resource) property(name string) (property, bool) {
	for p, n := range r.names {
		if strings.EqualFold(n, name) {
			return property(p), true
		}
	}
	return 0, false
}

// emptyValue tells the JSON of a property that exists in Graph and is empty in this tenant.
// Directory extensions (extension_<app>_<name>) are open properties: accepted, never present.
func (r *resource) emptyValue(name string) (canonical, value string, known bool) {
	for n, v := range r.empty {
		if strings.EqualFold(n, name) {
			return n, v, true
		}
	}
	return name, "", strings.HasPrefix(name, "extension_")
}
