package console

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/inbound"
)

// Above how many users Sync defaults advises to look closer, and shows how long things take (C1).
const (
	manyUsers = 1_000
	vastUsers = 100_000
)

type setupView struct {
	// Connection is the connected tenant that is to be used; nil where one is to be connected. Connected are those that could be.
	Connection *setupRow
	Connected  []setupRow
	// Keep: the Directory Connector goes on writing beside the instance (B6).
	Keep   bool
	Base   string
	Unsafe *Notice
	Error  string
	Fields []Field
	// Writes are the two kinds of destination, Service the remote one.
	Writes  []Choice
	Service destinationForm
	Begun   []setupRow
	Present []setupRow
}

type setupRow struct {
	ID, Name, Tenant, Href string
	At                     *Moment
}

// draft reports whether the instance waits to be allowed: nothing was ever written by it (C6).
func draft(instance engine.Instance) bool { return !instance.AutoSync && instance.Health.InForce == 0 }

// setup is where a tenant is connected (B0): with the credential of an app registration.
func (s *server) setup(w http.ResponseWriter, r *request) error {
	return s.showSetup(w, r, http.StatusOK, nil)
}

func (s *server) showSetup(w http.ResponseWriter, r *request, status int, wrong error) error {
	instances, err := s.Engine.Store.ListInstances(r.ctx(), r.org)
	if err != nil {
		return err
	}
	view := setupView{Base: strings.TrimRight(s.BaseURL, "/"), Fields: s.setupFields(r)}
	if err := s.chosenConnection(r, &view); err != nil {
		return err
	}
	if view.Base == "" {
		view.Base = inbound.BaseURL(r.Request, s.TrustedProxies)
	}
	if !strings.HasPrefix(view.Base, "https://") && !loopback(view.Base) {
		n := notice("bad", r.say("setup.unsafe"), r.say("setup.unsafe.text"))
		view.Unsafe = &n
	}
	for _, instance := range instances {
		connection, err := s.Engine.Store.Connection(r.ctx(), instance.ConnectionID)
		if err != nil {
			return err
		}
		row := setupRow{Name: instance.Name, Tenant: r.tenantName(connection), Href: r.at("/setup/", instance.ID.String()), At: r.moment(instance.CreatedAt)}
		if draft(instance) {
			view.Begun = append(view.Begun, row)
		} else {
			row.Href += "/attributes"
			view.Present = append(view.Present, row)
		}
	}
	remote := r.value("writes") == writesOut
	view.Writes = []Choice{{Text: r.say("setup.writes.directory"), Value: "directory", Current: !remote}, {Text: r.say("setup.writes.scim"), Value: writesOut, Current: remote}}
	var ofService error
	if aboutDestination(wrong) {
		ofService, wrong = wrong, nil
	}
	view.Service = r.destinationForm(engine.RemoteService{}, r.at("/setup/destination/test"), ofService)
	view.Error = r.place(view.Fields, wrong)
	r.belowSync(r.say("setup.title"))
	return r.render(w, status, "setup", view)
}

// chosenConnection looks up the connection that the address or the form names, and those that could be chosen.
func (s *server) chosenConnection(r *request, view *setupView) error {
	chosen := cmp.Or(r.value("connection"), r.query("connection"))
	view.Keep = cmp.Or(r.value("directoryConnector"), r.query("directoryConnector")) == string(engine.KeepConnector)
	connections, err := s.Engine.Store.ListConnections(r.ctx(), r.org)
	if err != nil {
		return err
	}
	for _, c := range connections {
		if c.State != engine.Connected || c.TenantID == "" {
			continue
		}
		row := setupRow{ID: c.ID.String(), Name: r.tenantName(c), Tenant: r.cloudName(c.Cloud), Href: r.at("/setup") + "?connection=" + c.ID.String()}
		if row.ID == chosen {
			view.Connection, view.Fields = &row, view.Fields[:1]
		}
		view.Connected = append(view.Connected, row)
	}
	if chosen != "" && view.Connection == nil {
		return fault.New(fault.NotFound, "UnknownConnection", "there is no connected tenant with this id")
	}
	return nil
}

func loopback(base string) bool {
	host := strings.TrimPrefix(base, "http://")
	return strings.HasPrefix(host, "127.0.0.1") || strings.HasPrefix(host, "localhost") || strings.HasPrefix(host, "[::1]")
}

