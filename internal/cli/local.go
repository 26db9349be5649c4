package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"rollcall/internal/app"
	"rollcall/internal/clock"
	"rollcall/internal/fault"
	"rollcall/internal/telemetry"
)

type migrateCommand struct {
	Data string `default:"rollcall-data" env:"ROLLCALL_DATA" help:"Folder of the server, such as /var/lib/rollcall." placeholder:"DIR"`
	JSON bool   `help:"Print JSON." name:"json"`
}

// Help gives an example.
func (migrateCommand) Help() string {
	return "Example: rollcall migrate --data /var/lib/rollcall\n\nThe server does the same when it starts. A copy of the database as it was is put beside it first."
}

// Run migrates.
func (c *migrateCommand) Run(ctx context.Context, in *invocation) error {
	logger, err := telemetry.NewLogger(in.stderr, "warn", "text")
	if err != nil {
		return err
	}
	done, err := app.Migrate(ctx, c.Data, logger, clock.System)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, done)
	}
	if done.From == done.To {
		_, err = fmt.Fprintf(in.stdout, "The schema is version %d already.\n", done.To)
		return err
	}
	_, err = fmt.Fprintf(in.stdout, "The schema went from version %d to version %d.\n", done.From, done.To)
	return err
}

type backupCommand struct {
	File string `arg:"" help:"The file to make; it must not exist."`
	Data string `default:"rollcall-data" env:"ROLLCALL_DATA" help:"Folder of the server, such as /var/lib/rollcall." placeholder:"DIR"`
	JSON bool   `help:"Print JSON." name:"json"`
}

// Help gives an example.
func (backupCommand) Help() string {
	return "Example: rollcall backup /backup/rollcall-monday.db --data /var/lib/rollcall\n\nThe sealing key is not in the copy: keep it elsewhere. In the copy every " +
		"Auto Sync is off, so that a restored server writes nothing until somebody says so."
}

// Run makes the copy.
func (c *backupCommand) Run(ctx context.Context, in *invocation) error {
	to, err := filepath.Abs(c.File)
	if err != nil {
		return fault.Wrap(fault.Invalid, "BackupFile", err, "the file to make")
	}
	if err := app.Backup(ctx, c.Data, to); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, map[string]string{"file": to})
	}
	_, err = fmt.Fprintf(in.stdout, `The copy is %s.
To restore it: stop the server, move %s and the files beside it whose names begin the same away, put the copy in its place,
see that the sealing key is there as well, start the server, and switch each instance's Auto Sync on again.
`, to, filepath.Join(c.Data, app.DatabaseFile))
	return err
}

type versionCommand struct {
	JSON bool `help:"Print JSON." name:"json"`
}

// Help gives an example.
func (versionCommand) Help() string { return "Example: rollcall version" }

// Run prints the version.
func (c *versionCommand) Run(in *invocation) error {
	if c.JSON {
		return writeJSON(in.stdout, map[string]string{"version": in.version})
	}
	_, err := fmt.Fprintln(in.stdout, "rollcall "+in.version)
	return err
}
