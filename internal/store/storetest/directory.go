package storetest

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

func organizationCases() []testCase {
	return []testCase{
		{"an organization is saved, replaced and listed", func(t *testing.T, f *fixture) {
			other := directory.Organization{ID: ident.New(start), Name: "Fabrikam", RequireVerifiedDomain: true, CreatedAt: start.Add(time.Hour)}
			f.must(t, f.SaveOrganization(f.ctx, other))
			other.Name, other.BlockedSources = "Fabrikam AG", []directory.Source{directory.SourceAAD, directory.SourceAD}
			other.Retention = directory.Days{Changes: 1, Audit: 2, Archive: 3}
			f.must(t, f.SaveOrganization(f.ctx, other))
			got, err := f.Organization(f.ctx, other.ID)
			f.must(t, err)
			same(t, "organization", other, got)
			all, err := f.ListOrganizations(f.ctx)
			f.must(t, err)
			same(t, "organizations", []directory.Organization{{ID: f.org, Name: "Contoso", CreatedAt: start}, other}, all)
			_, err = f.Organization(f.ctx, ident.New(start))
			fails(t, "unknown organization", fault.NotFound, err)
		}},
		{"a domain belongs to one organization of the server", func(t *testing.T, f *fixture) {
			f.must(t, f.SaveDomain(f.ctx, directory.Domain{OrgID: f.org, Name: "b.example", VerifiedAt: start}))
			f.must(t, f.SaveDomain(f.ctx, directory.Domain{OrgID: f.org, Name: "a.example", VerifiedAt: start}))
			fails(t, "the same again", fault.Conflict, f.SaveDomain(f.ctx, directory.Domain{OrgID: f.org, Name: "a.example"}))
			other := ident.New(start)
			fails(t, "elsewhere", fault.Conflict, f.SaveDomain(f.ctx, directory.Domain{OrgID: other, Name: "a.example"}))
			fails(t, "removing another's", fault.NotFound, f.DeleteDomain(f.ctx, other, "a.example"))
			f.domainsAre(t, "a.example", "b.example")
			f.must(t, f.DeleteDomain(f.ctx, f.org, "a.example"))
			f.domainsAre(t, "b.example")
			fails(t, "removing twice", fault.NotFound, f.DeleteDomain(f.ctx, f.org, "a.example"))
		}},
		{"events come newest first, page by page, those of the server apart", func(t *testing.T, f *fixture) {
			var events []audit.Event
			for i := range 5 {
				events = append(events, audit.Event{
					ID: ident.New(start), OrgID: f.org, At: start.Add(time.Duration(i)), Action: "user.change", ObjectID: "o", ObjectName: "Zoë",
					Actor:  audit.Actor{TokenID: ident.New(start), Name: "Ada", Address: "::1", RequestID: "r"},
					Before: attr.From(map[string]any{"title": "A"}), After: attr.From(map[string]any{"title": nil}),
				})
				events[i].At = events[i].At.Truncate(time.Microsecond)
				f.must(t, f.AppendEvent(f.ctx, events[i]))
			}
			server := audit.Event{ID: ident.New(start), At: start, Action: "token.create", Actor: audit.System()}
			f.must(t, f.AppendEvent(f.ctx, server))
			slices.Reverse(events)
			got, err := f.ListEvents(f.ctx, f.org, directory.EventQuery{Limit: 3})
			f.must(t, err)
			same(t, "first page", events[:3], got)
			got, err = f.ListEvents(f.ctx, f.org, directory.EventQuery{After: got[2].ID, Limit: 3})
			f.must(t, err)
			same(t, "second page", events[3:], got)
			got, err = f.ListEvents(f.ctx, ident.ID{}, directory.EventQuery{Limit: 3})
			f.must(t, err)
			same(t, "of the server", []audit.Event{server}, got)
		}},
		{"events are found by actor, object, kind and time", func(t *testing.T, f *fixture) {
			event := func(day int, actor, action, object, name string) audit.Event {
				at := start.AddDate(0, 0, day)
				e := audit.Event{ID: ident.New(at), OrgID: f.org, At: at, Action: action, ObjectID: object, ObjectName: name, Actor: audit.Actor{Name: actor}}
				f.must(t, f.AppendEvent(f.ctx, e))
				return e
			}
			one := event(0, "Ada <ada@x.example>", "user.change", "o1", "50%_Zoë")
			two := event(1, "backup", "user.delete", "o2", "5000 Zoe")
			three := event(2, "ADA", "userless.change", "o1", "Pilots")
			for name, c := range map[string]struct {
				query directory.EventQuery
				want  []audit.Event
			}{
				"actor":         {directory.EventQuery{Actor: "ada"}, []audit.Event{three, one}},
				"kind":          {directory.EventQuery{Kind: "user"}, []audit.Event{two, one}},
				"object's id":   {directory.EventQuery{Object: "o1"}, []audit.Event{three, one}},
				"object's name": {directory.EventQuery{Object: "0%_zo"}, []audit.Event{one}},
				"from":          {directory.EventQuery{From: two.At}, []audit.Event{three, two}},
				"until":         {directory.EventQuery{Until: two.At}, []audit.Event{one}},
				"all":           {directory.EventQuery{Actor: "ada", Object: "o1", Kind: "userless", From: one.At}, []audit.Event{three}},
			} {
				c.query.Limit = 9
				got, err := f.ListEvents(f.ctx, f.org, c.query)
				f.must(t, err)
				same(t, name, c.want, got)
			}
		}},
	}
}

