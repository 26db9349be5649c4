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

func TestTheArchiveIsFoundByEitherNameAndNotForEverybody(t *testing.T) {
	h := openPeopleHouse(t)
	kept := directory.Archived{
		OrgID: h.org, ID: ident.New(time.Now()), Name: "0a1bgrace@contoso.example", FormerName: "grace@contoso.example", Reason: "purged in Entra",
		ArchivedAt: time.Now(), KeepUntil: time.Now().AddDate(1, 0, 0),
		User: directory.User{Attributes: attr.From(map[string]any{"userName": "0a1bgrace@contoso.example", "title": attr.Seal([]byte("x"))}), Origin: "Entra"},
	}
	h.must(h.store.SaveArchived(t.Context(), []directory.Archived{kept}))
	path := "/archive/" + kept.ID.String()
	h.only("/archive", nil, fullAdministrator, complianceOfficer)
	h.only(path, nil, fullAdministrator, complianceOfficer)
	for _, name := range []string{kept.Name, "GRACE@contoso.example"} {
		if _, text := h.page(complianceOfficer, "/archive?search="+url.QueryEscape(name), nil); !strings.Contains(text, path) {
			t.Errorf("%s is not found\n%s", name, text)
		}
	}
	if _, text := h.page(complianceOfficer, path, nil); !strings.Contains(text, "[Redact]") || strings.Contains(text, "$sealed") {
		t.Errorf("a sealed value is shown\n%s", text)
	}
}

func TestTheAuditLogIsFilteredAndExportedWithoutFormulas(t *testing.T) {
	h := openPeopleHouse(t)
	_, err := h.directory.CreateGroup(t.Context(), h.org, attr.From(map[string]any{"displayName": "=1+1"}))
	h.must(err)
	h.only("/audit", nil, fullAdministrator, readOnlyAdministrator, complianceOfficer)
	h.only("/audit/export?format=csv", nil, fullAdministrator, readOnlyAdministrator, complianceOfficer)
	_, all := h.page(complianceOfficer, "/audit", nil)
	if !strings.Contains(all, "Created the group") || !strings.Contains(all, "Made an administrator of") {
		t.Errorf("the log\n%s", all)
	}
	if _, groups := h.page(complianceOfficer, "/audit?kind=group&who=rollcall&object=1%2B1&from=2020-01-01", nil); !strings.Contains(groups, "Created the group") ||
		strings.Contains(groups, "Made an administrator of") {
		t.Errorf("of groups\n%s", groups)
	}
	if _, none := h.page(complianceOfficer, "/audit?until=2020-01-01", nil); !strings.Contains(none, "Nothing fits") {
		t.Errorf("long ago\n%s", none)
	}
	if _, own := h.page(fullAdministrator, "/audit?log=server&kind=organization", nil); !strings.Contains(own, "Created the organization") {
		t.Errorf("an administrator of the organization is shown another log\n%s", own)
	}
	if _, csv := h.page(complianceOfficer, "/audit/export?format=csv&kind=group", nil); strings.Count(csv, "\r\n") != 2 || !strings.Contains(csv, ",'=1+1,") {
		t.Errorf("%q", csv)
	}
	if _, lines := h.page(complianceOfficer, "/audit/export?format=json&kind=group", nil); strings.Count(lines, "\n") != 1 || !strings.Contains(lines, `"action":"group.create"`) {
		t.Errorf("%q", lines)
	}
}
