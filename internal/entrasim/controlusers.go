package entrasim

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// simFields are all properties, in the order in which the control API writes them.
var simFields = func() *selection {
	s := &selection{resource: &userResource}
	s.add(propID)
	for p := range numProperties {
		if p != propID && p != propManager && p != propState {
			s.add(p)
		}
	}
	return s
}()

// simJSON is a user as the control API shows it: all properties, the userPrincipalName as it was before a deletion, the
// manager's id, and the state of life. Graph's state, a part of the address, is shown as region. The caller holds the lock.
func (d *directory) simJSON(i int) rawJSON {
	var scratch user
	u := *d.at(i, head, &scratch, everything)
	state := u.state
	u.state = live // the name without the prefix of deleted users
	b := appendFields([]byte{'{'}, &u, simFields)
	b = append(b, `,"manager":`...)
	if u.manager == noManager {
		b = append(b, "null"...)
	} else {
		b = appendString(b, d.id(u.manager).String())
	}
	b = append(b, `,"region":`...)
	if region := u.text[propState]; region == "" {
		b = append(b, "null"...)
	} else {
		b = appendString(b, region)
	}
	b = append(b, `,"state":"`...)
	return append(b, state.String()+`"}`...)
}

func (x *exchange) pageOptions(most int) (limit, offset int, err error) {
	limit = 50
	q := parseQuery(x.request.URL.RawQuery)
	for name, value := range map[string]*int{"limit": &limit, "offset": &offset} {
		if !q.has(name) {
			continue
		}
		if *value, err = strconv.Atoi(q.get(name)); err != nil || *value < 0 || name == "limit" && *value > most {
			return 0, 0, refuse(http.StatusBadRequest, "%s=%s must be a number, limit at most %d", name, q.get(name), most)
		}
	}
	return limit, offset, nil
}

func (x *exchange) simUsers() (int, any, error) {
	limit, offset, err := x.pageOptions(1000)
	if err != nil {
		return 0, nil, err
	}
	q := parseQuery(x.request.URL.RawQuery)
	state := live
	switch q.get("state") {
	case "", "live":
	case "deleted":
		state = deleted
	default:
		return 0, nil, refuse(http.StatusBadRequest, "state=%s must be live or deleted", q.get("state"))
	}
	d := x.server.directory
	d.mu.RLock()
	defer d.mu.RUnlock()
	wanted := fold(q.get("q"))
	total, users := 0, []rawJSON{}
	var scratch user
	var names mask // of people whom nobody changed, names are made when they are asked for
	if wanted != "" {
		names = maskOf(propDisplayName, propUserPrincipalName, propMail)
	}
	for i := range d.objects {
		u := d.at(i, head, &scratch, names)
		if u.state != state || !u.mentions(wanted) {
			continue
		}
		if total++; total > offset && len(users) < limit {
			users = append(users, d.simJSON(i))
		}
	}
	return http.StatusOK, map[string]any{"users": users, "total": total, "limit": limit, "offset": offset}, nil
}

// mentions tells whether a folded text occurs in one of the names.
func (u *user) mentions(text string) bool {
	if text == "" {
		return true
	}
	for _, p := range []property{propDisplayName, propUserPrincipalName, propMail} {
		if strings.Contains(fold(u.text[p]), text) {
			return true
		}
	}
	return false
}

func (x *exchange) simUser() (int, any, error) {
	d := x.server.directory
	d.mu.RLock()
	defer d.mu.RUnlock()
	i, err := d.known(x.request.PathValue("id"), live, deleted)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, d.simJSON(i), nil
}

func (d *directory) known(key string, states ...lifeState) (int, error) {
	i, ok := d.find(key, head, states...)
	if ok {
		return i, nil
	}
	for _, s := range []lifeState{live, deleted} {
		if _, other := d.find(key, head, s); other && !slices.Contains(states, s) {
			return 0, refuse(http.StatusConflict, "the user %q is %s: that cannot be done now", key, s)
		}
	}
	return 0, refuse(http.StatusNotFound, "there is no user %q: give an id or a userPrincipalName (GET /sim/users lists them)", key)
}

// An operation is one step of POST /sim/operations.
type operation struct {
	Op         string                     `json:"op"`
	User       string                     `json:"user,omitempty"`
	Group      string                     `json:"group,omitempty"`
	Properties map[string]json.RawMessage `json:"properties,omitempty"`
	memberChoice
}

type operationResult struct {
	Op    string  `json:"op"`
	User  rawJSON `json:"user,omitempty"`
	Group rawJSON `json:"group,omitempty"`
}

