package entrasim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// A memberChoice names members in a request of the control API: one by one, and a stretch of the people by their numbers.
type memberChoice struct {
	// Members are ids of users and groups, userPrincipalNames, or {"type":"device","id":"…"} for anything else; without an
	// id one is made up.
	Members []json.RawMessage `json:"members,omitempty"`
	// From and Count choose the people with the numbers From to From+Count-1, in the order of GET /sim/users without those who are gone.
	From  int `json:"from,omitempty"`
	Count int `json:"count,omitempty"`
}

// refs finds the members. Those in the recycle bin are no members that one can name.
func (d *directory) refs(c memberChoice) ([]ref, error) {
	if c.From < 0 || c.Count < 0 || c.From+c.Count > len(d.objects) {
		return nil, refuse(http.StatusBadRequest, "from %d and count %d go beyond the %d people there are", c.From, c.Count, len(d.objects))
	}
	found := make([]ref, 0, len(c.Members)+c.Count)
	for i := c.From; i < c.From+c.Count; i++ {
		if d.isLive(i, head) {
			found = append(found, newRef(refUser, i))
		}
	}
	for _, raw := range c.Members {
		r, err := d.refOf(raw)
		if err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, nil
}

func (d *directory) refOf(raw json.RawMessage) (ref, error) {
	var key string
	if json.Unmarshal(raw, &key) == nil {
		if n, ok := d.findGroup(key, head, live); ok {
			return newRef(refGroup, n), nil
		}
		i, err := d.known(key, live)
		return newRef(refUser, i), err
	}
	var o struct{ Type, ID string }
	id := guid{}
	if json.Unmarshal(raw, &o) != nil || o.Type == "" || o.Type == "user" || o.Type == "group" {
		return 0, refuse(http.StatusBadRequest, `%s: a member is an id, a userPrincipalName, or {"type":"device","id":"…"}`, raw)
	}
	if o.ID != "" {
		var ok bool
		if id, ok = parseGUID(fold(o.ID)); !ok {
			return 0, refuse(http.StatusBadRequest, "the id of a %s must be a GUID, not %q", o.Type, o.ID)
		}
	}
	return d.otherRef(strings.TrimPrefix(o.Type, "#microsoft.graph."), id), nil
}

func isUnifiedKind(kind string) (bool, error) {
	switch kind {
	case kindSecurity, "":
		return false, nil
	case kindMicrosoft365:
		return true, nil
	default:
		return false, refuse(http.StatusBadRequest, "unknown kind %q: use %s or %s", kind, kindSecurity, kindMicrosoft365)
	}
}

// groupOperations are the ops of POST /sim/operations that are about groups.
var groupOperations = []string{"create-group", "change-group", "delete-group", "restore-group", "purge-group", "join", "leave"}

// operateGroup does one operation on a group and returns its number; the caller holds the lock and settles.
func (x *exchange) operateGroup(o operation) (int, error) {
	d := x.server.directory
	states := []lifeState{live}
	switch o.Op {
	case "create-group":
		return x.operateCreateGroup(o)
	case "join", "leave":
		n, _, err := x.operateMembers(o)
		return n, err
	case "restore-group":
		states = []lifeState{deleted}
	case "purge-group":
		states = []lifeState{live, deleted}
	}
	n, err := d.knownGroup(o.Group, states...)
	if err != nil {
		return 0, err
	}
	switch o.Op {
	case "change-group":
		var edit func(*group)
		if edit, err = groupEditor(o.Properties, false); err == nil {
			d.changeGroup(n, x.now, edit)
		}
	case "delete-group":
		d.removeGroup(n, x.now)
	case "restore-group":
		d.restoreGroup(n, x.now)
	case "purge-group":
		d.purgeGroup(n, x.now)
	}
	return n, err
}

// operateMembers lets members join or leave a live group, and tells for how many that changed something.
func (x *exchange) operateMembers(o operation) (n, done int, err error) {
	d := x.server.directory
	if n, err = d.knownGroup(o.Group, live); err != nil {
		return 0, 0, err
	}
	refs, err := d.refs(o.memberChoice)
	if err != nil {
		return 0, 0, err
	}
	edges := make([]edge, len(refs))
	for i, r := range refs {
		if edges[i] = edge(r); o.Op == "leave" {
			edges[i] |= left
		}
	}
	return n, d.changeMembers(n, x.now, edges), nil
}

// operateCreateGroup takes, beside the properties as Graph names them, kind and what chooses members.
func (x *exchange) operateCreateGroup(o operation) (int, error) {
	d := x.server.directory
	own := map[string]json.RawMessage{}
	properties := map[string]json.RawMessage{}
	for name, raw := range o.Properties {
		if slices.Contains([]string{"kind", "members", "from", "count"}, name) {
			own[name] = raw
		} else {
			properties[name] = raw
		}
	}
	var made struct {
		Kind string `json:"kind"`
		memberChoice
	}
	if b, err := json.Marshal(own); err != nil || json.Unmarshal(b, &made) != nil {
		return 0, refuse(http.StatusBadRequest, "kind must be a text, members a list, from and count numbers")
	}
	unified, err := isUnifiedKind(made.Kind)
	if err != nil {
		return 0, err
	}
	edit, err := groupEditor(properties, true)
	if err != nil {
		return 0, err
	}
	refs, err := d.refs(made.memberChoice)
	if err != nil {
		return 0, err
	}
	m := &membership{}
	for _, r := range refs {
		m.apply(edge(r))
	}
	n, err := d.createGroup(x.now, m, func(g *group) { g.unified = unified; edit(g) })
	return n, asConflict(err)
}

// groupEditor turns properties as Graph names them into an edit of a group. A null clears. id can be given to a new group only.
func groupEditor(properties map[string]json.RawMessage, created bool) (func(*group), error) {
	var edits []func(*group)
	for name, raw := range properties {
		p, ok := groupResource.property(name)
		var edit func(*group)
		var err error
		switch {
		case ok && p < numGroupText:
			edit, err = editGroupText(p, raw)
		case ok && p == propGroupProxyAddresses:
			edit, err = editProxies(raw)
		case ok && p == propGroupID && created:
			var id guid
			id, err = readID(raw)
			edit = func(g *group) { g.id = id }
		default:
			err = refuse(http.StatusBadRequest, "cannot be set: give properties of a group as Graph names them")
		}
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "%q: %v", name, err)
		}
		edits = append(edits, edit)
	}
	return func(g *group) {
		for _, e := range edits {
			e(g)
		}
	}, nil
}

func editGroupText(p property, raw json.RawMessage) (func(*group), error) {
	var text *string
	if json.Unmarshal(raw, &text) != nil {
		return nil, refuse(http.StatusBadRequest, "must be a text, or null")
	}
	if text == nil {
		text = new(string)
	}
	return func(g *group) { g.text[p] = *text }, nil
}

func editProxies(raw json.RawMessage) (func(*group), error) {
	var list []string
	if json.Unmarshal(raw, &list) != nil || slices.Contains(list, "") {
		return nil, refuse(http.StatusBadRequest, "must be a list of texts")
	}
	return func(g *group) { g.proxies = list }, nil
}
