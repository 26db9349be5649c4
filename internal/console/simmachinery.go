package console

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"rollcall/internal/fault"
)

// simSteps are by how much the tenant's clock can be moved, and simLags how far its replica can be behind.
var (
	simSteps = []string{"1h", "8h", "24h", "168h", "720h", "2160h"}
	simLags  = []string{"0s", "5s", "30s", "5m0s"}
)

// simKinds are the faults, and simRoutes the requests that they can meet; "" is all.
var (
	simKinds = []string{
		"throttle", "error", "latency", "cut", "invalid-json", "empty-page", "empty-end", "truncated-page", "repeat-page", "short-page", "lost-page",
		"swap-pages", "expired-delta", "reset-delta", "delta-skip", "expired-secret", "no-consent", "unauthorized",
	}
	simRoutes = []struct{ name, route string }{
		{"all", ""}, {"usersDelta", "/v1.0/users/delta"}, {"groupsDelta", "/v1.0/groups/delta"}, {"users", "/v1.0/users"}, {"groups", "/v1.0/groups"}, {"token", "/{tenant}/oauth2*"},
	}
)

// simApp is how the application stands in the tenant.
type simApp struct {
	SecretExpired  bool `json:"secret_expired"`
	ConsentRevoked bool `json:"consent_revoked"`
	AppRemoved     bool `json:"app_removed"`
	Lag            string
}

type simFault struct {
	ID                int      `json:"id,omitempty"`
	Route             string   `json:"route"`
	Method            string   `json:"method,omitempty"`
	Kind              string   `json:"kind"`
	Probability       *float64 `json:"probability,omitempty"`
	Times             int      `json:"times,omitempty"`
	RetryAfterSeconds *int     `json:"retry_after_seconds,omitempty"`
	DelayMS           int      `json:"delay_ms,omitempty"`
	Fired             int      `json:"fired,omitempty"`
}

type simMachineryView struct {
	simHead
	NowExact string
	Ahead    string
	Step     Field
	Lag      Field
	Switches []simSwitch
	Faults   []simFaultRow
	Fields   []Field
	Error    *Notice
	Standing []instanceCard
}

// simSwitch is something in the tenant that is as it should be, or broken. Turn is what a click does; Breaks says that it breaks something.
type simSwitch struct {
	Name, Text, Turn, Button string
	State                    *Pill
	Breaks                   bool
}

type simFaultRow struct {
	ID                int
	Kind, Route, Rest string
	Fired             int
}

// simMachinery shows clock, application and faults of the tenant, and beside them how the instances stand.
func (s *server) simMachinery(w http.ResponseWriter, r *request) error {
	return s.simShowMachinery(w, r, nil)
}

func (s *server) simShowMachinery(w http.ResponseWriter, r *request, wrong *Notice) error {
	view := simMachineryView{simHead: r.simHead("/simulator/machinery"), Error: wrong}
	if err := s.simReadClock(r, &view); err != nil {
		return err
	}
	var app simApp
	if err := s.simulator.call(r.ctx(), http.MethodGet, "/app", nil, &app); err != nil {
		return err
	}
	view.Switches = r.simSwitches(app)
	view.Lag = Field{Name: "duration", Label: r.say("sim.lag"), Hint: r.say("sim.lag.hint"), Type: "select"}
	for _, lag := range simLags {
		view.Lag.Options = append(view.Lag.Options, Choice{Text: r.simSpan(lag), Value: lag, Current: lag == app.Lag})
	}
	if !slices.Contains(simLags, app.Lag) {
		view.Lag.Options = append(view.Lag.Options, Choice{Text: app.Lag, Value: app.Lag, Current: true})
	}
	if err := s.simReadFaults(r, &view); err != nil {
		return err
	}
	if err := s.simStanding(r, &view); err != nil {
		return err
	}
	r.titled(r.say("sim.title"))
	return r.render(w, refusedStatus(wrong), "simmachinery", view)
}

type simReading struct {
	Now      time.Time
	OffsetMS int64 `json:"offset_ms"`
}

