package console

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

type syncView struct {
	Notices   []Notice
	Held      []heldBanner
	Instances []syncCard
}

// syncCard is the card of an instance (A3).
type syncCard struct {
	ID, Name, Tenant, Explanation string
	Since                         *Moment
	Status                        Pill
	Held, Broken, AutoSync, Alone bool
	// Revocable: there is a consent that somebody gave.
	Revocable bool
	Counts    []Choice
	LastRun   *runLine
	Running   *runningView
	Chart     *chart
}

// heldBanner says what waits for a decision before the buttons that decide.
type heldBanner struct {
	ID, Name, Title, Text, Why, Through string
	Same                                string
	Count                               int
	At                                  *Moment
}

// syncInstances shows how every instance stands (A3, A6, D11).
func (s *server) syncInstances(w http.ResponseWriter, r *request) error {
	r.titled(r.say("sync.title"), r.say("nav.settings"), "/directory-synchronization")
	instances, err := s.Engine.Store.ListInstances(r.ctx(), r.org)
	if err != nil {
		return err
	}
	var view syncView
	for _, instance := range instances {
		status, err := s.Engine.Summary(r.ctx(), instance)
		if err != nil {
			return err
		}
		card, err := s.syncCard(r, instance, status)
		if err != nil {
			return err
		}
		view.Instances = append(view.Instances, card)
		for _, warning := range status.Warnings {
			view.Notices = append(view.Notices, notice("warn", instance.Name, warning.Message+". "+warning.Remedy))
		}
		if heldOf(status.Status) == 0 {
			continue
		}
		banner, err := s.heldBanner(r, instance, status.Status)
		if err != nil {
			return err
		}
		view.Held = append(view.Held, banner)
	}
	return r.render(w, http.StatusOK, "sync", view)
}

// everySpan says how often an instance runs.
func (r *request) everySpan(interval time.Duration) string {
	if interval == time.Minute {
		return r.say("sync.every.minute")
	}
	return r.say("sync.every", "span", r.span(interval))
}

// briefRun is how long a run is at work before its steps are shown: most are over by then, and the page does not jump.
const briefRun = 2 * time.Second

func (s *server) syncCard(r *request, instance engine.Instance, status engine.Summary) (syncCard, error) {
	connection, err := s.Engine.Store.Connection(r.ctx(), instance.ConnectionID)
	if err != nil {
		return syncCard{}, err
	}
	tone := statusTones[status.Job]
	card := syncCard{
		ID: instance.ID.String(), Name: instance.Name, AutoSync: instance.AutoSync, Explanation: r.explanation(status.Status),
		Tenant: r.tenantName(connection) + " · " + r.cloudName(connection.Cloud) + " · " + r.everySpan(instance.Interval),
		Status: pill(tone, r.say("status."+string(status.Job))), Held: tone == "warn", Broken: tone == "bad",
		Counts: r.syncCounts(instance.ID, status.Status), Alone: instance.Health.LastRunAt.IsZero(),
		Revocable: connection.Form != engine.FormManaged,
	}
	if status.Overdue {
		card.Explanation += " " + r.say("overview.overdue")
	}
	card.Since = r.moment(statusSince(instance, status))
	if status.LastRun != nil {
		line := r.runLine(*status.LastRun, instance.Name)
		card.LastRun = &line
	}
	if run := status.Running; run != nil && r.now().Sub(run.StartedAt) > briefRun {
		running := r.running(*run)
		card.Running = &running
	}
	card.Chart, err = s.changesChart(r, instance)
	return card, err
}

// statusSince is when the status began, as far as that is kept; zero where it is not.
func statusSince(instance engine.Instance, status engine.Summary) time.Time {
	health := instance.Health
	switch {
	case !health.DisabledAt.IsZero():
		return health.DisabledAt
	case status.Running != nil:
		return status.Running.StartedAt
	case health.Quarantine != nil:
		return health.Quarantine.Since
	case status.Job == engine.StatusNotRun:
		return instance.CreatedAt
	}
	return time.Time{}
}

