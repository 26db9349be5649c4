package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

const (
	fullAdministrator     = directory.FullAdministrator
	userAdministrator     = directory.UserAdministrator
	readOnlyAdministrator = directory.ReadOnlyAdministrator
	complianceOfficer     = directory.ComplianceOfficer
)

func TestAGroupIsChangedByThoseWhoMayAndOnlyWhileNoInstanceManagesIt(t *testing.T) {
	h := openPeopleHouse(t)
	group, err := h.directory.CreateGroup(t.Context(), h.org, attr.From(map[string]any{"displayName": `<script>alert(1)</script>`, "description": " odd\nblanks "}))
	h.must(err)
	user, err := h.directory.CreateUser(t.Context(), h.org, attr.From(map[string]any{"userName": "grace@contoso.example"}))
	h.must(err)
	managed := directory.Group{
		OrgID: h.org, ID: ident.New(time.Now()), Attributes: attr.From(map[string]any{"displayName": "Managed"}), Owner: ident.New(time.Now()), SourceID: "s", Origin: "Entra",
		Version: 1, Revision: 1, CreatedAt: time.Now(), UpdatedAt: time.Now(), ToBeSynced: true, Awaited: 3,
	}
	h.must(h.store.InsertGroups(t.Context(), []directory.Group{managed}))
	path := "/groups/" + group.ID.String()

	for _, page := range []string{"/groups", path} {
		h.only(page, nil, fullAdministrator, userAdministrator, readOnlyAdministrator)
	}
	for _, page := range []string{"/groups/new", path + "/edit", path + "/members/new"} {
		h.only(page, nil, fullAdministrator, userAdministrator)
	}
	_, shown := h.page(readOnlyAdministrator, path, nil)
	if strings.Contains(shown, "/edit") || strings.Contains(shown, "<script>alert") || !strings.Contains(shown, "&lt;script&gt;") {
		t.Errorf("a read-only administrator is shown\n%s", shown)
	}
	h.only(path+"/members", url.Values{"member": {user.ID.String()}}, fullAdministrator, userAdministrator)
	if _, shown = h.page(userAdministrator, path, nil); !strings.Contains(shown, "grace@contoso.example") {
		t.Errorf("the member is not shown\n%s", shown)
	}
	h.only(path+"/members/"+user.ID.String()+"/remove", url.Values{}, fullAdministrator, userAdministrator)

	before, err := h.directory.Group(t.Context(), h.org, group.ID)
	h.must(err)
	_, form := h.page(userAdministrator, path+"/edit", nil)
	if status, to := h.page(userAdministrator, path+"/edit", h.untouched(form)); status != http.StatusSeeOther {
		t.Fatalf("%d %s", status, to)
	}
	if after, err := h.directory.Group(t.Context(), h.org, group.ID); err != nil || after.Revision != before.Revision {
		t.Errorf("a form saved untouched changed the group: %+v %v", after, err)
	}
	changed := h.untouched(form)
	changed.Set("displayName", "Pilots")
	h.only(path+"/edit", changed, fullAdministrator, userAdministrator)
	if after, err := h.directory.Group(t.Context(), h.org, group.ID); err != nil || after.Name() != "Pilots" {
		t.Errorf("%+v %v", after, err)
	}

	_, shown = h.page(fullAdministrator, "/groups/"+managed.ID.String(), nil)
	if strings.Contains(shown, "/edit") || strings.Contains(shown, "/delete") || !strings.Contains(shown, "3 members in scope are not here yet") {
		t.Errorf("of a managed group is shown\n%s", shown)
	}
	for _, action := range []string{"/edit", "/delete"} {
		if status, _ := h.page(fullAdministrator, "/groups/"+managed.ID.String()+action, changed); status != http.StatusConflict {
			t.Errorf("%s of a managed group: %d", action, status)
		}
	}
	h.only(path+"/delete", url.Values{}, fullAdministrator, userAdministrator)
}

func TestAUserIsChangedByThoseWhoMayAndAFormSavedUntouchedChangesNothing(t *testing.T) {
	h := openPeopleHouse(t)
	user, err := h.directory.CreateUser(t.Context(), h.org, attr.From(map[string]any{
		"userName": "grace@contoso.example", "title": " Rear\r\nadmiral ", `addresses[type eq "work"].streetAddress`: "1 & 2 \"Main\" Street\nUpstairs",
		"name.familyName": "Hopper", "active": false, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "Navy",
	}))
	h.must(err)
	path := "/users/" + user.ID.String()
	h.only("/users/new", nil, fullAdministrator, userAdministrator)
	h.only(path+"/edit", nil, fullAdministrator, userAdministrator)
	_, form := h.page(userAdministrator, path+"/edit", nil)
	if status, to := h.page(userAdministrator, path+"/edit", h.untouched(form)); status != http.StatusSeeOther {
		t.Fatalf("%d %s", status, to)
	}
	if after, err := h.directory.User(t.Context(), h.org, user.ID); err != nil || after.Version != user.Version {
		t.Errorf("a form saved untouched changed the user: %+v %v", after, err)
	}
	changed := h.untouched(form)
	changed.Set("familyName", "")
	changed.Set("active", "true")
	h.only(path+"/edit", changed, fullAdministrator, userAdministrator)
	after, err := h.directory.User(t.Context(), h.org, user.ID)
	h.must(err)
	if !after.Active() || after.Attributes.Has("name.familyName") || after.Attributes.Text("title") != " Rear\r\nadmiral " {
		t.Errorf("%+v", after)
	}
	if status, text := h.page(userAdministrator, "/users", url.Values{"userName": {"GRACE@contoso.example"}}); status != http.StatusUnprocessableEntity ||
		!strings.Contains(text, "Another user has this name.") || !strings.Contains(text, `value="GRACE@contoso.example"`) {
		t.Errorf("a name that is taken: %d\n%s", status, text)
	}
	h.only(path+"/active", url.Values{}, fullAdministrator, userAdministrator)
	if after, err := h.directory.User(t.Context(), h.org, user.ID); err != nil || after.Active() {
		t.Errorf("%+v %v", after, err)
	}
	h.only(path+"/delete", url.Values{}, fullAdministrator, userAdministrator)
	if status, _ := h.page(userAdministrator, path, nil); status != http.StatusNotFound {
		t.Errorf("the user who was deleted: %d", status)
	}
}
