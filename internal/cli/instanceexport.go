package cli

import (
	"context"
	"io"
	"strings"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

type instanceExportCommand struct {
	remote
	Name string `arg:"" help:"Name or id of the instance."`
}

// Help gives an example.
func (instanceExportCommand) Help() string {
	return "Example: rollcall instance export Contoso\n\nThe client secret is not in the file, since nobody is told it. With --json the file is JSON, which apply takes too."
}

// Run exports.
func (c *instanceExportCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	instance, err := server.wholeInstance(ctx, c.Name)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, exportedOf(instance))
	}
	text, err := exportInstance(instance)
	if err != nil {
		return err
	}
	_, err = io.WriteString(in.stdout, text)
	return err
}

// exported is instanceFile as JSON.
type exported struct {
	Name         string              `json:"name"`
	TenantID     string              `json:"tenantId"`
	Cloud        string              `json:"cloud"`
	ClientID     string              `json:"clientId"`
	SecretEnds   time.Time           `json:"secretExpiresAt,omitzero"`
	Interval     string              `json:"interval"`
	AutoSync     bool                `json:"autoSync"`
	Destination  api.Destination     `json:"destination"`
	Reconcile    exportedReconcile   `json:"reconcile"`
	Notification api.Notification    `json:"notification"`
	Scope        exportedScope       `json:"scope"`
	Attributes   []mapping.Attribute `json:"attributes"`
	Thresholds   any                 `json:"thresholds"`
}

// exportedScope has the filters also where there are none: without them apply would leave those that are there.
type exportedScope struct {
	scope.Rules
	AllUsers bool           `json:"allUsers"` // what is absent stays
	Filters  []scope.Filter `json:"filters"`
}

func exportedOf(instance api.Instance) exported {
	settings := settingsOf(instance)
	filters := settings.Scope.Filters
	if filters == nil {
		filters = []scope.Filter{}
	}
	return exported{
		Name: instance.Name, TenantID: instance.TenantID, Cloud: instance.Cloud, ClientID: instance.ClientID, SecretEnds: instance.SecretExpiresAt.UTC(), Interval: every(instance).String(),
		AutoSync: instance.AutoSync, Destination: instance.Destination, Reconcile: exportedReconcileOf(instance.Reconcile), Notification: instance.Notification, Scope: exportedScope{settings.Scope, settings.Scope.AllUsers, filters}, Attributes: settings.Attributes, Thresholds: settings.Thresholds,
	}
}

func settingsOf(instance api.Instance) engine.Settings {
	if instance.Settings == nil {
		return engine.Settings{}
	}
	return *instance.Settings
}

// exportInstance writes the file that makes an instance what it is. What it writes it has read again: a file that said something else would
// change the instance when it is applied.
func exportInstance(instance api.Instance) (string, error) {
	var y yamlText
	settings := settingsOf(instance)
	y.line("# What `rollcall instance apply` takes. What is left out stays as it is.")
	y.line("name: %s", scalar(instance.Name))
	y.line("tenantId: %s", scalar(instance.TenantID))
	y.line("cloud: %s", scalar(instance.Cloud))
	y.line("clientId: %s", scalar(instance.ClientID))
	y.line("# The client secret is told to nobody. To replace it, or for a new instance, name a file that holds it:")
	y.line("# clientSecretFile: client-secret.txt")
	if !instance.SecretExpiresAt.IsZero() {
		y.line("secretExpiresAt: %s", endText(instance.SecretExpiresAt))
	}
	y.line("interval: %s", every(instance))
	y.line("autoSync: %t", instance.AutoSync)
	exportDestination(&y, instance.Destination)
	exportReconcile(&y, instance.Reconcile)
	exportNotification(&y, instance.Notification)
	y.line("")
	exportScope(&y, settings.Scope)
	y.line("")
	y.line("# More removals than this in 24 hours wait for approval: more than count and percent, or more than absolute.")
	y.line("thresholds:")
	y.line("  count: %v", settings.Thresholds.Count)
	y.line("  percent: %v", settings.Thresholds.Percent)
	y.line("  absolute: %v", settings.Thresholds.Absolute)
	y.line("  # Deletions of groups, and members who leave one group, are weighed by themselves, each by count and percent.")
	exportShare(&y, "groups", settings.Thresholds.Groups, plan.DefaultGroups())
	exportShare(&y, "members", settings.Thresholds.Members, plan.DefaultMembers())
	y.line("")
	y.line("# The whole mapping, in its order.")
	y.line("attributes:")
	for _, attribute := range settings.Attributes {
		y.object("  ", attributeMembers(attribute))
	}
	read, err := parseInstanceFile("-", []byte(y.String()))
	if err == nil {
		var lines []string
		_, lines, err = read.patch(instance, "", nil)
		if err == nil && len(lines) > 0 {
			err = fault.New(fault.Internal, "", "read again it would change %s", strings.Join(lines, "; "))
		}
	}
	if err != nil {
		return "", fault.Wrap(fault.Internal, "Export", err, "the instance cannot be written as YAML").WithRemedy("Use --json, and report this as a defect.")
	}
	return y.String(), nil
}