func (s *server) setupFields(r *request) []Field {
	cloud := cmp.Or(r.value("cloud"), s.Clouds[len(s.Clouds)-1])
	if cloud != r.value("cloud") && len(s.Clouds) <= 4 {
		cloud = s.Clouds[0]
	}
	var clouds []Choice
	for _, name := range s.Clouds {
		clouds = append(clouds, Choice{Text: r.cloudName(name), Value: name, Current: name == cloud})
	}
	return []Field{
		{Name: "name", Label: r.say("setup.name"), Type: "text", Value: r.value("name"), Hint: r.say("setup.name.hint"), Required: true, Max: 256, Complete: "off"},
		{Name: "cloud", Label: r.say("connect.cloud"), Type: "select", Options: clouds},
		{Name: "tenant", Label: r.say("connect.tenant"), Type: "text", Value: r.value("tenant"), Hint: r.say("setup.tenant.hint"), Required: true, Max: 256, Complete: "off"},
		{Name: "client", Label: r.say("connection.client"), Type: "text", Value: r.value("client"), Hint: r.say("setup.client.hint"), Required: true, Max: 256, Complete: "off"},
		{Name: "secret", Label: r.say("setup.secret"), Type: "password", Hint: r.say("setup.secret.hint"), Required: true, Max: 4096, Complete: "off"},
		{Name: "ends", Label: r.say("setup.ends"), Type: "date", Value: r.value("ends"), Hint: r.say("setup.ends.hint"), Complete: "off"},
	}
}

