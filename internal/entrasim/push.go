package entrasim

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	// quarantinePause is how long a job in quarantine waits between two tries, quarantineLife when it is disabled.
	quarantinePause = 24 * time.Hour
	quarantineLife  = 28 * 24 * time.Hour
	// A job in which so many objects, and this share of all, failed is in quarantine.
	quarantineFailures = 5000
	quarantinePercent  = 40
	// demanded is how many members of a group can be provisioned on demand.
	demanded = 5
)

// A pushService is Entra's provisioning service with one application. It writes when it is told to: cycles every 40 minutes are whoever asks.
type pushService struct {
	mu         sync.Mutex
	job        *pushJob
	quarantine *pushQuarantine
	last       *pushReport
}

// A pushQuarantine is why a job does not run.
type pushQuarantine struct {
	Since  time.Time `json:"since"`
	Tried  time.Time `json:"tried"`
	Reason string    `json:"reason"`
}

// pushState is what GET /sim/push tells.
type pushState struct {
	Status     string          `json:"status"` // NotConfigured, Active, Quarantine, Disabled
	Quarantine *pushQuarantine `json:"quarantine,omitempty"`
	Users      int             `json:"users"`
	Groups     int             `json:"groups"`
	Last       *pushReport     `json:"last,omitempty"`
}

// use calls fn with the service to itself. Two cycles at a time are refused.
func (p *pushService) use(fn func() (int, any, error)) (int, any, error) {
	if !p.mu.TryLock() {
		return 0, nil, refuse(http.StatusConflict, "the provisioning service is at work: ask again when the cycle is over")
	}
	defer p.mu.Unlock()
	return fn()
}

func (p *pushService) configured() error {
	if p.job == nil {
		return refuse(http.StatusConflict, "no application is configured: PUT /sim/push does")
	}
	return nil
}

func (p *pushService) state(now time.Time) pushState {
	if p.job == nil {
		return pushState{Status: "NotConfigured"}
	}
	state := pushState{Status: "Active", Quarantine: p.quarantine, Users: len(p.job.users), Groups: len(p.job.groups), Last: p.last}
	switch {
	case p.quarantine == nil:
	case now.Sub(p.quarantine.Since) >= quarantineLife:
		state.Status = "Disabled"
	default:
		state.Status = "Quarantine"
	}
	return state
}

// simPush tells the state of the service.
func (x *exchange) simPush() (int, any, error) {
	p := &x.server.push
	return p.use(func() (int, any, error) { return http.StatusOK, p.state(x.now), nil })
}

// simConfigurePush sets the application up. What is tied stays so while the address is the same; a quarantine ends.
func (x *exchange) simConfigurePush() (int, any, error) {
	var body struct {
		TenantURL   string   `json:"tenant_url"`
		SecretToken string   `json:"secret_token"`
		All         bool     `json:"all"`
		Users       []string `json:"users"`
		Groups      []string `json:"groups"`
	}
	if err := x.readControl(&body); err != nil {
		return 0, nil, err
	}
	client, err := newPushClient(body.TenantURL, body.SecretToken)
	if err != nil {
		return 0, nil, err
	}
	scope := pushScope{all: body.All}
	for list, texts := range map[*[]guid][]string{&scope.users: body.Users, &scope.groups: body.Groups} {
		for _, text := range texts {
			id, ok := parseGUID(fold(text))
			if !ok {
				return 0, nil, refuse(http.StatusBadRequest, "users and groups are named by their ids, and %q is none", text)
			}
			*list = append(*list, id)
		}
	}
	p := &x.server.push
	return p.use(func() (int, any, error) {
		job := p.job
		if job == nil || job.client.base.Host != client.base.Host || job.client.base.Path != client.base.Path {
			job = &pushJob{users: map[guid]*pushLink{}, groups: map[guid]string{}, members: map[guid]map[guid]string{}, seen: map[guid]pushUser{}}
		}
		job.client, job.scope = client, scope
		p.job, p.quarantine = job, nil
		return http.StatusOK, p.state(x.now), nil
	})
}

// simForgetPush removes the application; what it holds stays there.
func (x *exchange) simForgetPush() (int, any, error) {
	p := &x.server.push
	return p.use(func() (int, any, error) {
		p.job, p.quarantine, p.last = nil, nil, nil
		return http.StatusOK, p.state(x.now), nil
	})
}

// simTestPush is Test Connection.
func (x *exchange) simTestPush() (int, any, error) {
	p := &x.server.push
	return p.use(func() (int, any, error) {
		if err := p.configured(); err != nil {
			return 0, nil, err
		}
		message := "The supplied credentials are authorized to enable provisioning"
		err := p.job.client.test(x.request.Context(), x.requestID)
		if err != nil {
			message = err.Error()
		}
		return http.StatusOK, map[string]any{"ok": err == nil, "message": message}, nil
	})
}

