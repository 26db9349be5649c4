package console

import (
	"encoding/base64"
	"net/http"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
)

// pageSize is how many rows a page of a table has.
const pageSize = 50

type usersView struct {
	Total    int
	Filter   string
	Filtered bool
	Filters  []Choice
	Sources  []Choice
	Search   Search
	Rows     []userRow
	Pager    Pager
}

type userRow struct {
	Href, Name, UserName, Source, Owner string
	Status                              Pill
	// Until is when the recycle bin forgets the user; "" for one who is not in it.
	Until   string
	Changed *Moment
}

// users lists users by name (A4).
func (s *server) users(w http.ResponseWriter, r *request) error {
	query := directory.UserQuery{Search: r.query("search"), Origin: r.query("source"), Limit: pageSize + 1}
	filter := r.query("filter")
	switch filter {
	case "active", "inactive":
		active := filter == "active"
		query.Active = &active
	case "deleted":
		query.Deleted = true
	}
	var err error
	if query.After, err = placeOf(r.query("cursor")); err != nil {
		return err
	}
	found, err := s.Directory.ListUsers(r.ctx(), r.org, query)
	if err != nil {
		return err
	}
	counted, err := s.Directory.SearchUsers(r.ctx(), r.org, directory.ResourceQuery{Total: true})
	if err != nil {
		return err
	}
	r.titled(r.say("users.title"))
	view := usersView{
		Total: counted.Total, Filter: filter, Filtered: query.Search != "" || query.Origin != "" || filter != "",
		Search: Search{
			Label: r.say("users.search"), Value: query.Search, Action: r.at("/users"), Target: "rows",
			Hidden: []Choice{{Text: "filter", Value: filter}, {Text: "source", Value: query.Origin}},
		},
	}
	for _, value := range []string{"", "active", "inactive", "deleted"} {
		view.Filters = append(view.Filters, Choice{Text: r.say("users.filter." + orAll(value)), Href: r.with("filter", value), Current: value == filter})
	}
	for _, value := range []string{"", "Entra", "SCIM", "Directory Connector", "Manual"} {
		view.Sources = append(view.Sources, Choice{Text: r.source(value), Value: value, Current: value == query.Origin})
	}
	if query.After != "" {
		view.Pager.First = r.with()
	}
	if len(found) > pageSize {
		found = found[:pageSize]
		view.Pager.Next = r.with("cursor", cursorAt(attr.NameKey(found[pageSize-1].Name())))
	}
	for _, user := range found {
		view.Rows = append(view.Rows, r.userRow(user))
	}
	return r.render(w, http.StatusOK, "users", view)
}

func orAll(value string) string {
	if value == "" {
		return "all"
	}
	return value
}

func (r *request) userRow(user directory.User) userRow {
	row := userRow{
		Href: r.at("/users/", user.ID.String()), Name: nameOf(user), UserName: user.Name(), Source: r.source(user.Origin), Owner: user.OwnerName,
		Status: r.userStatus(user), Changed: r.moment(user.UpdatedAt),
	}
	if until := user.RestorableUntil(); !until.IsZero() {
		row.Until = r.say("users.until", "day", r.day(until))
	}
	return row
}

// nameOf is what people call the user.
func nameOf(user directory.User) string {
	if name := user.Attributes.Text(attr.DisplayName); name != "" {
		return name
	}
	return user.Name()
}

func (r *request) userStatus(user directory.User) Pill {
	switch {
	case !user.DeletedAt().IsZero():
		return pill("warn", r.say("users.deleted"))
	case user.Active():
		return pill("ok", r.say("users.active"))
	}
	return pill("idle", r.say("users.inactive"))
}

// source names where an object came from; "" is all of them.
func (r *request) source(origin string) string {
	if origin == "" || origin == "Manual" {
		return r.say("source." + orAll(origin))
	}
	return origin
}

// cursorAt is the cursor of a place in a list, and placeOf the place of a cursor; "" is the beginning.
func cursorAt(key string) string { return base64.RawURLEncoding.EncodeToString([]byte(key)) }

func placeOf(cursor string) (string, error) {
	key, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", badCursor()
	}
	return string(key), nil
}
