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
	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// group creates a group by hand.
func (h *house) group(name string) api.Group {
	h.t.Helper()
	var group api.Group
	body := api.GroupAttributes{Attributes: map[string]any{"displayName": name}}
	h.call(h.full, http.MethodPost, "groups", body).want(http.StatusCreated).into(&group)
	return group
}

// managedGroup lets an instance own a group with one member.
func (h *house) managedGroup(instance ident.ID, name string, member ident.ID) api.Group {
	h.t.Helper()
	id := ident.New(time.Now())
	_, err := h.directory.ApplyGroupChanges(h.t.Context(), h.org.ID, instance, []plan.Change{{
		Action: plan.Create, SourceID: "s-" + name, ObjectID: id, After: attr.From(map[string]any{"displayName": name, "externalId": "s-" + name}),
	}})
	h.must(err)
	_, err = h.directory.ApplyMembers(h.t.Context(), h.org.ID, instance, []directory.MemberChange{
		{Pair: directory.Pair{Group: id, Member: member}, Add: true},
	})
	h.must(err)
	var group api.Group
	h.call(h.full, http.MethodGet, "groups/"+id.String(), nil).want(http.StatusOK).into(&group)
	return group
}

func TestAGroupIsCreatedReadChangedAndDeleted(t *testing.T) {
	h := open(t, -1)
	group := h.group("Sales")
	if group.Managed || group.Owner != nil || group.Source != "Manual" || group.Version != 1 || group.Members != 0 || group.ToBeSynced {
		t.Errorf("created %+v", group)
	}
	path := "groups/" + group.ID.String()
	change := `{"attributes":{"DISPLAYNAME":"Sales Europe","description":"All of them"}}`
	a := h.callWith(h.full, http.MethodPatch, path, change, map[string]string{"If-Match": `"1"`}).want(http.StatusOK)
	var read api.Group
	a.into(&read)
	if read.DisplayName != "Sales Europe" || read.Description != "All of them" || read.Version != 2 || a.header.Get("ETag") != `"2"` {
		t.Errorf("changed %s, ETag %s", a.text, a.header.Get("ETag"))
	}
	h.call(h.full, http.MethodPost, path+"/members", fmt.Sprintf(`{"members":[{"id":"%s"}]}`, h.person("ada@contoso.com", nil).ID)).want(http.StatusOK)
	h.callWith(h.full, http.MethodPatch, path, change, map[string]string{"If-Match": `"2"`}).problem(http.StatusPreconditionFailed, "VersionMismatch")
	if etag := h.call(h.full, http.MethodGet, path, nil).want(http.StatusOK).header.Get("ETag"); etag != `"3"` {
		t.Errorf("the ETag is %s after somebody came", etag)
	}
	h.call(h.full, http.MethodDelete, path, nil).want(http.StatusNoContent)
	h.call(h.full, http.MethodGet, path, nil).problem(http.StatusNotFound, "UnknownGroup")
	h.call(h.full, http.MethodDelete, path, nil).problem(http.StatusNotFound, "UnknownGroup")
}

