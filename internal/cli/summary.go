package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/fault"
)

type summaryCommand struct {
	remote
	Name string `arg:"" help:"Name or id of the instance." name:"instance"`

	Synced     bool `help:"List who is synchronised, and by which rule of the scope."`
	Skipped    bool `help:"List who is left alone on purpose, and why."`
	Failed     bool `help:"List who could not be written, why, and when the next try is."`
	Held       bool `help:"List whose removal waits for approval."`
	Rejected   bool `help:"List whose removal was rejected, and is not done."`
	OutOfScope bool `help:"List who else is in the tenant, and why not in scope."`
	InBin      bool `help:"List who is deleted in Entra, and until when he can be restored."`
	ToBeSynced bool `help:"List the groups that wait for members in scope, and how many."`
	Groups     bool `help:"List groups instead of people: with --synced, --skipped, --failed, --held or --rejected."`
	All        bool `help:"Show the number of those who are out of scope as well."`
	Limit      *int `help:"How many people, or groups, to list at most; 0 for all. Without it 100, and with --json all." placeholder:"N"`
}

// Help gives examples.
func (summaryCommand) Help() string {
	return "Examples: rollcall summary Demo\n\nrollcall summary Demo --failed\n\nrollcall summary Demo --groups --failed"
}

// bucket is one number of the summary.
type bucket struct {
	name, heading string
	count         func(api.UserCounts) int
	wanted        func(*summaryCommand) bool
}

// buckets in the order of the summary.
var buckets = []bucket{
	{"synced", "Synced", func(u api.UserCounts) int { return u.Synced }, func(c *summaryCommand) bool { return c.Synced }},
	{"skipped", "Skipped", func(u api.UserCounts) int { return u.Skipped }, func(c *summaryCommand) bool { return c.Skipped }},
	{"failed", "Failed", func(u api.UserCounts) int { return u.Failed }, func(c *summaryCommand) bool { return c.Failed }},
	{"held", "Held", func(u api.UserCounts) int { return u.Held }, func(c *summaryCommand) bool { return c.Held }},
	{"rejected", "Rejected", func(u api.UserCounts) int { return u.Rejected }, func(c *summaryCommand) bool { return c.Rejected }},
	{"in-bin", "In recycle bin", func(u api.UserCounts) int { return u.InBin }, func(c *summaryCommand) bool { return c.InBin }},
	{"out-of-scope", "Out of scope", func(u api.UserCounts) int { return u.OutOfScope }, func(c *summaryCommand) bool { return c.OutOfScope }},
}

// Run shows the summary, or the people behind one of its numbers.
func (c *summaryCommand) Run(ctx context.Context, in *invocation) error {
	var chosen []bucket
	for _, b := range buckets {
		if b.wanted(c) {
			chosen = append(chosen, b)
		}
	}
	if c.ToBeSynced {
		c.Groups = true
		chosen = append(chosen, bucket{name: toBeSynced})
	}
	switch {
	case len(chosen) == 0 && c.Groups:
		return fault.New(fault.Invalid, "Usage", "it is not said which groups").WithRemedy("Say which, such as --groups --failed.")
	case len(chosen) == 1 && c.Groups && (c.InBin || c.OutOfScope):
		return fault.New(fault.Invalid, "Usage", "groups are not counted as --%s", chosen[0].name).WithRemedy("See `rollcall summary --help`.")
	case len(chosen) > 1:
		return fault.New(fault.Invalid, "Usage", "too much is said: --%s and --%s", chosen[0].name, chosen[1].name).WithRemedy("List one after the other.")
	case len(chosen) == 0 && c.Limit != nil:
		return fault.New(fault.Invalid, "Usage", "--limit is for lists of people").WithRemedy("Say which, such as --failed.")
	}
	server, err := c.open()
	if err != nil {
		return err
	}
	instance, err := server.instance(ctx, c.Name)
	if err != nil {
		return err
	}
	path := server.here("instances", instance.ID.String(), "summary")
	if len(chosen) == 1 && c.Groups {
		return c.listGroups(ctx, in, server, instance, path+"/groups/"+chosen[0].name, chosen[0].name)
	}
	if len(chosen) == 1 {
		return c.list(ctx, in, server, instance, path, chosen[0])
	}
	var summary api.Summary
	if err := server.get(ctx, path, nil, &summary); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, summary)
	}
	return c.show(in, instance, summary)
}