func (s *server) simReadClock(r *request, view *simMachineryView) error {
	var reading simReading
	if err := s.simulator.call(r.ctx(), http.MethodGet, "/clock", nil, &reading); err != nil {
		return err
	}
	view.NowExact = r.exact(reading.Now.In(r.zone))
	if ahead := time.Duration(reading.OffsetMS) * time.Millisecond; ahead > 0 {
		view.Ahead = r.say("sim.ahead", "span", r.span(ahead))
	}
	view.Step = Field{Name: "advance", Label: r.say("sim.advance"), Hint: r.say("sim.advance.hint"), Type: "select"}
	for _, step := range simSteps {
		view.Step.Options = append(view.Step.Options, Choice{Text: r.simSpan(step), Value: step, Current: step == "24h"})
	}
	return nil
}

// simSpan writes a duration of the lists above.
func (r *request) simSpan(text string) string {
	span, err := time.ParseDuration(text)
	if err != nil || span == 0 {
		return r.say("sim.none")
	}
	return r.span(span)
}

func (r *request) simSwitches(app simApp) []simSwitch {
	one := func(name string, broken bool, breaks, mends string) simSwitch {
		w := simSwitch{Name: r.say("sim.switch." + name), Text: r.say("sim.switch." + name + ".text"), Turn: breaks, Breaks: true}
		state := pill("ok", r.say("sim.switch."+name+".good"))
		if broken {
			state, w.Turn, w.Breaks = pill("bad", r.say("sim.switch."+name+".broken")), mends, false
		}
		w.State, w.Button = &state, r.say("sim.turn."+w.Turn)
		return w
	}
	return []simSwitch{
		one("consent", app.ConsentRevoked, "consent-revoke", "consent-grant"),
		one("secret", app.SecretExpired, "secret-expire", "secret-restore"),
		one("app", app.AppRemoved, "app-remove", "app-restore"),
		{Name: r.say("sim.switch.delta"), Text: r.say("sim.switch.delta.text"), Turn: "delta-expire", Button: r.say("sim.turn.delta-expire"), Breaks: true},
		{Name: r.say("sim.switch.reset"), Text: r.say("sim.switch.reset.text"), Turn: "delta-reset", Button: r.say("sim.turn.delta-reset"), Breaks: true},
	}
}

// simTurns are the switches of the tenant's control API, by their names in the path.
var simTurns = map[string]string{
	"consent-revoke": "/consent/revoke", "consent-grant": "/consent/grant", "secret-expire": "/secret/expire", "secret-restore": "/secret/restore",
	"app-remove": "/app/remove", "app-restore": "/app/restore", "delta-expire": "/delta/expire", "delta-reset": "/delta/reset",
}

func (s *server) simReadFaults(r *request, view *simMachineryView) error {
	var told struct{ Faults []simFault }
	if err := s.simulator.call(r.ctx(), http.MethodGet, "/faults", nil, &told); err != nil {
		return err
	}
	for _, rule := range told.Faults {
		row := simFaultRow{ID: rule.ID, Kind: r.say("sim.fault." + rule.Kind), Route: r.simRoute(rule), Fired: rule.Fired, Rest: r.say("sim.fault.always")}
		if rule.Times > 0 {
			row.Rest = r.say("sim.fault.left", "n", max(0, rule.Times-rule.Fired))
		}
		view.Faults = append(view.Faults, row)
	}
	kinds := Field{Name: "kind", Label: r.say("sim.fault.kind"), Type: "select"}
	for _, kind := range simKinds {
		kinds.Options = append(kinds.Options, Choice{Text: r.say("sim.fault." + kind), Value: kind, Current: kind == r.value("kind")})
	}
	routes := Field{Name: "route", Label: r.say("sim.fault.route"), Type: "select"}
	for _, route := range simRoutes {
		routes.Options = append(routes.Options, Choice{Text: r.say("sim.route." + route.name), Value: route.name, Current: route.name == r.value("route")})
	}
	view.Fields = []Field{
		kinds, routes,
		{Name: "times", Label: r.say("sim.fault.times"), Hint: r.say("sim.fault.times.hint"), Type: "number", Value: cmp.Or(r.value("times"), "3")},
		{Name: "seconds", Label: r.say("sim.fault.seconds"), Hint: r.say("sim.fault.seconds.hint"), Type: "number", Value: cmp.Or(r.value("seconds"), "2")},
	}
	return nil
}