func (f *fixture) newToken(t *testing.T, secret string, edit func(*directory.Token)) directory.Token {
	t.Helper()
	hash := sha256.Sum256([]byte(secret))
	token := directory.Token{
		ID: ident.New(start), OrgID: f.org, Name: secret, Role: directory.UserAdministrator, CreatedAt: start, ExpiresAt: start.AddDate(1, 0, 0), Hash: hash[:],
	}
	edit(&token)
	f.must(t, f.SaveToken(f.ctx, token))
	return token
}

func (f *fixture) tokenIs(t *testing.T, want directory.Token) {
	t.Helper()
	got, err := f.Token(f.ctx, want.ID)
	f.must(t, err)
	same(t, "token by id", want, got)
	got, err = f.TokenByHash(f.ctx, want.Hash)
	f.must(t, err)
	same(t, "token by hash", want, got)
}

func tokenCases() []testCase {
	return []testCase{
		{"a token knows what its administrator may do now", func(t *testing.T, f *fixture) {
			ada := directory.Administrator{ID: ident.New(start), OrgID: f.org, Name: "Ada", Role: directory.FullAdministrator, CreatedAt: start}
			f.must(t, f.SaveAdministrator(f.ctx, ada))
			token := f.newToken(t, "one", func(t *directory.Token) { t.AdministratorID = ada.ID })
			token.AdministratorRole = directory.FullAdministrator
			f.tokenIs(t, token)
			ada.Role = directory.ReadOnlyAdministrator
			f.must(t, f.SaveAdministrator(f.ctx, ada))
			token.AdministratorRole = directory.ReadOnlyAdministrator
			f.tokenIs(t, token)
			f.tokenIs(t, f.newToken(t, "orphan", func(t *directory.Token) { t.AdministratorID = ident.New(start) }))
			_, err := f.TokenByHash(f.ctx, []byte("nobody"))
			fails(t, "unknown hash", fault.NotFound, err)
			_, err = f.Token(f.ctx, ident.New(start))
			fails(t, "unknown id", fault.NotFound, err)
		}},
		{"a user's token is suspended while he is inactive or missing", func(t *testing.T, f *fixture) {
			user := f.insertUsers(t, "eva@contoso.example")[0]
			token := f.newToken(t, "eva", func(t *directory.Token) { t.UserID, t.Role = user.ID, directory.DirectoryUser })
			f.tokenIs(t, token)
			user.Attributes = user.Attributes.Clone()
			user.Attributes.Set(attr.Active, false)
			user.Version = 2
			f.must(t, f.UpdateUser(f.ctx, user, 1))
			token.Suspended = true
			f.tokenIs(t, token)
			f.must(t, f.DeleteUsers(f.ctx, f.org, []ident.ID{user.ID}))
			f.tokenIs(t, token)
		}},
		{"tokens are listed newest first, for the server all of them", func(t *testing.T, f *fixture) {
			first := f.newToken(t, "1", func(*directory.Token) {})
			server := f.newToken(t, "2", func(t *directory.Token) { t.OrgID = ident.ID{} })
			third := f.newToken(t, "3", func(*directory.Token) {})
			got, err := f.ListTokens(f.ctx, f.org)
			f.must(t, err)
			same(t, "of the organization", []directory.Token{third, first}, got)
			got, err = f.ListTokens(f.ctx, ident.ID{})
			f.must(t, err)
			same(t, "of the server", []directory.Token{third, server, first}, got)
		}},
		{"a revoked token keeps the time of its end", func(t *testing.T, f *fixture) {
			token := f.newToken(t, "1", func(*directory.Token) {})
			f.must(t, f.RevokeToken(f.ctx, token.ID, start.Add(time.Hour)))
			f.must(t, f.RevokeToken(f.ctx, token.ID, start.Add(2*time.Hour)))
			token.RevokedAt = start.Add(time.Hour)
			f.tokenIs(t, token)
			fails(t, "unknown token", fault.NotFound, f.RevokeToken(f.ctx, ident.New(start), start))
		}},
		{"the tokens of removed users are revoked, no others", func(t *testing.T, f *fixture) {
			user, other := ident.New(start), ident.New(start)
			revoked := f.newToken(t, "1", func(t *directory.Token) { t.UserID, t.Suspended = user, true })
			kept := f.newToken(t, "2", func(t *directory.Token) { t.UserID, t.Suspended = other, true })
			f.must(t, f.RevokeUserTokens(f.ctx, f.org, []ident.ID{user}, start.Add(time.Hour)))
			revoked.RevokedAt = start.Add(time.Hour)
			f.tokenIs(t, revoked)
			f.tokenIs(t, kept)
		}},
		{"administrators of the server and of an organization are apart", func(t *testing.T, f *fixture) {
			server := directory.Administrator{ID: ident.New(start), Name: "Root", Role: directory.FullAdministrator, CreatedAt: start}
			own := directory.Administrator{ID: ident.New(start), OrgID: f.org, Name: "Ada", Role: directory.ComplianceOfficer, CreatedAt: start}
			f.must(t, f.SaveAdministrator(f.ctx, server))
			f.must(t, f.SaveAdministrator(f.ctx, own))
			got, err := f.Administrators(f.ctx, ident.ID{})
			f.must(t, err)
			same(t, "of the server", []directory.Administrator{server}, got)
			got, err = f.Administrators(f.ctx, f.org)
			f.must(t, err)
			same(t, "of the organization", []directory.Administrator{own}, got)
		}},
	}
}

