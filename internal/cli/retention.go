package cli

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"rollcall/internal/api"
)

// retentionFlags are days; what is not given stays as it is.
type retentionFlags struct {
	ChangesDays *int `help:"Days for what the provisioning history knows of people; 0 for as long as the server says." placeholder:"DAYS"`
	AuditDays   *int `help:"Days for the audit log; 0 for as long as the server says." placeholder:"DAYS"`
	ArchiveDays *int `help:"Days for copies of removed users and groups; 0 for as long as the server says." placeholder:"DAYS"`
}

func (f retentionFlags) patch() api.RetentionPatch {
	return api.RetentionPatch{Changes: f.ChangesDays, Audit: f.AuditDays, Archive: f.ArchiveDays}
}

type retentionShowCommand struct{ remote }

// Help gives an example.
func (retentionShowCommand) Help() string { return "Example: rollcall retention show" }

// Run shows for how long things are kept.
func (c *retentionShowCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	var retention api.Retention
	if err := server.get(ctx, server.here("retention"), nil, &retention); err != nil {
		return err
	}
	return showRetention(in, c.JSON, retention)
}

func showRetention(in *invocation, asJSON bool, r api.Retention) error {
	if asJSON {
		return writeJSON(in.stdout, r)
	}
	out := newTable("WHAT", "DAYS", "SAID BY", "MAY BE")
	for _, row := range []struct {
		what string
		api.Kept
	}{{"changes", r.Changes}, {"audit", r.Audit}, {"archive", r.Archive}} {
		by := "the server"
		if row.Chosen {
			by = "the organization"
		}
		out.add(row.what, strconv.Itoa(row.Days), by, fmt.Sprintf("%d to %d", row.Least, row.Most))
	}
	out.add("recycle bin of the tenant", strconv.Itoa(r.RecycleBin), "Entra", "")
	return out.write(in.stdout, in.columns(), "")
}

type retentionSetCommand struct {
	remote
	retentionFlags
}

// Help gives an example.
func (retentionSetCommand) Help() string {
	return "Example: rollcall retention set --changes-days 60\n\n" +
		"It holds from the next clean-up on, once a day; what was removed does not come back. `rollcall retention preview` counts that before."
}

// Run changes for how long things are kept.
func (c *retentionSetCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	var retention api.Retention
	if err := server.call(ctx, http.MethodPatch, server.here("retention"), nil, c.patch(), &retention); err != nil {
		return err
	}
	return showRetention(in, c.JSON, retention)
}

type retentionPreviewCommand struct {
	remote
	retentionFlags
}

// Help gives an example.
func (retentionPreviewCommand) Help() string {
	return "Example: rollcall retention preview --archive-days 30\n\nNothing is changed. It counts to 100,000 of each: 100,001 says that there are more."
}

// Run counts what a clean-up would remove.
func (c *retentionPreviewCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	var counts api.Expiring
	if err := server.call(ctx, http.MethodPost, server.here("retention", "preview"), nil, c.patch(), &counts); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, counts)
	}
	return facts(in.stdout, "Changes emptied", strconv.Itoa(counts.Changes), "Audit events", strconv.Itoa(counts.Audit),
		"Archived users", strconv.Itoa(counts.Users), "Archived groups", strconv.Itoa(counts.Groups))
}
