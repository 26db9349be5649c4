package entrasim

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// A groupRandomizer makes random changes of groups and members; the same seed does the same to the same tenant.
type groupRandomizer struct {
	d     *directory
	draws *rand.Rand
	now   time.Time
}

// simRandomGroups makes as many changes as asked, going through the kinds in turn; a kind that can be done to no group is passed
// over. It stops early when that holds for all of them. A group may be changed several times.
func (x *exchange) simRandomGroups() (int, any, error) {
	body := struct {
		Changes int      `json:"changes"`
		Seed    uint64   `json:"seed"`
		Kinds   []string `json:"kinds"`
	}{Changes: 1, Seed: x.server.Seed}
	if err := x.readControl(&body); err != nil {
		return 0, nil, err
	}
	if len(body.Kinds) == 0 {
		body.Kinds = []string{"join", "leave"}
	}
	d := x.server.directory
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.settle(x.now)
	r := &groupRandomizer{d, rand.New(rand.NewPCG(body.Seed, 1)), x.now} //nolint:gosec // G404: must be repeatable
	changed := make([]string, 0, body.Changes)
	for n := range body.Changes {
		group, err := -1, error(nil)
		for k := 0; k < len(body.Kinds) && group < 0 && err == nil; k++ {
			group, err = r.step(body.Kinds[(n+k)%len(body.Kinds)])
		}
		if err != nil {
			return 0, nil, err
		}
		if group < 0 {
			break
		}
		changed = append(changed, d.groupID(group).String())
	}
	return http.StatusOK, map[string]any{"changed": changed}, nil
}

// step does one change and returns its group, or -1 if there is none that it can be done to.
func (r *groupRandomizer) step(kind string) (int, error) {
	switch kind {
	case "create":
		return r.d.createGroup(r.now, &membership{}, func(g *group) {
			g.unified = r.draws.IntN(2) == 0
			g.text[propGroupDisplayName] = "Random " + strconv.Itoa(r.draws.IntN(1000))
		})
	case "join", "leave", "nest", "unnest", "rename", "delete", "purge", "restore":
	default:
		return 0, refuse(http.StatusBadRequest, "unknown kind %q: use join, leave, nest, unnest, rename, create, delete, restore or purge", kind)
	}
	var edges []edge
	n := r.pick(func(n int) bool {
		edges = nil
		state, _ := r.d.groupState(n, head)
		switch kind {
		case "restore":
			return state == deleted
		case "join", "leave", "nest", "unnest":
			if state == live {
				edges = r.edge(n, kind)
			}
			return len(edges) > 0
		default:
			return state == live
		}
	})
	if n < 0 {
		return n, nil
	}
	switch kind {
	case "rename":
		r.d.changeGroup(n, r.now, func(g *group) { g.text[propGroupDisplayName] = "Renamed " + strconv.Itoa(r.draws.IntN(1_000_000)) })
	case "delete":
		r.d.removeGroup(n, r.now)
	case "purge":
		r.d.purgeGroup(n, r.now)
	case "restore":
		r.d.restoreGroup(n, r.now)
	default:
		r.d.changeMembers(n, r.now, edges)
	}
	return n, nil
}

// edge is a random membership of group n that can begin or end.
func (r *groupRandomizer) edge(n int, kind string) []edge {
	of, size := refUser, len(r.d.objects)
	if kind == "nest" || kind == "unnest" {
		of, size = refGroup, len(r.d.groups.objects)
	}
	if size == 0 {
		return nil
	}
	view := r.d.membersAt(n, head)
	drawn := newRef(of, r.draws.IntN(size))
	if kind == "join" || kind == "nest" {
		for range randomDraws {
			if !view.has(drawn) && r.d.memberState(drawn, head) == live && drawn != newRef(refGroup, n) {
				return []edge{edge(drawn)}
			}
			drawn = newRef(of, r.draws.IntN(size))
		}
		return nil
	}
	for _, start := range []ref{drawn, newRef(of, 0)} {
		if m, ok := view.next(start); ok && m.kind() == of {
			return []edge{edge(m) | left}
		}
	}
	return nil
}

// pick finds a group: drawn, or else the next in line.
func (r *groupRandomizer) pick(suits func(n int) bool) int {
	size := len(r.d.groups.objects)
	if size == 0 {
		return -1
	}
	n := 0
	for range randomDraws {
		if n = r.draws.IntN(size); suits(n) {
			return n
		}
	}
	for k := range size {
		if at := (n + k) % size; suits(at) {
			return at
		}
	}
	return -1
}
