package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"sort"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

type userListCommand struct {
	remote
	Search  string `help:"Only users whose userName or displayName contains this, such as anna." placeholder:"TEXT"`
	Active  *bool  `help:"Only users who are Active, or, with --no-active, those who are not." negatable:""`
	Deleted bool   `help:"Only users in the tenant's recycle bin."`
	Limit   int    `default:"0" help:"How many users to list at most; 0 for all."`
}

// Help gives an example.
func (userListCommand) Help() string { return "Example: rollcall user list --search anna --json" }

// Run lists users. They are printed as they come: a directory does not have to fit into memory.
func (c *userListCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	query := url.Values{}
	if c.Search != "" {
		query.Set("search", c.Search)
	}
	if c.Active != nil {
		query.Set("active", fmt.Sprint(*c.Active))
	}
	if c.Deleted {
		query.Set("deleted", "true")
	}
	if c.Limit != 0 {
		return c.some(ctx, in, server, query)
	}
	query = paged(query, largestPage)
	if c.JSON {
		return streamJSON[api.User](ctx, server, in.stdout, server.here("users"), query)
	}
	out := userTable()
	count := 0
	err = pages(ctx, server, server.here("users"), query, func(user api.User) error {
		count++
		addUser(out, user)
		return nil
	})
	if err != nil {
		return err
	}
	if err := out.write(in.stdout, in.columns(), "There is no such user."); err != nil {
		return err
	}
	if count > 1 {
		in.say("%d users.", count)
	}
	return nil
}

func (c *userListCommand) some(ctx context.Context, in *invocation, server *client, query url.Values) error {
	users, more, err := upTo[api.User](ctx, server, server.here("users"), query, c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, users)
	}
	out := userTable()
	for _, user := range users {
		addUser(out, user)
	}
	if err := out.write(in.stdout, in.columns(), "There is no such user."); err != nil {
		return err
	}
	in.sayMore(more)
	return nil
}

func userTable() *table { return newTable("USER NAME", "DISPLAY NAME", "STATE", "SOURCE", "ID") }

func addUser(out *table, user api.User) {
	state := user.State
	if !user.RestorableUntil.IsZero() {
		state += ", restorable until " + short(user.RestorableUntil)
	}
	out.add(user.UserName, user.DisplayName, state, user.Source, user.ID.String())
}

// streamJSON writes all pages of a list as one array, item by item.
func streamJSON[T any](ctx context.Context, server *client, w io.Writer, path string, query url.Values) error {
	separator := "[\n  "
	err := pages(ctx, server, path, query, func(item T) error {
		text, err := json.MarshalIndent(item, "  ", "  ")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s%s", separator, text)
		separator = ",\n  "
		return err
	})
	if err != nil {
		return err
	}
	ending := "\n]\n"
	if separator == "[\n  " {
		ending = "[]\n"
	}
	_, err = io.WriteString(w, ending)
	return err
}

type userShowCommand struct {
	remote
	User string `arg:"" help:"Who: userName, id, or object id in the tenant. Of a deleted user also the userName before."`
}

// Help gives an example.
func (userShowCommand) Help() string { return "Example: rollcall user show anna@contoso.example" }

// Run shows a user.
func (c *userShowCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	user, err := server.user(ctx, c.User)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, user)
	}
	return showUser(in, user)
}

// user finds a user by id, by object id in the tenant, or by userName.
func (c *client) user(ctx context.Context, who string) (api.User, error) {
	if id, err := ident.Parse(who); err == nil {
		return c.userByID(ctx, id)
	}
	var former *api.User
	var found api.User
	err := pages(ctx, c, c.here("users"), paged(url.Values{"search": {who}}, largestPage), func(user api.User) error {
		switch name := user.UserName; {
		case attr.NameKey(name) == attr.NameKey(who):
			found = user
		case !user.DeletedAt.IsZero() && len(name) > len(renamed) && attr.NameKey(name[len(renamed):]) == attr.NameKey(who):
			former = &user
		}
		return nil
	})
	switch {
	case err != nil:
		return api.User{}, err
	case !found.ID.IsZero():
		return c.userByID(ctx, found.ID)
	case former != nil:
		return c.userByID(ctx, former.ID)
	}
	return api.User{}, c.noUser(ctx, who)
}

// renamed is what stands before the name of a user in the recycle bin: the object id without dashes.
const renamed = "00000000000000000000000000000000"

// noUser says that there is no such user, and whether there was one.
func (c *client) noUser(ctx context.Context, who string) error {
	missing := fault.New(fault.NotFound, "UnknownUser", "there is no user %s", who)
	var page api.List[api.Archived]
	if err := c.get(ctx, c.here("archive"), url.Values{"name": {who}}, &page); err == nil && len(page.Items) > 0 {
		gone := page.Items[0]
		return missing.WithRemedy("One was removed on %s (%s); the archive keeps a copy until %s.", short(gone.ArchivedAt), gone.Reason, short(gone.KeepUntil))
	}
	return missing.WithRemedy("Look with `rollcall user list --search TEXT`.")
}

// userByID reads a user by id, or by object id in the tenant.
func (c *client) userByID(ctx context.Context, id ident.ID) (api.User, error) {
	var user api.User
	err := c.get(ctx, c.here("users", id.String()), nil, &user)
	if !fault.Is(err, fault.NotFound) {
		return user, err
	}
	missing := err
	var changes api.List[api.Change]
	if err := c.get(ctx, c.here("changes"), url.Values{"sourceId": {id.String()}, "limit": {"1000"}}, &changes); err != nil {
		return user, missing
	}
	for _, change := range changes.Items {
		if change.ObjectID.IsZero() || change.ObjectID == id {
			continue
		}
		if err := c.get(ctx, c.here("users", change.ObjectID.String()), nil, &user); !fault.Is(err, fault.NotFound) {
			return user, err
		}
	}
	return user, missing
}

func showUser(in *invocation, user api.User) error {
	owner, manager := "nobody: a manual user", ""
	if user.Owner != nil {
		owner = user.Owner.Name + ", read-only here"
	}
	if user.Manager != nil {
		manager = user.Manager.DisplayName + " <" + user.Manager.UserName + ">"
	}
	err := facts(
		in.stdout, "User name", user.UserName, "Display name", user.DisplayName, "State", user.State, "Deleted", short(user.DeletedAt),
		"Restorable until", short(user.RestorableUntil), "Id", user.ID.String(), "Object id", user.ExternalID, "Source", user.Source,
		"Managed by", owner, "Manager", manager, "Version", fmt.Sprint(user.Version), "Created", short(user.CreatedAt), "Changed", short(user.UpdatedAt),
	)
	if err != nil {
		return err
	}
	paths := make([]string, 0, len(user.Attributes))
	for path := range user.Attributes {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	out := newTable("ATTRIBUTE", "VALUE")
	for _, path := range paths {
		text, err := valueText(user.Attributes[path])
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

// valueText is an attribute's value as people read it.
func valueText(value any) (string, error) {
	if text, ok := value.(string); ok {
		return text, nil
	}
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return strings.TrimSpace(text.String()), err
}