// syncCounts are the numbers of an instance, each a link to the objects that it counts (D12).
func (r *request) syncCounts(id ident.ID, status engine.Status) []Choice {
	of := r.at("/instances/", id.String(), "/summary/")
	groups := status.Groups
	counts := []Choice{
		{Text: r.say("count.synced"), Value: "users/synced", Count: &status.Synced},
		{Text: r.say("count.skipped"), Value: "users/skipped", Count: &status.Skipped},
		{Text: r.say("count.failed"), Value: "users/failed", Count: &status.Failed, Current: status.Failed > 0},
		{Text: r.say("count.groups"), Value: "groups/synced", Count: &groups.Synced},
		{Text: r.say("count.toBeSynced"), Value: "groups/to-be-synced", Count: &groups.ToBeSynced},
	}
	for i := range counts {
		counts[i].Href = of + counts[i].Value
	}
	return counts
}

// heldOf counts what waits for a decision.
func heldOf(status engine.Status) int {
	return status.Held + status.Groups.Held + status.Groups.Leaving
}

// sampleHeld is how many of what is held are looked at for the reason that most have.
const sampleHeld = 500

// heldEntries selects what an instance holds.
func heldEntries(instance engine.Instance, limit int) engine.EntryQuery {
	return engine.EntryQuery{Org: instance.OrgID, Instance: instance.ID, Open: true, States: []engine.EntryState{engine.Held}, Bare: true, Limit: limit}
}

func (s *server) heldBanner(r *request, instance engine.Instance, status engine.Status) (heldBanner, error) {
	banner := heldBanner{ID: instance.ID.String(), Name: instance.Name, Count: heldOf(status)}
	query := heldEntries(instance, sampleHeld)
	query.Newest = true
	entries, err := s.Engine.Store.ListEntries(r.ctx(), query)
	if err != nil || len(entries) == 0 {
		return banner, err
	}
	banner.Through, banner.At = entries[0].ID.String(), r.moment(entries[0].PlannedAt)
	banner.Title = r.say("sync.held.title", "name", instance.Name)
	var parts []string
	for _, part := range []struct {
		key string
		n   int
	}{{"sync.held.users", status.Held}, {"sync.held.groups", status.Groups.Held}, {"sync.held.members", status.Groups.Leaving}} {
		if part.n > 0 {
			parts = append(parts, r.say(part.key, "n", part.n))
		}
	}
	banner.Text = strings.Join(parts, " ")
	if status.Held > 0 && status.Synced > 0 {
		banner.Text += " " + r.say("sync.held.share", "total", status.Synced, "share", r.percent(float64(status.Held)/float64(status.Synced)))
	}
	if text, n := commonReason(entries); n > 1 {
		banner.Same = r.say("sync.held.same", "n", n, "of", len(entries), "reason", text)
	}
	run, err := s.Engine.GetRun(r.ctx(), r.org, entries[0].RunID)
	if err == nil && run.Progress.Held != "" {
		banner.Why = strings.TrimSuffix(run.Progress.Held, ".") + "."
	}
	return banner, nil
}

// commonReason returns the reason that most of the entries have, and how many.
func commonReason(entries []engine.Entry) (string, int) {
	counts := map[string]int{}
	best := ""
	for _, entry := range entries {
		text := entry.Reason.Text
		if counts[text]++; counts[text] > counts[best] {
			best = text
		}
	}
	return best, counts[best]
}

// ofInstance is the instance of the path. Those of another organization do not exist.
func (s *server) ofInstance(r *request) (engine.Instance, error) {
	id, err := r.pathID("instance")
	if err != nil {
		return engine.Instance{}, err
	}
	return s.Engine.Instance(r.ctx(), r.org, id)
}

// crumbed names a page about an instance.
func (r *request) crumbed(title string, instance engine.Instance) {
	r.belowSync(title, instance.Name, "/instances/"+instance.ID.String()+"/summary")
}

// belowSync names a page below Organization settings > Directory synchronization.
func (r *request) belowSync(title string, crumbs ...string) {
	r.titled(title, slices.Concat([]string{r.say("nav.settings"), "/directory-synchronization", r.say("sync.title"), "/directory-synchronization"}, crumbs)...)
}

// setAutoSync switches Auto Sync; a form that says what is so already changes nothing.
func (s *server) setAutoSync(w http.ResponseWriter, r *request) error {
	instance, err := s.ofInstance(r)
	if err != nil {
		return err
	}
	on := r.value("on") == "true"
	if on == instance.AutoSync && (!on || instance.Health.DisabledAt.IsZero()) {
		return r.done(w, "/directory-synchronization", "")
	}
	if _, err := s.Engine.ChangeInstance(r.ctx(), instance.ID, engine.Change{AutoSync: &on}); err != nil {
		return err
	}
	if on {
		return r.done(w, "/directory-synchronization", "sync.auto.isOn")
	}
	return r.done(w, "/directory-synchronization", "sync.auto.isOff")
}

