package entrasim

import (
	"math"
	"net/http"
	"slices"
	"strings"
)

// A relation is a list of directory objects that belong to one: gather collects the first of them from a ref on that keep
// accepts, ascending, at most limit.
type relation struct {
	name   string // "members"
	gather func(d *directory, of, from ref, limit int, keep func(ref) bool) []ref
}

var (
	relationMembers           = relation{"members", (*directory).gatherMembers}
	relationTransitiveMembers = relation{"transitiveMembers", (*directory).gatherTransitiveMembers}
	relationMemberOf          = relation{"memberOf", (*directory).gatherMemberOf}
	relationTransitiveOf      = relation{"transitiveMemberOf", (*directory).gatherTransitiveOf}
)

// routeRelations registers what belongs to groups and users, whole and by type, with their counts.
func routeRelations(route func(pattern string, handle func(*exchange))) {
	for set, relations := range map[string][]relation{
		"groups": {relationMembers, relationTransitiveMembers, relationMemberOf, relationTransitiveOf},
		"users":  {relationMemberOf, relationTransitiveOf},
	} {
		for _, r := range relations {
			path := "GET " + graphPrefix + set + "/{id}/" + r.name
			route(path, func(x *exchange) { x.listRelation(set, r) })
			route(path+"/$count", func(x *exchange) { x.countRelation(set, r) })
			route(path+"/{cast}", func(x *exchange) { x.listRelation(set, r) })
			route(path+"/{cast}/$count", func(x *exchange) { x.countRelation(set, r) })
		}
	}
}

// A memberSelection is what is written of each type of member.
type memberSelection struct {
	users, groups *selection
	cast          *resource // only these, without @odata.type
	named         string
}

// parseMemberSelect reads a $select over several types: each member shows those of the properties that its type has.
func parseMemberSelect(list, cast string) (m memberSelection, err error) {
	switch strings.ToLower(cast) {
	case "":
	case userResource.typeName:
		m.cast = &userResource
	case groupResource.typeName:
		m.cast = &groupResource
	default:
		return m, badQuery("Type cast segment '%s' is not supported here: microsoft.graph.user or microsoft.graph.group.", cast)
	}
	lists := map[*resource][]string{}
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		known := name == ""
		for _, r := range []*resource{&userResource, &groupResource} {
			_, stored := r.property(name)
			_, _, empty := r.emptyValue(name)
			if (stored || empty) && name != "" && (m.cast == nil || m.cast == r) {
				lists[r] = append(lists[r], name)
				known = true
			}
		}
		if !known {
			return m, badQuery("Parsing OData Select and Expand failed: Could not find a property named '%s' on type 'microsoft.graph.directoryObject'.", name)
		}
	}
	m.named = strings.ReplaceAll(list, " ", "")
	if m.users, err = selectSome(&userResource, lists, list != ""); err != nil {
		return m, err
	}
	m.groups, err = selectSome(&groupResource, lists, list != "")
	return m, err
}

// selectSome is parseSelect that can also select nothing but the type.
func selectSome(r *resource, lists map[*resource][]string, chosen bool) (*selection, error) {
	if chosen && len(lists[r]) == 0 {
		return &selection{resource: r}, nil
	}
	return r.parseSelect(strings.Join(lists[r], ","), false)
}

func (m *memberSelection) contextOf() string {
	set := "directoryObjects"
	if m.cast != nil {
		set = m.cast.set
	}
	if m.named == "" {
		return set
	}
	return set + "(" + m.named + ")"
}

// keep tells whether a member of the replica's is shown.
func (m *memberSelection) keep(d *directory) func(ref) bool {
	return func(r ref) bool {
		switch {
		case m.cast == &userResource && r.kind() != refUser, m.cast == &groupResource && r.kind() != refGroup:
			return false
		default:
			return d.memberState(r, d.visible) == live
		}
	}
}

