package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/notify"
	"rollcall/internal/plan"
)

type configMoreView struct {
	fieldsView
	Groups     []Field
	Interval   Field
	Thresholds []thresholdFields
	// Notification says who is told by mail; Mute that no mail server is set.
	Notification []Field
	Mute         bool
}

type thresholdFields struct {
	Title, Hint string
	Fields      []Field
}

func (s *server) configMore(w http.ResponseWriter, r *request) error {
	instance, settings, err := s.configured(r)
	if err != nil {
		return err
	}
	return s.showMoreTab(w, r, http.StatusOK, instance, settings, nil)
}

func (s *server) showMoreTab(w http.ResponseWriter, r *request, status int, instance engine.Instance, settings engine.Settings, errors []string) error {
	head := s.setupHead(r, instance, "more")
	view := configMoreView{
		fieldsView: fieldsView{head, errors}, Interval: r.intervalField(instance.Interval),
		Groups: []Field{
			{Name: "objects", Type: "checkbox", Label: r.say("more.objects"), Hint: r.say("more.objects.hint"), Checked: settings.Scope.GroupObjects},
			{Name: "allGroups", Type: "checkbox", Label: r.say("more.allGroups"), Hint: r.say("more.allGroups.hint"), Checked: settings.Scope.AllGroups},
		},
	}
	t := settings.Thresholds
	number := func(name, label, value string) Field {
		return Field{Name: name, Type: "number", Label: r.say(label), Value: value, Required: true}
	}
	share := func(what string, count int, percent float64) []Field {
		return []Field{
			number(what+".count", "more.count", strconv.Itoa(count)),
			number(what+".percent", "more.percent", strconv.FormatFloat(percent, 'f', -1, 64)),
		}
	}
	groups, members := t.OfGroups(), t.OfMembers()
	view.Thresholds = []thresholdFields{
		{r.say("more.users"), r.say("more.users.hint"), append(share("users", t.Count, t.Percent), number("users.absolute", "more.absolute", strconv.Itoa(t.Absolute)))},
		{r.say("more.groups"), r.say("more.groups.hint"), share("groups", groups.Count, groups.Percent)},
		{r.say("more.members"), r.say("more.members.hint"), share("members", members.Count, members.Percent)},
	}
	view.Notification = r.notificationFields(instance.Notification)
	able, err := s.Mail.CanSend(r.ctx(), r.org)
	if err != nil {
		return err
	}
	view.Mute = !able
	r.titledConfiguration(head)
	return r.render(w, status, "configmore", view)
}

// notificationFields are the addresses, each on a line, and Entra's box.
func (r *request) notificationFields(kept engine.Notification) []Field {
	return []Field{
		{Name: "notify", Type: "textarea", Label: r.say("more.notify.addresses"), Hint: r.say("more.notify.hint"), Value: strings.Join(kept.Addresses, "\n")},
		{Name: "notifyOnFailure", Type: "checkbox", Label: r.say("more.notify.onFailure"), Hint: r.say("more.notify.onFailure.hint"), Checked: kept.OnFailure},
	}
}

// intervalField offers the usual intervals, and the one that is set.
func (r *request) intervalField(set time.Duration) Field {
	intervals := []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 40 * time.Minute, time.Hour}
	if !slices.Contains(intervals, set) {
		intervals = append(intervals, set)
	}
	field := Field{Name: "interval", Type: "select", Label: r.say("more.interval"), Hint: r.say("more.interval.hint")}
	for _, each := range intervals {
		field.Options = append(field.Options, Choice{Text: r.say("more.every", "span", r.span(each)), Value: each.String(), Current: each == set})
	}
	return field
}

// readMore reads the form of the tab, all but the interval.
func readMore(r *request, settings *engine.Settings) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	settings.Scope.GroupObjects, settings.Scope.AllGroups = r.value("objects") != "", r.value("allGroups") != ""
	var wrong error
	count := func(name string) int {
		n, err := strconv.Atoi(r.value(name))
		if err != nil {
			wrong = fault.New(fault.Invalid, "BadNumber", "%q is no whole number", r.value(name))
		}
		return n
	}
	percent := func(name string) float64 {
		n, err := strconv.ParseFloat(strings.ReplaceAll(r.value(name), ",", "."), 64)
		if err != nil {
			wrong = fault.New(fault.Invalid, "BadNumber", "%q is no number", r.value(name))
		}
		return n
	}
	t := &settings.Thresholds
	t.Count, t.Percent, t.Absolute = count("users.count"), percent("users.percent"), count("users.absolute")
	groups, members := plan.Share{Count: count("groups.count"), Percent: percent("groups.percent")}, plan.Share{Count: count("members.count"), Percent: percent("members.percent")}
	if groups != t.OfGroups() {
		t.Groups = &groups
	}
	if members != t.OfMembers() {
		t.Members = &members
	}
	return wrong
}

func (s *server) saveMore(w http.ResponseWriter, r *request) error {
	instance, settings, err := s.configured(r)
	if err != nil {
		return err
	}
	after, change, shown := settings, engine.Change{}, instance
	if err = readMore(r, &after); err == nil {
		interval, wrong := time.ParseDuration(r.value("interval"))
		if wrong != nil {
			return fault.New(fault.Invalid, "BadInterval", "%q is no interval", r.value("interval"))
		}
		if interval != instance.Interval {
			change.Interval = &interval
		}
		told := engine.Notification{Addresses: notify.SplitAddresses(r.PostFormValue("notify")), OnFailure: r.value("notifyOnFailure") != ""}
		if !slices.Equal(told.Addresses, instance.Notification.Addresses) || told.OnFailure != instance.Notification.OnFailure {
			change.Notification = &told
		}
		shown.Notification = told
		err = s.saveTab(r, instance, settings, after, change)
	}
	if err != nil {
		texts, ok := r.mistakes(err)
		if !ok {
			return err
		}
		return s.showMoreTab(w, r, http.StatusUnprocessableEntity, shown, after, texts)
	}
	return r.saved(w, s.setupHead(r, instance, "more"))
}
