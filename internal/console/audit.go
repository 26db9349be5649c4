package console

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// auditKinds are the kinds of objects that events are about: what stands before the dot of an action.
var auditKinds = []string{
	"user", "group", "member", "instance", "run", "held", "failed", "pin", "quarantine", "secret", "token", "client", "connection", "domain", "administrator", "organization",
}

type auditView struct {
	Logs     []Choice
	Server   bool
	Filtered bool
	Filters  []Field
	CSV      string
	JSON     string
	Rows     []eventRow
	Pager    Pager
}

type eventRow struct {
	// What was done, to Object; Href is empty where there is nothing to look at any more.
	What, Object, Href string
	Who, Address       string
	At                 *Moment
	Lines              []Line
}

// auditQuery reads the filters from the address; days are those of the administrator's zone.
func (r *request) auditQuery() directory.EventQuery {
	query := directory.EventQuery{Actor: r.query("who"), Object: r.query("object"), Kind: r.query("kind")}
	if day, err := time.ParseInLocation(time.DateOnly, r.query("from"), r.zone); err == nil {
		query.From = day
	}
	if day, err := time.ParseInLocation(time.DateOnly, r.query("until"), r.zone); err == nil {
		query.Until = day.AddDate(0, 0, 1)
	}
	return query
}

// auditOrg is whose log is asked for: the organization's, or the server's for those who may see it.
func (r *request) auditOrg() ident.ID {
	if r.query("log") == "server" && r.who.OrgID.IsZero() {
		return ident.ID{}
	}
	return r.org
}

// auditLog lists what people and tokens did, the newest first (A7).
func (s *server) auditLog(w http.ResponseWriter, r *request) error {
	r.titled(r.say("audit.title"))
	query, org := r.auditQuery(), r.auditOrg()
	view := auditView{Filtered: query != (directory.EventQuery{}), Server: org.IsZero(), Filters: r.auditFilters(query)}
	var err error
	if query.After, err = idPlaceOf(r.query("cursor")); err != nil {
		return err
	}
	query.Limit = pageSize + 1
	found, err := s.Directory.SearchEvents(r.ctx(), org, query)
	if err != nil {
		return err
	}
	if r.who.OrgID.IsZero() {
		view.Logs = []Choice{
			{Text: r.say("audit.log.organization"), Href: r.with("log", ""), Current: !view.Server},
			{Text: r.say("audit.log.server"), Href: r.with("log", "server"), Current: view.Server},
		}
	}
	if !query.After.IsZero() {
		view.Pager.First = r.with()
	}
	if len(found) > pageSize {
		found = found[:pageSize]
		view.Pager.Next = r.with("cursor", cursorAt(found[pageSize-1].ID.String()))
	}
	values := r.URL.Query()
	values.Del("cursor")
	values.Set("format", "csv")
	view.CSV = r.at("/audit/export?") + values.Encode()
	values.Set("format", "json")
	view.JSON = r.at("/audit/export?") + values.Encode()
	for _, event := range found {
		view.Rows = append(view.Rows, r.eventRow(event))
	}
	return r.render(w, http.StatusOK, "audit", view)
}

func (r *request) auditFilters(query directory.EventQuery) []Field {
	kinds := []Choice{{Text: r.say("audit.kind.all"), Current: query.Kind == ""}}
	for _, kind := range auditKinds {
		kinds = append(kinds, Choice{Text: r.say("audit.kind." + kind), Value: kind, Current: kind == query.Kind})
	}
	return []Field{
		{Name: "who", Label: r.say("audit.who"), Type: "search", Value: query.Actor, Max: 256},
		{Name: "kind", Label: r.say("audit.kind"), Type: "select", Options: kinds},
		{Name: "object", Label: r.say("audit.object"), Type: "search", Value: query.Object, Max: 256},
		{Name: "from", Label: r.say("audit.from"), Type: "date", Value: r.query("from")},
		{Name: "until", Label: r.say("audit.until"), Type: "date", Value: r.query("until")},
	}
}

func (r *request) eventRow(event audit.Event) eventRow {
	row := eventRow{
		What: event.Action, Object: event.ObjectName, Who: event.Actor.Name, Address: event.Actor.Address, At: r.moment(event.At),
		Lines: differences(event.Before, event.After),
	}
	if key := "audit.did." + event.Action; r.has(key) {
		row.What = r.say(key)
	}
	if row.Object == "" {
		row.Object = event.ObjectID
	}
	kind, verb, _ := strings.Cut(event.Action, ".")
	switch {
	case verb == "delete", event.OrgID != r.org:
	case kind == "user" && r.may("getUser"):
		row.Href = r.at("/users/", url.PathEscape(event.ObjectID))
	case (kind == "group" || kind == "member") && r.may("getGroup"):
		row.Href = r.at("/groups/", url.PathEscape(event.ObjectID))
	}
	return row
}