// show writes the facts and the numbers, each with the command that lists its people.
func (c *summaryCommand) show(in *invocation, instance api.Instance, summary api.Summary) error {
	last, result := "none yet", ""
	if run := summary.LastRun; run != nil {
		last = fmt.Sprintf("%s, %s, took %s", run.Kind, short(run.EndedAt), took(*run))
		result = string(run.State) + ": " + doneText(*run)
		if run.Failure != nil {
			result = strings.TrimSpace(string(run.State) + ": " + run.Failure.Message + ". " + run.Failure.Remedy)
		}
	}
	under := ""
	if summary.Run != nil {
		under = string(summary.Run.Kind) + ", " + progressText(*summary.Run, false)
	}
	overdue := ""
	if summary.Overdue {
		overdue = "no good run in three intervals"
	}
	err := facts(
		in.stdout, "Instance", summary.Name, "Job status", jobWords(summary.Job)+": "+summary.Explanation, "Overdue", overdue, "Under way", under,
		"Last run", last, "Result", result, "Next run", short(summary.NextRunAt),
	)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(in.stdout, "\n"); err != nil {
		return err
	}
	out := newTable("USERS", "NUMBER", "WHO")
	for _, b := range buckets {
		count := b.count(summary.Users)
		if b.name == "out-of-scope" && !c.All || b.name == "rejected" && count == 0 {
			continue
		}
		list := ""
		if count > 0 {
			list = fmt.Sprintf("rollcall summary %s --%s", quoted(instance.Name), b.name)
		}
		out.add(b.heading, strconv.Itoa(count), list)
	}
	if err := out.write(in.stdout, in.columns(), ""); err != nil {
		return err
	}
	return showGroups(in, instance.Name, summary.Groups)
}

// quoted is a name as a shell takes it.
func quoted(name string) string {
	if name != "" && !strings.ContainsFunc(name, func(r rune) bool { return !strings.ContainsRune(plainLetters, r) }) {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}

// plainLetters mean nothing to a shell.
const plainLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@"

// list writes the people behind a number.
func (c *summaryCommand) list(ctx context.Context, in *invocation, server *client, instance api.Instance, path string, b bucket) error {
	path += "/" + b.name
	if c.JSON {
		return writeGathered[api.Person](ctx, server, in.stdout, path, nil, c.atMost(c.Limit, 0))
	}
	people, more, err := gather[api.Person](ctx, server, path, nil, c.atMost(c.Limit, 100))
	if err != nil {
		return err
	}
	if err := peopleTable(b.name, people).write(in.stdout, in.columns(), "Nobody."); err != nil {
		return err
	}
	in.sayMore(more)
	switch {
	case len(people) == 0:
	case b.name == "failed":
		in.say("Try one of them now: rollcall provision %s WHO.", quoted(instance.Name))
	case b.name == "rejected":
		in.say(takeBack, quoted(instance.Name))
	case b.name == "held":
		in.say("Let them pass with `rollcall held approve %s ID…`, or refuse them with `rollcall held reject`; --all means all.", quoted(instance.Name))
	}
	return nil
}

// takeBack says how a rejection is taken back.
const takeBack = "They stay as they are. Take a rejection back with `rollcall held approve %s ID`."

// peopleTable has the columns that say something about the bucket.
func peopleTable(bucket string, people []api.Person) *table {
	switch bucket {
	case "failed":
		out := newTable("WHO", "SINCE", "TRIES", "NEXT TRY", "REASON", "ID IN ENTRA")
		for _, p := range people {
			out.add(nameOf(p), short(p.Since), strconv.Itoa(p.Attempts), short(p.RetryAt), p.Reason.Text, p.SourceID)
		}
		return out
	case "held", "rejected":
		out := newTable("ID", "ACTION", "WHO", "SINCE", "REASON")
		for _, p := range people {
			out.add(p.ChangeID.String(), string(p.Action), nameOf(p), short(p.Since), p.Reason.Text)
		}
		return out
	case "synced", "in-bin":
		out := newTable("WHO", "IN THE DIRECTORY", "REASON", "ID IN ENTRA")
		for _, p := range people {
			out.add(nameOf(p), p.ObjectName, p.Reason.Text, p.SourceID)
		}
		return out
	}
	out := newTable("WHO", "REASON", "ID IN ENTRA")
	for _, p := range people {
		out.add(nameOf(p), p.Reason.Text, p.SourceID)
	}
	return out
}

func nameOf(p api.Person) string {
	if p.SourceName != "" {
		return p.SourceName
	}
	return p.SourceID
}
