package cli

import (
	"context"
	"fmt"
	"io"
	"net/url"
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
		{"Rejected", "--groups --rejected", groups.Rejected},
	} {
		if row.heading == "Rejected" && row.count == 0 {
			continue
		}
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
	if groups.Staying > 0 {
		out.add("Members rejected", strconv.Itoa(groups.Staying), fmt.Sprintf("rollcall held list --instance %s --type Members --rejected", quoted(instance)))
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
	if bucket == "held" || bucket == "rejected" {
		leaving, err := server.leaving(ctx, instance, bucket == "rejected")
		if err != nil {
			return err
		}
		groups = append(groups, leaving...)
	}
	var out *table
	switch bucket {
	case "failed", "skipped", "held", "rejected":
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
	case bucket == "rejected":
		in.say(takeBack, quoted(instance.Name))
	case bucket == "held":
		in.say("Let them pass with `rollcall held approve %s ID…`, or refuse them with `rollcall held reject`; --all means all.", quoted(instance.Name))
	case bucket == toBeSynced:
		in.say("Who failed is listed by `rollcall summary %s --failed`, with the reason.", quoted(instance.Name))
	}
	return nil
}

// leaving are the changes of members that are held, or were rejected, as what they are to the groups.
func (c *client) leaving(ctx context.Context, instance api.Instance, rejected bool) ([]api.SummaryGroup, error) {
	query := url.Values{"instance": {instance.ID.String()}, "objectType": {objectMembers}}
	if rejected {
		query.Set("rejected", "true")
	}
	changes, err := list[api.Change](ctx, c, c.here("held"), paged(query, largestPage))
	groups := make([]api.SummaryGroup, len(changes))
	for i, change := range changes {
		groups[i].Person = api.Person{
			SourceID: change.SourceID, SourceName: change.SourceName, Reason: change.Reason, ChangeID: change.ID, Action: change.Action, Since: change.PlannedAt,
		}
	}
	return groups, err
}
