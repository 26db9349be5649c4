package cli

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// preview asks what settings would do.
func (c *client) preview(ctx context.Context, instance ident.ID, settings engine.Settings) (*api.Preview, error) {
	var preview api.Preview
	err := c.call(ctx, http.MethodPost, c.here("instances", instance.String(), "preview"), nil, api.PreviewRequest{Settings: &settings}, &preview)
	return &preview, err
}

// actionOrder is the order in which a preview tells what would be done.
var actionOrder = []struct {
	action plan.Action
	text   string
}{
	{plan.Create, "create"},
	{plan.Update, "update"},
	{plan.Reactivate, "reactivate"},
	{plan.Deactivate, "deactivate"},
	{plan.Delete, "delete"},
	{plan.Release, "release"},
	{plan.Skip, "skip"},
	{plan.Fail, "fail"},
}

// mostReasons is how many reasons of failures a preview tells.
const mostReasons = 5

// previewText tells what the next run would do, a sentence a line; the warnings are not part of it.
func previewText(p api.Preview) string {
	switch {
	case p.NeverRead:
		return "Nothing is known of the tenant yet: the first run reads it; what it does then cannot be counted yet.\n"
	case len(p.NeedsRead) > 0:
		return "The next run reads the whole tenant first; what it does then cannot be counted yet.\n"
	case p.UnreadGroups > 0:
		return "The next run reads the members of the selected groups first; what it does then cannot be counted yet.\n"
	}
	var text strings.Builder
	if !p.Complete {
		fmt.Fprintf(&text, "There are too many users to look at all of them now; of the first %d:\n", p.Users)
	}
	fmt.Fprintf(&text, "In scope: %d of %s of the tenant.\n", p.InScope, counted(p.Users, "user", "users"))
	if does := actionText(p.Actions); does == "" {
		text.WriteString("The next run: nobody to change.\n")
	} else {
		fmt.Fprintf(&text, "The next run: %s.\n", does)
	}
	if p.Held > 0 {
		fmt.Fprintf(&text, "Of them %s held for approval first.\n", counted(p.Held, "removal is", "removals are"))
	}
	text.WriteString(groupPreviewText(p.Groups))
	if p.Groups.Held > 0 {
		fmt.Fprintf(&text, "Of them %s held for approval first.\n", counted(p.Groups.Held, "deletion is", "deletions are"))
	}
	for _, reason := range p.Failures[:min(len(p.Failures), mostReasons)] {
		fmt.Fprintf(&text, "  %d to fail (%s), such as: %s.\n", reason.Count, reason.Code, printable(strings.TrimSuffix(reason.Text, ".")))
	}
	if p.Renamed > 0 {
		fmt.Fprintf(&text, "Of them %s another userName.\n", counted(p.Renamed, "existing user gets", "existing users get"))
	}
	if p.Beside > 0 {
		fmt.Fprintf(&text, "Of them %s created beside an existing user.\n", counted(p.Beside, "is", "are"))
	}
	return text.String()
}

// actionText says how many objects a run would change in which way; "" if it would change none.
func actionText(actions map[plan.Action]int) string {
	var does []string
	for _, one := range actionOrder {
		if count := actions[one.action]; count > 0 {
			does = append(does, fmt.Sprintf("%d to %s", count, one.text))
		}
	}
	return strings.Join(does, ", ")
}

// groupPreviewText tells what the next run would do about groups; nothing where none are kept.
func groupPreviewText(p api.GroupPreview) string {
	does := actionText(p.Actions)
	switch {
	case p.Unread:
		return "All groups of the tenant are read first; what becomes of them cannot be counted yet.\n"
	case p.Kept == 0 && does == "":
		return ""
	case does == "":
		return fmt.Sprintf("Groups kept: %d; none to change.\n", p.Kept)
	}
	return fmt.Sprintf("Groups kept: %d; the next run: %s.\n", p.Kept, does)
}

// warn tells the warnings about settings.
func (in *invocation) warn(warnings []api.Warning) {
	for _, warning := range warnings {
		in.say("Warning: %s.", printable(strings.TrimSuffix(warning.Text, ".")))
	}
}

// change is something that is done only if somebody agrees.
type change struct {
	// what is done, as a sentence without full stop; question asks whether to do it.
	what, question string
	// details are shown before the question.
	details  string
	warnings []api.Warning
}

// agreed asks whether to go on, unless it was said with --yes. Without a terminal there is nobody to ask.
func (in *invocation) agreed(ctx context.Context, yes bool, c change) error {
	in.warn(c.warnings)
	if yes {
		return nil
	}
	in.say("%s", strings.TrimSuffix(c.details, "\n"))
	if !in.asksPeople() {
		return unconfirmed(c.what)
	}
	if !in.confirm(ctx, c.question) {
		return &outcome{exitFailed, "nothing was changed"}
	}
	return nil
}

// indented puts lines that may come from tenants below each other.
func indented(lines []string) string {
	var text strings.Builder
	for _, line := range lines {
		text.WriteString("  " + printable(line) + "\n")
	}
	return text.String()
}