func TestABadGroupIsRefusedWithItsReason(t *testing.T) {
	h := open(t, -1)
	for _, c := range []struct {
		body   string
		status int
		code   string
	}{
		{`{"attributes":{}}`, 400, "MissingDisplayName"},
		{`{"attributes":{"displayName":" "}}`, 400, "MissingDisplayName"},
		{`{"attributes":{"displayName":"x","members":["y"]}}`, 400, "ReadOnly"},
		{`{"attributes":{"displayName":["x"]}}`, 400, "BadValue"},
		{`{"attributes":{"displayName":"x","no way":1}}`, 400, "BadPath"},
		{`{"attributes":{},"more":1}`, 422, "ValidationFailed"},
	} {
		h.call(h.full, http.MethodPost, "groups", c.body).problem(c.status, c.code)
	}
	group := h.group("Sales")
	h.call(h.full, http.MethodPatch, "groups/"+group.ID.String(), `{"attributes":{"displayName":null}}`).problem(http.StatusBadRequest, "MissingDisplayName")
	for _, body := range []string{`{"members":[{"id":"x"}]}`, `{"members":[{"id":"` + nobody + `","type":"Robot"}]}`, `{"members":null}`, `{}`} {
		h.call(h.full, http.MethodPost, "groups/"+group.ID.String()+"/members", body).problem(http.StatusUnprocessableEntity, "ValidationFailed")
	}
	for _, call := range [][2]string{{http.MethodGet, "/members"}, {http.MethodDelete, "/members/" + nobody}} {
		h.call(h.full, call[0], "groups/"+nobody+call[1], nil).problem(http.StatusNotFound, "UnknownGroup")
	}
	h.call(h.full, http.MethodGet, "users/"+nobody+"/groups", nil).problem(http.StatusNotFound, "UnknownUser")
}

func TestGroupsAreListedPageByPageThoughTheirNamesRepeat(t *testing.T) {
	h := open(t, -1)
	long := strings.Repeat("界", 512)
	names := []string{"Berlin", "Sales", "SALES", "sales", "Ünal", long}
	ids := map[ident.ID]bool{}
	for _, name := range names {
		ids[h.group(name).ID] = true
	}
	for _, limit := range []string{"1", "2", "1000"} {
		groups, _ := everything[api.Group](h, h.full, "groups", limit)
		got := map[ident.ID]bool{}
		var first string
		for i, group := range groups {
			got[group.ID] = true
			if i == 0 {
				first = group.DisplayName
			}
		}
		if !maps.Equal(got, ids) || len(groups) != len(names) || first != "Berlin" {
			t.Errorf("limit %s: %d groups, %d of them different, the first is %s", limit, len(groups), len(got), first)
		}
	}
	for query, count := range map[string]int{
		"search=SALE": 3, "managed=true": 0, "managed=false": 6, "toBeSynced=true": 0, "externalId=x": 0, "owner=" + nobody: 0, "search=%25": 0,
	} {
		if groups, _ := everything[api.Group](h, h.full, "groups?"+query, "2"); len(groups) != count {
			t.Errorf("%s: %d groups, want %d", query, len(groups), count)
		}
	}
	for _, cursor := range []string{"x", "bg", "ZzEyMw"} {
		h.call(h.full, http.MethodGet, "groups?cursor="+cursor, nil).problem(http.StatusBadRequest, "BadCursor")
	}
}

