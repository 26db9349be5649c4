package cli

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"rollcall/internal/api"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

type heldListCommand struct {
	remote
	Instance string `help:"Only what is held of this instance, such as Demo." placeholder:"NAME"`
	Type     string `help:"Only users, groups, or members of a group: User, Group or Members." enum:"User,Group,Members," default:""`
	Rejected bool   `help:"What was rejected, and is not done, instead of what waits."`
}

// Help gives an example.
func (heldListCommand) Help() string { return "Example: rollcall held list --instance Demo" }

// Run lists what is held.
func (c *heldListCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	names, query, err := server.instanceNames(ctx, c.Instance)
	if err != nil {
		return err
	}
	if c.Type != "" {
		query.Set("objectType", c.Type)
	}
	if c.Rejected {
		query.Set("rejected", "true")
	}
	changes, err := list[api.Change](ctx, server, server.here("held"), paged(query, largestPage))
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, changes)
	}
	if c.Rejected {
		return writeRejected(in, names, changes)
	}
	out := newTable("ID", "INSTANCE", "ACTION", "WHO", "REASON", "SINCE")
	for _, change := range changes {
		out.add(change.ID.String(), names[change.InstanceID], string(change.Action), who(change), change.Reason.Text, short(change.PlannedAt))
	}
	if err := out.write(in.stdout, in.columns(), "Nothing is held."); err != nil || len(changes) == 0 {
		return err
	}
	in.say("%d held. Let them pass with `rollcall held approve INSTANCE ID…`, or refuse them with `rollcall held reject`; --all means all.", len(changes))
	return nil
}

// writeRejected lists what was rejected, by whom and when.
func writeRejected(in *invocation, names map[ident.ID]string, changes []api.Change) error {
	out := newTable("ID", "INSTANCE", "ACTION", "WHO", "REASON", "REJECTED BY", "WHEN")
	for _, change := range changes {
		out.add(change.ID.String(), names[change.InstanceID], string(change.Action), who(change), change.Reason.Text, change.DecidedBy, short(change.SettledAt))
	}
	if err := out.write(in.stdout, in.columns(), "Nothing stands rejected."); err != nil || len(changes) == 0 {
		return err
	}
	in.say("%d rejected, which stay as they are. Take that back with `rollcall held approve INSTANCE ID…`.", len(changes))
	return nil
}

// decide are the arguments of approve and reject.
type decide struct {
	remote
	Name string   `arg:"" help:"Name or id of the instance."`
	IDs  []string `arg:"" help:"Ids of the changes, as in held list." name:"id" optional:""`
	All  bool     `help:"All that is held of the instance now."`

	Member []string `help:"Of the one change of members whose id is given only this member: userName, id, or object id in the tenant. May be given several times; the others stay held." sep:"none" placeholder:"WHO"`
}

func (c *decide) decide(ctx context.Context, in *invocation, verb, done string) error {
	if c.All && len(c.IDs) > 0 {
		return fault.New(fault.Invalid, "Usage", "too much is said: --all and ids of single changes").WithRemedy("Give either the ids or --all.")
	}
	if !c.All && len(c.IDs) == 0 {
		return fault.New(fault.Invalid, "Usage", "it is not said which changes").WithRemedy("Name their ids, as in `rollcall held list`, or give --all.")
	}
	if len(c.Member) > 0 && len(c.IDs) != 1 {
		return fault.New(fault.Invalid, "Usage", "--member is for one change of members").WithRemedy("Give its id, as in `rollcall held list --type Members`.")
	}
	server, err := c.open()
	if err != nil {
		return err
	}
	instance, err := server.instance(ctx, c.Name)
	if err != nil {
		return err
	}
	decision := api.Decision{Instance: instance.ID, All: c.All}
	for _, text := range c.IDs {
		id, err := parseID("held", text)
		if err != nil {
			return err
		}
		if !slices.Contains(decision.IDs, id) {
			decision.IDs = append(decision.IDs, id)
		}
	}
	if decision.Members, err = server.memberIDs(ctx, c.Member); err != nil {
		return err
	}
	var decided api.Decided
	if err := server.call(ctx, http.MethodPost, server.here("held", verb), nil, decision, &decided); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, decided)
	}
	if len(c.Member) > 0 {
		_, err = fmt.Fprintf(in.stdout, "%s %s; the others stay held.\n", counted(len(c.Member), "member was", "members were"), done)
		return err
	}
	if c.All && decided.Count == 0 {
		_, err = fmt.Fprintln(in.stdout, "Nothing waits for approval.")
		return err
	}
	if _, err = fmt.Fprintf(in.stdout, "%s %s.\n", counted(decided.Count, "change was", "changes were"), done); err != nil {
		return err
	}
	return server.sayDecided(ctx, in, decision.IDs)
}

// memberIDs are the ids of those who are named: users, or else groups.
func (c *client) memberIDs(ctx context.Context, names []string) ([]ident.ID, error) {
	ids := make([]ident.ID, 0, len(names))
	for _, name := range names {
		if id, err := ident.Parse(name); err == nil {
			ids = append(ids, id)
			continue
		}
		user, err := c.user(ctx, name)
		if err == nil {
			ids = append(ids, user.ID)
			continue
		}
		group, notAGroup := c.group(ctx, name)
		if notAGroup != nil {
			return nil, err
		}
		ids = append(ids, group.ID)
	}
	return ids, nil
}

type heldApproveCommand struct{ decide }

// Help gives an example.
func (heldApproveCommand) Help() string { return "Example: rollcall held approve Demo --all" }

// Run approves.
func (c *heldApproveCommand) Run(ctx context.Context, in *invocation) error {
	return c.decide.decide(ctx, in, "approve", "approved")
}

type heldRejectCommand struct{ decide }

// Help gives an example.
func (heldRejectCommand) Help() string {
	return "Examples: rollcall held reject Demo 01932d5e-7c1a-7b3e-9f00-3c5d8e2a4b61\n\n" +
		"rollcall held reject Demo 01932d5e-7c1a-7b3e-9f00-3c5d8e2a4b61 --member ada@contoso.example"
}

// Run rejects.
func (c *heldRejectCommand) Run(ctx context.Context, in *invocation) error {
	return c.decide.decide(ctx, in, "reject", "rejected")
}