func archiveCases() []testCase {
	return []testCase{
		{"archived users are found by either name and listed newest first", func(t *testing.T, f *fixture) {
			var all []directory.Archived
			for i, name := range []string{"Åsa@contoso.example", "bo@contoso.example", "cy@contoso.example"} {
				user := f.user(name)
				all = append(all, directory.Archived{
					OrgID: f.org, ID: user.ID, User: user, Name: "0123" + name, FormerName: name, ArchivedAt: start.Add(time.Duration(i) * time.Hour),
					KeepUntil: start.AddDate(0, 0, 10+i), Reason: "purged",
				})
			}
			f.must(t, f.SaveArchived(f.ctx, all))
			for _, name := range []string{"ÅSA@contoso.example", "0123åsa@Contoso.example"} {
				got, err := f.ListArchived(f.ctx, f.org, name, ident.ID{}, 10)
				f.must(t, err)
				same(t, name, all[:1], got)
			}
			got, err := f.ListArchived(f.ctx, f.org, "", ident.ID{}, 2)
			f.must(t, err)
			same(t, "first page", []directory.Archived{all[2], all[1]}, got)
			got, err = f.ListArchived(f.ctx, f.org, "", all[1].ID, 2)
			f.must(t, err)
			same(t, "second page", all[:1], got)
			dropped, err := f.DropArchived(f.ctx, start.AddDate(0, 0, 11))
			f.must(t, err)
			same(t, "dropped", 1, dropped)
			got, err = f.ListArchived(f.ctx, f.org, "", ident.ID{}, 10)
			f.must(t, err)
			same(t, "kept", []directory.Archived{all[2], all[1]}, got)
		}},
	}
}

