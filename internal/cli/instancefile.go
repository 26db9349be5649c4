package cli

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// instanceFile is the YAML that `instance apply` reads. Names are those of the API's JSON. What is absent stays as it is, or, for a new
// instance, is what sync defaults say, also single thresholds; scope and attributes are each taken whole, but for parts of the scope: without filters
// the filters stay, and an empty list means none; without allUsers, users and groups altogether the selection stays; so do groupObjects and allGroups.
type instanceFile struct {
	Name     string `yaml:"name"`
	TenantID string `yaml:"tenantId"`
	Cloud    string `yaml:"cloud"`
	ClientID string `yaml:"clientId"`
	// ClientSecretFile is a path, relative to the folder of the YAML file.
	ClientSecretFile string `yaml:"clientSecretFile"`
	// SecretExpiresAt is when that secret ends: a day or a time.
	SecretExpiresAt *moment `yaml:"secretExpiresAt"`
	// Interval is a duration such as 40m.
	Interval *interval `yaml:"interval"`
	AutoSync *bool     `yaml:"autoSync"`
	// Destination is where the instance writes.
	Destination *destinationFile `yaml:"destination"`
	// Reconcile says when and how both sides are compared completely.
	Reconcile *reconcileFile `yaml:"reconcile"`
	// Notification says who is told by e-mail.
	Notification *notificationFile `yaml:"notification"`

	Scope      *scope.Rules        `yaml:"scope"`
	Attributes []mapping.Attribute `yaml:"attributes"`
	Thresholds *plan.Thresholds    `yaml:"thresholds"`

	// path is how the file was named, folder where it is, text what it holds.
	path, folder string
	text         []byte
	// selects: the scope says who is selected; objects and allGroups: it has groupObjects, or allGroups.
	selects, objects, allGroups bool
	// weighs has those of the thresholds that the file gives, such as groups.count.
	weighs map[string]bool
}

// moment is a day or a time in YAML.
type moment time.Time

// UnmarshalYAML reads 2027-11-30, or a time such as 2027-11-30T12:00:00Z.
func (m *moment) UnmarshalYAML(text []byte) error {
	word := strings.Trim(strings.TrimSpace(string(text)), `"'`)
	parsed, err := parseMoment(word)
	if err != nil {
		return fmt.Errorf("%q is not a date such as 2027-11-30", word)
	}
	*m = moment(parsed)
	return nil
}

// secretEnd returns when the file says that the secret ends; zero if it does not say.
func (f instanceFile) secretEnd() time.Time {
	if f.SecretExpiresAt == nil {
		return time.Time{}
	}
	return time.Time(*f.SecretExpiresAt)
}

// interval is a duration in YAML.
type interval time.Duration

// UnmarshalYAML reads 40m, or a number of seconds.
func (i *interval) UnmarshalYAML(text []byte) error {
	word := strings.Trim(strings.TrimSpace(string(text)), `"'`)
	parsed, err := time.ParseDuration(word)
	if err != nil {
		if parsed, err = time.ParseDuration(word + "s"); err != nil {
			return fmt.Errorf("interval %q is not a duration such as 40m", word)
		}
	}
	*i = interval(parsed)
	return nil
}

// readInstanceFile reads and checks a file, or standard input for "-". Errors name the file, the line and what to do.
func readInstanceFile(in *invocation, path string) (instanceFile, error) {
	text, err := readFile(in, path, "the instance")
	if f := fault.Of(err); f != nil && path != "-" {
		f.Remedy = "Name a file such as examples/instance.yaml, or - for standard input."
	}
	if err != nil {
		return instanceFile{}, err
	}
	return parseInstanceFile(path, text)
}

// parseInstanceFile reads and checks the text of a file.
func parseInstanceFile(path string, text []byte) (instanceFile, error) {
	file := instanceFile{path: path, folder: ".", text: text}
	if path != "-" {
		file.folder = filepath.Dir(path)
	}
	if err := decodeYAML(path, text, &file); err != nil {
		return file, err
	}
	if strings.TrimSpace(file.Name) == "" {
		return file, fault.New(fault.Invalid, "InstanceFile", "%s names no instance", path).WithRemedy("Add a line such as name: Contoso.")
	}
	if err := file.check(); err != nil {
		return file, err
	}
	for i := range file.Attributes {
		file.Attributes[i].Apply = cmp.Or(file.Attributes[i].Apply, mapping.Always)
	}
	return file, nil
}