// simPushCycle runs a cycle now. One that is not asked to be initial is incremental; the first is initial all the same.
func (x *exchange) simPushCycle() (int, any, error) {
	var body struct {
		Initial bool `json:"initial"`
	}
	if err := x.readControl(&body); err != nil {
		return 0, nil, err
	}
	p := &x.server.push
	return p.use(func() (int, any, error) {
		if err := p.mayRun(x.now); err != nil {
			return 0, nil, err
		}
		report, err := p.cycle(x.request.Context(), x, body.Initial)
		if err != nil {
			return 0, nil, err
		}
		return http.StatusOK, report, nil
	})
}

// mayRun refuses a cycle of a job that waits in quarantine.
func (p *pushService) mayRun(now time.Time) error {
	if err := p.configured(); err != nil {
		return err
	}
	q := p.quarantine
	switch {
	case q == nil:
		return nil
	case now.Sub(q.Since) >= quarantineLife:
		return refuse(http.StatusConflict, "the job is disabled: it was in quarantine for 28 days (%s); PUT /sim/push starts it anew", q.Reason)
	case now.Sub(q.Tried) < quarantinePause:
		return refuse(http.StatusConflict, "the job is in quarantine since %s and is tried once a day (%s); PUT /sim/push ends it", q.Since.Format(time.RFC3339), q.Reason)
	}
	return nil
}

func (p *pushService) cycle(ctx context.Context, x *exchange, initial bool) (*pushReport, error) {
	job := p.job
	kind := "incremental"
	if initial || len(job.seen) == 0 {
		kind = "initial"
		clear(job.seen)
	}
	turn := job.turn(kind, job.client.dialect())
	before := job.client.requests
	err := job.client.test(ctx, x.requestID)
	if err == nil {
		err = turn.cycle(ctx, x.server.directory)
	}
	report := turn.report
	report.Requests = job.client.requests - before
	p.last = report
	var failure *pushFailure
	if err != nil && !errors.As(err, &failure) {
		return nil, err
	}
	p.judge(x.now, report, failure)
	return report, nil
}

// judge puts the job into quarantine, or takes it out after a good cycle. fatal ended the cycle; nil if nothing did.
func (p *pushService) judge(now time.Time, report *pushReport, fatal *pushFailure) {
	failed, all := report.Counts["failed"], 0
	for _, count := range report.Counts {
		all += count
	}
	reason := ""
	switch {
	case fatal != nil:
		reason = fatal.text
	case failed >= quarantineFailures && failed*100 > all*quarantinePercent:
		reason = "too many objects failed"
	}
	switch {
	case reason == "":
		p.quarantine = nil
	case p.quarantine == nil:
		p.quarantine = &pushQuarantine{now, now, reason}
	default:
		p.quarantine = &pushQuarantine{p.quarantine.Since, now, reason}
	}
}

// simPushOnDemand provisions one user, or one group with a few members, whom it provisions as well. It always writes the default dialect: Entra's flag does
// not work on demand.
func (x *exchange) simPushOnDemand() (int, any, error) {
	var body struct {
		User    string   `json:"user"`
		Group   string   `json:"group"`
		Members []string `json:"members"`
	}
	if err := x.readControl(&body); err != nil {
		return 0, nil, err
	}
	if (body.User == "") == (body.Group == "") || len(body.Members) > demanded || body.User != "" && len(body.Members) > 0 {
		return 0, nil, refuse(http.StatusBadRequest, "name one user, or one group with at most %d members", demanded)
	}
	p := &x.server.push
	return p.use(func() (int, any, error) {
		if err := p.configured(); err != nil {
			return 0, nil, err
		}
		turn := p.job.turn("on demand", false)
		before := p.job.client.requests
		err := turn.demand(x.request.Context(), x.server.directory, body.User, body.Group, body.Members)
		turn.report.Requests = p.job.client.requests - before
		return http.StatusOK, turn.report, err
	})
}

// demand does on demand what a cycle does to a user, or to a group and the members named.
func (t *pushTurn) demand(ctx context.Context, d *directory, user, group string, members []string) error {
	wanted := append(slices.Clone(members), user)
	for _, u := range d.pushUsers(t.scope) {
		if !slices.Contains(wanted, u.id.String()) {
			continue
		}
		err := t.user(ctx, u)
		if err == nil {
			t.seen[u.id] = u
			err = t.manager(ctx, u)
		}
		if err := t.settle(u.id, err); err != nil && !errors.As(err, new(*pushFailure)) {
			return err
		}
	}
	for _, g := range d.pushGroups(t.scope) {
		if g.id.String() != group {
			continue
		}
		g.members = slices.DeleteFunc(g.members, func(member guid) bool {
			_, written := t.members[g.id][member]
			return !written && !slices.Contains(members, member.String())
		})
		if err := t.settle(g.id, t.group(ctx, g)); err != nil && !errors.As(err, new(*pushFailure)) {
			return err
		}
	}
	return nil
}
