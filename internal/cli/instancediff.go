package cli

import (
	"context"
	"fmt"
	"io"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
)

type instanceDiffCommand struct {
	remote
	File string `arg:"" help:"The YAML file; - reads standard input."`
}

// Help gives an example.
func (instanceDiffCommand) Help() string {
	return `Example: rollcall instance diff contoso.yaml

The numbers are about the users whom the last run knew; nothing is written, and the tenant is not read. A clientSecretFile is not looked at.
Exit code 0 if apply would change nothing, 9 if it would change something.`
}

// differing is what --json prints.
type differing struct {
	// Create: there is no such instance yet.
	Create      bool     `json:"create"`
	Differences []string `json:"differences"`
	// Preview is what changed settings would do; nil if settings do not change.
	Preview *api.Preview `json:"preview,omitempty"`
}

// Run compares.
func (c *instanceDiffCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	file, err := readInstanceFile(in, c.File)
	if err != nil {
		return err
	}
	result, err := server.differing(ctx, file)
	if err != nil {
		return err
	}
	if result.Preview != nil {
		in.warn(result.Preview.Warnings)
	}
	if c.JSON {
		err = writeJSON(in.stdout, result)
	} else {
		_, err = io.WriteString(in.stdout, result.text(file.Name))
	}
	if err == nil && (result.Create || len(result.Differences) > 0) {
		return &outcome{code: exitDiffers}
	}
	return err
}

func (d differing) text(name string) string {
	name = printable(name)
	switch {
	case d.Create && len(d.Differences) == 0:
		return fmt.Sprintf("Instance %s would be created with sync defaults.\n", name)
	case d.Create:
		return fmt.Sprintf("Instance %s would be created, with these differences to sync defaults:\n", name) + indented(d.Differences)
	case len(d.Differences) == 0:
		return fmt.Sprintf("Instance %s is as the file says.\n", name)
	}
	text := fmt.Sprintf("Instance %s would be changed:\n", name) + indented(d.Differences)
	if d.Preview != nil {
		text += previewText(*d.Preview)
	}
	return text
}

// differing finds out what apply would change.
func (c *client) differing(ctx context.Context, file instanceFile) (differing, error) {
	now, err := c.wholeInstance(ctx, file.Name)
	if fault.Is(err, fault.NotFound) {
		want, err := file.create("", nil)
		if err != nil {
			return differing{}, err
		}
		lines := api.Differences(engine.DefaultSettings(), *want.Settings)
		return differing{Create: true, Differences: append([]string{}, lines...)}, file.placed(want.Settings.Check())
	}
	if err != nil {
		return differing{}, err
	}
	want, lines, err := file.patch(now, "", nil)
	result := differing{Differences: append([]string{}, lines...)}
	if err == nil && want.Settings != nil {
		result.Preview, err = c.preview(ctx, now.ID, *want.Settings)
	}
	return result, file.placed(err)
}
