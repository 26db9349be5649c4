package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"

	"rollcall/internal/api"
	"rollcall/internal/fault"
)

type runReportCommand struct {
	remote
	ID    string `arg:"" help:"Id of the run, as in run list." name:"id"`
	Out   string `help:"File to make, such as summary.csv; standard output without it." placeholder:"FILE"`
	Force bool   `help:"Write over the file (--out) if it exists."`
}

// Help gives an example.
func (runReportCommand) Help() string {
	return "Example: rollcall run report 01932d5e-7c1a-7b3e-9f00-3c5d8e2a4b61 --out summary.csv\n\nWith --json it is one array of all changes, as the API has them."
}

// Run writes the report.
func (c *runReportCommand) Run(ctx context.Context, in *invocation) (err error) {
	server, err := c.open()
	if err != nil {
		return err
	}
	id, err := parseID("run", c.ID)
	if err != nil {
		return err
	}
	if err := server.get(ctx, server.here("runs", id.String()), nil, &api.Run{}); err != nil {
		return lookUp(err, noRun) // before a file is made
	}
	out := in.stdout
	if c.Out != "" {
		file, failed := c.make()
		if failed != nil {
			return failed
		}
		defer func() {
			if err = errors.Join(err, file.Close()); err != nil && !c.Force { // half a report would be in the way of the next attempt
				err = errors.Join(err, os.Remove(c.Out))
			}
		}()
		out = file
	}
	if c.JSON {
		return streamJSON[api.Change](ctx, server, out, server.here("runs", id.String(), "changes"), paged(url.Values{}, largestPage))
	}
	response, err := server.send(ctx, http.MethodGet, server.here("runs", id.String(), "report"), nil, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(out, response.Body); err != nil {
		return fault.Wrap(fault.Unavailable, "Report", err, "the report ended in the middle").WithRemedy("Ask for it again.")
	}
	return nil
}

// make makes the file, and empties the one that exists only when that is wanted.
func (c *runReportCommand) make() (*os.File, error) {
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if c.Force {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(c.Out, mode, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, fault.New(fault.Conflict, "FileExists", "the file %s exists already (--out)", c.Out).
			WithRemedy("Choose another one, or write over it with --force.")
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.Wrap(fault.Invalid, "Output", err, "the report cannot be written (--out)").WithRemedy("Make the folder first, or choose another file.")
	case err != nil:
		return nil, fault.Wrap(fault.Invalid, "Output", err, "the report cannot be written (--out)").WithRemedy("Choose another file.")
	}
	return file, nil
}
