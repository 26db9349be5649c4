package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

// shown is one object with the resource that SCIM makes of it.
type shown struct {
	id       ident.ID
	resource scim.Resource
}

// queried is a small directory of random objects, queried in both ways: by the database, and by scim.Match on each of the resources.
type queried struct {
	*fixture
	org           ident.ID
	users, groups []shown
}

func queryCases() []testCase {
	return []testCase{
		{"every filter finds the users and groups that it fits", func(t *testing.T, f *fixture) {
			rapid.Check(t, func(t *rapid.T) {
				q := newQueried(t, f)
				for range 20 {
					q.compareUsers(t, directory.ResourceQuery{Filter: q.filter(t, scim.Users(), userPaths), Limit: 100, Total: true})
					q.compareGroups(t, directory.ResourceQuery{Filter: q.filter(t, scim.Groups(), groupPaths), Limit: 100, Total: true})
				}
			})
		}},
		{"objects come in every order, page by page", func(t *testing.T, f *fixture) {
			rapid.Check(t, func(t *rapid.T) {
				q := newQueried(t, f)
				q.pages(t)
			})
		}},
		{"a cursor of another order, or none at all, is refused", cursors},
		{"the page that a cursor names stays the same while objects come and go", walk},
	}
}

var (
	words     = []string{"a", "A", "ab", "Äb", "äB", "ba", " a ", "b\"c", "x y", "straße", "STRASSE", "1", "true", "[]"}
	tenantIDs = []string{"s1", "s2", "s3"}
	instants  = []time.Time{start, start.Add(time.Microsecond), start.Add(time.Hour), start.Add(-time.Hour)}
)

func word(t *rapid.T) string { return rapid.SampledFrom(words).Draw(t, "word") }

func maybe(t *rapid.T) bool { return rapid.Bool().Draw(t, "maybe") }

