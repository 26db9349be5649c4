package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strconv"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

type changeShowCommand struct {
	remote
	ID    string `arg:"" help:"Id of the change, as in held list or run show." name:"id"`
	Limit *int   `help:"How many members to show at most; 0 for all. Without it 100, and with --json all." placeholder:"N"`
}

// Help gives an example.
func (changeShowCommand) Help() string {
	return "Example: rollcall change show 01932d5e-7c1a-7b3e-9f00-3c5d8e2a4b61"
}

// Run shows a change, and who joins or leaves by it.
func (c *changeShowCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	id, err := ident.Parse(c.ID)
	if err != nil {
		return fault.New(fault.Invalid, "BadID", "%q is not the id of a change", c.ID).WithRemedy("Find it with `rollcall log --json` or `rollcall held list`.")
	}
	var change api.Change
	if err := server.get(ctx, server.here("changes", id.String()), nil, &change); err != nil {
		return lookUp(err, "Find it with `rollcall log --json` or `rollcall held list`.")
	}
	members, more := []api.ChangeMember{}, false
	if change.MemberCount > 0 {
		members, more, err = upTo[api.ChangeMember](ctx, server, server.here("changes", id.String(), "members"), nil, c.atMost(c.Limit, 100))
		if err != nil {
			return err
		}
	}
	if c.JSON {
		return writeJSON(in.stdout, struct {
			api.Change
			Members []api.ChangeMember `json:"members"`
		}{change, members})
	}
	names, _, err := server.instanceNames(ctx, "")
	if err != nil {
		return err
	}
	if err := showChange(in, change, names[change.InstanceID]); err != nil || change.MemberCount == 0 {
		return err
	}
	out := newTable("NAME", "TYPE", "ID IN ENTRA", "ID")
	for _, member := range members {
		out.add(member.Name, member.Type, member.SourceID.String(), member.ObjectID.String())
	}
	if _, err := io.WriteString(in.stdout, "\n"); err != nil {
		return err
	}
	if err := out.write(in.stdout, in.columns(), "Who they were is not known any more: the journal's retention is over."); err != nil {
		return err
	}
	in.sayMore(more)
	return nil
}

func showChange(in *invocation, change api.Change, instance string) error {
	if instance == "" {
		instance = change.InstanceID.String() // of one that was deleted
	}
	object := ""
	if !change.ObjectID.IsZero() {
		object = change.ObjectID.String()
	}
	tries := ""
	if change.Attempts > 0 {
		tries = strconv.Itoa(change.Attempts) + ", the first " + short(change.FailedAt)
	}
	return facts(
		in.stdout, "Change", change.ID.String(), "What", doing(change), "State", string(change.State), "Reason", change.Reason.Text,
		"Instance", instance, "Run", change.RunID.String(), "Who", change.SourceName, "Id in Entra", change.SourceID,
		"In the directory", change.ObjectName, "Id", object, "Changes", change.Summary, "Planned", short(change.PlannedAt), "Settled", short(change.SettledAt),
		"Tries", tries, "Next try", short(change.RetryAt), "Decided by", change.DecidedBy,
	)
}

// nameIn is what people call the object of a change, or its id where the journal has forgotten that.
func nameIn(change api.Change) string {
	return cmp.Or(change.SourceName, change.ObjectName, change.SourceID)
}

// who names the object of a change by what people call it.
func who(change api.Change) string {
	name := nameIn(change)
	switch change.ObjectType {
	case objectGroup:
		return fmt.Sprintf("group %q", name)
	case objectMembers:
		return counted(change.MemberCount, "member", "members") + fmt.Sprintf(" of group %q", name)
	}
	return name
}

// What a change may be about, in the words of the API.
const (
	objectGroup   = "Group"
	objectMembers = "Members"
)

// doing says what a change does, or would do.
func doing(change api.Change) string {
	if change.ObjectType == objectMembers {
		verb := "leave"
		if change.Action == plan.Join {
			verb = "join"
		}
		return fmt.Sprintf("%s the group %q", counted(change.MemberCount, "member "+verb+"s", "members "+verb), nameIn(change))
	}
	name := who(change)
	if change.ObjectType == objectGroup {
		name = "the " + name
	}
	switch change.Action {
	case plan.Match:
		return name + " stays as it is"
	case plan.Skip, plan.Fail:
		return "nothing is done about " + name
	default:
		return name + " is " + pastTense[change.Action]
	}
}

// sayDecided tells what changes are about that were decided by their ids.
func (c *client) sayDecided(ctx context.Context, in *invocation, ids []ident.ID) error {
	const most = 20
	for i, id := range ids {
		if i == most {
			in.say("… and %d more; see `rollcall held list`, or `rollcall change show ID`.", len(ids)-most)
			return nil
		}
		var change api.Change
		err := c.get(ctx, c.here("changes", id.String()), nil, &change)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if change.State == engine.Approved || change.State == engine.Rejected {
			in.say("%s: %s.", printable(doing(change)), change.State)
		}
	}
	return nil
}
