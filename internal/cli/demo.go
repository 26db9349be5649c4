package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/app"
	"rollcall/internal/clock"
	"rollcall/internal/config"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/entrasim"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

type demoCommand struct {
	tenantSize
	Listen       string `default:"127.0.0.1:8480" help:"Address of the server; port 0 takes a free one." placeholder:"HOST:PORT"`
	EntraListen  string `default:"127.0.0.1:8481" help:"Address of the simulated tenant; port 0 takes a free one." placeholder:"HOST:PORT"`
	Data         string `help:"Folder to keep the directory in, such as demo-data, so that the next start goes on; without it a temporary one." placeholder:"DIR"`
	Info         string `help:"File to write addresses and a token to as JSON when the server answers, such as demo.json." placeholder:"FILE"`
	SyncedGroups int    `default:"5" help:"How many groups of the tenant are kept with their members, 0 to 20." placeholder:"COUNT"`
	LogLevel     string `default:"warn" enum:"debug,info,warn,error" help:"What the server logs to standard error: ${enum}." placeholder:"LEVEL"`
}

const (
	demoName     = "Demo"
	demoInterval = 2 * time.Second
	demoCloud    = "simulated"
	// demoDrain is how long what is under way may go on when the demo ends.
	demoDrain = time.Second
	clockKept = time.Second
)

// Help gives an example.
func (demoCommand) Help() string {
	return "Example: rollcall demo --users 1000\n\nWith --data the directory stays for the next start, but the tenant lives in memory: it starts anew, with the same people for the " +
		"same --users, --seed and flags of groups."
}

// demoInfo is what --info writes.
type demoInfo struct {
	APIURL     string   `json:"api_url"`
	APIToken   string   `json:"api_token"`
	OrgID      ident.ID `json:"org_id"`
	Instance   ident.ID `json:"instance"`
	EntraURL   string   `json:"entra_url"`
	ControlURL string   `json:"entra_control_url"`
	// ConsoleLink creates the first administrator of the console; "" when there is one.
	ConsoleLink string `json:"console_link,omitempty"`
	PID         int    `json:"pid"`
}

// demo is one that runs.
type demo struct {
	*demoCommand
	in     *invocation
	state  *demoState
	sim    *entrasim.Server
	server *app.App
	client *client
	info   demoInfo
	// connection is that of the instance.
	connection ident.ID
	// interrupted is the run that the last start left unfinished; zero without one.
	interrupted ident.ID
}

// Run runs the demo until it is asked to end.
func (c *demoCommand) Run(ctx context.Context, in *invocation) (err error) {
	if err := errors.Join(c.check(), c.checkGroups()); err != nil {
		return err
	}
	folder := c.Data
	if folder == "" {
		if folder, err = os.MkdirTemp("", "rollcall-demo-"); err != nil {
			return fault.Wrap(fault.Invalid, "TemporaryFolder", err, "a temporary folder cannot be made").WithRemedy("Name one with --data.")
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	}
	d := &demo{demoCommand: c, in: in, sim: c.server()}
	if d.state, err = openDemoState(folder, c.tenantSize); err != nil {
		return err
	}
	if err := d.sim.Listen(context.WithoutCancel(ctx), c.EntraListen, ""); err != nil {
		return tenantFault("--entra-listen "+c.EntraListen, err)
	}
	defer func() { err = errors.Join(err, d.sim.Close()) }()
	if d.state.kept {
		if err := d.state.rejoin(ctx, d.sim.URL()); err != nil {
			return err
		}
	}
	if d.server, err = app.Open(ctx, d.settings(folder), app.Options{
		Version: in.version, Getenv: func(string) string { return "" }, Log: in.stderr, Machine: clock.System, Simulator: d.sim.URL(), Drain: demoDrain,
	}); err != nil {
		return err
	}
	if d.interrupted, err = d.openedRun(ctx); err != nil {
		return errors.Join(err, d.server.Close())
	}
	return d.run(ctx)
}

// settings are those of a server that follows the simulated tenant and its clock.
func (d *demo) settings(folder string) config.Config {
	return config.Config{
		Data: folder, Listen: d.Listen, RateLimit: 200, LogLevel: d.LogLevel, LogFormat: "text", ClockURL: d.sim.URL() + "/sim/clock", AllowClock: true,
		Cloud:     config.Cloud{Name: demoCloud, LoginURL: d.sim.URL(), GraphURL: d.sim.URL()},
		Retention: config.Retention{ChangesDays: 90, AuditDays: 400, ArchiveDays: 365},
	}
}

// run lets the server work, and beside it sets up what there is to see. A demo that cannot be set up ends.
func (d *demo) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	shown := make(chan error, 1)
	go func() {
		err := d.show(ctx)
		if err != nil {
			cancel()
		}
		shown <- err
	}()
	err := d.server.Run(ctx)
	cancel()
	if told := <-shown; told != nil && !errors.Is(told, context.Canceled) {
		err = errors.Join(told, err)
	}
	return err
}

// show sets up what is missing, writes the info file, follows the first run, and says what to try.
func (d *demo) show(ctx context.Context) error {
	if err := d.setUp(ctx); err != nil {
		return err
	}
	if d.Info != "" {
		if err := writeInfo(d.Info, d.info); err != nil {
			return err
		}
	}
	run, err := d.firstRun(ctx)
	if err != nil {
		return err
	}
	// What the tenant grants is shown on the connection's page, where the tour begins.
	if err := d.client.call(ctx, http.MethodPost, d.client.here("connections", d.connection.String(), "check"), nil, nil, nil); err != nil {
		return err
	}
	if err := d.tell(ctx); err != nil {
		return err
	}
	shown := &feed{client: d.client, instance: d.info.Instance, name: demoName, program: d.program(), say: d.in.say, seen: run.ID}
	if run.Held != "" || heldIn(run) > 0 {
		shown.advise(run, fmt.Sprint(heldIn(run)))
	}
	return d.keep(ctx, shown)
}

