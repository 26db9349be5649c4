package cli

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/notify"
)

type instanceNotifyCommand struct {
	remote
	Name string   `arg:"" help:"Name or id of the instance."`
	To   []string `help:"Addresses, in place of those there are; several with commas, or several times." placeholder:"ADDRESS"`
	Off  bool     `help:"Send no notifications; the addresses are kept."`
}

// Help gives an example.
func (instanceNotifyCommand) Help() string {
	return "Example: rollcall instance notify Contoso --to operations@example.com\n\nThese addresses get an e-mail when the instance goes into quarantine or is disabled, when " +
		"removals are held, when a secret that it uses ends soon, and when there was no good run in three intervals. `rollcall email show` says how mail is sent."
}

// Run changes who is told.
func (c *instanceNotifyCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	instance, err := server.instance(ctx, c.Name)
	if err != nil {
		return err
	}
	on := !c.Off
	patch := api.NotificationPatch{OnFailure: &on}
	if len(c.To) > 0 {
		patch.Addresses = &c.To
	}
	if err := server.call(ctx, http.MethodPatch, server.here("instances", instance.ID.String()), nil, api.InstancePatch{Notification: &patch}, &instance); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, instance)
	}
	if _, err := fmt.Fprintf(in.stdout, "Notifications of %s: %s\n", printable(instance.Name), printable(notificationText(instance.Notification))); err != nil || c.Off {
		return err
	}
	var email api.Email
	if err := server.get(ctx, server.here("email"), nil, &email); err == nil && email.Source == notify.SourceNone {
		in.say("No mail server is set yet, so nobody is told: rollcall email set --help")
	}
	return nil
}

// notificationText tells who is told.
func notificationText(n api.Notification) string {
	switch to := strings.Join(n.Addresses, ", "); {
	case n.OnFailure:
		return to
	case to != "":
		return "off (" + to + ")"
	}
	return "off"
}

// notificationFile says in YAML who is told by e-mail.
type notificationFile struct {
	Addresses *[]string `yaml:"addresses"`
	OnFailure *bool     `yaml:"onFailure"`
}

// request is what the file asks for; nil if it says nothing.
func (f *notificationFile) request() *api.NotificationPatch {
	if f == nil {
		return nil
	}
	return &api.NotificationPatch{Addresses: f.Addresses, OnFailure: f.OnFailure}
}

// check refuses what the server would refuse.
func (f *notificationFile) check() error {
	if f == nil || f.Addresses == nil {
		return nil
	}
	_, err := notify.Addresses(*f.Addresses)
	return err
}

// patch is the request for what differs, nil if nothing does, and a line for each such thing.
func (f *notificationFile) patch(now api.Notification) (*api.NotificationPatch, []string) {
	want := f.request()
	if want == nil {
		return nil, nil
	}
	var lines []string
	if want.Addresses != nil && !slices.Equal(*want.Addresses, now.Addresses) {
		lines = append(lines, fmt.Sprintf("notification.addresses: [%s] → [%s]", strings.Join(now.Addresses, ", "), strings.Join(*want.Addresses, ", ")))
	}
	if want.OnFailure != nil && *want.OnFailure != now.OnFailure {
		lines = append(lines, fmt.Sprintf("notification.onFailure: %t → %t", now.OnFailure, *want.OnFailure))
	}
	if len(lines) == 0 {
		return nil, nil
	}
	return want, lines
}

// exportNotification writes who is told.
func exportNotification(y *yamlText, n api.Notification) {
	y.line("# Who is told by e-mail when something fails or needs a decision.")
	texts := make([]string, len(n.Addresses))
	for i, address := range n.Addresses {
		texts[i] = scalar(address)
	}
	y.line("notification: {addresses: [%s], onFailure: %t}", strings.Join(texts, ", "), n.OnFailure)
}
