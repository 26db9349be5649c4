package api_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/directory"
)

// person creates a user by hand.
func (h *house) person(name string, more map[string]any) api.User {
	h.t.Helper()
	attributes := map[string]any{"userName": name, "displayName": strings.ToUpper(name)}
	maps.Copy(attributes, more)
	var user api.User
	h.call(h.full, http.MethodPost, "users", api.UserAttributes{Attributes: attributes}).want(http.StatusCreated).into(&user)
	return user
}

func TestAUserIsCreatedReadChangedAndDeleted(t *testing.T) {
	h := open(t, -1)
	boss := h.person("boss@contoso.com", nil)
	ada := h.person("ada@contoso.com", map[string]any{
		`addresses[ type EQ "work"].country`: "GB", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value": boss.ID.String(),
	})
	if ada.State != "Active" || !ada.Active || ada.Managed || ada.Owner != nil || ada.Source != "Manual" || ada.Version != 1 {
		t.Errorf("created %+v", ada)
	}
	if ada.Manager == nil || ada.Manager.ID != boss.ID || ada.Manager.UserName != "boss@contoso.com" || ada.Manager.DisplayName != "BOSS@CONTOSO.COM" {
		t.Errorf("manager %+v", ada.Manager)
	}
	path := "users/" + ada.ID.String()
	a := h.call(h.full, http.MethodGet, path, nil).want(http.StatusOK)
	var read api.User
	a.into(&read)
	if read.Attributes[`addresses[type eq "work"].country`] != "GB" || a.header.Get("ETag") != `"1"` {
		t.Errorf("read %s, ETag %s", a.text, a.header.Get("ETag"))
	}
	change := `{"attributes":{"active":false,"title":"Countess","addresses[type eq \"work\"].country":null}}`
	a = h.callWith(h.full, http.MethodPatch, path, change, map[string]string{"If-Match": `"1"`}).want(http.StatusOK)
	read = api.User{}
	a.into(&read)
	if _, has := read.Attributes[`addresses[type eq "work"].country`]; has || read.State != "Inactive" || read.Attributes["title"] != "Countess" || read.Version != 2 {
		t.Errorf("changed %s", a.text)
	}
	h.callWith(h.full, http.MethodPatch, path, change, map[string]string{"If-Match": `"1"`}).problem(http.StatusPreconditionFailed, "VersionMismatch")
	h.callWith(h.full, http.MethodPatch, path, change, map[string]string{"If-Match": `"old"`}).problem(http.StatusBadRequest, "BadETag")
	h.callWith(h.full, http.MethodPatch, path, change, map[string]string{"If-Match": "*"}).want(http.StatusOK)
	h.call(h.full, http.MethodDelete, path, nil).want(http.StatusNoContent)
	h.call(h.full, http.MethodGet, path, nil).problem(http.StatusNotFound, "UnknownUser")
	copies, _ := everything[api.Archived](h, h.full, "archive?name=ADA@contoso.com", "10")
	if len(copies) != 1 || copies[0].ID != ada.ID || copies[0].User.Attributes["title"] != "Countess" || !copies[0].KeepUntil.After(copies[0].ArchivedAt) {
		t.Errorf("archive %+v", copies)
	}
}

func TestABadUserIsRefusedWithItsReason(t *testing.T) {
	h := open(t, -1)
	h.person("ada@contoso.com", nil)
	for _, c := range []struct {
		body   string
		status int
		code   string
	}{
		{`{"attributes":{"displayName":"Nobody"}}`, 400, "MissingUserName"},
		{`{"attributes":{"userName":"ADA@contoso.com"}}`, 409, "NameHeld"},
		{`{"attributes":{"userName":"x@contoso.com","no way":1}}`, 400, "BadPath"},
		{`{"attributes":{"userName":"x@contoso.com","emails[type eq \"work\"].value":"a","emails[type  eq \"work\"].value":"b"}}`, 400, "BadPath"},
		{`{"attributes":{"userName":"x@contoso.com","deletedAt":"2020-01-01T00:00:00Z"}}`, 400, "ReadOnly"},
		{`{"attributes":{"userName":"x@contoso.com","active":"yes"}}`, 400, "BadValue"},
		{`{"attributes":[]}`, 422, "ValidationFailed"},
		{`{"attributes":{},"more":1}`, 422, "ValidationFailed"},
		{`{"attributes":`, 400, "BadBody"},
		{"", 400, "BadBody"},
	} {
		h.call(h.full, http.MethodPost, "users", c.body).problem(c.status, c.code)
	}
	h.call(h.full, http.MethodGet, "users/nonsense", nil).problem(http.StatusUnprocessableEntity, "ValidationFailed")
	h.call(h.full, http.MethodPatch, "users/"+nobody, `{"attributes":{"title":"x"}}`).problem(http.StatusNotFound, "UnknownUser")
}

