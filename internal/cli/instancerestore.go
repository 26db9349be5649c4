package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"rollcall/internal/api"
	"rollcall/internal/mapping"
)

type instanceRestoreCommand struct {
	remote
	Name string `arg:"" help:"Name or id of the instance."`
	Yes  bool   `help:"Do not ask. Needed where there is no terminal to ask on." short:"y"`
}

// Help gives an example.
func (instanceRestoreCommand) Help() string {
	return "Example: rollcall instance restore-mappings Contoso --yes\n\nWhat that changes is told before."
}

// Run restores.
func (c *instanceRestoreCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	instance, err := server.wholeInstance(ctx, c.Name)
	if err != nil {
		return err
	}
	settings := settingsOf(instance)
	settings.Attributes = mapping.Defaults()
	result := applied{Changes: []string{}, Warnings: []api.Warning{}, Instance: instance}
	preview, err := server.preview(ctx, instance.ID, settings)
	if err != nil {
		return err
	}
	if len(preview.Differences) > 0 {
		result.Changes, result.Preview, result.Warnings = preview.Differences, preview, preview.Warnings
		err := in.agreed(ctx, c.Yes, change{
			what:     fmt.Sprintf("restoring the default mappings of %s replaces its own ones", printable(instance.Name)),
			question: "Restore the default mappings?", details: indented(preview.Differences) + previewText(*preview), warnings: preview.Warnings,
		})
		if err != nil {
			return err
		}
		path := server.here("instances", instance.ID.String(), "mappings", "restore")
		if err := server.call(ctx, http.MethodPost, path, nil, nil, &result.Instance); err != nil {
			return err
		}
	}
	if c.JSON {
		return writeJSON(in.stdout, result)
	}
	text := fmt.Sprintf("Instance %s has the default mappings already; nothing was changed.\n", printable(instance.Name))
	if result.Preview != nil {
		text = fmt.Sprintf("Instance %s has the default mappings again:\n", printable(instance.Name)) + indented(result.Changes) + previewText(*preview)
	}
	_, err = io.WriteString(in.stdout, text)
	return err
}