// newQueried fills a new organization.
func newQueried(t *rapid.T, f *fixture) *queried {
	q := &queried{fixture: f, org: ident.New(start)}
	var users []directory.User
	for i := range rapid.IntRange(0, 6).Draw(t, "users") {
		users = append(users, q.randomUser(t, i))
	}
	var groups []directory.Group
	for range rapid.IntRange(0, 4).Draw(t, "groups") {
		groups = append(groups, q.randomGroup(t))
	}
	for _, err := range []error{f.InsertUsers(f.ctx, users), f.InsertGroups(f.ctx, groups)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	q.show(users, groups)
	q.join(t, users, groups)
	return q
}

func (q *queried) randomUser(t *rapid.T, i int) directory.User {
	record := attr.From(map[string]any{attr.UserName: fmt.Sprintf("%s%d", strings.TrimSpace(word(t)), i), attr.Active: maybe(t)})
	for _, path := range []string{
		attr.ExternalID, attr.DisplayName, "title", "name.familyName", "name.givenName", "nickName", attr.EnterpriseUser + ":department",
		`emails[type eq "work"].value`, `emails[type eq "home"].value`, `emails[type eq "home"].display`, `roles[primary eq "True"].value`,
		`addresses[type eq "work"].country`, attr.Manager,
	} {
		if maybe(t) {
			record.Set(path, word(t))
		}
	}
	if maybe(t) {
		record.Set(attr.Manager, rapid.SampledFrom(tenantIDs).Draw(t, "manager"))
	}
	if maybe(t) {
		record.Set(`emails[type eq "work"].primary`, maybe(t))
	}
	if maybe(t) {
		record.Set("emails", []any{
			map[string]any{"value": word(t)}, map[string]any{"value": word(t), "type": "work", "primary": maybe(t)}, map[string]any{"display": ""}, word(t),
		})
	}
	if maybe(t) {
		record.Set("title", rapid.SampledFrom([]any{"", []string{"ab", "x y"}, []string{""}, []any{}, nil}).Draw(t, "title"))
	}
	if maybe(t) {
		record.Set(scim.WebexUser+":extensionAttribute1", word(t))
	}
	user := directory.User{
		OrgID: q.org, ID: ident.New(start), Attributes: record, Version: 1, Origin: "SCIM",
		CreatedAt: rapid.SampledFrom(instants).Draw(t, "created"), UpdatedAt: rapid.SampledFrom(instants).Draw(t, "updated"),
	}
	if i < len(tenantIDs) {
		user.SourceID = tenantIDs[i]
	}
	if maybe(t) {
		user.Owner = q.instance.ID
		user.OwnerName = q.instance.Name
	}
	return user
}

func (q *queried) randomGroup(t *rapid.T) directory.Group {
	record := attr.From(map[string]any{attr.DisplayName: strings.TrimSpace(word(t))})
	if maybe(t) {
		record.Set(attr.ExternalID, word(t))
	}
	return directory.Group{
		OrgID: q.org, ID: ident.New(start), Attributes: record, Version: 1, Revision: 1, Origin: "SCIM",
		CreatedAt: rapid.SampledFrom(instants).Draw(t, "created"), UpdatedAt: rapid.SampledFrom(instants).Draw(t, "updated"),
	}
}

// show makes the resources, managers resolved, without members.
func (q *queried) show(users []directory.User, groups []directory.Group) {
	meta := func(id ident.ID, created, updated time.Time, resource scim.Resource) shown {
		resource["id"] = id.String()
		resource["meta"] = map[string]any{"created": created.Format(time.RFC3339Nano), "lastModified": updated.Format(time.RFC3339Nano)}
		return shown{id, resource}
	}
	for _, user := range users {
		resource := scim.Users().FromRecord(user.Attributes)
		for _, manager := range users {
			source := user.Attributes.Text(attr.Manager)
			if source != "" && manager.SourceID == source && manager.Owner == user.Owner && resource[attr.EnterpriseUser] == nil {
				resource[attr.EnterpriseUser] = map[string]any{}
			}
			if extension, ok := resource[attr.EnterpriseUser].(map[string]any); ok && source != "" && manager.SourceID == source &&
				manager.Owner == user.Owner && extension["manager"] == nil {
				extension["manager"] = map[string]any{"value": manager.ID.String()}
			}
		}
		q.users = append(q.users, meta(user.ID, user.CreatedAt, user.UpdatedAt, resource))
	}
	for _, group := range groups {
		q.groups = append(q.groups, meta(group.ID, group.CreatedAt, group.UpdatedAt, scim.Groups().FromRecord(group.Attributes)))
	}
}

// join puts random members into the groups.
func (q *queried) join(t *rapid.T, users []directory.User, groups []directory.Group) {
	var rows []directory.Membership
	put := func(group, member shown, kind directory.MemberType, back bool) {
		rows = append(rows, directory.Membership{Pair: directory.Pair{Group: group.id, Member: member.id}, Type: kind, Marks: 2})
		members, _ := group.resource["members"].([]any)
		group.resource["members"] = append(members, map[string]any{"value": member.id.String(), "type": string(kind)})
		if back {
			of, _ := member.resource["groups"].([]any)
			member.resource["groups"] = append(of, map[string]any{"value": group.id.String()})
		}
	}
	for g := range groups {
		for u := range users {
			if maybe(t) {
				put(q.groups[g], q.users[u], directory.UserMember, true)
			}
		}
		if g > 0 && maybe(t) {
			put(q.groups[g], q.groups[0], directory.GroupMember, false)
		}
	}
	if err := q.ChangeMembers(q.ctx, q.org, rows, nil, nil, start); err != nil {
		t.Fatal(err)
	}
}

// userPaths and groupPaths are what filters ask for; those with brackets are value paths.
var (
	userPaths = []string{
		"id", "userName", "externalId", "displayName", "title", "name.familyName", "nickName", "department", "manager.value", "emails",
		"emails.value", "emails.type", "emails.display", "roles.value", "addresses.country", "extensionAttribute1", "groups.value", "emails[", "emails[", "roles[",
		"addresses[", "groups[", "name[", "manager[",
	}
	groupPaths = []string{"id", "displayName", "externalId", "members.value", "members.type", "members["}
	anyway     = []string{
		"active eq true", "active ne True", "emails.primary eq true", "name pr", "emails pr", "groups pr", "manager pr", attr.EnterpriseUser + " pr",
		"schemas eq \"" + attr.EnterpriseUser + "\"", "title eq null", "roles pr", "addresses pr", "extensionAttribute1 pr",
	}
	anywayGroups = []string{"members pr", "externalId pr", "meta pr"}
	textual      = []string{"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"}
)

// filter draws a filter as a client would write it.
func (q *queried) filter(t *rapid.T, of scim.ResourceType, paths []string) *scim.Filter {
	text := q.filterText(t, of, paths, 3)
	filter, err := of.ParseFilter(text, scim.Entra)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return filter
}

func (q *queried) filterText(t *rapid.T, of scim.ResourceType, paths []string, depth int) string {
	if depth > 0 {
		switch rapid.IntRange(0, 5).Draw(t, "join") {
		case 0:
			return q.filterText(t, of, paths, depth-1) + " and " + q.filterText(t, of, paths, depth-1)
		case 1:
			return "(" + q.filterText(t, of, paths, depth-1) + " or " + q.filterText(t, of, paths, depth-1) + ")"
		case 2:
			return "not (" + q.filterText(t, of, paths, depth-1) + ")"
		}
	}
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		if of.Name == "Group" {
			return rapid.SampledFrom(anywayGroups).Draw(t, "fixed")
		}
		return rapid.SampledFrom(anyway).Draw(t, "fixed")
	case 1:
		at := rapid.SampledFrom(instants).Draw(t, "at").Add(rapid.SampledFrom([]time.Duration{0, 1}).Draw(t, "finer"))
		return rapid.SampledFrom([]string{"meta.created", "meta.lastModified"}).Draw(t, "time") + " " +
			rapid.SampledFrom([]string{"eq", "ne", "gt", "ge", "lt", "le"}).Draw(t, "op") + ` "` + at.Format(time.RFC3339Nano) + `"`
	}
	path := rapid.SampledFrom(paths).Draw(t, "path")
	name, within := strings.CutSuffix(path, "[")
	if !within {
		return q.comparisonText(t, path, path)
	}
	subs := map[string][]string{
		"emails": {"value", "type", "display"}, "roles": {"value"}, "addresses": {"country", "type"}, "groups": {"value"}, "members": {"value", "type"},
		"name": {"familyName", "givenName"}, "manager": {"value"},
	}[name]
	part := func() string {
		if maybe(t) && (name == "emails" || name == "roles") {
			return "primary eq true"
		}
		sub := rapid.SampledFrom(subs).Draw(t, "sub")
		return q.comparisonText(t, sub, name+"."+sub)
	}
	inner := part()
	switch rapid.IntRange(0, 3).Draw(t, "inner") {
	case 0:
		inner += " and " + part()
	case 1:
		inner = "not (" + inner + ") or " + part()
	}
	return name + "[" + inner + "]"
}

