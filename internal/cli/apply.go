package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"rollcall/internal/api"
	"rollcall/internal/fault"
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
    scope:
      allUsers: true
      includeGuests: false

Attributes and thresholds go as in the API; see instance show --json.`
}

// applied is what --json prints.
type applied struct {
	Created  bool         `json:"created"`
	Changes  []string     `json:"changes"`
	Instance api.Instance `json:"instance"`
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
	result, err := server.apply(ctx, file, secret)
	if err != nil {
		return err
	}
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
		text = fmt.Sprintf("Instance %s was changed:\n", name)
		for _, line := range result.Changes {
			text += "  " + printable(line) + "\n"
		}
	}
	_, err = io.WriteString(in.stdout, text)
	return err
}

// apply makes the instance what the file says.
func (c *client) apply(ctx context.Context, file instanceFile, secret string) (applied, error) {
	now, err := c.wholeInstance(ctx, file.Name)
	if fault.Is(err, fault.NotFound) {
		want, err := file.create(secret)
		if err != nil {
			return applied{}, err
		}
		result := applied{Created: true, Changes: []string{}}
		err = c.call(ctx, http.MethodPost, c.here("instances"), nil, want, &result.Instance)
		return result, err
	}
	if err != nil {
		return applied{}, err
	}
	want, changes, err := file.patch(now, secret)
	if err != nil {
		return applied{}, err
	}
	result := applied{Changes: changes, Instance: now}
	if len(changes) == 0 {
		result.Changes = []string{}
		return result, nil
	}
	err = c.call(ctx, http.MethodPatch, c.here("instances", now.ID.String()), nil, want, &result.Instance)
	return result, err
}
