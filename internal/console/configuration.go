package console

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/plan"
)

// Every tab is a form whose state is in the form alone until Save: pickers and the editor of filters post it and get the fields anew, and so does
// the line that says what saving would do.

// fieldsView is what every tab shows beside its own fields.
type fieldsView struct {
	setupHead
	Errors []string
}

// saveTab stores what a tab made of the settings. A form saved untouched changes nothing; one whose settings somebody changed meanwhile is refused.
func (s *server) saveTab(r *request, instance engine.Instance, before, after engine.Settings, change engine.Change) error {
	if r.value("version") != versionOf(instance) {
		return fault.New(fault.Conflict, "ConfigurationMoved", "somebody saved this configuration meanwhile")
	}
	differs := len(api.Differences(before, after)) > 0
	if differs {
		change.Settings = &after
	}
	if differs || change.Interval != nil || change.Notification != nil {
		if _, err := s.Engine.ChangeInstance(r.ctx(), instance.ID, change); err != nil {
			return err
		}
	}
	if differs && draft(instance) { // what nobody knows yet of the tenant is read for the review
		if _, err := s.Engine.SyncNow(r.ctx(), instance.ID, engine.DryRun); err != nil {
			return err
		}
	}
	return nil
}

func versionOf(instance engine.Instance) string { return strconv.FormatInt(instance.ConfigVersion, 10) }

// saved leads on after Save: in the set-up to the next tab, else back to the same one.
func (r *request) saved(w http.ResponseWriter, head setupHead) error {
	path := "/setup/" + head.ID + "/" + head.Tab
	if next := map[string]string{"attributes": "users", "users": "groups", "groups": "more", "more": "review"}[head.Tab]; head.Draft {
		path = "/setup/" + head.ID + "/" + next
	}
	return r.done(w, path, "form.saved")
}

// mistakes are the sentences of settings that are refused; ok is false for another error.
func (r *request) mistakes(err error) (texts []string, ok bool) {
	var all engine.SettingErrors
	switch {
	case errors.As(err, &all):
		for _, one := range all {
			texts = append(texts, sentence(one.Error()))
		}
		return texts, true
	case fault.Is(err, fault.Invalid), fault.Is(err, fault.Conflict):
		text, _ := r.fault(err)
		return []string{text}, true
	}
	return nil, false
}

// titledConfiguration names a page of the configuration.
func (r *request) titledConfiguration(head setupHead) {
	title := r.say("config.edit")
	if head.Draft {
		title = r.say("config.title." + head.Tab)
	}
	if head.Draft && r.may("createInstance") {
		r.belowSync(title, r.say("setup.title"), "/setup", head.Name, "/setup/"+head.ID)
		return
	}
	r.belowSync(title, head.Name, "/instances/"+head.ID+"/summary")
}

// foresight is what settings would do, in words (C7).
type foresight struct {
	// Text counts who is in scope; Detail is what the next run would do.
	Text, Detail string
	// Counted is false where nothing can be counted yet.
	Counted  bool
	Notices  []Notice
	Failures []engine.FailureReason
	Counts   []Choice
}

// foretell puts a preview into words.
func (r *request) foretell(instance engine.Instance, p engine.Preview) foresight {
	f := foresight{Failures: p.Failures}
	for _, warning := range p.Warnings {
		if !p.NeverRead || warning.Code != engine.NeedsRead {
			f.Notices = append(f.Notices, notice("warn", "", r.warning(warning, p)))
		}
	}
	if p.NeverRead || p.NeedsRead != nil || p.UnreadGroups > 0 {
		f.Text, f.Detail = r.say("foresight.unread"), r.say("foresight.unread.text")
		return f
	}
	f.Counted = true
	f.Text = r.say("foresight.users", "n", p.InScope)
	if p.Groups.Kept > 0 {
		f.Text = r.say("foresight.both", "users", r.say("foresight.users", "n", p.InScope), "groups", r.say("foresight.groups", "n", p.Groups.Kept))
	}
	f.Text = r.say("foresight.inScope", "what", f.Text)
	if !p.Complete {
		f.Text = r.say("foresight.part", "text", f.Text, "n", p.Users)
	}
	f.Detail, f.Counts = r.foretold(instance, p)
	return f
}

