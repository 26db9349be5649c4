package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// instanceFile is the YAML that `instance apply` reads. Names are those of the API's JSON. What is absent stays as it is, or, for a new
// instance, is what sync defaults say; scope, attributes and thresholds are each taken whole.
type instanceFile struct {
	Name     string `yaml:"name"`
	TenantID string `yaml:"tenantId"`
	Cloud    string `yaml:"cloud"`
	ClientID string `yaml:"clientId"`
	// ClientSecretFile is a path, relative to the folder of the YAML file.
	ClientSecretFile string `yaml:"clientSecretFile"`
	// Interval is a duration such as 40m.
	Interval   *interval           `yaml:"interval"`
	AutoSync   *bool               `yaml:"autoSync"`
	Scope      *scope.Rules        `yaml:"scope"`
	Attributes []mapping.Attribute `yaml:"attributes"`
	Thresholds *plan.Thresholds    `yaml:"thresholds"`

	// folder is where the file is.
	folder string
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

// maxInstanceFile is more than any instance needs, in bytes.
const maxInstanceFile = 1 << 20

// readInstanceFile reads and checks a file, or standard input for "-". Errors name the file, the line and what to do.
func readInstanceFile(in *invocation, path string) (instanceFile, error) {
	source := in.stdin
	file := instanceFile{folder: "."}
	if path != "-" {
		opened, err := os.Open(path) //nolint:gosec // the caller's own file
		if err != nil {
			return file, fault.Wrap(fault.Invalid, "InstanceFile", err, "the instance cannot be read").
				WithRemedy("Name a file such as examples/instance.yaml, or - for standard input.")
		}
		defer opened.Close() //nolint:errcheck // only read
		source, file.folder = opened, filepath.Dir(path)
	}
	text, err := io.ReadAll(io.LimitReader(source, maxInstanceFile+1))
	if err != nil {
		return file, fault.Wrap(fault.Invalid, "InstanceFile", err, "the instance cannot be read")
	}
	if len(text) > maxInstanceFile {
		return file, fault.New(fault.Invalid, "InstanceFile", "%s is longer than %d bytes", path, maxInstanceFile)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict())
	if err := decoder.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return file, badYAML(path, err)
	}
	if err := decoder.Decode(&struct{}{}); !errors.Is(err, io.EOF) {
		return file, fault.New(fault.Invalid, "InstanceFile", "%s holds more than one document", path).WithRemedy("Apply one file for each instance.")
	}
	if strings.TrimSpace(file.Name) == "" {
		return file, fault.New(fault.Invalid, "InstanceFile", "%s names no instance", path).WithRemedy("Add a line such as name: Contoso.")
	}
	return file, nil
}

// badYAML says in which line what is wrong.
func badYAML(path string, err error) error {
	var located yaml.Error
	if !errors.As(err, &located) || located.GetToken() == nil {
		return fault.New(fault.Invalid, "InstanceFile", "%s: %v", path, err)
	}
	position := located.GetToken().Position
	f := fault.New(fault.Invalid, "InstanceFile", "%s, line %d: %s", path, position.Line, located.GetMessage())
	if _, ok := errors.AsType[*yaml.UnknownFieldError](err); ok {
		return f.WithRemedy("Names are those of the API: name, tenantId, cloud, clientId, clientSecretFile, interval, autoSync, scope, attributes, thresholds.")
	}
	return f.WithRemedy("An example: examples/instance.yaml.")
}

// secret reads the client secret that the file points to; "" if it points to none.
func (f instanceFile) secret(in *invocation) (string, error) {
	path := f.ClientSecretFile
	if path == "" {
		return "", nil
	}
	if path != "-" && !filepath.IsAbs(path) {
		path = filepath.Join(f.folder, path)
	}
	return readSecret(in, path)
}

// settings puts what the file says over the given settings.
func (f instanceFile) settings(settings engine.Settings) engine.Settings {
	if f.Scope != nil {
		settings.Scope = *f.Scope
	}
	if f.Attributes != nil {
		settings.Attributes = f.Attributes
	}
	if f.Thresholds != nil {
		settings.Thresholds = *f.Thresholds
	}
	return settings
}

