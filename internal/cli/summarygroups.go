package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"rollcall/internal/api"
)

// toBeSynced is the bucket of groups that wait for members.
const toBeSynced = "to-be-synced"

// showGroups writes the numbers that are about groups, each with the command that lists them; nothing where no groups are kept.
func showGroups(in *invocation, instance string, groups api.GroupCounts) error {
	if groups == (api.GroupCounts{}) {
		return nil
	}
	if _, err := io.WriteString(in.stdout, "\n"); err != nil {
		return err
	}
	out := newTable("GROUPS", "NUMBER", "WHICH")
	for _, row := range []struct {
		heading, flags string
		count          int
	}{
		{"Synced", "--groups --synced", groups.Synced},
		{"To Be Synced", "--" + toBeSynced, groups.ToBeSynced},
		{"Skipped", "--groups --skipped", groups.Skipped},
		{"Failed", "--groups --failed", groups.Failed},
		{"Held", "--groups --held", groups.Held},
	} {
		list := ""
		if row.count > 0 {
			list = fmt.Sprintf("rollcall summary %s %s", quoted(instance), row.flags)
		}
		if row.flags == "--"+toBeSynced && groups.Awaited > 0 {
			list += fmt.Sprintf(" (%s awaited)", counted(int(groups.Awaited), "member is", "members are"))
		}
		out.add(row.heading, strconv.Itoa(row.count), list)
	}
	if groups.Leaving > 0 {
		out.add("Members held", strconv.Itoa(groups.Leaving), fmt.Sprintf("rollcall held list --instance %s --type Members", quoted(instance)))
	}
	return out.write(in.stdout, in.columns(), "")
}

// listGroups writes the groups behind a number.
func (c *summaryCommand) listGroups(ctx context.Context, in *invocation, server *client, instance api.Instance, path, bucket string) error {
	if c.JSON {
		return writeGathered[api.SummaryGroup](ctx, server, in.stdout, path, nil, c.atMost(c.Limit, 0))
	}
	groups, more, err := gather[api.SummaryGroup](ctx, server, path, nil, c.atMost(c.Limit, 100))
	if err != nil {
		return err
	}
	var out *table
	switch bucket {
	case "failed", "skipped", "held":
		people := make([]api.Person, len(groups))
		for i, group := range groups {
			people[i] = group.Person
		}
		out = peopleTable(bucket, people)
	default:
		out = newTable("GROUP", "AWAITED", "REASON", "ID IN ENTRA", "ID")
		for _, group := range groups {
			out.add(nameOf(group.Person), strconv.FormatInt(group.Awaited, 10), group.Reason.Text, group.SourceID, group.ObjectID.String())
		}
	}
	if err := out.write(in.stdout, in.columns(), "No groups."); err != nil {
		return err
	}
	in.sayMore(more)
	switch {
	case len(groups) == 0:
	case bucket == "held":
		in.say("Let them pass with `rollcall held approve %s ID…`, or refuse them with `rollcall held reject`; --all means all.", quoted(instance.Name))
	case bucket == toBeSynced:
		in.say("Who failed is listed by `rollcall summary %s --failed`, with the reason.", quoted(instance.Name))
	}
	return nil
}