// comparisonText compares what is written as name and is the attribute full.
func (q *queried) comparisonText(t *rapid.T, name, full string) string {
	op := rapid.SampledFrom(textual).Draw(t, "op")
	value := word(t)
	switch full {
	case "groups.value", "members.value", "members.type":
		op = rapid.SampledFrom([]string{"eq", "ne"}).Draw(t, "op")
	}
	if slices.Contains([]string{"id", "groups.value", "members.value", "manager.value"}, full) && maybe(t) {
		if all := append(slices.Clone(q.users), q.groups...); len(all) > 0 {
			value = rapid.SampledFrom(all).Draw(t, "object").id.String()
		}
	}
	if strings.HasSuffix(full, ".type") {
		value = rapid.SampledFrom([]string{"work", "HOME", "user", "Group", "o"}).Draw(t, "type")
	}
	if full == "userName" {
		value = strings.TrimSpace(value) + rapid.SampledFrom([]string{"", "0", "1"}).Draw(t, "number")
	}
	if rapid.IntRange(0, 9).Draw(t, "pr") == 0 {
		return name + " pr"
	}
	return name + " " + op + ` "` + strings.ReplaceAll(value, `"`, `\"`) + `"`
}

// want returns the ids of what fits, in order.
func want(all []shown, query directory.ResourceQuery) []ident.ID {
	var fit []shown
	for _, s := range all {
		if scim.Match(query.Filter, s.resource) {
			fit = append(fit, s)
		}
	}
	slices.SortFunc(fit, func(a, b shown) int {
		order := cmp.Compare(a.id.String(), b.id.String())
		if query.Sort != nil {
			order = cmp.Or(compareValues(a, b, *query.Sort), order)
		}
		if query.Descending {
			return -order
		}
		return order
	})
	ids := make([]ident.ID, len(fit))
	for i, s := range fit {
		ids[i] = s.id
	}
	return ids
}