// operate does one operation and returns the user; the caller holds the lock and settles.
func (x *exchange) operate(o operation) (int, error) {
	d := x.server.directory
	states := []lifeState{live}
	switch o.Op {
	case "create":
		return x.operateCreate(o)
	case "restore":
		states = []lifeState{deleted}
	case "purge":
		states = []lifeState{live, deleted}
	case "change", "block", "unblock", "delete":
	default:
		return 0, refuse(http.StatusBadRequest, "unknown op %q: use create, change, block, unblock, delete, restore or purge, or one of %v", o.Op, groupOperations)
	}
	i, err := d.known(o.User, states...)
	if err != nil {
		return 0, err
	}
	switch o.Op {
	case "change":
		var edit func(*user)
		if edit, err = d.editor(o.Properties, false); err == nil {
			err = d.change(i, x.now, edit)
		}
	case "block", "unblock":
		err = d.change(i, x.now, func(u *user) { u.enabled = o.Op == "unblock" })
	case "delete":
		d.remove(i, x.now)
	case "purge":
		d.purge(i, x.now)
	case "restore":
		name := ""
		if raw, ok := o.Properties["userPrincipalName"]; ok && json.Unmarshal(raw, &name) != nil || len(o.Properties) > 1 {
			return 0, refuse(http.StatusBadRequest, "restore takes only a userPrincipalName, a text")
		}
		err = d.restore(i, x.now, name)
	}
	return i, asConflict(err)
}

func (x *exchange) operateCreate(o operation) (int, error) {
	edit, err := x.server.directory.editor(o.Properties, true)
	if err != nil {
		return 0, err
	}
	i, err := x.server.directory.create(x.now, edit)
	return i, asConflict(err)
}

func asConflict(err error) error {
	if errors.Is(err, errNameTaken) || errors.Is(err, errIDTaken) {
		return refuse(http.StatusConflict, "%v by another user: choose a different one", err)
	}
	return err
}

// one does a single operation and answers the user.
func (x *exchange) one(o operation, status int) (int, any, error) {
	d := x.server.directory
	d.mu.Lock()
	defer d.mu.Unlock()
	i, err := x.operate(o)
	if err != nil {
		return 0, nil, err
	}
	d.settle(x.now)
	return status, d.simJSON(i), nil
}

func (x *exchange) simCreate() (int, any, error) {
	o := operation{Op: "create"}
	if err := x.readControl(&o.Properties); err != nil {
		return 0, nil, err
	}
	return x.one(o, http.StatusCreated)
}

func (x *exchange) simChange() (int, any, error) {
	o := operation{Op: "change", User: x.request.PathValue("id")}
	if err := x.readControl(&o.Properties); err != nil {
		return 0, nil, err
	}
	return x.one(o, http.StatusOK)
}

// simStep makes the handler of an operation that has an endpoint of its own.
func simStep(op string) func(*exchange) (int, any, error) {
	return func(x *exchange) (int, any, error) {
		o := operation{Op: op, User: x.request.PathValue("id")}
		if op == "restore" {
			if err := x.readControl(&o.Properties); err != nil {
				return 0, nil, err
			}
		}
		return x.one(o, http.StatusOK)
	}
}

// simOperations does its operations at one moment under one lock, so no reader sees a part of them. When one fails, those
// before it stay done.
func (x *exchange) simOperations() (int, any, error) {
	var body struct {
		Operations []operation `json:"operations"`
	}
	if err := x.readControl(&body); err != nil {
		return 0, nil, err
	}
	d := x.server.directory
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.settle(x.now)
	results := make([]operationResult, 0, len(body.Operations))
	for n, o := range body.Operations {
		result, err := x.operateAny(o)
		if r := (*refusal)(nil); errors.As(err, &r) {
			return 0, nil, refuse(r.status, "operation %d (%s): %s; those before it are done", n+1, o.Op, r.message)
		}
		if err != nil {
			return 0, nil, err
		}
		results = append(results, result)
	}
	return http.StatusOK, map[string]any{"results": results}, nil
}

func (x *exchange) operateAny(o operation) (operationResult, error) {
	d := x.server.directory
	if slices.Contains(groupOperations, o.Op) {
		n, err := x.operateGroup(o)
		if err != nil {
			return operationResult{}, err
		}
		return operationResult{Op: o.Op, Group: d.simGroupJSON(n)}, nil
	}
	i, err := x.operate(o)
	if err != nil {
		return operationResult{}, err
	}
	return operationResult{Op: o.Op, User: d.simJSON(i)}, nil
}
