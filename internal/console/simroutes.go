package console

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"rollcall/internal/fault"
)

// simulatorTable lists the pages of a demo's simulated tenant. Another server does not have them.
func (s *server) simulatorTable() []route {
	return []route{
		{"POST /tour", like("changeUser"), s.moveTour},
		{"GET /simulator", like("listUsers"), s.simUsers},
		{"POST /simulator/users", like("createUser"), s.simCreateUser},
		{"GET /simulator/users/{id}", like("getUser"), s.simUser},
		{"POST /simulator/users/{id}/change", like("changeUser"), s.simChangeUser},
		{"POST /simulator/users/{id}/{step}", like("changeUser"), s.simUserStep},
		{"GET /simulator/groups", like("listGroups"), s.simGroups},
		{"POST /simulator/groups", like("createGroup"), s.simCreateGroup},
		{"GET /simulator/groups/{id}", like("getGroup"), s.simGroup},
		{"POST /simulator/groups/{id}/change", like("changeGroup"), s.simChangeGroup},
		{"POST /simulator/groups/{id}/members", like("changeGroup"), s.simMember},
		{"POST /simulator/groups/{id}/{step}", like("changeGroup"), s.simGroupStep},
		{"GET /simulator/machinery", like("listInstances"), s.simMachinery},
		{"POST /simulator/clock", administers, s.simClock},
		{"POST /simulator/switches/{switch}", administers, s.simSwitch},
		{"POST /simulator/lag", administers, s.simLag},
		{"POST /simulator/faults", administers, s.simAddFault},
		{"POST /simulator/faults/{id}/remove", administers, s.simRemoveFault},
	}
}

// simLink leads to the simulated tenant, where there is one.
func (r *request) simLink() []Link {
	if r.server.simulator == nil || !r.may("listUsers") {
		return nil
	}
	path := r.at("/simulator")
	return []Link{{Text: r.say("sim.title"), Href: path, Icon: "test-tube-regular", Current: strings.HasPrefix(r.URL.Path, path)}}
}

// simHead is what all pages of the simulated tenant begin with.
type simHead struct {
	Tabs []Choice
}

func (r *request) simHead(current string) simHead {
	tabs := []Choice{{Text: r.say("users.title"), Value: "/simulator"}, {Text: r.say("groups.title"), Value: "/simulator/groups"}, {Text: r.say("sim.machinery"), Value: "/simulator/machinery"}}
	for i := range tabs {
		tabs[i].Href, tabs[i].Current = r.at(tabs[i].Value), tabs[i].Value == current
	}
	return simHead{tabs}
}

// simOffset is where a page of a list begins: the tenant counts.
func (r *request) simOffset() (int, error) {
	text := r.query("cursor")
	if text == "" {
		return 0, nil
	}
	plain, err := base64.RawURLEncoding.DecodeString(text)
	offset, wrong := strconv.Atoi(string(plain))
	if err != nil || wrong != nil || offset < 0 {
		return 0, fault.New(fault.NotFound, "BadCursor", "the cursor is not one of this list")
	}
	return offset, nil
}

func (r *request) simPager(offset, shown, total int) Pager {
	var p Pager
	if offset > 0 {
		p.First = r.with()
	}
	if offset+shown < total {
		p.Next = r.with("cursor", cursorAt(strconv.Itoa(offset+shown)))
	}
	if shown > 0 {
		p.Text = r.say("sim.range", "from", offset+1, "to", offset+shown, "total", total)
	}
	return p
}

// simField is an input for a property of a user or group of the tenant.
func (r *request) simField(object tenantObject, name string, locked bool) Field {
	return Field{Name: name, Label: r.say("sim.field." + name), Type: "text", Value: object.text(name), Locked: locked, Complete: "off", Max: 1024}
}

// simChanges are the properties that a form changes: those that were sent and differ from what the tenant has. An empty one is cleared.
func (r *request) simChanges(object tenantObject, names []string) map[string]any {
	changes := map[string]any{}
	for _, name := range names {
		value := r.value(name)
		if _, sent := r.PostForm[name]; !sent || value == typed(object.text(name)) {
			continue
		}
		changes[name] = value
		if value == "" {
			changes[name] = nil
		}
	}
	return changes
}

// typed is a text as it comes back from an input that nobody touched.
func typed(text string) string {
	return strings.TrimSpace(strings.NewReplacer("\r", "", "\n", "").Replace(text))
}

// simRefused shows a page again with what the tenant did not take; other errors go on.
func (r *request) simRefused(err error) (*Notice, error) {
	if !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Invalid) {
		return nil, err
	}
	text, _ := r.fault(err)
	n := notice("bad", "", text)
	return &n, nil
}

func refusedStatus(n *Notice) int {
	if n != nil {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}
