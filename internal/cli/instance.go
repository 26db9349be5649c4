package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

type instanceListCommand struct{ remote }

// Help gives an example.
func (instanceListCommand) Help() string { return "Example: rollcall instance list" }

// Run lists the instances.
func (c *instanceListCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	instances, err := list[api.Instance](ctx, server, server.here("instances"), nil)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, instances)
	}
	out := newTable("NAME", "ID", "TENANT", "STATUS", "AUTO SYNC", "EVERY", "SYNCED", "HELD", "FAILED", "LAST GOOD RUN")
	for _, instance := range instances {
		users := instance.Status.Users
		out.add(
			instance.Name, instance.ID.String(), instance.TenantID, jobWords(instance.Status.Job), onOff(instance.AutoSync), every(instance).String(),
			strconv.Itoa(users.Synced), strconv.Itoa(users.Held), strconv.Itoa(users.Failed), short(instance.Status.LastGoodAt),
		)
	}
	if err := out.write(in.stdout, in.columns(), "There is no instance yet; set one up with `rollcall instance create`."); err != nil {
		return err
	}
	for _, instance := range instances {
		in.warnOf(instance)
	}
	return nil
}

func every(instance api.Instance) time.Duration { return seconds(instance.IntervalSeconds) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

type instanceShowCommand struct {
	remote
	Name string `arg:"" help:"Name or id of the instance."`
}

// Help gives an example.
func (instanceShowCommand) Help() string { return "Example: rollcall instance show Demo" }

// Run shows one instance.
func (c *instanceShowCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	instance, err := server.wholeInstance(ctx, c.Name)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, instance)
	}
	if err := showInstance(in.stdout, instance); err != nil {
		return err
	}
	in.warnOf(instance)
	if failed := instance.Status.Users.Failed; failed > 0 {
		in.say("%s failed; see why: rollcall log %s --status failed", counted(failed, "person", "people"), shellWord(printable(instance.Name)))
	}
	return nil
}

// wholeInstance finds an instance by its id or name and reads it with its settings.
func (c *client) wholeInstance(ctx context.Context, nameOrID string) (api.Instance, error) {
	instance, err := c.instance(ctx, nameOrID)
	if err != nil {
		return instance, err
	}
	err = c.get(ctx, c.here("instances", instance.ID.String()), nil, &instance)
	return instance, err
}

func showInstance(w io.Writer, instance api.Instance) error {
	status := instance.Status
	users := status.Users
	return facts(
		w, "Name", instance.Name, "Id", instance.ID.String(), "Tenant", instance.TenantID, "Cloud", instance.Cloud, "Client id", instance.ClientID,
		"Client secret ends", short(instance.SecretExpiresAt),
		"Destination", destinationText(instance.Destination), "Service says", notesText(instance.Destination.Offer),
		"Auto Sync", onOff(instance.AutoSync)+", every "+every(instance).String(), "Job status", jobWords(status.Job)+": "+status.Explanation,
		"Lost groups", strings.Join(status.LostGroups, ", "), "Odd groups", oddText(status.OddGroups),
		"Reconcile", reconcilingText(instance.Reconcile), "Last reconcile", lastReconcileText(status.Reconcile, status.NextReconcileAt),
		"Notification e-mail", notificationText(instance.Notification),
		"Last run", short(status.LastRunAt), "Last good run", short(status.LastGoodAt),
		"Users", fmt.Sprintf("%d synced, %d skipped, %d failed, %d held, %d out of scope, %d in the recycle bin",
			users.Synced, users.Skipped, users.Failed, users.Held, users.OutOfScope, users.InBin),
		"Groups", groupCountsText(status.Groups), "Rejected", rejectedText(instance),
		"Configuration", "version "+strconv.FormatInt(instance.ConfigVersion, 10),
	)
}

// groupCountsText tells how groups stand; "" where none are kept.
func groupCountsText(groups api.GroupCounts) string {
	if groups == (api.GroupCounts{}) {
		return ""
	}
	text := fmt.Sprintf("%d synced, %d to be synced, %d skipped, %d failed, %d held", groups.Synced, groups.ToBeSynced, groups.Skipped, groups.Failed, groups.Held)
	if groups.Leaving > 0 {
		text += fmt.Sprintf(", %s held", counted(groups.Leaving, "member", "members"))
	}
	return text
}

// rejectedText counts removals that were rejected and stand so, with the command that lists them; "" if there are none.
func rejectedText(instance api.Instance) string {
	users, groups := instance.Status.Users, instance.Status.Groups
	count := users.Rejected + groups.Rejected + groups.Staying
	if count == 0 {
		return ""
	}
	return fmt.Sprintf("%s not done: rollcall held list --instance %s --rejected", counted(count, "removal is", "removals are"), quoted(instance.Name))
}

func oddText(groups []api.OddGroup) string {
	texts := make([]string, len(groups))
	for i, group := range groups {
		texts[i] = group.Text
	}
	return strings.Join(texts, " ")
}

type instanceCreateCommand struct {
	remote
	Name             string `arg:"" help:"Name of the instance, unique in the organization."`
	Connection       string `help:"Id of the connection to use, instead of tenant, cloud, client id and secret." placeholder:"ID"`
	Tenant           string `help:"Entra tenant: its id or one of its domains, such as contoso.onmicrosoft.com." placeholder:"ID"`
	Cloud            string `help:"Cloud of the tenant: global (if absent), gcc-high, dod, china, or the server's own, which is the --cloud-name of rollcall serve."`
	ClientID         string `help:"Application (client) ID of the app registration." placeholder:"ID"`
	ClientSecretFile string `help:"File that holds the client secret's value; - reads it from standard input." placeholder:"FILE"`
	secretEnd
	destinationFlags
	Interval           time.Duration `default:"1m" help:"Time between the starts of scheduled runs, such as 40m."`
	AutoSync           bool          `help:"Let runs start by themselves, the first one at once."`
	DirectoryConnector string        `default:"" enum:",block,keep" help:"If the Directory Connector feeds the organization: block its writes, or keep both."`
}