// relationQuery checks a request for a relation or its count and finds whose it is. It answers what is wrong itself.
func (x *exchange) relationQuery(set, options string) (m memberSelection, of ref, ok bool) {
	q := parseQuery(x.request.URL.RawQuery)
	cast := x.request.PathValue("cast")
	m, err := parseMemberSelect(q.get("$select"), cast)
	if err == nil {
		err = q.only(options)
	}
	counting := strings.HasSuffix(x.request.URL.Path, "/$count")
	switch {
	case err != nil:
	case counting && !x.eventual():
		err = badQuery("$count is not currently supported.")
	case cast != "" && !counting && !x.advanced(q):
		err = unsupportedQuery("The specified type cast needs ConsistencyLevel: eventual and $count=true.")
	}
	if err != nil {
		x.fail(err)
		return m, 0, false
	}
	d, key := x.server.directory, x.request.PathValue("id")
	d.mu.RLock()
	defer d.mu.RUnlock()
	if set == groupResource.set {
		n, found := d.findGroup(key, d.visible, live)
		of, ok = newRef(refGroup, n), found
	} else {
		n, found := d.find(key, d.visible, live)
		of, ok = newRef(refUser, n), found
	}
	if !ok {
		x.notFound(key)
	}
	return m, of, ok
}

// listRelation answers GET /groups/{id}/members and its like, in the order of the refs.
func (x *exchange) listRelation(set string, r relation) {
	q := parseQuery(x.request.URL.RawQuery)
	m, of, ok := x.relationQuery(set, "$select $top $count $skiptoken")
	if !ok {
		return
	}
	top, err := q.top()
	path := strings.TrimPrefix(x.request.URL.Path, graphPrefix)
	from, errFrom := x.listCursor(q, cursorMembers, fold(path))
	if err == nil {
		err = errFrom
	}
	if err != nil {
		x.fail(err)
		return
	}
	d := x.server.directory
	d.mu.RLock()
	defer d.mu.RUnlock()
	p := newPage(x, m.contextOf(), from, x.listLink(path, q))
	if x.advanced(q) && !q.has("$skiptoken") {
		p.count(len(r.gather(d, of, 0, math.MaxInt, m.keep(d))))
	}
	refs := r.gather(d, of, ref(from.At), top+1, m.keep(d)) //nolint:gosec // G115: it was a ref
	for i, member := range refs {
		if i == top {
			p.continueAt(int(member))
			break
		}
		p.item(func(dst []byte) []byte { return d.appendMember(dst, member, &m) })
	}
	p.finish()
}

// countRelation answers GET /groups/{id}/members/$count and its like.
func (x *exchange) countRelation(set string, r relation) {
	m, of, ok := x.relationQuery(set, "")
	if !ok {
		return
	}
	d := x.server.directory
	d.mu.RLock()
	defer d.mu.RUnlock()
	x.status = http.StatusOK
	x.answerCount(len(r.gather(d, of, 0, math.MaxInt, m.keep(d))))
}

func (d *directory) appendMember(dst []byte, r ref, m *memberSelection) []byte {
	dst = append(dst, '{')
	if m.cast == nil {
		dst = append(dst, `"@odata.type":"`...)
		dst = append(append(dst, d.memberType(r)...), '"')
	}
	start := len(dst)
	switch r.kind() {
	case refUser:
		var scratch user
		dst = appendFields(append(dst, ','), d.at(r.number(), d.visible, &scratch, m.users.mask), m.users)
	case refGroup:
		dst = appendGroupFields(append(dst, ','), d.groupAt(r.number(), d.visible), m.groups)
	default: // nothing but the id may be read
		dst = append(dst, `,"id":"`...)
		dst = append(d.memberID(r).append(dst), '"')
	}
	switch {
	case len(dst) == start+1: // no property of this type was chosen
		dst = dst[:start]
	case m.cast != nil:
		dst = slices.Delete(dst, start, start+1)
	}
	return append(dst, '}')
}
