package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

type groupListCommand struct {
	remote
	Search     string `help:"Only groups whose displayName contains this, such as sales." placeholder:"TEXT"`
	Managed    *bool  `help:"Only groups that an instance manages, or, with --no-managed, that none does." negatable:""`
	ToBeSynced bool   `help:"Only groups whose members in scope are not all there yet."`
	Limit      int    `default:"0" help:"How many groups to list at most; 0 for all."`
}

// Help gives an example.
func (groupListCommand) Help() string { return "Example: rollcall group list --search sales --json" }

// Run lists groups.
func (c *groupListCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	query := url.Values{}
	if c.Search != "" {
		query.Set("search", c.Search)
	}
	if c.Managed != nil {
		query.Set("managed", fmt.Sprint(*c.Managed))
	}
	if c.ToBeSynced {
		query.Set("toBeSynced", "true")
	}
	if c.JSON && c.Limit == 0 {
		return streamJSON[api.Group](ctx, server, in.stdout, server.here("groups"), paged(query, largestPage))
	}
	groups, more, err := upTo[api.Group](ctx, server, server.here("groups"), query, c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, groups)
	}
	out := newTable("DISPLAY NAME", "MEMBERS", "STATE", "MANAGED BY", "ID")
	for _, group := range groups {
		owner := ""
		if group.Owner != nil {
			owner = group.Owner.Name
		}
		out.add(group.DisplayName, strconv.FormatInt(group.Members, 10), groupState(group), owner, group.ID.String())
	}
	if err := out.write(in.stdout, in.columns(), "There is no such group."); err != nil {
		return err
	}
	in.sayMore(more)
	return nil
}

// groupState says how a group stands with its instance.
func groupState(group api.Group) string {
	switch {
	case !group.Managed:
		return "Unmanaged"
	case group.ToBeSynced && group.Awaited > 0:
		return fmt.Sprintf("To Be Synced, %d missing", group.Awaited)
	case group.ToBeSynced:
		return "To Be Synced"
	}
	return "Synced"
}

type groupShowCommand struct {
	remote
	Group string `arg:"" help:"Which: displayName, id, or object id in the tenant."`
}

// Help gives an example.
func (groupShowCommand) Help() string { return "Example: rollcall group show Sales" }

// Run shows a group.
func (c *groupShowCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	group, err := server.group(ctx, c.Group)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, group)
	}
	return showGroup(in, group)
}

// group finds a group by id, by object id in the tenant, or by displayName.
func (c *client) group(ctx context.Context, which string) (api.Group, error) {
	missing := fault.New(fault.NotFound, "UnknownGroup", "there is no group %s", which).WithRemedy("Look with `rollcall group list --search TEXT`.")
	query, wanted := url.Values{"search": {which}}, func(g api.Group) bool { return attr.NameKey(g.DisplayName) == attr.NameKey(which) }
	if id, err := ident.Parse(which); err == nil {
		var group api.Group
		if err := c.get(ctx, c.here("groups", id.String()), nil, &group); !fault.Is(err, fault.NotFound) {
			return group, err
		}
		query, wanted = url.Values{"externalId": {id.String()}}, func(api.Group) bool { return true }
	}
	var found []api.Group
	err := pages(ctx, c, c.here("groups"), paged(query, largestPage), func(group api.Group) error {
		if wanted(group) {
			found = append(found, group)
		}
		return nil
	})
	switch {
	case err != nil:
		return api.Group{}, err
	case len(found) == 0:
		return api.Group{}, missing
	case len(found) == 1:
		return found[0], nil
	}
	ids := make([]string, 0, 5)
	for _, group := range found[:min(len(found), cap(ids))] {
		ids = append(ids, group.ID.String())
	}
	if len(found) > len(ids) {
		ids = append(ids, "…")
	}
	return api.Group{}, fault.New(fault.Invalid, "SeveralGroups", "%d groups are called %s", len(found), which).
		WithRemedy("Give the id of one: %s.", strings.Join(ids, ", "))
}