func TestMembersComeAndLeave(t *testing.T) {
	h := open(t, -1)
	ada, bob := h.person("ada@contoso.com", nil), h.person("bob@contoso.com", map[string]any{"active": false})
	sales, berlin := h.group("Sales"), h.group("Berlin")
	path := "groups/" + sales.ID.String() + "/members"
	var changed api.MembersChanged
	h.call(h.full, http.MethodPost, path, api.NewMembers{Members: []api.NewMember{
		{ID: ada.ID}, {ID: ada.ID, Type: "User"}, {ID: bob.ID}, {ID: berlin.ID, Type: "Group"}, {ID: sales.ID}, {ID: ada.ID, Type: "Group"},
	}}).want(http.StatusOK).into(&changed)
	if changed.Changed != 3 || changed.Unchanged != 1 || len(changed.Failed) != 2 || changed.Failed[0].Code != "OwnMember" || changed.Failed[1].ID != ada.ID {
		t.Errorf("added %+v", changed)
	}
	members, pages := everything[api.Member](h, h.full, path, "2")
	states := map[string]string{}
	for _, member := range members {
		states[member.Type+" "+member.DisplayName+" "+member.UserName] = member.State
		if member.Synced || !member.ByHand {
			t.Errorf("member %+v", member)
		}
	}
	want := map[string]string{"User ADA@CONTOSO.COM ada@contoso.com": "Active", "User BOB@CONTOSO.COM bob@contoso.com": "Inactive", "Group Berlin ": "Active"}
	if !maps.Equal(states, want) || pages != 2 {
		t.Errorf("%d pages of members %v", pages, states)
	}
	if groups, _ := everything[api.Member](h, h.full, path+"?type=Group", "1"); len(groups) != 1 || groups[0].ID != berlin.ID {
		t.Errorf("groups among the members: %+v", groups)
	}
	of, _ := everything[api.Membership](h, h.full, "users/"+ada.ID.String()+"/groups", "1")
	if len(of) != 1 || of[0].ID != sales.ID || of[0].DisplayName != "Sales" || !of[0].ByHand || of[0].Owner != nil {
		t.Errorf("groups of a user: %+v", of)
	}
	h.call(h.full, http.MethodDelete, path+"/"+bob.ID.String(), nil).want(http.StatusNoContent)
	h.call(h.full, http.MethodDelete, path+"/"+bob.ID.String(), nil).want(http.StatusNoContent)
	h.call(h.full, http.MethodPost, "groups/"+sales.ID.String()+"/remove-members", api.FormerMembers{Members: []ident.ID{ada.ID, bob.ID}}).want(http.StatusOK).into(&changed)
	if changed.Changed != 1 || changed.Unchanged != 1 || len(changed.Failed) != 0 {
		t.Errorf("removed %+v", changed)
	}
	if members, _ := everything[api.Member](h, h.full, path, "9"); len(members) != 1 {
		t.Errorf("%d members are left", len(members))
	}
}

func TestASynchronisedGroupIsReadOnlyAndShowsItsOwner(t *testing.T) {
	h := open(t, -1)
	instance := h.instance(nil)
	ada := h.person("ada@contoso.com", nil)
	group := h.managedGroup(instance.ID, "Sales", ada.ID)
	if !group.Managed || group.Owner == nil || group.Owner.Name != instance.Name || !group.ToBeSynced || group.Members != 1 || group.Source != "Entra" {
		t.Errorf("group %+v", group)
	}
	if found, _ := everything[api.Group](h, h.full, "groups?externalId=s-Sales&managed=true", "9"); len(found) != 1 || found[0].ID != group.ID {
		t.Errorf("by object id: %+v", found)
	}
	path := "groups/" + group.ID.String()
	for _, call := range []struct{ method, path, body string }{
		{http.MethodPatch, path, `{"attributes":{"description":"x"}}`},
		{http.MethodDelete, path, ""},
		{http.MethodDelete, path + "/members/" + ada.ID.String(), ""},
	} {
		p := h.call(h.full, call.method, call.path, call.body).problem(http.StatusConflict, "Managed")
		if !strings.Contains(p.Detail, instance.Name) {
			t.Errorf("%s %s does not name the owner: %s", call.method, call.path, p.Detail)
		}
	}
	bob := h.person("bob@contoso.com", nil)
	var changed api.MembersChanged
	h.call(h.full, http.MethodPost, path+"/members", fmt.Sprintf(`{"members":[{"id":"%s"}]}`, bob.ID)).want(http.StatusOK).into(&changed)
	if changed.Changed != 1 || len(changed.Failed) != 0 {
		t.Errorf("added by hand %+v", changed)
	}
	h.call(h.full, http.MethodPost, path+"/remove-members", api.FormerMembers{Members: []ident.ID{ada.ID, bob.ID}}).want(http.StatusOK).into(&changed)
	if changed.Changed != 1 || len(changed.Failed) != 1 || changed.Failed[0].Code != "Managed" || !strings.Contains(changed.Failed[0].Text, instance.Name) {
		t.Errorf("taken out by hand %+v", changed)
	}
	members, _ := everything[api.Member](h, h.full, path+"/members", "9")
	if !slices.EqualFunc(members, []ident.ID{ada.ID}, func(m api.Member, id ident.ID) bool { return m.ID == id && m.Synced && !m.ByHand }) {
		t.Errorf("members %+v", members)
	}
}