// exportShare writes a threshold; one that is not set, as a comment.
func exportShare(y *yamlText, name string, share *plan.Share, otherwise plan.Share) {
	if share == nil {
		y.line("  # %s: {count: %v, percent: %v}", name, otherwise.Count, otherwise.Percent)
		return
	}
	y.line("  %s: {count: %v, percent: %v}", name, share.Count, share.Percent)
}

func exportScope(y *yamlText, rules scope.Rules) {
	y.line("scope:")
	exportSelection(y, rules)
	y.line("  # Scoping filters: of several one is enough, and in each all clauses must hold. [] means none; left out, they stay.")
	if len(rules.Filters) == 0 {
		y.line("  filters: []")
		return
	}
	y.line("  filters:")
	for _, filter := range rules.Filters {
		exportFilter(y, filter)
	}
}

func exportSelection(y *yamlText, rules scope.Rules) {
	y.line("  allUsers: %t", rules.AllUsers)
	y.line("  # Object ids of selected users; without effect while allUsers is true.")
	y.strings("  ", "users", rules.Users)
	y.line("  # Object ids of selected groups, whose members are taken, with nested: true those of the groups inside as well; while allUsers is true they only")
	y.line("  # say which groups are kept.")
	if len(rules.Groups) == 0 {
		y.line("  groups: []")
	} else {
		y.line("  groups:")
	}
	for _, group := range rules.Groups {
		members := []member{{"id", group.ID}}
		if group.Nested {
			members = append(members, member{"nested", true})
		}
		y.object("    ", members)
	}
	y.line("  # Sync group objects: the selected groups are kept in the directory, with allGroups all groups of the tenant.")
	y.line("  groupObjects: %t", rules.GroupObjects)
	y.line("  allGroups: %t", rules.AllGroups)
	y.line("  includeGuests: %t", rules.IncludeGuests)
	y.line("  # Object ids of people whom no run may touch.")
	y.strings("  ", "neverTouch", rules.NeverTouch)
}

func exportFilter(y *yamlText, filter scope.Filter) {
	first := "- "
	if filter.Name != "" {
		y.line("    - name: %s", scalar(filter.Name))
		first = "  "
	}
	y.line("    %sclauses:", first)
	for _, clause := range filter.Clauses {
		members := []member{{"attribute", clause.Attribute}, {"operator", string(clause.Operator)}}
		if clause.Value != "" {
			members = append(members, member{"value", clause.Value})
		}
		y.object("        ", members)
	}
}

// attributeMembers are the members of a mapping that say something.
func attributeMembers(a mapping.Attribute) []member {
	members := []member{{"kind", string(a.Kind)}}
	for _, m := range []member{{"source", a.Source}, {"constant", a.Constant}, {"expression", a.Expression}, {"target", a.Target}, {"apply", string(a.Apply)}, {"default", a.Default}} {
		if m.value != "" && m != (member{"apply", string(mapping.Always)}) {
			members = append(members, m)
		}
	}
	if a.ClearWhenEmpty {
		members = append(members, member{"clearWhenEmpty", true})
	}
	if a.Matching != 0 {
		members = append(members, member{"matching", a.Matching})
	}
	return members
}