func showGroup(in *invocation, group api.Group) error {
	owner := "nobody"
	if group.Owner != nil {
		owner = group.Owner.Name + "; read-only here, but for members put in by hand"
	}
	err := facts(
		in.stdout, "Display name", group.DisplayName, "Description", group.Description, "State", groupState(group),
		"Members", strconv.FormatInt(group.Members, 10), "Id", group.ID.String(), "Object id", group.ExternalID, "Source", group.Source,
		"Managed by", owner, "Version", fmt.Sprint(group.Version), "Created", short(group.CreatedAt), "Changed", short(group.UpdatedAt),
	)
	if err != nil {
		return err
	}
	paths := make([]string, 0, len(group.Attributes))
	for path := range group.Attributes {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	out := newTable("ATTRIBUTE", "VALUE")
	for _, path := range paths {
		text, err := valueText(group.Attributes[path])
		if err != nil {
			return err
		}
		out.add(path, text)
	}
	if _, err := io.WriteString(in.stdout, "\n"); err != nil {
		return err
	}
	return out.write(in.stdout, in.columns(), "No attributes.")
}

type groupCreateCommand struct {
	remote
	Name        string `arg:"" help:"What people call the group; other groups may have the same name."`
	Description string `help:"What the group is for." placeholder:"TEXT"`
}

// Help gives an example.
func (groupCreateCommand) Help() string {
	return "Example: rollcall group create Sales --description Everybody"
}

// Run creates a group.
func (c *groupCreateCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	attributes := map[string]any{attr.DisplayName: c.Name}
	if c.Description != "" {
		attributes["description"] = c.Description
	}
	var group api.Group
	if err := server.call(ctx, http.MethodPost, server.here("groups"), nil, api.GroupAttributes{Attributes: attributes}, &group); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, group)
	}
	_, err = fmt.Fprintf(in.stdout, "Group %s was created: %s.\n", printable(group.DisplayName), group.ID)
	return err
}

type groupChangeCommand struct {
	remote
	Group       string  `arg:"" help:"Which: displayName, id, or object id in the tenant."`
	Name        *string `help:"Another name, such as Sales." placeholder:"TEXT"`
	Description *string `help:"What the group is for; '' for nothing." placeholder:"TEXT"`
}

// Help gives an example.
func (groupChangeCommand) Help() string {
	return "Example: rollcall group change Sales --name Sales-Europe"
}

// Run changes a group.
func (c *groupChangeCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	attributes := map[string]any{}
	if c.Name != nil {
		attributes[attr.DisplayName] = *c.Name
	}
	if c.Description != nil {
		attributes["description"] = *c.Description
		if *c.Description == "" {
			attributes["description"] = nil
		}
	}
	if len(attributes) == 0 {
		return fault.New(fault.Invalid, "NothingToChange", "nothing is to be changed").WithRemedy("Give --name or --description.")
	}
	group, err := server.group(ctx, c.Group)
	if err != nil {
		return err
	}
	path := server.here("groups", group.ID.String())
	if err := server.call(ctx, http.MethodPatch, path, nil, api.GroupAttributes{Attributes: attributes}, &group); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, group)
	}
	_, err = fmt.Fprintf(in.stdout, "Group %s was changed.\n", printable(group.DisplayName))
	return err
}

type groupDeleteCommand struct {
	remote
	Group string `arg:"" help:"Which: displayName, id, or object id in the tenant."`
	Yes   bool   `help:"Do not ask. Needed where there is no terminal to ask on." short:"y"`
}

// Help gives an example.
func (groupDeleteCommand) Help() string {
	return "Example: rollcall group delete Sales --yes\n\nIts members stay in the directory."
}

// Run deletes a group.
func (c *groupDeleteCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	group, err := server.group(ctx, c.Group)
	if err != nil {
		return err
	}
	if !c.Yes {
		warning := fmt.Sprintf("deleting the group %s, which has %s: they stay in the directory",
			printable(group.DisplayName), counted(int(group.Members), "member", "members"))
		if !in.asksPeople() {
			return unconfirmed(warning)
		}
		in.say("%s.", strings.ToUpper(warning[:1])+warning[1:])
		if !in.confirm(ctx, "Delete it?") {
			return &outcome{exitFailed, "nothing was deleted"}
		}
	}
	if err := server.call(ctx, http.MethodDelete, server.here("groups", group.ID.String()), nil, nil, nil); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, map[string]ident.ID{"deleted": group.ID})
	}
	_, err = fmt.Fprintf(in.stdout, "Group %s was deleted.\n", printable(group.DisplayName))
	return err
}