// compareValues orders those without a value last.
func compareValues(a, b shown, by scim.Ref) int {
	x, hasX := sortText(a, by)
	y, hasY := sortText(b, by)
	switch {
	case hasX && hasY:
		return cmp.Compare(x, y)
	case hasX:
		return -1
	case hasY:
		return 1
	}
	return 0
}

func sortText(s shown, by scim.Ref) (string, bool) {
	var value any = s.resource
	for _, name := range []string{by.URN, by.Name, by.Sub} {
		if name != "" {
			object, _ := value.(map[string]any)
			if list, several := value.([]any); several {
				object = preferred(list)
			}
			value = object[name]
		}
	}
	if flag, ok := value.(bool); ok {
		return map[bool]string{false: "0", true: "1"}[flag], true
	}
	text, ok := value.(string)
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil && by.Type == scim.DateTime {
		return at.Format("2006-01-02T15:04:05.000000000"), true
	}
	if !by.CaseExact {
		text = scim.Fold(text)
	}
	return text, ok
}

// preferred is the first primary value of a list, or else the first of all.
func preferred(list []any) map[string]any {
	at := slices.IndexFunc(list, func(value any) bool {
		object, _ := value.(map[string]any)
		primary, _ := object["primary"].(bool)
		return primary
	})
	if len(list) == 0 {
		return nil
	}
	object, _ := list[max(at, 0)].(map[string]any)
	return object
}

func idsOf[T any](objects []T, id func(T) ident.ID) []ident.ID {
	ids := make([]ident.ID, len(objects))
	for i, object := range objects {
		ids[i] = id(object)
	}
	return ids
}

func userID(u directory.User) ident.ID   { return u.ID }
func groupID(g directory.Group) ident.ID { return g.ID }

func (q *queried) compareUsers(t *rapid.T, query directory.ResourceQuery) {
	page, err := q.QueryUsers(q.ctx, q.org, query)
	if err != nil {
		t.Fatal(err)
	}
	wanted := want(q.users, query)
	if diff := gocmp.Diff(wanted, idsOf(page.Users, userID)); diff != "" || page.Total != len(wanted) || page.Next != "" {
		t.Fatalf("total %d, next %q, users (-want +got):\n%s\nin %+v", page.Total, page.Next, diff, q.users)
	}
}

func (q *queried) compareGroups(t *rapid.T, query directory.ResourceQuery) {
	page, err := q.QueryGroups(q.ctx, q.org, query)
	if err != nil {
		t.Fatal(err)
	}
	wanted := want(q.groups, query)
	if diff := gocmp.Diff(wanted, idsOf(page.Groups, groupID)); diff != "" || page.Total != len(wanted) || page.Next != "" {
		t.Fatalf("total %d, next %q, groups (-want +got):\n%s\nin %+v", page.Total, page.Next, diff, q.groups)
	}
}