func byName(users []directory.User) []directory.User {
	slices.SortFunc(users, func(a, b directory.User) int { return slices.Compare([]string{a.Name()}, []string{b.Name()}) })
	return users
}

func userCases() []testCase {
	return []testCase{
		{"users are found by id, name key, external id and display name", func(t *testing.T, f *fixture) {
			users := f.insertUsers(t, "Ärzte@contoso.example", "bo@contoso.example", "cy@contoso.example")
			got, err := f.UsersByID(f.ctx, f.org, []ident.ID{users[0].ID, users[2].ID, ident.New(start)})
			f.must(t, err)
			same(t, "by id", []directory.User{users[2], users[0]}, byName(got))
			got, err = f.UsersByNameKey(f.ctx, f.org, []string{"ärzte@contoso.example", "nobody"})
			f.must(t, err)
			same(t, "by name key", users[:1], got)
			got, err = f.UsersBy(f.ctx, f.org, attr.ExternalID, []string{"x-bo@contoso.example", ""})
			f.must(t, err)
			same(t, "by external id", users[1:2], got)
			got, err = f.UsersBy(f.ctx, f.org, attr.DisplayName, []string{"DISPLAY cy@contoso.example"})
			f.must(t, err)
			same(t, "by display name", users[2:], got)
			if got, err := f.UsersBy(f.ctx, f.org, "title", []string{"x"}); err == nil {
				t.Errorf("users by title: want an error, got %v", got)
			}
			got, err = f.UsersByID(f.ctx, ident.New(start), []ident.ID{users[0].ID})
			f.must(t, err)
			same(t, "in another organization", 0, len(got))
		}},
		{"more users than fit one statement are inserted and found", func(t *testing.T, f *fixture) {
			names := make([]string, 1345)
			for i := range names {
				names[i] = fmt.Sprintf("u%05d@contoso.example", i)
			}
			f.insertUsers(t, names...)
			got, err := f.UsersByNameKey(f.ctx, f.org, names)
			f.must(t, err)
			same(t, "number", len(names), len(got))
			f.must(t, f.InsertUsers(f.ctx, nil))
			got, err = f.UsersByNameKey(f.ctx, f.org, nil)
			f.must(t, err)
			same(t, "none asked for", 0, len(got))
		}},
		{"names are unique per organization whatever their case", func(t *testing.T, f *fixture) {
			f.insertUsers(t, "Straße@contoso.example")
			fails(t, "the same name", fault.Conflict, f.InsertUsers(f.ctx, []directory.User{f.user("new@contoso.example"), f.user("STRASSE@contoso.example")}))
			got, err := f.UsersByNameKey(f.ctx, f.org, []string{"new@contoso.example"})
			f.must(t, err)
			same(t, "the other user of the failed call", 0, len(got))
			elsewhere := f.user("straße@contoso.example")
			elsewhere.OrgID = ident.New(start)
			f.must(t, f.InsertUsers(f.ctx, []directory.User{elsewhere}))
			bo := f.insertUsers(t, "bo@contoso.example")[0]
			bo.Attributes = attr.From(map[string]any{attr.UserName: "strasse@contoso.example", attr.Active: true})
			fails(t, "a rename", fault.Conflict, f.UpdateUser(f.ctx, bo, 1))
		}},
		{"a user is written only on the version that was read", func(t *testing.T, f *fixture) {
			user := f.insertUsers(t, "bo@contoso.example")[0]
			user.Attributes = attr.From(map[string]any{attr.UserName: "Bob@contoso.example", attr.Active: false, "emails": []string{"x"}, attr.DeletedAt: "2026-03-01T00:00:00Z"})
			user.Owner, user.OwnerName, user.SourceID, user.Version, user.UpdatedAt = ident.ID{}, "", "", 2, start.Add(time.Hour)
			fails(t, "on another version", fault.Stale, f.UpdateUser(f.ctx, user, 7))
			f.must(t, f.UpdateUser(f.ctx, user, 1))
			fails(t, "twice", fault.Stale, f.UpdateUser(f.ctx, user, 1))
			got, err := f.UsersByNameKey(f.ctx, f.org, []string{"bob@contoso.example", "bo@contoso.example"})
			f.must(t, err)
			same(t, "user", []directory.User{user}, got)
			f.must(t, f.DeleteUsers(f.ctx, f.org, []ident.ID{user.ID}))
			fails(t, "a removed user", fault.Stale, f.UpdateUser(f.ctx, user, 2))
		}},
		{"pages follow the order of names in any script", userPages},
		{"users are listed by text, state and owner", userFilters},
		{"a parked name is free for another user until its holder is written", func(t *testing.T, f *fixture) {
			users := f.insertUsers(t, "a@contoso.example", "b@contoso.example")
			f.must(t, f.ParkNames(f.ctx, f.org, []ident.ID{users[0].ID}))
			b := users[1]
			b.Attributes, b.Version = users[0].Attributes, 2
			f.must(t, f.UpdateUser(f.ctx, b, 1))
			a := users[0]
			a.Attributes, a.Version = users[1].Attributes, 2
			f.must(t, f.UpdateUser(f.ctx, a, 1))
			got, err := f.UsersByNameKey(f.ctx, f.org, []string{"a@contoso.example", "b@contoso.example"})
			f.must(t, err)
			same(t, "names changed hands", []directory.User{b, a}, byName(got))
		}},
	}
}

