package storetest

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

// sorts are attributes that lists are ordered by.
var sorts = []*scim.Ref{
	nil,
	{Name: "id", Type: scim.String, CaseExact: true},
	{Name: "userName", Type: scim.String},
	{Name: "displayName", Type: scim.String},
	{Name: "externalId", Type: scim.String, CaseExact: true},
	{Name: "active", Type: scim.Boolean},
	{Name: "name", Sub: "familyName", Type: scim.String},
	{Name: "meta", Sub: "created", Type: scim.DateTime},
	{Name: "meta", Sub: "lastModified", Type: scim.DateTime},
	{Name: "emails", Sub: "value", Type: scim.String, Multi: true},
	{Name: "emails", Sub: "primary", Type: scim.Boolean, Multi: true},
	{Name: "addresses", Sub: "locality", Type: scim.String, Multi: true},
	{URN: attr.EnterpriseUser, Name: "department", Type: scim.String},
	{URN: attr.EnterpriseUser, Name: "manager", Sub: "value", Type: scim.String, CaseExact: true},
}

// pages reads the same list by index and by cursor.
func (q *queried) pages(t *rapid.T) {
	query := directory.ResourceQuery{
		Sort: rapid.SampledFrom(sorts).Draw(t, "sort"), Descending: maybe(t), Filter: q.filter(t, scim.Users(), userPaths),
		Limit: rapid.IntRange(1, 4).Draw(t, "limit"), Total: true,
	}
	wanted := want(q.users, query)
	var byIndex, byCursor []ident.ID
	for skip := 0; skip <= len(wanted); skip += query.Limit {
		paged := query
		paged.Skip = skip
		page, err := q.QueryUsers(q.ctx, q.org, paged)
		if err != nil {
			t.Fatal(err)
		}
		if page.Total != len(wanted) {
			t.Fatalf("behind %d the total is %d, want %d", skip, page.Total, len(wanted))
		}
		byIndex = append(byIndex, idsOf(page.Users, userID)...)
	}
	for rounds := 0; ; rounds++ {
		page, err := q.QueryUsers(q.ctx, q.org, query)
		if err != nil || rounds > len(wanted) {
			t.Fatalf("round %d: %v", rounds, err)
		}
		byCursor = append(byCursor, idsOf(page.Users, userID)...)
		if query.After = page.Next; query.After == "" {
			break
		}
	}
	if !slices.Equal(wanted, byIndex) || !slices.Equal(wanted, byCursor) {
		t.Fatalf("got by index %v, by cursor %v, want %v\nof %+v", byIndex, byCursor, wanted, q.users)
	}
	query.After, query.Limit = "", 0
	if page, err := q.QueryUsers(q.ctx, q.org, query); err != nil || len(page.Users) != 0 || page.Total != len(wanted) {
		t.Fatalf("of a page of none: %+v, %v", page, err)
	}
}

func cursors(t *testing.T, f *fixture) {
	f.insertUsers(t, "a@contoso.example", "b@contoso.example", "c@contoso.example")
	byName := &scim.Ref{Name: "userName", Type: scim.String}
	page, err := f.QueryUsers(f.ctx, f.org, directory.ResourceQuery{Sort: byName, Limit: 1})
	f.must(t, err)
	for name, query := range map[string]directory.ResourceQuery{
		"without the order":    {After: page.Next, Limit: 1},
		"the other way round":  {After: page.Next, Sort: byName, Descending: true, Limit: 1},
		"by another attribute": {After: page.Next, Sort: &scim.Ref{Name: "displayName", Type: scim.String}, Limit: 1},
		"no cursor at all":     {After: "x", Limit: 1},
		"a longer one":         {After: page.Next + "AAAA", Sort: byName, Limit: 1},
	} {
		_, err := f.QueryUsers(f.ctx, f.org, query)
		fails(t, name, fault.Invalid, err)
		if code := fault.Of(err).Code; code != "BadCursor" {
			t.Errorf("%s: the code is %s", name, code)
		}
	}
	_, err = f.QueryGroups(f.ctx, f.org, directory.ResourceQuery{After: page.Next, Sort: byName, Limit: 1})
	fails(t, "of another type", fault.Invalid, err)
}

func walk(t *testing.T, f *fixture) {
	users := f.insertUsers(t, "b@contoso.example", "d@contoso.example", "f@contoso.example", "h@contoso.example")
	for _, sort := range []*scim.Ref{nil, {Name: "userName", Type: scim.String}, {Name: "displayName", Type: scim.String}} {
		first, err := f.QueryUsers(f.ctx, f.org, directory.ResourceQuery{Sort: sort, Limit: 2, Total: true})
		f.must(t, err)
		gone := first.Users[0]
		f.must(t, f.DeleteUsers(f.ctx, f.org, []ident.ID{gone.ID}))
		second, err := f.QueryUsers(f.ctx, f.org, directory.ResourceQuery{Sort: sort, Limit: 2, After: first.Next, Total: true})
		f.must(t, err)
		if got, want := idsOf(second.Users, userID), idsOf(users[2:], userID); !slices.Equal(got, want) || second.Total != 3 || second.Next != "" {
			t.Errorf("by %v: behind the cursor %v, total %d, next %q, want %v", sort, got, second.Total, second.Next, want)
		}
		f.must(t, f.InsertUsers(f.ctx, []directory.User{gone}))
	}
}
