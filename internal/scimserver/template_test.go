package scimserver

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

// TestATemplateWritesWhatTheResourceHolds compares both ways to write users of all shapes.
func TestATemplateWritesWhatTheResourceHolds(t *testing.T) {
	k := &userKind{server: &server{}, types: scim.Users()}
	written := 0
	rapid.Check(t, func(t *rapid.T) {
		view := someView(t)
		template := k.templateOf(view)
		if template == nil {
			return
		}
		written++
		got, want := template.append(nil, view), scim.AppendJSON(nil, k.resourceOf(view.Attributes, view.facts()))
		if string(got) != string(want) {
			t.Fatalf("%v\n got %s\nwant %s", view.Attributes, got, want)
		}
	})
	if written == 0 {
		t.Error("no template was made")
	}
}

func someView(t *rapid.T) *userView {
	text := rapid.SampledFrom([]string{"a", "true", "work", "home", "\x000", "\x00-1", `"\u0000`, "é\u2028<", "4a7c0000-0000-4000-8000-000000000001"})
	values := rapid.OneOf(text.AsAny(), text.AsAny(), text.AsAny(), rapid.Bool().AsAny(), rapid.Float64Range(-9, 9).AsAny(), rapid.SampledFrom([]any{
		nil, "", []string{"a", "b"}, []any{map[string]any{"value": "x", "type": "work"}},
	}))
	const of = attr.EnterpriseUser + ":"
	names := rapid.OneOf(rapid.SampledFrom([]string{
		"active", "userName", "UserName", "externalId", "displayName", "name.familyName", "name.givenName", "title", "deletedAt", "nonsense", "emails",
		`emails[type eq "work"].value`, `emails[type eq "work"].primary`, `addresses[type eq "work"].country`, of + "department", of + "manager",
		of + "manager.value", of + "Manager.Value", attr.EnterpriseUser, "schemas", "id", "groups",
	}), rapid.Custom(func(t *rapid.T) string {
		filter := rapid.SampledFrom([]string{"type", "primary", "value"}).Draw(t, "filter")
		sub := rapid.SampledFrom([]string{"type", "Type", "value", "display", "primary"}).Draw(t, "sub")
		return attr.Path{Name: "emails", FilterName: filter, FilterValue: text.Draw(t, "of"), Sub: sub}.String()
	}))
	var record attr.Record
	for name, value := range rapid.MapOfN(names, values, 0, 6).Draw(t, "attributes") {
		record.Set(name, value)
	}
	at := time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "at"))
	view := &userView{
		User: &directory.User{ID: ident.New(at), CreatedAt: at, UpdatedAt: at.Add(time.Millisecond), Attributes: record},
		base: "https://x/v2", location: "https://x/v2/Users/1", version: `W/"1"`,
	}
	if rapid.Bool().Draw(t, "manager") {
		view.manager, view.managerName = "m-1", rapid.SampledFrom([]string{"", "Ada \"L\""}).Draw(t, "name")
	}
	groups := make([]*directory.Group, rapid.IntRange(0, 2).Draw(t, "groups"))
	for i := range groups {
		groups[i] = &directory.Group{ID: ident.New(at), Attributes: attr.From(map[string]any{attr.DisplayName: "G"})}
	}
	view.groups = labelsOf(groups, view.base, map[ident.ID]*groupLabel{})
	return view
}
