package cli

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

type logCommand struct {
	remote
	Instance string   `arg:"" help:"Only changes of this instance: its name, or its id also after it was deleted." optional:""`
	Since    string   `help:"From when on: a time such as 2026-03-01T08:00:00Z, a date, or how long ago, such as 2h or 7d." placeholder:"TIME"`
	Until    string   `help:"Before when; a date means to its end." placeholder:"TIME"`
	Action   []string `help:"Only these actions, such as deactivate,delete." placeholder:"ACTION"`
	Status   []string `aliases:"state" help:"Only changes in these states, such as failed,held." placeholder:"STATE"`
	Code     []string `help:"Only reasons with these codes, such as InvalidDomain." placeholder:"CODE"`
	User     string   `help:"Only this user: object id, userName, or a part of the names as they were; with --type Group or Members a group's." placeholder:"WHO"`
	Type     string   `help:"Only changes of users, of groups, or of who is in a group: User, Group or Members." enum:"User,Group,Members," default:""`
	RunID    string   `help:"Only changes of this run." name:"run" placeholder:"ID"`
	Order    string   `default:"" enum:",newest,oldest" help:"newest or oldest first; a table begins with the newest, csv and json with the oldest." placeholder:"ORDER"`
	Format   string   `default:"table" enum:"table,csv,json" help:"table, csv, or json: one line for each change." placeholder:"FORMAT"`
	Limit    *int     `help:"How many changes to show at most; 0 for all. Without it a table has 100, csv and json have all." placeholder:"N"`
}

// Help gives examples.
func (logCommand) Help() string {
	return "Examples: rollcall log Demo --since 24h --status failed\n\n" +
		"rollcall log --user ada@contoso.example\n\n" +
		"rollcall log --since 2026-03-01 --until 2026-03-31 --format csv > march.csv\n\n" +
		"The provisioning log: every change of every run. What dry runs proposed is shown with --run or --status proposed."
}

// Run writes the log.
func (c *logCommand) Run(ctx context.Context, in *invocation) error {
	if c.JSON && c.Format == "csv" {
		return fault.New(fault.Invalid, "Usage", "too much is said: --json and --format csv").WithRemedy("Give one of them.")
	}
	if c.Limit != nil && *c.Limit < 0 {
		return fault.New(fault.Invalid, "Limit", "--limit %d is not 0 or more", *c.Limit)
	}
	server, err := c.open()
	if err != nil {
		return err
	}
	names, query, err := c.query(ctx, server)
	if err != nil {
		return err
	}
	switch {
	case c.JSON:
		return lookUp(writeGathered[api.LogEntry](ctx, server, in.stdout, server.here("log"), query, c.atMost(c.Limit, 0)), noRun)
	case c.Format != "table":
		return c.export(ctx, in, server, query)
	}
	entries, more, err := gather[api.LogEntry](ctx, server, server.here("log"), query, c.atMost(c.Limit, 100))
	if err != nil {
		return lookUp(err, noRun)
	}
	if err := logTable(entries, names, c.Instance != "").write(in.stdout, in.columns(), "Nothing of the kind is in the log."); err != nil {
		return err
	}
	in.sayMore(more)
	return nil
}

func logTable(entries []api.LogEntry, names map[ident.ID]string, oneInstance bool) *table {
	headings := []string{"TIME", "INSTANCE", "ACTION", "STATE", "WHO", "REASON", "CHANGES", "RUN"}
	if oneInstance {
		headings = append(headings[:1], headings[2:]...)
	}
	out := newTable(headings...)
	for _, entry := range entries {
		instance := names[entry.InstanceID]
		if instance == "" {
			instance = entry.InstanceID.String() // of one that was deleted
		}
		row := []string{short(entry.At), instance, string(entry.Action), string(entry.State), who(entry.Change), entry.Reason.Text, shortened(entry.Summary), entry.RunID.String()}
		if oneInstance {
			row = append(row[:1], row[2:]...)
		}
		out.add(row...)
	}
	return out
}

// query makes the query of the flags, and tells the names of the instances.
func (c *logCommand) query(ctx context.Context, server *client) (map[ident.ID]string, url.Values, error) {
	only := c.Instance
	id, notAnID := ident.Parse(c.Instance)
	if notAnID == nil {
		only = ""
	}
	names, query, err := server.instanceNames(ctx, only)
	if err != nil {
		return nil, nil, err
	}
	if notAnID == nil {
		query.Set("instance", id.String())
	}
	if c.RunID != "" {
		run, err := parseID("run", c.RunID)
		if err != nil {
			return nil, nil, err
		}
		query.Set("run", run.String())
	}
	for name, value := range map[string]string{
		"since": localDay(c.Since, 0), "until": localDay(c.Until, 1), "user": c.User, "objectType": c.Type, "order": c.Order,
		"action": joined(c.Action), "state": joined(c.Status), "code": joined(c.Code),
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return names, query, nil
}

// shortened cuts a list of changes to what a table can hold; csv and json have all of it.
func shortened(changes string) string {
	const limit = 80
	if runes := []rune(changes); len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return changes
}

// localDay makes of a date the time at which that day, or the one so many days later, begins here; other texts are for the server.
func localDay(text string, later int) string {
	day, err := time.ParseInLocation(time.DateOnly, text, time.Local) //nolint:gosmopolitan // people mean their own days
	if err != nil {
		return text
	}
	return day.AddDate(0, 0, later).Format(time.RFC3339)
}

// export copies what the server streams.
func (c *logCommand) export(ctx context.Context, in *invocation, server *client, query url.Values) error {
	if c.Limit != nil {
		query.Set("limit", strconv.Itoa(*c.Limit))
	}
	form := map[string]string{"csv": "csv", "json": "ndjson"}[c.Format]
	response, err := server.send(ctx, http.MethodGet, server.here("log", form), query, nil)
	if err != nil {
		return lookUp(err, noRun)
	}
	defer response.Body.Close()
	if _, err := io.Copy(in.stdout, response.Body); err != nil {
		return fault.Wrap(fault.Unavailable, "Log", err, "the log ended in the middle").WithRemedy("Ask for it again.")
	}
	return nil
}
