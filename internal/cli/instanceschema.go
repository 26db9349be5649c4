package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

type schemaExportCommand struct {
	remote
	Name string `arg:"" help:"Name or id of the instance."`
}

// Help gives an example.
func (schemaExportCommand) Help() string {
	return "Example: rollcall instance schema export Contoso\n\nSelected users, guests and thresholds have no place in a schema. It is JSON with and without --json."
}

// Run exports.
func (c *schemaExportCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	instance, err := server.instance(ctx, c.Name)
	if err != nil {
		return err
	}
	response, err := server.send(ctx, http.MethodGet, server.here("instances", instance.ID.String(), "schema"), nil, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(in.stdout, response.Body); err != nil {
		return fault.Wrap(fault.Unavailable, "Schema", err, "the schema ended in the middle").WithRemedy("Ask for it again.")
	}
	return nil
}

type schemaImportCommand struct {
	remote
	Name   string `arg:"" help:"Name or id of the instance."`
	File   string `arg:"" help:"JSON file with the schema; - reads standard input."`
	DryRun bool   `help:"Only tell what is not carried over, and what would change."`
	Yes    bool   `help:"Do not ask. Needed where there is no terminal to ask on." short:"y"`
}

// Help gives an example.
func (schemaImportCommand) Help() string {
	return `Example: rollcall instance schema import Contoso schema.json --dry-run

The file is what Microsoft Graph returns for servicePrincipals/ID/synchronization/jobs/ID/schema, or what the portal downloads below "Review your
schema here". Mappings and scoping filters replace those of the instance; selected users, guests and thresholds stay.`
}

// Run imports.
func (c *schemaImportCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	document, err := readFile(in, c.File, "the schema")
	if err != nil {
		return err
	}
	instance, err := server.instance(ctx, c.Name)
	if err != nil {
		return err
	}
	result, err := server.importSchema(ctx, instance.ID, document, true)
	if err != nil {
		return err
	}
	if c.DryRun || len(result.Preview.Differences) == 0 {
		in.warn(result.Preview.Warnings)
	} else {
		err := in.agreed(ctx, c.Yes, change{
			what:     "importing a schema replaces mappings and filters of " + printable(instance.Name),
			question: "Save this?", details: importText(result, instance.Name), warnings: result.Preview.Warnings,
		})
		if err != nil {
			return err
		}
		if result, err = server.importSchema(ctx, instance.ID, document, false); err != nil {
			return err
		}
	}
	if c.JSON {
		return writeJSON(in.stdout, result)
	}
	_, err = io.WriteString(in.stdout, importText(result, instance.Name))
	return err
}

func (c *client) importSchema(ctx context.Context, instance ident.ID, document []byte, dryRun bool) (result api.SchemaImport, err error) {
	query := url.Values{}
	if dryRun {
		query.Set("dryRun", "true")
	}
	err = c.call(ctx, http.MethodPut, c.here("instances", instance.String(), "schema"), query, document, &result)
	return result, err
}

func importText(result api.SchemaImport, name string) string {
	var text strings.Builder
	if len(result.Notes) > 0 {
		text.WriteString("Not carried over as it is:\n")
	}
	for _, note := range result.Notes {
		line := string(note.Effect)
		if note.Subject != "" {
			line += " " + note.Subject
		}
		line += ": " + note.Text
		if note.Path != "" {
			line += " (" + note.Path + ")"
		}
		text.WriteString("  " + printable(line) + "\n")
	}
	name = printable(name)
	switch {
	case len(result.Preview.Differences) == 0:
		fmt.Fprintf(&text, "Instance %s is as the schema says; nothing was changed.\n", name)
		return text.String()
	case result.Saved:
		fmt.Fprintf(&text, "Instance %s was changed:\n", name)
	default:
		fmt.Fprintf(&text, "Instance %s would be changed:\n", name)
	}
	return text.String() + indented(result.Preview.Differences) + previewText(result.Preview)
}