// simRoute names the requests that a rule meets; those of a rule that was made elsewhere by their path.
func (r *request) simRoute(rule simFault) string {
	for _, route := range simRoutes {
		if route.route == rule.Route && rule.Method == "" {
			return r.say("sim.route." + route.name)
		}
	}
	return rule.Method + " " + rule.Route
}

// simStanding adds how the instances stand: the effect of what is done here.
func (s *server) simStanding(r *request, view *simMachineryView) error {
	instances, err := s.Engine.Store.ListInstances(r.ctx(), r.org)
	if err != nil {
		return err
	}
	for _, instance := range instances {
		status, err := s.Engine.Status(r.ctx(), instance)
		if err != nil {
			return err
		}
		view.Standing = append(view.Standing, r.instanceCard(instance, status))
	}
	return nil
}

// simToMachinery leads back after an action, or shows what was refused.
func (s *server) simToMachinery(w http.ResponseWriter, r *request, err error) error {
	if err == nil {
		return r.done(w, "/simulator/machinery", "sim.done")
	}
	wrong, err := r.simRefused(err)
	if err != nil {
		return err
	}
	return s.simShowMachinery(w, r, wrong)
}

// simClock moves the tenant's clock. The server follows it, and who did it stays signed in.
func (s *server) simClock(w http.ResponseWriter, r *request) error {
	var moved simReading
	err := s.simulator.call(r.ctx(), http.MethodPost, "/clock", map[string]string{"advance": r.value("advance")}, &moved)
	if err == nil {
		err = s.simFollowed(r, moved.Now)
	}
	if err == nil {
		session, secret, renewed := s.Directory.RenewSession(r.ctx(), r.session, r.address, r.UserAgent())
		if renewed != nil {
			return renewed
		}
		s.keep(w, r, session, secret)
	}
	return s.simToMachinery(w, r, err)
}

// simFollowed waits until the server's clock has followed the tenant's, two seconds at most.
func (s *server) simFollowed(r *request, to time.Time) error {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for range 40 {
		if !s.Now().Before(to.Add(-time.Second)) {
			return nil
		}
		select {
		case <-r.ctx().Done():
			return r.ctx().Err()
		case <-ticker.C:
		}
	}
	return nil
}

func (s *server) simSwitch(w http.ResponseWriter, r *request) error {
	path, known := simTurns[r.PathValue("switch")]
	if !known {
		return fault.New(fault.NotFound, "UnknownPath", "there is nothing at this address")
	}
	return s.simToMachinery(w, r, s.simulator.call(r.ctx(), http.MethodPost, path, nil, nil))
}

func (s *server) simLag(w http.ResponseWriter, r *request) error {
	return s.simToMachinery(w, r, s.simulator.call(r.ctx(), http.MethodPost, "/lag", map[string]string{"duration": r.value("duration")}, nil))
}

func (s *server) simAddFault(w http.ResponseWriter, r *request) error {
	rule := simFault{Kind: r.value("kind")}
	known := false
	for _, route := range simRoutes {
		if route.name == r.value("route") {
			rule.Route, known = route.route, true
		}
	}
	times, err := strconv.Atoi(cmp.Or(r.value("times"), "0"))
	seconds, wrong := strconv.Atoi(cmp.Or(r.value("seconds"), "0"))
	if err != nil || wrong != nil || !known || times < 0 || seconds < 0 || seconds > 600 {
		return s.simToMachinery(w, r, fault.New(fault.Invalid, "SimulatorNumbers", "times and seconds must be numbers"))
	}
	rule.Times = times
	switch rule.Kind {
	case "latency":
		rule.DelayMS = 1000 * seconds
	case "throttle", "error":
		rule.RetryAfterSeconds = &seconds
	}
	return s.simToMachinery(w, r, s.simulator.call(r.ctx(), http.MethodPost, "/faults", rule, nil))
}

func (s *server) simRemoveFault(w http.ResponseWriter, r *request) error {
	if _, err := strconv.Atoi(r.PathValue("id")); err != nil {
		return fault.New(fault.NotFound, "UnknownPath", "there is nothing at this address")
	}
	err := s.simulator.call(r.ctx(), http.MethodDelete, "/faults/"+r.PathValue("id"), nil, nil)
	if fault.Is(err, fault.NotFound) { // it ended by itself, or somebody was quicker
		err = nil
	}
	return s.simToMachinery(w, r, err)
}
