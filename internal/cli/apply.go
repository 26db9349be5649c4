package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/mapping"
)

type instanceApplyCommand struct {
	remote
	File string `arg:"" help:"The YAML file; - reads standard input."`
}

// Help gives an example.
func (instanceApplyCommand) Help() string {
	return `Example: rollcall instance apply contoso.yaml

A file, of which a change needs only the name and what is to change:

    name: Contoso
    tenantId: contoso.onmicrosoft.com
    clientId: 9f2c6d0e-8a35-4e39-9f4f-2a1f6d7c3b10
    clientSecretFile: secret.txt
    interval: 40m
    autoSync: true
    reconcile: {every: 168h, repair: true, perSecond: 2000}
    destination: {type: scim, profile: generic, baseUrl: https://scim.example.com/v2, tokenFile: token.txt}
    scope:
      allUsers: true
      includeGuests: false
      filters:
        - clauses:
            - {attribute: country, operator: IS NOT NULL}

What is absent stays as it is, also single thresholds; scope and attributes are each taken whole. But a scope without allUsers, users and groups
keeps who is selected, and one without filters keeps the filters.

Attributes and thresholds go as in the API; rollcall instance export writes a whole file. rollcall instance diff tells before what apply changes.`
}

// applied is what --json prints.
type applied struct {
	Created bool     `json:"created"`
	Changes []string `json:"changes"`
	// Preview is what the next run does; nil unless settings changed.
	Preview  *api.Preview  `json:"preview,omitempty"`
	Warnings []api.Warning `json:"warnings"`
	Instance api.Instance  `json:"instance"`
}

// Run creates or changes the instance.
func (c *instanceApplyCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	file, err := readInstanceFile(in, c.File)
	if err != nil {
		return err
	}
	secret, err := file.secret(in)
	if err != nil {
		return err
	}
	destination, err := file.readDestination(in)
	if err != nil {
		return err
	}
	result, err := server.apply(ctx, file, secret, destination)
	if err != nil {
		return file.placed(err)
	}
	in.warn(result.Warnings)
	if c.JSON {
		return writeJSON(in.stdout, result)
	}
	name := printable(result.Instance.Name)
	var text string
	switch {
	case result.Created:
		text = fmt.Sprintf("Instance %s was created: %s\n", name, result.Instance.ID)
	case len(result.Changes) == 0:
		text = fmt.Sprintf("Instance %s is as the file says; nothing was changed.\n", name)
	default:
		text = fmt.Sprintf("Instance %s was changed:\n", name) + indented(result.Changes)
	}
	if result.Preview != nil {
		text += previewText(*result.Preview)
	}
	_, err = io.WriteString(in.stdout, text)
	return err
}

// apply makes the instance what the file says.
func (c *client) apply(ctx context.Context, file instanceFile, secret string, destination *api.Destination) (applied, error) {
	result := applied{Changes: []string{}, Warnings: []api.Warning{}}
	now, err := c.wholeInstance(ctx, file.Name)
	if fault.Is(err, fault.NotFound) {
		want, err := file.create(secret, destination)
		if err != nil {
			return result, err
		}
		result.Created = true
		for _, w := range mapping.Warnings(want.Settings.Attributes) {
			result.Warnings = append(result.Warnings, api.Warning{Code: w.Code, Target: w.Target, Text: w.Text})
		}
		err = c.call(ctx, http.MethodPost, c.here("instances"), nil, want, &result.Instance)
		return result, err
	}
	if err != nil {
		return result, err
	}
	want, changes, err := file.patch(now, secret, destination)
	if err != nil || len(changes) == 0 {
		result.Instance = now
		return result, err
	}
	result.Changes = changes
	if want.Settings != nil {
		if result.Preview, err = c.preview(ctx, now.ID, *want.Settings); err != nil {
			return result, err
		}
		result.Warnings = result.Preview.Warnings
	}
	err = c.call(ctx, http.MethodPatch, c.here("instances", now.ID.String()), nil, want, &result.Instance)
	if lost := result.Instance.Status.LostGroups; len(lost) > 0 && result.Preview == nil {
		result.Warnings = append(result.Warnings, api.Warning{
			Code: engine.LostGroups, Text: "these selected groups bring nobody, because the tenant does not know them or they are in the recycle bin there: " + strings.Join(lost, ", "),
		})
	}
	return result, err
}
