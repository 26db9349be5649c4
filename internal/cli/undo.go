package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/attr"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// undoFlags are the flags of every undo.
type undoFlags struct {
	remote
	Reason string `help:"Why, such as \"wrong mapping\": whoever meets the pins reads it. Without it nothing is taken back, only shown." placeholder:"TEXT"`
	Yes    bool   `help:"Take it back without asking." short:"y"`
}

type runUndoCommand struct {
	undoFlags
	ID     string   `arg:"" help:"Id of the run, as in run list." name:"id"`
	Object []string `help:"Only what the run did to this user or group: userName or name, id, or object id in the tenant; of a group also who joined and left. Can be given again." placeholder:"NAME" sep:"none"`
}

// Help gives examples and says what happens.
func (runUndoCommand) Help() string {
	return undoExample("run undo 01932d5e-7c1a-7b3e-9f00-3c5d8e2a4b61") + undoHelp
}

// undoHelp is what all undos do.
const undoHelp = "\n\nIt shows what would be taken back, and what cannot be and why; then it asks. What is taken back is pinned: it stays so until Entra " +
	"changes the person, group or membership, or the pin is lifted (rollcall pin lift). Undo the undo, by the id of its run, to have it back. " +
	"The exit code is 3 when the undo failed as a whole; what could not be taken back of single users or groups is told, and does not count."

func undoExample(command string) string {
	return "Example: rollcall " + command + " --reason wrong --yes"
}

// Run takes back what a run did.
func (c *runUndoCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	id, err := parseID("run", c.ID)
	if err != nil {
		return err
	}
	if err := server.get(ctx, server.here("runs", id.String()), nil, &api.Run{}); err != nil {
		return lookUp(err, noRun)
	}
	var request api.UndoRequest
	for _, who := range c.Object {
		object, err := server.changed(ctx, id, who)
		if err != nil {
			return err
		}
		request.Objects = append(request.Objects, object)
	}
	return c.undo(ctx, in, server, server.here("runs", id.String(), "undo"), request)
}

// changed finds the user or group that a run changed: one that is there, or one that is not any more, by the ids and names in the run's changes.
func (c *client) changed(ctx context.Context, run ident.ID, who string) (ident.ID, error) {
	user, missing := c.user(ctx, who)
	if missing == nil {
		return user.ID, nil
	}
	if !fault.Is(missing, fault.NotFound) {
		return ident.ID{}, missing
	}
	var found ident.ID
	several := false
	err := pages(ctx, c, c.here("runs", run.String(), "changes"), paged(url.Values{}, largestPage), func(change api.Change) error {
		if !change.ObjectID.IsZero() && (change.ObjectID.String() == who || change.SourceID == who || addressed(change.SourceName, who) || addressed(change.ObjectName, who)) {
			several = several || !found.IsZero() && found != change.ObjectID
			found = change.ObjectID
		}
		return nil
	})
	switch {
	case err != nil:
		return found, err
	case several:
		return found, fault.New(fault.Conflict, "Ambiguous", "the run changed several objects called %s", who).WithRemedy("Name one by its id, as in `rollcall run show %s`.", run)
	case found.IsZero():
		return found, missing
	}
	return found, nil
}

// addressed reports whether a label, display name and address, has the address.
func addressed(label, address string) bool {
	return attr.NameKey(label) == attr.NameKey(address) || strings.HasSuffix(attr.NameKey(label), "<"+attr.NameKey(address)+">")
}

type userUndoCommand struct {
	undoFlags
	User string `arg:"" help:"Who: userName, id, or object id in the tenant; of a removed user the id, as in the archive."`
}

// Help gives examples and says what happens.
func (userUndoCommand) Help() string { return undoExample("user undo anna@contoso.example") + undoHelp }

// Run takes back the latest change of a user.
func (c *userUndoCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	id, notAnID := ident.Parse(c.User)
	user, err := server.user(ctx, c.User)
	switch {
	case err == nil:
		id = user.ID
	case notAnID != nil || !fault.Is(err, fault.NotFound):
		return err
	}
	return c.undo(ctx, in, server, server.here("users", id.String(), "undo"), api.UndoRequest{})
}

type groupUndoCommand struct {
	undoFlags
	Group string `arg:"" help:"Which: name, id, or object id in the tenant; of a removed group the id, as in the archive."`
}

// Help gives examples and says what happens.
func (groupUndoCommand) Help() string { return undoExample("group undo Sales") + undoHelp }

// Run takes back what a run did last to a group.
func (c *groupUndoCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	id, notAnID := ident.Parse(c.Group)
	group, err := server.group(ctx, c.Group)
	switch {
	case err == nil:
		id = group.ID
	case notAnID != nil || !fault.Is(err, fault.NotFound):
		return err
	}
	return c.undo(ctx, in, server, server.here("groups", id.String(), "undo"), api.UndoRequest{})
}