func userPages(t *testing.T, f *fixture) {
	names := []string{"zoe@x", "Émile@x", "作者@x", "anna@x", "Ünal@x", "🙂@x", "ÅSA@x", "мир@x", "_low@x"}
	f.insertUsers(t, names...)
	want := make([]string, len(names))
	for i, name := range names {
		want[i] = attr.NameKey(name)
	}
	slices.Sort(want)
	got := []string{}
	after := ""
	for {
		page, err := f.ListUsers(f.ctx, f.org, directory.UserQuery{After: after, Limit: 2})
		f.must(t, err)
		if len(page) == 0 {
			break
		}
		for _, user := range page {
			after = attr.NameKey(user.Name())
			got = append(got, after)
		}
	}
	same(t, "names in order", want, got)
}

func userFilters(t *testing.T, f *fixture) {
	users := f.insertUsers(t, "a_b@x", "aXb@x", "100%@x", `back\slash@x`)
	users[1].Attributes = attr.From(map[string]any{attr.UserName: "aXb@x", attr.DisplayName: "ÉLAN", attr.Active: false, attr.DeletedAt: "2026-03-01T00:00:00Z"})
	users[1].Owner, users[1].Version = ident.ID{}, 2
	f.must(t, f.UpdateUser(f.ctx, users[1], 1))
	yes, no := true, false
	for _, c := range []struct {
		name  string
		query directory.UserQuery
		want  []string
	}{
		{"an underscore is not a wildcard", directory.UserQuery{Search: "A_B"}, []string{"a_b@x"}},
		{"a percent sign is not a wildcard", directory.UserQuery{Search: "0%"}, []string{"100%@x"}},
		{"a backslash is a backslash", directory.UserQuery{Search: `k\s`}, []string{`back\slash@x`}},
		{"display names in any case", directory.UserQuery{Search: "élan"}, []string{"aXb@x"}},
		{"active", directory.UserQuery{Active: &yes}, []string{"100%@x", "a_b@x", `back\slash@x`}},
		{"inactive", directory.UserQuery{Active: &no}, []string{"aXb@x"}},
		{"in the recycle bin", directory.UserQuery{Deleted: true}, []string{"aXb@x"}},
		{"of an owner", directory.UserQuery{Owner: f.instance.ID, Search: "b"}, []string{"a_b@x", `back\slash@x`}},
	} {
		c.query.Limit = 10
		page, err := f.ListUsers(f.ctx, f.org, c.query)
		f.must(t, err)
		got := []string{}
		for _, user := range page {
			got = append(got, user.Name())
		}
		same(t, c.name, c.want, got)
	}
}