// foretold lists what the next run would do: those who leave last, since that is what hurts.
func (r *request) foretold(instance engine.Instance, p engine.Preview) (string, []Choice) {
	var parts []string
	var counts []Choice
	for _, action := range []plan.Action{plan.Create, plan.Update, plan.Reactivate, plan.Skip, plan.Fail, plan.Release, plan.Deactivate, plan.Delete} {
		n := p.Changes[action]
		if n == 0 && action != plan.Create && action != plan.Update && action != plan.Deactivate {
			continue
		}
		counts = append(counts, Choice{Text: r.say("foresight.count." + string(action)), Count: &n, Current: n > 0 && (action == plan.Deactivate || action == plan.Delete || action == plan.Fail)})
		if n > 0 {
			parts = append(parts, r.say("foresight.action."+string(action), "n", n))
		}
	}
	removes := p.Changes[plan.Deactivate] + p.Changes[plan.Delete]
	if removes == 0 {
		parts = append(parts, r.say("foresight.nobody"))
	}
	key := "foresight.next"
	if draft(instance) {
		key = "foresight.first"
	}
	return r.say(key, "list", r.list(parts)), counts
}

// list joins texts: "a, b and c".
func (r *request) list(texts []string) string {
	if len(texts) < 2 {
		return strings.Join(texts, "")
	}
	return strings.Join(texts[:len(texts)-1], ", ") + " " + r.say("list.and") + " " + texts[len(texts)-1]
}

// warning is the engine's warning in the language's words where there are some.
func (r *request) warning(w engine.Warning, p engine.Preview) string {
	switch w.Code {
	case engine.MakesDoubles:
		if p.NeverRead || p.NeedsRead != nil || p.UnreadGroups > 0 {
			return r.say("warning.doubles.unknown", "target", w.Target)
		}
		return r.say("warning.doubles", "target", w.Target, "n", p.Beside, "renamed", p.Renamed)
	case engine.NobodyInScope:
		return r.say("warning.nobody")
	case engine.NeedsRead:
		if p.NeedsRead != nil {
			return r.say("warning.needsRead", "what", strings.Join(p.NeedsRead, ", "))
		}
		return r.say("warning.unreadGroups", "n", p.UnreadGroups)
	}
	if key := "warning." + w.Code; r.has(key) {
		return r.say(key, "target", w.Target)
	}
	return sentence(w.Text)
}

type foresightView struct {
	foresight
	Errors []string
}

// foresee answers what the settings of a form would do, for the line above Save.
func (s *server) foresee(w http.ResponseWriter, r *request) error {
	instance, settings, err := s.configured(r)
	if err != nil {
		return err
	}
	view := foresightView{}
	read, known := s.readers()[r.PathValue("tab")]
	if !known {
		return fault.New(fault.NotFound, "UnknownPath", "there is nothing at this address")
	}
	if r.may("changeInstance") { // to who only looks the fields are locked, and a browser does not send them
		err = read(r, &settings)
	}
	if err == nil {
		var preview engine.Preview
		if preview, err = s.Engine.Preview(r.ctx(), instance, settings); err == nil {
			view.foresight = r.foretell(instance, preview)
			if draft(instance) {
				run, _, err := s.lastRun(r, instance)
				if err != nil {
					return err
				}
				view.Notices = append(view.Notices, r.advice(preview.InScope, run)...)
			}
		}
	}
	if err != nil {
		texts, ok := r.mistakes(err)
		if !ok {
			return err
		}
		view.Errors = texts
	}
	return r.render(w, http.StatusOK, "foresight", view)
}

// readers put what the form of each tab says into settings.
func (s *server) readers() map[string]func(*request, *engine.Settings) error {
	return map[string]func(*request, *engine.Settings) error{
		"attributes": readAttributes, "users": readUsers, "groups": readGroups, "more": readMore,
		"review": func(*request, *engine.Settings) error { return nil },
	}
}
