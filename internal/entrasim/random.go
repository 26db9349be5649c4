package entrasim

import (
	"math/rand/v2"
	"net/http"
	"strconv"
)

// randomDraws is how often a user is drawn before the next ones in line are tried.
const randomDraws = 64

// A randomizer makes random changes; the same seed does the same to the same tenant.
type randomizer struct {
	d     *directory
	draws *rand.Rand
	used  map[int]bool
	x     *exchange
}

// simRandom changes as many users as asked, each once, going through the kinds in turn; a kind that can be done to nobody
// is passed over. It stops early when that holds for all of them.
func (x *exchange) simRandom() (int, any, error) {
	body := struct {
		Changes int      `json:"changes"`
		Seed    uint64   `json:"seed"`
		Kinds   []string `json:"kinds"`
	}{Changes: 1, Seed: x.server.Seed}
	if err := x.readControl(&body); err != nil {
		return 0, nil, err
	}
	if len(body.Kinds) == 0 {
		body.Kinds = []string{"change"}
	}
	d := x.server.directory
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.settle(x.now)
	r := &randomizer{d: d, draws: rand.New(rand.NewPCG(body.Seed, 0)), used: map[int]bool{}, x: x} //nolint:gosec // G404: must be repeatable
	changed := make([]string, 0, body.Changes)
	for n := range body.Changes {
		i, err := -1, error(nil)
		for k := 0; k < len(body.Kinds) && i < 0 && err == nil; k++ {
			i, err = r.step(body.Kinds[(n+k)%len(body.Kinds)])
		}
		if err != nil {
			return 0, nil, err
		}
		if i < 0 {
			break
		}
		changed = append(changed, d.id(i).String())
	}
	return http.StatusOK, map[string]any{"changed": changed}, nil
}

// step does one change and returns its user, or -1 if there is nobody left.
func (r *randomizer) step(kind string) (int, error) {
	switch kind {
	case "create":
		i, err := r.x.operateCreate(operation{})
		r.used[i] = true
		return i, err
	case "change", "rename", "manager", "block", "unblock", "delete", "purge", "restore":
	default:
		return 0, refuse(http.StatusBadRequest, "unknown kind %q: use change, rename, manager, block, unblock, create, delete, restore or purge", kind)
	}
	i := r.pick(kind)
	if i < 0 {
		return i, nil
	}
	r.used[i] = true
	key := r.d.id(i).String()
	switch kind {
	case "change":
		return i, r.d.change(i, r.x.now, r.newJob)
	case "rename":
		return i, r.d.change(i, r.x.now, func(u *user) {
			u.text[propUserPrincipalName] = "renamed" + strconv.Itoa(r.draws.IntN(1_000_000_000)) + "." + u.text[propUserPrincipalName]
		})
	case "manager":
		boss := r.pick("manager")
		if boss < 0 {
			boss = noManager
		}
		return i, r.d.change(i, r.x.now, func(u *user) { u.manager = boss })
	default:
		return r.x.operate(operation{Op: kind, User: key})
	}
}

// newJob is the change of kind "change": another title, department, office and mobile phone.
func (r *randomizer) newJob(u *user) {
	title := jobTitles[r.draws.IntN(len(jobTitles))]
	if title == u.text[propJobTitle] {
		title += " II"
	}
	u.text[propJobTitle] = title
	u.text[propDepartment] = departments[r.draws.IntN(len(departments))]
	u.text[propOfficeLocation] = strconv.Itoa(r.draws.IntN(40)+1) + "/" + strconv.Itoa(r.draws.IntN(9000)+1000)
	u.text[propMobilePhone] = "+1 206 555 " + strconv.Itoa(r.draws.IntN(9000)+1000)
}

// pick finds a user that was not used yet and that the kind can be done to: drawn, or else the next in line.
func (r *randomizer) pick(kind string) int {
	n := len(r.d.objects)
	if n == 0 {
		return -1
	}
	i := 0
	for range randomDraws {
		if i = r.draws.IntN(n); r.suits(i, kind) {
			return i
		}
	}
	for k := range n {
		if j := (i + k) % n; r.suits(j, kind) {
			return j
		}
	}
	return -1
}

func (r *randomizer) suits(i int, kind string) bool {
	if r.used[i] {
		return false
	}
	var scratch user
	u := r.d.at(i, head, &scratch, 0)
	switch kind {
	case "block":
		return u.state == live && u.enabled
	case "unblock":
		return u.state == live && !u.enabled
	case "restore":
		return u.state == deleted
	default:
		return u.state == live
	}
}