// check refuses what the server would refuse of when the instance runs, with its line. Of the settings the server tells by itself (placed).
func (f instanceFile) check() error {
	for _, part := range []struct {
		place string
		wrong func() error
	}{
		{"interval", func() error {
			if f.Interval == nil {
				return nil
			}
			return engine.CheckInterval(time.Duration(*f.Interval))
		}},
		{"reconcile.every", func() error {
			if f.Reconcile == nil || f.Reconcile.Every == nil {
				return nil
			}
			return (&engine.Reconciles{Every: time.Duration(*f.Reconcile.Every)}).Check()
		}},
		{"reconcile.perSecond", func() error {
			if f.Reconcile == nil || f.Reconcile.PerSecond == nil {
				return nil
			}
			return (&engine.Reconciles{PerSecond: *f.Reconcile.PerSecond}).Check()
		}},
		{"notification.addresses", f.Notification.check},
	} {
		if err := f.at(part.place, part.wrong()); err != nil {
			return err
		}
	}
	return nil
}

// at gives what is wrong with a member of the file its line.
func (f instanceFile) at(place string, err error) error {
	told := fault.Of(err)
	if told == nil {
		return err
	}
	return fault.New(told.Kind, told.Code, "%s, line %d: %s", f.path, f.lineOf(place), told.Message).WithRemedy("%s", told.Remedy)
}

// secret reads the client secret that the file points to; "" if it points to none.
func (f instanceFile) secret(in *invocation) (string, error) {
	if f.ClientSecretFile == "" {
		return "", nil
	}
	return readSecret(in, f.beside(f.ClientSecretFile))
}

// settings puts what the file says over the given settings.
func (f instanceFile) settings(settings engine.Settings) engine.Settings {
	if f.Scope != nil {
		was := settings.Scope
		if settings.Scope = *f.Scope; settings.Scope.Filters == nil {
			settings.Scope.Filters = was.Filters
		}
		if !f.objects {
			settings.Scope.GroupObjects = was.GroupObjects
		}
		if !f.allGroups {
			settings.Scope.AllGroups = was.AllGroups
		}
		if !f.selects {
			settings.Scope.AllUsers, settings.Scope.Users, settings.Scope.Groups = was.AllUsers, was.Users, was.Groups
		}
	}
	if f.Attributes != nil {
		settings.Attributes = f.Attributes
	}
	if f.Thresholds != nil {
		settings.Thresholds = f.thresholds(settings.Thresholds)
	}
	return settings
}

// thresholds puts those that the file gives over the others: none becomes 0 because it is not mentioned.
func (f instanceFile) thresholds(was plan.Thresholds) plan.Thresholds {
	merged, file := was, *f.Thresholds
	if f.weighs["count"] {
		merged.Count = file.Count
	}
	if f.weighs["percent"] {
		merged.Percent = file.Percent
	}
	if f.weighs["absolute"] {
		merged.Absolute = file.Absolute
	}
	if file.Groups != nil {
		merged.Groups = f.share("groups", *file.Groups, was.OfGroups())
	}
	if file.Members != nil {
		merged.Members = f.share("members", *file.Members, was.OfMembers())
	}
	return merged
}

func (f instanceFile) share(name string, file, was plan.Share) *plan.Share {
	if f.weighs[name+".count"] {
		was.Count = file.Count
	}
	if f.weighs[name+".percent"] {
		was.Percent = file.Percent
	}
	return &was
}

// endText is when a secret ends.
func endText(ends time.Time) string {
	if ends.IsZero() {
		return "not known"
	}
	return ends.UTC().Format(time.RFC3339)
}

