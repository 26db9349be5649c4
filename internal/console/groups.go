package console

import (
	"net/http"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

type groupsView struct {
	Total    int
	Filter   string
	Filtered bool
	Filters  []Choice
	Search   Search
	Rows     []groupRow
	Pager    Pager
}

type groupRow struct {
	Href, Name, About, Source, Owner string
	Members                          int64
	// State says whether all members in scope are there; nil for a group that no instance manages.
	State   *Pill
	Changed *Moment
}

// groupFilters are the choices above the list and the queries that they stand for.
func groupFilters() []struct {
	name  string
	query directory.GroupQuery
} {
	yes, no := true, false
	return []struct {
		name  string
		query directory.GroupQuery
	}{
		{"", directory.GroupQuery{}},
		{"managed", directory.GroupQuery{Managed: &yes}},
		{"unmanaged", directory.GroupQuery{Managed: &no}},
		{"toBeSynced", directory.GroupQuery{ToBeSynced: true}},
	}
}

// groups lists groups by name (A5).
func (s *server) groups(w http.ResponseWriter, r *request) error {
	r.titled(r.say("groups.title"))
	view := groupsView{Filter: r.query("filter")}
	var query directory.GroupQuery
	for _, filter := range groupFilters() {
		count, err := s.Directory.CountGroups(r.ctx(), r.org, filter.query)
		if err != nil {
			return err
		}
		if filter.name == "" {
			view.Total = count
		}
		if filter.name == view.Filter {
			query = filter.query
		}
		view.Filters = append(view.Filters, Choice{
			Text: r.say("groups.filter." + orAll(filter.name)), Href: r.with("filter", filter.name), Current: filter.name == view.Filter, Count: &count,
		})
	}
	query.Search, query.Limit = r.query("search"), pageSize+1
	var err error
	if query.After, err = groupPlaceOf(r.query("cursor")); err != nil {
		return err
	}
	found, err := s.Directory.ListGroups(r.ctx(), r.org, query)
	if err != nil {
		return err
	}
	view.Filtered = query.Search != "" || view.Filter != ""
	view.Search = Search{
		Label: r.say("groups.search"), Value: query.Search, Action: r.at("/groups"), Target: "rows",
		Hidden: []Choice{{Text: "filter", Value: view.Filter}},
	}
	if r.query("cursor") != "" {
		view.Pager.First = r.with()
	}
	if len(found) > pageSize {
		found = found[:pageSize]
		last := found[pageSize-1].Place()
		view.Pager.Next = r.with("cursor", cursorAt(last.ID.String()+last.NameKey))
	}
	for _, group := range found {
		view.Rows = append(view.Rows, r.groupRow(group))
	}
	return r.render(w, http.StatusOK, "groups", view)
}

func (r *request) groupRow(group directory.Group) groupRow {
	return groupRow{
		Href: r.at("/groups/", group.ID.String()), Name: group.Name(), About: group.Attributes.Text(directory.Description), Source: r.source(group.Origin),
		Owner: group.OwnerName, Members: group.Members, State: r.groupState(group), Changed: r.moment(group.UpdatedAt),
	}
}

func (r *request) groupState(group directory.Group) *Pill {
	var state Pill
	switch {
	case group.Owner.IsZero():
		return nil
	case group.ToBeSynced:
		state = pill("warn", r.say("count.toBeSynced"))
	default:
		state = pill("ok", r.say("groups.synced"))
	}
	return &state
}

// groupPlaceOf is the place of a cursor in the list of groups: an id and a name key.
func groupPlaceOf(cursor string) (directory.GroupPlace, error) {
	key, err := placeOf(cursor)
	if err != nil || key == "" {
		return directory.GroupPlace{}, err
	}
	split := min(36, len(key)) // the length of an id
	id, err := ident.Parse(key[:split])
	if err != nil {
		return directory.GroupPlace{}, badCursor()
	}
	return directory.GroupPlace{ID: id, NameKey: key[split:]}, nil
}

// idPlaceOf is the place of a cursor in a list in the order of ids.
func idPlaceOf(cursor string) (ident.ID, error) {
	key, err := placeOf(cursor)
	if err != nil || key == "" {
		return ident.ID{}, err
	}
	id, err := ident.Parse(key)
	if err != nil {
		return ident.ID{}, badCursor()
	}
	return id, nil
}