// Help gives an example.
func (instanceCreateCommand) Help() string {
	return "Example: rollcall instance create Contoso --tenant contoso.onmicrosoft.com --client-id 9f2c6d0e-8a35-4e39-9f4f-2a1f6d7c3b10 --client-secret-file secret.txt --secret-expires 2027-11-30 --auto-sync"
}

// Run sets the instance up.
func (c *instanceCreateCommand) Run(ctx context.Context, in *invocation) error {
	ends, err := c.time()
	if err != nil {
		return err
	}
	server, err := c.open()
	if err != nil {
		return err
	}
	want := api.NewInstance{
		Name: c.Name, TenantID: c.Tenant, Cloud: c.Cloud, ClientID: c.ClientID, AutoSync: c.AutoSync,
		IntervalSeconds: c.Interval.Seconds(), SecretExpiresAt: ends, DirectoryConnector: engine.Connector(c.DirectoryConnector),
	}
	if c.Connection != "" {
		if want.ConnectionID, err = ident.Parse(c.Connection); err != nil {
			return fault.New(fault.Invalid, "Connection", "--connection %q is not the id of a connection", c.Connection).WithRemedy("`rollcall connection list` lists them.")
		}
	}
	if c.ClientSecretFile != "" {
		if want.ClientSecret, err = readSecret(in, c.ClientSecretFile); err != nil {
			return err
		}
	}
	destination, err := c.destination(in)
	if err != nil {
		return err
	}
	var created api.Instance
	want.Destination = destination
	err = server.call(ctx, http.MethodPost, server.here("instances"), nil, want, &created)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, created)
	}
	if _, err := fmt.Fprintf(in.stdout, "Instance %s was created: %s\n", printable(created.Name), created.ID); err != nil {
		return err
	}
	if !c.AutoSync {
		in.say("Look at what it would do: rollcall sync %q --dry-run --wait", created.Name)
	}
	return nil
}

// maxSecret is more than any client secret has, in bytes.
const maxSecret = 4096

// readSecret reads a secret from a file, or from standard input for "-". White space around it is not part of it.
func readSecret(in *invocation, file string) (string, error) {
	source := in.stdin
	if file != "-" {
		opened, err := os.Open(file) //nolint:gosec // the caller's own file
		if err != nil {
			return "", fault.Wrap(fault.Invalid, "SecretFile", err, "the client secret cannot be read")
		}
		defer opened.Close() //nolint:errcheck // only read
		source = opened
	}
	text, err := io.ReadAll(io.LimitReader(source, maxSecret+1))
	if err != nil {
		return "", fault.Wrap(fault.Invalid, "SecretFile", err, "the client secret cannot be read")
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" || len(text) > maxSecret || strings.ContainsAny(secret, "\r\n") {
		return "", fault.New(fault.Invalid, "SecretFile", "%s does not hold a client secret", file).
			WithRemedy("It needs one line: the Value of the secret in the app registration.")
	}
	return secret, nil
}

type instanceDeleteCommand struct {
	remote
	Name string `arg:"" help:"Name or id of the instance."`
	Yes  bool   `help:"Do not ask. Needed where there is no terminal to ask on." short:"y"`

	RevokeConsent bool `help:"Take the tenant's consent back too: prints the address of a page at Microsoft, where an Entra administrator signs in."`
	Shared        bool `help:"With --revoke-consent: other instances of the connection may lose the consent too."`
}

// whatStays is what becomes of the users of an instance that is deleted.
const whatStays = "its users keep their status and externalId and become unmanaged; its configuration, its links to the tenant and what it holds for approval go"

// Help gives an example.
func (instanceDeleteCommand) Help() string {
	return "Example: rollcall instance delete Contoso --yes\n\n" + whatStays + ".\n\n" +
		"With --revoke-consent nothing is deleted yet: open the address within ten minutes, then give the one to which the browser was sent to " +
		"`rollcall connection callback`, with the same token. Then the app loses what the tenant granted it, and the instance goes."
}

// Run deletes the instance.
func (c *instanceDeleteCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	instance, err := server.instance(ctx, c.Name)
	if err != nil {
		return err
	}
	if !c.Yes {
		warning := fmt.Sprintf("deleting the instance %s: %s", printable(instance.Name), whatStays)
		if !in.asksPeople() {
			return unconfirmed(warning)
		}
		in.say("%s.", strings.ToUpper(warning[:1])+warning[1:])
		if !in.confirm(ctx, "Delete it?") {
			return &outcome{exitFailed, "nothing was deleted"}
		}
	}
	if c.RevokeConsent {
		var departure api.Departure
		err := server.call(ctx, http.MethodPost, server.here("instances", instance.ID.String(), "withdraw-consent"), nil, api.Withdrawal{Shared: c.Shared}, &departure)
		if err != nil {
			return err
		}
		return c.showDeparture(in, departure)
	}
	if err := server.call(ctx, http.MethodDelete, server.here("instances", instance.ID.String()), nil, nil, nil); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, map[string]ident.ID{"deleted": instance.ID})
	}
	_, err = fmt.Fprintf(in.stdout, "Instance %s was deleted; its users stay and are unmanaged now.\n", printable(instance.Name))
	return err
}