// create is the request for a new instance.
func (f instanceFile) create(secret string) (api.NewInstance, error) {
	for _, required := range []struct{ name, value string }{
		{"tenantId", f.TenantID}, {"clientId", f.ClientID}, {"clientSecretFile", f.ClientSecretFile},
	} {
		if required.value == "" {
			return api.NewInstance{}, fault.New(fault.Invalid, "InstanceFile", "there is no instance %q yet, and the file lacks %s", f.Name, required.name).
				WithRemedy("A new instance needs tenantId, clientId and clientSecretFile.")
		}
	}
	settings := f.settings(engine.DefaultSettings())
	want := api.NewInstance{
		Name: f.Name, TenantID: f.TenantID, Cloud: f.Cloud, ClientID: f.ClientID, ClientSecret: secret,
		AutoSync: f.AutoSync != nil && *f.AutoSync, Settings: &settings,
	}
	if f.Interval != nil {
		want.IntervalSeconds = time.Duration(*f.Interval).Seconds()
	}
	return want, nil
}

// patch is the request that makes an instance what the file says, and a line for each thing that changes. The tenant of an instance
// cannot be changed: another tenant's people would be taken for this one's.
func (f instanceFile) patch(now api.Instance, secret string) (api.InstancePatch, []string, error) {
	var want api.InstancePatch
	var lines []string
	for _, fixed := range []struct{ name, has, wants string }{
		{"tenantId", now.TenantID, f.TenantID}, {"cloud", now.Cloud, f.Cloud}, {"clientId", now.ClientID, f.ClientID},
	} {
		if fixed.wants != "" && !strings.EqualFold(fixed.wants, fixed.has) {
			return want, nil, fault.New(fault.Conflict, "OtherTenant", "the instance %q has the %s %s, not %s", now.Name, fixed.name, fixed.has, fixed.wants).
				WithRemedy("Create an instance with another name, or delete this one first.")
		}
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
	if secret != "" {
		want.ClientSecret = &secret
		lines = append(lines, "clientSecret: written (whether it is another one is not known)")
	}
	var has engine.Settings
	if now.Settings != nil {
		has = *now.Settings
	}
	wanted := f.settings(has)
	differences, err := settingsDiffer(has, wanted)
	if len(differences) > 0 {
		want.Settings = &wanted
	}
	return want, append(lines, differences...), err
}

// settingsDiffer tells which settings are different, a line for each.
func settingsDiffer(has, wants engine.Settings) ([]string, error) {
	var lines []string
	for _, part := range []struct {
		name       string
		has, wants any
	}{
		{"scope", has.Scope, wants.Scope}, {"thresholds", has.Thresholds, wants.Thresholds},
	} {
		before, after, err := bothJSON(part.has, part.wants)
		if err != nil {
			return nil, err
		}
		if before != after {
			lines = append(lines, fmt.Sprintf("%s: %s → %s", part.name, before, after))
		}
	}
	mappings, err := mappingsDiffer(has.Attributes, wants.Attributes)
	return append(lines, mappings...), err
}

func mappingsDiffer(has, wants []mapping.Attribute) ([]string, error) {
	var lines []string
	before := map[string]mapping.Attribute{}
	for _, attribute := range has {
		before[attribute.Target] = attribute
	}
	for _, attribute := range wants {
		old, existed := before[attribute.Target]
		delete(before, attribute.Target)
		was, is, err := bothJSON(old, attribute)
		switch {
		case err != nil:
			return nil, err
		case !existed:
			lines = append(lines, fmt.Sprintf("attributes: + %s", is))
		case was != is:
			lines = append(lines, fmt.Sprintf("attributes: %s: %s → %s", attribute.Target, was, is))
		}
	}
	for _, attribute := range has {
		if _, gone := before[attribute.Target]; gone {
			lines = append(lines, fmt.Sprintf("attributes: - %s", attribute.Target))
		}
	}
	if len(lines) == 0 {
		was, is, err := bothJSON(has, wants)
		if err != nil {
			return nil, err
		}
		if was != is {
			lines = append(lines, "attributes: in another order")
		}
	}
	return lines, nil
}

func bothJSON(a, b any) (string, string, error) {
	first, err := plainJSON(a)
	if err != nil {
		return "", "", err
	}
	second, err := plainJSON(b)
	return first, second, err
}

func plainJSON(value any) (string, error) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return strings.TrimSpace(text.String()), err
}