// create is the request for a new instance.
func (f instanceFile) create(secret string, destination *api.Destination) (api.NewInstance, error) {
	for _, required := range []struct{ name, value string }{
		{"tenantId", f.TenantID}, {"clientId", f.ClientID}, {"clientSecretFile", f.ClientSecretFile},
	} {
		if required.value == "" {
			return api.NewInstance{}, fault.New(fault.Invalid, "InstanceFile", "there is no instance %q yet, and the file lacks %s", f.Name, required.name).
				WithRemedy("A new instance needs tenantId, clientId and clientSecretFile.")
		}
	}
	if err := f.at("clientId", engine.CheckClientID(f.ClientID)); err != nil {
		return api.NewInstance{}, err
	}
	settings := f.settings(engine.DefaultSettings())
	want := api.NewInstance{
		Name: f.Name, TenantID: f.TenantID, Cloud: f.Cloud, ClientID: f.ClientID, ClientSecret: secret, SecretExpiresAt: f.secretEnd(),
		AutoSync: f.AutoSync != nil && *f.AutoSync, Settings: &settings, Reconcile: f.Reconcile.request(), Notification: f.Notification.request(),
		Destination: destination,
	}
	if f.Interval != nil {
		want.IntervalSeconds = time.Duration(*f.Interval).Seconds()
	}
	return want, nil
}

// sameTenant fails if the file is about another tenant than the instance's.
func (f instanceFile) sameTenant(now api.Instance) error {
	for _, fixed := range []struct{ name, has, wants string }{
		{"tenantId", now.TenantID, f.TenantID}, {"cloud", now.Cloud, f.Cloud}, {"clientId", now.ClientID, f.ClientID},
	} {
		if fixed.wants != "" && !strings.EqualFold(fixed.wants, fixed.has) {
			return fault.New(fault.Conflict, "OtherTenant", "the instance %q has the %s %s, not %s", now.Name, fixed.name, fixed.has, fixed.wants).
				WithRemedy("Create an instance with another name, or delete this one first.")
		}
	}
	return nil
}

// patch is the request that makes an instance what the file says, and a line for each thing that changes. The tenant of an instance
// cannot be changed: another tenant's people would be taken for this one's.
func (f instanceFile) patch(now api.Instance, secret string, destination *api.Destination) (api.InstancePatch, []string, error) {
	var want api.InstancePatch
	var lines []string
	if err := f.sameTenant(now); err != nil {
		return want, nil, err
	}
	if f.Name != now.Name { // found without regard to case
		want.Name = &f.Name
		lines = append(lines, fmt.Sprintf("name: %q → %q", now.Name, f.Name))
	}
	if f.AutoSync != nil && *f.AutoSync != now.AutoSync {
		want.AutoSync = f.AutoSync
		lines = append(lines, fmt.Sprintf("autoSync: %t → %t", now.AutoSync, *f.AutoSync))
	}
	if f.Interval != nil && time.Duration(*f.Interval) != every(now) {
		wanted := time.Duration(*f.Interval).Seconds()
		want.IntervalSeconds = &wanted
		lines = append(lines, fmt.Sprintf("interval: %s → %s", every(now), time.Duration(*f.Interval)))
	}
	var part, target []string
	var err error
	if want.Destination, target, err = f.patchDestination(now.Destination, destination); err != nil {
		return want, nil, err
	}
	lines = append(lines, target...)
	want.Reconcile, part = f.Reconcile.patch(now.Reconcile)
	lines = append(lines, part...)
	want.Notification, part = f.Notification.patch(now.Notification)
	lines = append(lines, part...)
	if secret != "" {
		want.ClientSecret = &secret
		lines = append(lines, "clientSecret: written (whether it is another one is not known)")
	}
	// A secret that is written has no end but the one that comes with it.
	if ends := f.secretEnd(); f.SecretExpiresAt != nil || secret != "" {
		if f.SecretExpiresAt != nil && (secret != "" || !ends.Equal(now.SecretExpiresAt)) {
			want.SecretExpiresAt = &ends
		}
		if !ends.Equal(now.SecretExpiresAt) {
			lines = append(lines, fmt.Sprintf("secretExpiresAt: %s → %s", endText(now.SecretExpiresAt), endText(ends)))
		}
	}
	var has engine.Settings
	if now.Settings != nil {
		has = *now.Settings
	}
	wanted := f.settings(has)
	differences := api.Differences(has, wanted)
	if len(differences) > 0 {
		want.Settings = &wanted
	}
	return want, append(lines, differences...), nil
}
