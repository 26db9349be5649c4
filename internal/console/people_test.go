package console_test

import (
	"net/http"
	"net/url"
	"regexp"
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

func TestTokensAreMadeShownOnceRotatedAndRevokedByFullAdministratorsOnly(t *testing.T) {
	h := openPeopleHouse(t)
	for _, page := range []string{"/tokens", "/tokens/new", "/tokens/clients", "/tokens/clients/new"} {
		h.only(page, nil, fullAdministrator)
	}
	_, form := h.page(fullAdministrator, "/tokens/new", nil)
	want := h.untouched(form)
	want.Set("name", `Entra "<x>"`)
	for _, role := range []directory.Role{userAdministrator, readOnlyAdministrator, complianceOfficer} {
		if status, _ := h.page(role, "/tokens", want); status != http.StatusForbidden {
			t.Errorf("%s makes a token: %d", role, status)
		}
	}
	status, made := h.page(fullAdministrator, "/tokens", want)
	found := regexp.MustCompile(`<code id="secret">(rc_[^<]+)</code>`).FindStringSubmatch(made)
	if status != http.StatusOK || found == nil || !strings.Contains(made, "/identity/scim/"+h.org.String()+"/v2") {
		t.Fatalf("%d\n%s", status, made)
	}
	token, err := h.directory.Authenticate(t.Context(), found[1])
	h.must(err)
	if token.OrgID != h.org || token.Role != directory.SCIMWriter {
		t.Errorf("%+v", token)
	}
	if _, again := h.page(fullAdministrator, "/tokens", nil); strings.Contains(again, found[1]) {
		t.Error("the secret is shown again")
	}
	path := "/tokens/" + token.ID.String()
	_, form = h.page(fullAdministrator, path+"/rotate", nil)
	_, made = h.page(fullAdministrator, path+"/rotate", h.untouched(form))
	newer := regexp.MustCompile(`<code id="secret">(rc_[^<]+)</code>`).FindStringSubmatch(made)
	if newer == nil {
		t.Fatalf("no new secret\n%s", made)
	}
	for _, secret := range []string{found[1], newer[1]} {
		if _, err := h.directory.Authenticate(t.Context(), secret); err != nil {
			t.Errorf("in the overlap: %v", err)
		}
	}
	h.only(path+"/rotate", url.Values{"days": {"0"}, "overlap": {"0"}}, fullAdministrator)
	h.only(path+"/revoke", url.Values{}, fullAdministrator)
	if _, err := h.directory.Authenticate(t.Context(), newer[1]); err == nil {
		t.Error("the revoked token is good")
	}
	want.Set("days", "4000")
	if status, text := h.page(fullAdministrator, "/tokens", want); status != http.StatusUnprocessableEntity || !strings.Contains(text, "Enter 1 to 3650 days.") {
		t.Errorf("4000 days: %d", status)
	}
	events, err := h.directory.Events(t.Context(), h.org, ident.ID{}, 50)
	h.must(err)

	_, list := h.page(fullAdministrator, "/tokens", nil)
	if status, _ := h.page(fullAdministrator, "/sources", h.untouched(list)); status != http.StatusSeeOther {
		t.Errorf("sources: %d", status)
	}
	if after, err := h.directory.Events(t.Context(), h.org, ident.ID{}, 50); err != nil || len(after) != len(events) {
		t.Errorf("a form saved untouched was written: %+v %v", after[0], err)
	}
	h.only("/sources", url.Values{"source-SCIM": {"true"}}, fullAdministrator)
	if org, err := h.directory.Organization(t.Context(), h.org); err != nil || len(org.BlockedSources) != 3 {
		t.Errorf("%+v %v", org, err)
	}
}

func TestClientsAreMadeRotatedAndRevokedByFullAdministratorsOnly(t *testing.T) {
	h := openPeopleHouse(t)
	_, form := h.page(fullAdministrator, "/tokens/clients/new", nil)
	want := h.untouched(form)
	want.Set("name", "Entra")
	h.only("/tokens/clients", want, fullAdministrator)
	clients, err := h.directory.Clients(t.Context(), h.org)
	h.must(err)
	if len(clients) != 1 || len(clients[0].Secrets) != 1 {
		t.Fatalf("%+v", clients)
	}
	path := "/tokens/clients/" + clients[0].ID.String()
	_, form = h.page(fullAdministrator, path+"/rotate", nil)
	h.only(path+"/rotate", h.untouched(form), fullAdministrator)
	if rotated, err := h.directory.Client(t.Context(), h.org, clients[0].ID); err != nil || len(rotated.Secrets) != 2 {
		t.Errorf("%+v %v", rotated, err)
	}
	h.only(path+"/revoke", url.Values{}, fullAdministrator)
	want.Set("issuer", "https://issuer.example")
	if status, text := h.page(fullAdministrator, "/tokens/clients", want); status != http.StatusUnprocessableEntity || !strings.Contains(text, "together") {
		t.Errorf("half a federation: %d\n%s", status, text)
	}
	want.Set("subject", "s")
	want.Set("audience", "a")
	if _, text := h.page(fullAdministrator, "/tokens/clients", want); !strings.Contains(text, "there is no secret") {
		t.Errorf("a federated client\n%s", text)
	}
}

func TestDomainsAndTheirRuleAreChangedByFullAdministratorsOnly(t *testing.T) {
	h := openPeopleHouse(t)
	h.only("/domains", nil, fullAdministrator, userAdministrator, readOnlyAdministrator)
	if _, text := h.page(readOnlyAdministrator, "/domains", nil); strings.Contains(text, "<form method=\"post\" action=\"/org") {
		t.Errorf("a read-only administrator is offered a form\n%s", text)
	}
	h.only("/domains", url.Values{"name": {"Contoso.Example"}}, fullAdministrator)
	if status, text := h.page(fullAdministrator, "/domains", url.Values{"name": {"contoso.example"}}); status != http.StatusUnprocessableEntity || !strings.Contains(text, "verified already") {
		t.Errorf("twice: %d\n%s", status, text)
	}
	if status, text := h.page(fullAdministrator, "/domains", url.Values{"name": {"no domain"}}); status != http.StatusUnprocessableEntity || !strings.Contains(text, "not the name of a domain") {
		t.Errorf("no domain: %d\n%s", status, text)
	}
	h.only("/domains/rule", url.Values{"require": {"true"}}, fullAdministrator)
	if org, err := h.directory.Organization(t.Context(), h.org); err != nil || !org.RequireVerifiedDomain {
		t.Errorf("%+v %v", org, err)
	}
	h.only("/domains/contoso.example/remove", url.Values{}, fullAdministrator)
	if domains, err := h.directory.Domains(t.Context(), h.org); err != nil || len(domains) != 0 {
		t.Errorf("%+v %v", domains, err)
	}
}

func TestTheRetentionIsChosenByThoseWhoMayAndAFormSavedUntouchedChangesNothing(t *testing.T) {
	h := openPeopleHouse(t)
	h.only("/retention", nil, fullAdministrator, complianceOfficer)
	_, form := h.page(complianceOfficer, "/retention", nil)
	days := func() directory.Days {
		org, err := h.directory.Organization(t.Context(), h.org)
		h.must(err)
		return org.Retention
	}
	h.only("/retention", h.untouched(form), fullAdministrator, complianceOfficer)
	if days() != (directory.Days{}) {
		t.Errorf("a form saved untouched chose %+v", days())
	}
	chosen := url.Values{"changes": {"30"}, "audit": {""}, "archive": {"40"}}
	h.only("/retention/preview", chosen, fullAdministrator, complianceOfficer)
	h.only("/retention", chosen, fullAdministrator, complianceOfficer)
	if want := (directory.Days{Changes: 30, Archive: 40}); days() != want {
		t.Errorf("chosen %+v", days())
	}
	_, form = h.page(fullAdministrator, "/retention", nil)
	h.only("/retention", h.untouched(form), fullAdministrator, complianceOfficer)
	for field, wrong := range map[string]string{"changes": "soon", "audit": "29", "archive": "-1"} {
		posted := url.Values{"changes": {"30"}, "audit": {""}, "archive": {"40"}}
		posted.Set(field, wrong)
		if status, text := h.page(fullAdministrator, "/retention", posted); status != http.StatusUnprocessableEntity || !strings.Contains(text, "Enter a number of days from") || !strings.Contains(text, `value="`+wrong+`"`) {
			t.Errorf("%s %s: %d\n%s", field, wrong, status, text)
		}
		if status, text := h.page(fullAdministrator, "/retention/preview", posted); status != http.StatusOK || !strings.Contains(text, "Not known") {
			t.Errorf("the preview of %s %s: %d\n%s", field, wrong, status, text)
		}
	}
	if want := (directory.Days{Changes: 30, Archive: 40}); days() != want {
		t.Errorf("what is wrong chose %+v", days())
	}
}

func TestEachRoleIsShownThePagesItMaySeeAndNoOthers(t *testing.T) {
	h := openPeopleHouse(t)
	for role, want := range map[directory.Role]string{
		fullAdministrator:     "overview users groups archive runs audit directory-synchronization",
		userAdministrator:     "overview users groups runs directory-synchronization",
		readOnlyAdministrator: "overview users groups runs audit directory-synchronization",
		complianceOfficer:     "archive audit retention",
	} {
		_, text := h.page(role, "/profile", nil)
		for page := range strings.FieldsSeq("overview users groups archive runs audit directory-synchronization retention") {
			if linked := strings.Contains(text, "/"+page+`">`); linked != strings.Contains(" "+want+" ", " "+page+" ") {
				t.Errorf("%s: the link to %s is shown: %t", role, page, linked)
			}
		}
	}
}

func TestWhoIsInvitedLooksAfterOneOrganizationUnlessAnAdministratorOfTheServerSaysSo(t *testing.T) {
	h := openPeopleHouse(t)
	invite := func(here, everywhere int) {
		t.Helper()
		for _, of := range []string{"", "server"} {
			form := url.Values{"role": {string(readOnlyAdministrator)}, "of": {of}}
			if status, page := h.page(fullAdministrator, "/administrators/invite", form); status != http.StatusOK {
				t.Fatalf("%d %s", status, page)
			}
		}
		for org, want := range map[ident.ID]int{h.org: here, {}: everywhere} {
			list, err := h.directory.Invitations(t.Context(), org)
			if h.must(err); len(list) != want {
				t.Errorf("%d invitations for %s, want %d", len(list), org, want)
			}
		}
	}
	invite(2, 0) // he looks after one organization himself
	h.join(ident.ID{}, fullAdministrator, "server@example.org")
	invite(3, 1)
}