// syncNow asks for a run, and stays where the progress is seen.
func (s *server) syncNow(w http.ResponseWriter, r *request) error {
	instance, err := s.ofInstance(r)
	if err != nil {
		return err
	}
	if _, err := s.Engine.SyncNow(r.ctx(), instance.ID, engine.Incremental); err != nil {
		return err
	}
	return r.done(w, "/directory-synchronization", "sync.asked")
}

// dryRun asks for a dry run, whose page shows how far it is and then what it found (D13).
func (s *server) dryRun(w http.ResponseWriter, r *request) error {
	instance, err := s.ofInstance(r)
	if err != nil {
		return err
	}
	run, err := s.Engine.SyncNow(r.ctx(), instance.ID, engine.DryRun)
	if err != nil {
		return err
	}
	return r.done(w, "/runs/"+run.ID.String(), "")
}

// deleteInstance deletes an instance; its users stay as they are, unmanaged (C9).
func (s *server) deleteInstance(w http.ResponseWriter, r *request) error {
	instance, err := s.ofInstance(r)
	if err != nil {
		return err
	}
	if r.value("revoke") == "true" { // first somebody signs in at Microsoft
		return r.done(w, "/instances/"+instance.ID.String()+"/withdraw", "")
	}
	if err := s.Engine.DeleteInstance(r.ctx(), instance.ID); err != nil {
		return err
	}
	return r.done(w, "/directory-synchronization", "sync.deleted")
}

// retryFailed has all that failed tried again now.
func (s *server) retryFailed(w http.ResponseWriter, r *request) error {
	instance, err := s.ofInstance(r)
	if err != nil {
		return err
	}
	if _, _, err := s.Engine.RetryNow(r.ctx(), instance.ID, nil); err != nil {
		return err
	}
	return r.done(w, "/instances/"+instance.ID.String()+"/summary", "sync.asked")
}

type instanceNameView struct {
	ID, Error string
	Fields    []Field
}

func (s *server) instanceName(w http.ResponseWriter, r *request) error {
	instance, err := s.ofInstance(r)
	if err != nil {
		return err
	}
	return s.showInstanceName(w, r, instance, http.StatusOK, instance.Name, nil)
}

func (s *server) showInstanceName(w http.ResponseWriter, r *request, instance engine.Instance, status int, name string, wrong error) error {
	r.crumbed(r.say("sync.rename"), instance)
	view := instanceNameView{ID: instance.ID.String(), Fields: []Field{
		{Name: "name", Label: r.say("sync.name"), Hint: r.say("sync.name.hint"), Value: name, Type: "text", Required: true, Complete: "off", Max: 256},
	}}
	if wrong != nil {
		view.Fields[0].Error, _ = r.fault(wrong)
	}
	return r.render(w, status, "instancename", view)
}

// renameInstance gives an instance another name; the name that it has changes nothing.
func (s *server) renameInstance(w http.ResponseWriter, r *request) error {
	instance, err := s.ofInstance(r)
	if err != nil {
		return err
	}
	name := r.value("name")
	if name == instance.Name {
		return r.done(w, "/directory-synchronization", "form.saved")
	}
	if _, err := s.Engine.ChangeInstance(r.ctx(), instance.ID, engine.Change{Name: &name}); err != nil {
		if !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Conflict) {
			return err
		}
		return s.showInstanceName(w, r, instance, http.StatusUnprocessableEntity, name, err)
	}
	return r.done(w, "/directory-synchronization", "form.saved")
}

// objectTypes are what changes are about, by their names in addresses.
var objectTypes = []struct {
	name string
	of   plan.ObjectType
}{{"users", plan.User}, {"groups", plan.Group}, {"members", plan.Members}}

// objectType is the type of that name; nil for all.
func objectType(name string) *plan.ObjectType {
	at := slices.IndexFunc(objectTypes, func(t struct {
		name string
		of   plan.ObjectType
	},
	) bool {
		return t.name == name
	})
	if at < 0 {
		return nil
	}
	of := objectTypes[at].of
	return &of
}
