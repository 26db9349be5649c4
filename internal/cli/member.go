package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

type groupMembersCommand struct {
	remote
	Group string `arg:"" help:"Which: displayName, id, or object id in the tenant."`
	Type  string `help:"Only members of a type: User or Group." enum:"User,Group," default:""`
	Limit int    `default:"0" help:"How many members to list at most; 0 for all."`
}

// Help gives an example.
func (groupMembersCommand) Help() string { return "Example: rollcall group members Sales --json" }

// Run lists the direct members of a group.
func (c *groupMembersCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	group, err := server.group(ctx, c.Group)
	if err != nil {
		return err
	}
	query := url.Values{}
	if c.Type != "" {
		query.Set("type", c.Type)
	}
	path := server.here("groups", group.ID.String(), "members")
	if c.JSON && c.Limit == 0 {
		return streamJSON[api.Member](ctx, server, in.stdout, path, paged(query, largestPage))
	}
	members, more, err := upTo[api.Member](ctx, server, path, query, c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, members)
	}
	out := newTable("NAME", "DISPLAY NAME", "TYPE", "STATE", "PUT IN BY", "ID")
	for _, member := range members {
		name := member.UserName
		if name == "" {
			name = member.DisplayName
		}
		out.add(name, member.DisplayName, member.Type, member.State, putInBy(member.Synced, member.ByHand), member.ID.String())
	}
	if err := out.write(in.stdout, in.columns(), "The group has no such member."); err != nil {
		return err
	}
	in.sayMore(more)
	return nil
}

// putInBy says who made somebody a member.
func putInBy(synced, byHand bool) string {
	switch {
	case synced && byHand:
		return "sync and hand"
	case synced:
		return "sync"
	}
	return "hand"
}

type userGroupsCommand struct {
	remote
	User string `arg:"" help:"Who: userName, id, or object id in the tenant."`
}

// Help gives an example.
func (userGroupsCommand) Help() string { return "Example: rollcall user groups anna@contoso.example" }

// Run lists the groups that a user is a direct member of.
func (c *userGroupsCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	user, err := server.user(ctx, c.User)
	if err != nil {
		return err
	}
	groups, err := list[api.Membership](ctx, server, server.here("users", user.ID.String(), "groups"), paged(nil, largestPage))
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, groups)
	}
	out := newTable("DISPLAY NAME", "MANAGED BY", "PUT IN BY", "ID")
	for _, group := range groups {
		owner := ""
		if group.Owner != nil {
			owner = group.Owner.Name
		}
		out.add(group.DisplayName, owner, putInBy(group.Synced, group.ByHand), group.ID.String())
	}
	return out.write(in.stdout, in.columns(), "The user is in no group.")
}

// chosen are the flags and arguments that name members.
type chosen struct {
	Group  string   `arg:"" help:"Which group: displayName, id, or object id in the tenant."`
	Who    []string `arg:"" optional:"" help:"Users: userName, id, or object id in the tenant."`
	Nested []string `help:"Groups as members: displayName, id, or object id in the tenant. May be given several times." sep:"none" placeholder:"GROUP"`
}

// find finds the group and the ids of those who are named, and their names by id.
func (c chosen) find(ctx context.Context, server *client) (group api.Group, members []api.NewMember, names map[ident.ID]string, err error) {
	if len(c.Who)+len(c.Nested) == 0 {
		return group, nil, nil, fault.New(fault.Invalid, "Nobody", "nobody is named").WithRemedy("Name users, or groups with --nested.")
	}
	if slices.ContainsFunc(slices.Concat(c.Who, c.Nested), func(name string) bool { return strings.TrimSpace(name) == "" }) {
		return group, nil, nil, fault.New(fault.Invalid, "Nobody", "one of the names is empty").WithRemedy("Name users, or groups with --nested.")
	}
	if group, err = server.group(ctx, c.Group); err != nil {
		return group, nil, nil, err
	}
	names = map[ident.ID]string{}
	for _, who := range c.Who {
		user, err := server.user(ctx, who)
		if err != nil {
			return group, nil, nil, err
		}
		names[user.ID] = user.UserName
		members = append(members, api.NewMember{ID: user.ID, Type: "User"})
	}
	for _, which := range c.Nested {
		nested, err := server.group(ctx, which)
		if err != nil {
			return group, nil, nil, err
		}
		names[nested.ID] = nested.DisplayName
		members = append(members, api.NewMember{ID: nested.ID, Type: "Group"})
	}
	return group, members, names, nil
}

// byHandOnly says what can be done about groups that an instance manages.
const byHandOnly = "Of a group that an instance manages, members can be put in by hand, and taken out again; whom the instance put in follows Entra."

type groupAddCommand struct {
	remote
	chosen
}

// Help gives an example.
func (groupAddCommand) Help() string {
	return "Example: rollcall group add Sales anna@contoso.example --nested Berlin\n\n" + byHandOnly
}

// Run puts members into a group.
func (c *groupAddCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	group, members, names, err := c.find(ctx, server)
	if err != nil {
		return err
	}
	var changed api.MembersChanged
	path := server.here("groups", group.ID.String(), "members")
	if err := server.call(ctx, http.MethodPost, path, nil, api.NewMembers{Members: members}, &changed); err != nil {
		return err
	}
	return c.tell(in, changed, names, fmt.Sprintf("%s came into %s", counted(changed.Changed, "member", "members"), printable(group.DisplayName)), "already in", "added")
}

// tell writes what became of a list, whose members were to be added or removed: done says which. Whoever could not be makes the command fail,
// after the others were.
func (r remote) tell(in *invocation, changed api.MembersChanged, names map[ident.ID]string, sentence, otherwise, done string) error {
	var err error
	if r.JSON {
		err = writeJSON(in.stdout, changed)
	} else {
		if changed.Unchanged > 0 {
			sentence += fmt.Sprintf(", %d %s", changed.Unchanged, otherwise)
		}
		_, err = fmt.Fprintln(in.stdout, sentence+".")
	}
	if err != nil || len(changed.Failed) == 0 {
		return err
	}
	first := changed.Failed[0]
	return &outcome{exitFailed, fmt.Sprintf("%s could not be %s, such as %s: %s",
		counted(len(changed.Failed), "member", "members"), done, printable(names[first.ID]), first.Text)}
}

type groupRemoveCommand struct {
	remote
	chosen
}

// Help gives an example.
func (groupRemoveCommand) Help() string {
	return "Example: rollcall group remove Sales anna@contoso.example\n\n" + byHandOnly
}

// Run takes members out of a group.
func (c *groupRemoveCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	group, members, names, err := c.find(ctx, server)
	if err != nil {
		return err
	}
	former := api.FormerMembers{Members: make([]ident.ID, len(members))}
	for i, member := range members {
		former.Members[i] = member.ID
	}
	var changed api.MembersChanged
	path := server.here("groups", group.ID.String(), "remove-members")
	if err := server.call(ctx, http.MethodPost, path, nil, former, &changed); err != nil {
		return err
	}
	return c.tell(in, changed, names, fmt.Sprintf("%s left %s", counted(changed.Changed, "member", "members"), printable(group.DisplayName)), "not in it", "removed")
}