func TestUsersAreListedPageByPageInTheOrderOfTheirNames(t *testing.T) {
	h := open(t, -1)
	var want []string
	for i := range 7 {
		want = append(want, h.person(fmt.Sprintf("user%d@contoso.com", i), map[string]any{"active": i%2 == 0}).UserName)
	}
	for _, limit := range []string{"1", "3", "7", "1000"} {
		users, pages := everything[api.User](h, h.full, "users", limit)
		var got []string
		for _, user := range users {
			got = append(got, user.UserName)
		}
		if !slices.Equal(got, want) || limit == "3" && pages != 3 || limit == "7" && pages != 1 {
			t.Errorf("limit %s: %d pages of %v", limit, pages, got)
		}
	}
	for query, count := range map[string]int{"active=true": 4, "active=false": 3, "search=USER3": 1, "deleted=true": 0, "owner=" + nobody: 0, "search=%25": 0} {
		if users, _ := everything[api.User](h, h.full, "users?"+query, "2"); len(users) != count {
			t.Errorf("%s: %d users, want %d", query, len(users), count)
		}
	}
}

func TestABadPageIsRefused(t *testing.T) {
	h := open(t, -1)
	for range 3 {
		h.call(h.full, http.MethodPost, "tokens", api.NewToken{Name: "one more event", Role: directory.UserAdministrator}).want(http.StatusCreated)
	}
	var events api.List[api.Event]
	h.call(h.full, http.MethodGet, "audit?limit=1", nil).want(http.StatusOK).into(&events)
	for _, cursor := range []string{"x", "!!", events.Next} { // that of another list too
		h.call(h.full, http.MethodGet, "users?cursor="+cursor, nil).problem(http.StatusBadRequest, "BadCursor")
		h.call(h.full, http.MethodGet, "runs?cursor="+cursor, nil).problem(http.StatusBadRequest, "BadCursor")
		h.call(h.full, http.MethodGet, "changes?cursor="+cursor, nil).problem(http.StatusBadRequest, "BadCursor")
		h.call(h.full, http.MethodGet, "archive?cursor="+cursor, nil).problem(http.StatusBadRequest, "BadCursor")
	}
	h.call(h.full, http.MethodGet, "audit?cursor=YTE", nil).problem(http.StatusBadRequest, "BadCursor")
	for _, query := range []string{"limit=0", "limit=1001", "limit=many", "active=perhaps", "unknown=1"} {
		p := h.call(h.full, http.MethodGet, "users?"+query, nil).problem(http.StatusUnprocessableEntity, "ValidationFailed")
		if name, _, _ := strings.Cut(query, "="); len(p.Errors) != 1 || p.Errors[0].Location != "query."+name {
			t.Errorf("%s: %+v", query, p.Errors)
		}
	}
}

func TestASynchronisedUserIsReadOnlyAndShowsOwnerAndManager(t *testing.T) {
	h := open(t, 60)
	instance := h.instance(nil)
	h.sync(instance.ID, "incremental")
	users, _ := everything[api.User](h, h.full, "users?owner="+instance.ID.String(), "17")
	byExternalID := map[string]api.User{}
	for _, user := range users {
		byExternalID[user.ExternalID] = user
	}
	managed := 0
	for _, user := range users {
		if !user.Managed || user.Owner == nil || user.Owner.ID != instance.ID || user.Owner.Name != "entra" || user.Source != "Entra" {
			t.Fatalf("user %+v", user)
		}
		source, _ := user.Attributes["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"].(string)
		boss, synced := byExternalID[source]
		if synced != (user.Manager != nil) || synced && (user.Manager.ID != boss.ID || user.Manager.UserName != boss.UserName) {
			t.Errorf("%s: manager %+v, in the tenant %q, here %s", user.UserName, user.Manager, source, boss.ID)
		}
		if synced {
			managed++
		}
	}
	if managed == 0 {
		t.Errorf("none of %d users has a manager", len(users))
	}
	path := "users/" + users[0].ID.String()
	h.call(h.full, http.MethodPatch, path, `{"attributes":{"title":"x"}}`).problem(http.StatusConflict, "Managed")
	h.call(h.full, http.MethodDelete, path, nil).problem(http.StatusConflict, "Managed")
}

func TestAUserInTheRecycleBinSaysUntilWhen(t *testing.T) {
	h := open(t, 30)
	instance := h.instance(nil)
	h.sync(instance.ID, "incremental")
	users, _ := everything[api.User](h, h.full, "users", "100")
	h.simulate(http.MethodDelete, "/users/"+users[0].ExternalID, "")
	h.sync(instance.ID, "incremental")
	deleted, _ := everything[api.User](h, h.full, "users?deleted=true", "100")
	if len(deleted) != 1 || deleted[0].State != "Deleted" || deleted[0].ID != users[0].ID || deleted[0].Active {
		t.Fatalf("deleted %+v", deleted)
	}
	if d := deleted[0]; d.RestorableUntil.Sub(d.DeletedAt) != 30*24*time.Hour || !strings.HasSuffix(d.UserName, users[0].UserName) {
		t.Errorf("deleted %s, at %s, until %s", d.UserName, d.DeletedAt, d.RestorableUntil)
	}
}