// program is how this program can be called in another terminal.
func (d *demo) program() string { return callName(d.in.program, d.in.getenv("PATH")) }

// keep shows what happens, and keeps the state in the data folder up to date, until the context ends.
func (d *demo) keep(ctx context.Context, shown *feed) error {
	ticker := time.NewTicker(clockKept)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := errors.Join(d.state.keepClock(ctx, d.sim.URL()), shown.look(ctx)); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// setUp makes organization, administrator, token and instance where they are missing: a demo may have been killed at any point.
func (d *demo) setUp(ctx context.Context) error {
	organizations, err := d.server.Directory.ListOrganizations(ctx)
	if err != nil {
		return err
	}
	var organization directory.Organization
	if len(organizations) > 0 {
		organization = organizations[0]
	} else if organization, err = d.server.Directory.CreateOrganization(ctx, demoName); err != nil {
		return err
	}
	if _, err := d.server.Directory.Authenticate(ctx, d.state.Token); err != nil {
		if err := d.renewToken(ctx); err != nil {
			return err
		}
	}
	d.info = demoInfo{
		APIURL: d.server.URL(), APIToken: d.state.Token, OrgID: organization.ID, EntraURL: d.sim.URL(), ControlURL: d.sim.URL() + "/sim/", PID: os.Getpid(),
	}
	if d.client, err = (remote{Server: d.info.APIURL, Token: d.info.APIToken, Org: organization.ID.String()}).open(); err != nil {
		return err
	}
	d.client.http.Transport = renewing{d}
	if d.info.ConsoleLink, err = d.server.FirstLink(ctx); err != nil {
		return err
	}
	instance, err := d.client.instance(ctx, demoName)
	if fault.Is(err, fault.NotFound) {
		tenant := d.sim.Tenant()
		settings, unread := d.demoSettings(ctx)
		if unread != nil {
			return unread
		}
		err = d.client.call(ctx, http.MethodPost, d.client.here("instances"), nil, api.NewInstance{
			Name: demoName, TenantID: tenant.TenantID, Cloud: demoCloud, ClientID: tenant.ClientID, ClientSecret: tenant.ClientSecret,
			AutoSync: true, IntervalSeconds: demoInterval.Seconds(), Settings: settings,
		}, &instance)
	}
	d.info.Instance, d.connection = instance.ID, instance.ConnectionID
	return err
}

// firstRun waits for the first run of this start, shows its progress, and returns it.
func (d *demo) firstRun(ctx context.Context) (api.Run, error) {
	d.in.say("Rollcall follows a simulated tenant of %d people (seed %d).", d.Users, d.Seed)
	if d.state.kept {
		d.in.say("The directory in %s is kept from the last start; the tenant starts anew, with the same people, and forgets what was done to them there.", d.Data)
	}
	run, err := d.openRun(ctx)
	if err != nil {
		return run, err
	}
	if !run.Over() {
		if run, err = d.client.watch(ctx, d.in, run.ID); err != nil {
			return run, err
		}
	}
	d.in.say("%s", resultText(run))
	if run.State != engine.Succeeded && run.Failure != nil {
		d.in.say("It failed: %s. %s The next run starts by itself.", run.Failure.Message, run.Failure.Remedy)
	}
	return run, nil
}

// openedRun returns the oldest run that an earlier start left unfinished: the server goes on with it by itself.
func (d *demo) openedRun(ctx context.Context) (ident.ID, error) {
	organizations, err := d.server.Directory.ListOrganizations(ctx)
	if err != nil || len(organizations) == 0 {
		return ident.ID{}, err
	}
	runs, err := d.server.Engine.Store.ListRuns(ctx, engine.RunQuery{Org: organizations[0].ID, Limit: feedRuns})
	for _, run := range slices.Backward(runs) {
		if !run.State.Over() {
			return run.ID, err
		}
	}
	return ident.ID{}, err
}

// openRun returns a run of this start: on an empty directory the initial one, which starts by itself; else the one that the last start left
// unfinished, or one that is asked for.
func (d *demo) openRun(ctx context.Context) (api.Run, error) {
	if !d.interrupted.IsZero() {
		var run api.Run
		err := d.client.get(ctx, d.client.here("runs", d.interrupted.String()), nil, &run)
		if !fault.Is(err, fault.NotFound) { // a scheduled run that found nothing to do is dropped
			return run, err
		}
	}
	if d.state.kept {
		var run api.Run
		err := d.client.call(ctx, http.MethodPost, d.client.here("instances", d.info.Instance.String(), "sync"), nil,
			api.SyncRequest{Kind: engine.Incremental}, &run)
		return run, err
	}
	ticker := time.NewTicker(askEvery / 2)
	defer ticker.Stop()
	for {
		runs, err := first[api.Run](ctx, d.client, d.client.here("runs"), url.Values{"instance": {d.info.Instance.String()}}, 1)
		if err != nil || len(runs) > 0 {
			return append(runs, api.Run{})[0], err
		}
		select {
		case <-ctx.Done():
			return api.Run{}, ctx.Err()
		case <-ticker.C:
		}
	}
}