// show writes what would be taken back; as JSON only where nothing more is written after it.
func (c *undoFlags) show(in *invocation, dry api.Run, changes []api.Change, possible int) error {
	switch {
	case !c.JSON:
		return writeUndo(in, dry, changes)
	case possible == 0 || !c.Yes:
		return writeJSON(in.stdout, undone{dry, changes})
	}
	return nil
}

// undo shows what would be taken back, and takes it back if that is confirmed.
func (c *undoFlags) undo(ctx context.Context, in *invocation, server *client, path string, request api.UndoRequest) error {
	if blank := strings.TrimSpace(c.Reason) == ""; blank && (c.Yes || c.Reason != "") {
		return fault.New(fault.Invalid, "Usage", "it is not said why").WithRemedy("Give --reason; whoever meets the pins reads it.")
	}
	request.Reason = c.Reason
	dry, changes, err := server.undoRun(ctx, in, path, request)
	if err != nil {
		return err
	}
	possible := proposed(changes)
	if err := c.show(in, dry, changes, possible); err != nil {
		return err
	}
	switch {
	case possible == 0:
		return fault.New(fault.Conflict, "NothingToUndo", "nothing of it can be taken back")
	case c.Reason == "":
		if !c.JSON {
			in.say("Nothing was written. Give --reason and --yes to take it back.")
		}
		return nil
	case !c.Yes && (c.JSON || !in.asksPeople()):
		return unconfirmed("nothing was taken back, because nobody was asked")
	case !c.Yes && !in.confirm(ctx, fmt.Sprintf("Take back %s?", counted(possible, "change", "changes"))):
		return unconfirmed("nothing was taken back")
	}
	no := false
	request.DryRun = &no
	run, changes, err := server.undoRun(ctx, in, path, request)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, undone{run, changes})
	}
	if _, err := fmt.Fprintln(in.stdout, resultText(run)); err != nil {
		return err
	}
	users, groups := run.Counts["failed"]+run.Counts["skipped"], run.Groups["failed"]+run.Groups["skipped"]
	switch {
	case groups > 0:
		in.say("%s; see `rollcall run show %s`.", counted(users+groups, "user or group stays as it was", "users and groups stay as they were"), run.ID)
	case users > 0:
		in.say("%s; see `rollcall run show %s`.", counted(users, "user stays as it was", "users stay as they were"), run.ID)
	}
	return nil
}

// undone is an undo as JSON.
type undone struct {
	api.Run
	Changes []api.Change `json:"changes"`
}

// undoRun asks for an undo, waits for it and returns it with its changes.
func (c *client) undoRun(ctx context.Context, in *invocation, path string, request api.UndoRequest) (api.Run, []api.Change, error) {
	var body any = request
	if request.Objects == nil {
		body = request.UserUndoRequest
	}
	var run api.Run
	if err := c.call(ctx, http.MethodPost, path, nil, body, &run); err != nil {
		return run, nil, err
	}
	run, err := c.watch(ctx, in, run.ID)
	if err != nil {
		return run, nil, interrupted(err, run)
	}
	if run.State != engine.Succeeded {
		return run, nil, c.result(ctx, run)
	}
	changes, err := list[api.Change](ctx, c, c.here("runs", run.ID.String(), "changes"), paged(url.Values{}, largestPage))
	return run, changes, err
}

func proposed(changes []api.Change) (count int) {
	for _, change := range changes {
		if change.State == engine.Proposed {
			count++
		}
	}
	return count
}

// writeUndo writes what a dry run of an undo found: what would be taken back, then what cannot be.
func writeUndo(in *invocation, dry api.Run, changes []api.Change) error {
	back, not := newTable("ACTION", "WHO", "REASON", "CHANGES"), newTable("WHO", "WHY NOT")
	for _, change := range changes {
		if change.State == engine.Proposed {
			back.add(string(change.Action), who(change), change.Reason.Text, change.Summary)
		} else {
			not.add(who(change), change.Reason.Text)
		}
	}
	if err := back.write(in.stdout, in.columns(), "Nothing can be taken back."); err != nil {
		return err
	}
	if len(not.rows) > 1 {
		if _, err := io.WriteString(in.stdout, "\nCannot be taken back:\n"); err != nil {
			return err
		}
		if err := not.write(in.stdout, in.columns(), ""); err != nil {
			return err
		}
	}
	if dry.Undo != nil && dry.Undo.DespiteEntra > 0 {
		in.say("ATTENTION: %s access again whom Entra would not give any.", counted(dry.Undo.DespiteEntra, "user gets", "users get"))
	}
	return nil
}
