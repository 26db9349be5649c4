package engine_test

import (
	"net/http"
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/engine"
)

func TestNamesThatGoRoundAreChangedThoughEachOfThemFailedAlone(t *testing.T) {
	w := newWorld(t, 60)
	w.good(engine.Incremental)
	p := w.people(2)
	a, b := id(p[0]), id(p[1])
	nameOf := func(person map[string]any) string { text, _ := person["userPrincipalName"].(string); return text }
	nameA, nameB := nameOf(p[0]), nameOf(p[1])
	rename := func(person, name string) {
		w.control(http.MethodPatch, "/sim/users/"+person, map[string]any{"userPrincipalName": name})
	}
	// In the tenant the two change names by way of a third; the directory hears of the first half while the third name is taken here.
	if _, err := w.dir.CreateUser(t.Context(), w.org, attr.From(map[string]any{attr.UserName: "third@contoso.example", attr.ExternalID: "somebody-else"})); err != nil {
		t.Fatal(err)
	}
	rename(a, "third@contoso.example")
	rename(b, nameA)
	if run := w.good(engine.Incremental); run.Progress.Counts["failed"] == 0 {
		t.Fatalf("counts %v, want failures", run.Progress.Counts)
	}
	rename(a, nameB)
	w.good(engine.Incremental)
	w.work(w.engine)
	if gotA, gotB := w.linked(a).Name(), w.linked(b).Name(); gotA != nameB || gotB != nameA {
		t.Errorf("the names are %s and %s, want %s and %s", gotA, gotB, nameB, nameA)
	}
}