// connect makes the instance, not allowed yet, and has the tenant read for the pickers and the previews.
func (s *server) connect(w http.ResponseWriter, r *request) error {
	var ends time.Time
	if text := r.value("ends"); text != "" {
		var err error
		if ends, err = time.Parse(time.DateOnly, text); err != nil {
			return s.showSetup(w, r, http.StatusUnprocessableEntity, fault.New(fault.Invalid, "BadTime", "%q is no date", text))
		}
	}
	var connection ident.ID
	if text := r.value("connection"); text != "" {
		var err error
		if connection, err = ident.Parse(text); err != nil {
			return fault.New(fault.NotFound, "UnknownConnection", "there is no connected tenant with this id")
		}
	}
	var service *engine.NewService
	if r.value("writes") == writesOut {
		entered, err := r.enteredService()
		if err == nil {
			_, err = s.Engine.TryService(r.ctx(), entered)
		}
		if fault.Is(err, fault.Invalid) {
			return s.showSetup(w, r, http.StatusUnprocessableEntity, err)
		}
		if err != nil {
			return err
		}
		service = &entered
	}
	instance, err := s.Engine.CreateInstance(r.ctx(), r.org, engine.NewInstance{
		Service: service, ConnectionID: connection, Connector: engine.Connector(r.value("directoryConnector")),
		Name: r.value("name"), TenantID: r.value("tenant"), Cloud: r.value("cloud"), ClientID: r.value("client"), ClientSecret: r.value("secret"), SecretExpiresAt: ends,
	})
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		return s.showSetup(w, r, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	if _, err := s.Engine.SyncNow(r.ctx(), instance.ID, engine.DryRun); err != nil {
		return err
	}
	return r.done(w, "/setup/"+instance.ID.String(), "")
}

type beginView struct {
	setupHead
	Reading *Progress
	Failure *Notice
	Secret  []Field
}

// begin is the page after connecting: Sync defaults and Proceed (C1), while the tenant is being read.
func (s *server) begin(w http.ResponseWriter, r *request) error {
	instance, _, err := s.configured(r)
	if err != nil {
		return err
	}
	run, found, err := s.lastRun(r, instance)
	if err != nil {
		return err
	}
	view := beginView{setupHead: s.setupHead(r, instance, "")}
	switch {
	case found && !run.State.Over():
		p := r.runProgress(run)
		view.Reading = &p
	case found && run.Failure != nil:
		n := notice("bad", r.say("setup.failed"), sentence(run.Failure.Message)+" "+run.Failure.Remedy)
		view.Failure = &n
		connection, err := s.Engine.Store.Connection(r.ctx(), instance.ConnectionID)
		if err != nil {
			return err
		}
		view.Secret = []Field{
			{Name: "client", Label: r.say("connection.client"), Type: "text", Value: connection.ClientID, Required: true, Max: 256, Complete: "off"},
			{Name: "secret", Label: r.say("setup.secret"), Type: "password", Hint: r.say("setup.secret.hint"), Required: true, Max: 4096, Complete: "off"},
		}
	}
	r.belowSync(r.say("setup.begin.title"), r.say("setup.title"), "/setup")
	return r.render(w, http.StatusOK, "begin", view)
}

// advice is what an administrator of many users should know before he proceeds with the defaults.
func (r *request) advice(users int, read engine.Run) []Notice {
	var advice []Notice
	if users > manyUsers {
		advice = append(advice, notice("warn", "", r.say("setup.many", "n", users, "limit", manyUsers)))
	}
	if users > vastUsers {
		// What was measured when the tenant was read, and 2,000 writes a second, below what docs/benchmarks.md has for the built-in directory.
		reading := read.EndedAt.Sub(read.StartedAt)
		writing := time.Duration(users) * time.Second / 2000
		advice = append(advice, notice("info", "", r.say("setup.vast", "first", r.span(reading+writing), "removal", r.span(writing))))
	}
	return advice
}

// proceed goes on with the defaults, or to the tabs.
func (s *server) proceed(w http.ResponseWriter, r *request) error {
	instance, settings, err := s.configured(r)
	if err != nil {
		return err
	}
	path := "/setup/" + instance.ID.String()
	if r.value("defaults") == "" {
		return r.done(w, path+"/attributes", "")
	}
	defaults := engine.DefaultSettings()
	if len(api.Differences(settings, defaults)) > 0 {
		if _, err := s.Engine.ChangeInstance(r.ctx(), instance.ID, engine.Change{Settings: &defaults}); err != nil {
			return err
		}
	}
	return r.done(w, path+"/review", "")
}

// reconnect replaces the credential with which the tenant could not be read, and tries again.
func (s *server) reconnect(w http.ResponseWriter, r *request) error {
	instance, _, err := s.configured(r)
	if err != nil {
		return err
	}
	client, secret := r.value("client"), r.value("secret")
	if _, err := s.Engine.ChangeInstance(r.ctx(), instance.ID, engine.Change{ClientID: &client, ClientSecret: &secret}); err != nil {
		return err
	}
	if _, err := s.Engine.SyncNow(r.ctx(), instance.ID, engine.DryRun); err != nil {
		return err
	}
	return r.done(w, "/setup/"+instance.ID.String(), "")
}

// discard gives a set-up up that was never allowed.
func (s *server) discard(w http.ResponseWriter, r *request) error {
	instance, _, err := s.configured(r)
	if err != nil {
		return err
	}
	if !draft(instance) {
		return fault.New(fault.Conflict, "NoDraft", "the instance %s was allowed already", instance.Name)
	}
	if err := s.Engine.DeleteInstance(r.ctx(), instance.ID); err != nil {
		return err
	}
	return r.done(w, "/setup", "setup.discarded")
}

// lastRun is the latest run of an instance.
func (s *server) lastRun(r *request, instance engine.Instance) (run engine.Run, found bool, err error) {
	runs, err := s.Engine.Store.ListRuns(r.ctx(), engine.RunQuery{Org: r.org, Instance: instance.ID, Limit: 1})
	if err != nil || len(runs) == 0 {
		return engine.Run{}, false, err
	}
	return runs[0], true, nil
}

// configured finds the instance of the path with its present settings.
func (s *server) configured(r *request) (engine.Instance, engine.Settings, error) {
	id, err := r.pathID("id")
	if err != nil {
		return engine.Instance{}, engine.Settings{}, err
	}
	instance, err := s.Engine.Instance(r.ctx(), r.org, id)
	if err != nil {
		return engine.Instance{}, engine.Settings{}, err
	}
	settings, err := s.Engine.Store.Settings(r.ctx(), instance.ID, instance.ConfigVersion)
	return instance, settings, err
}

// setupHead is what the pages of one instance's configuration have in common.
type setupHead struct {
	ID, Name, Path, Tab string
	Version             int64
	Draft, Locked       bool
	Steps               []Pill
	Tabs                []Choice
}

func (s *server) setupHead(r *request, instance engine.Instance, tab string) setupHead {
	head := setupHead{
		ID: instance.ID.String(), Name: instance.Name, Path: r.at("/setup/", instance.ID.String()), Tab: tab, Version: instance.ConfigVersion, Draft: draft(instance),
		Locked: !r.may("changeInstance"),
	}
	if head.Draft {
		tones := []string{"ok", "info", "idle"}
		if tab == "review" {
			tones = []string{"ok", "ok", "info"}
		}
		for i, step := range []string{"connect", "configure", "review"} {
			head.Steps = append(head.Steps, pill(tones[i], r.say("setup.step."+step)))
		}
	}
	tabs := []string{"attributes", "users", "groups", "more"}
	if !instance.ServiceID.IsZero() {
		tabs = append(tabs, "destination")
	}
	for _, name := range tabs {
		head.Tabs = append(head.Tabs, Choice{Text: r.say("config.tab." + name), Href: head.Path + "/" + name, Current: name == tab})
	}
	return head
}

// idsOf are the ids that a form lists under a name: each once, and only what is one.
func idsOf(r *request, name string) []string {
	var ids []string
	for _, text := range r.PostForm[name] {
		if id, err := ident.Parse(text); err == nil && !slices.Contains(ids, id.String()) {
			ids = append(ids, id.String())
		}
	}
	return ids
}
