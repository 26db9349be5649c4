package cli

import (
	"context"
	"fmt"
	"net/url"

	"rollcall/internal/api"
	"rollcall/internal/ident"
)

type groupExplainCommand struct {
	remote
	Name   string   `arg:"" help:"Name or id of the instance."`
	Group  string   `arg:"" help:"Which: object id in the tenant, displayName if only one group has it, or id of a group of the directory." name:"group"`
	Member []string `help:"Explain the membership of this person, or of the group with this object id. May be given several times, at most 25." sep:"none" placeholder:"WHO"`
	Live   bool     `help:"Read the group, and whether these members are in it, from the tenant now. Nothing of it is stored."`
}

// Help gives an example and the meaning of the exit code.
func (groupExplainCommand) Help() string {
	return "Example: rollcall group explain Demo Sales --member anna@contoso.example\n\nTells whether the instance keeps the group and how a selection reaches it, which group of the directory it is, " +
		"what a run would write, how many members would join or leave, and who is awaited and why. Nothing is changed. The exit code is 5 when no group is known by " +
		"the name, and 8 when the tenant, asked with --live, did not answer."
}

// Run explains a group.
func (c *groupExplainCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	instance, err := server.instance(ctx, c.Name)
	if err != nil {
		return err
	}
	x, err := server.explainGroup(ctx, instance.ID, c.Group, c.Member, c.Live)
	if err != nil {
		return err
	}
	return c.explained(in, x)
}

// explainGroup asks what is made of a group.
func (c *client) explainGroup(ctx context.Context, instance ident.ID, group string, members []string, live bool) (api.Explanation, error) {
	query := url.Values{"group": {group}}
	if len(members) > 0 {
		query["member"] = members
	}
	if live {
		query.Set("live", "true")
	}
	var x api.Explanation
	err := c.get(ctx, c.here("instances", instance.String(), "explain-group"), query, &x)
	return x, err
}

// explained writes an explanation, and returns the outcome where there was nothing to explain.
func (r remote) explained(in *invocation, x api.Explanation) error {
	var err error
	if r.JSON {
		err = writeJSON(in.stdout, x)
	} else {
		err = writeExplanation(in, x)
	}
	if err != nil {
		return err
	}
	return unexplained(x)
}

// writeMemberships writes what is made of memberships: of a group's members by their names, of a person's groups by theirs.
func writeMemberships(in *invocation, x api.Explanation) error {
	if len(x.Memberships) == 0 {
		return nil
	}
	heading := "GROUP"
	if x.Type == groupType {
		heading = "MEMBER"
	}
	out := newTable(heading, "IN ENTRA", "PUT IN BY", "CHANGE", "NOTE")
	for _, m := range x.Memberships {
		who := m.GroupName
		if x.Type == groupType {
			if who = m.Name; who == "" {
				who = m.Who
			}
		}
		putIn := "-"
		if m.Synced || m.ByHand {
			putIn = putInBy(m.Synced, m.ByHand)
		}
		note := m.Text
		if m.Scope != "" {
			note += " " + m.Scope
		}
		out.add(who, yesNo(m.In), putIn, string(m.Action), note)
	}
	if _, err := fmt.Fprintln(in.stdout); err != nil {
		return err
	}
	return out.write(in.stdout, in.columns(), "")
}

// groupType is the type of an explanation of a group.
const groupType = "group"

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
