package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// undo asks for an undo at the path and returns how it ended.
func (h *house) undo(path string, request any) api.Run {
	h.t.Helper()
	var run api.Run
	answer := h.call(h.full, http.MethodPost, path, request).want(http.StatusAccepted)
	answer.into(&run)
	if !strings.HasSuffix(answer.header.Get("Location"), "/runs/"+run.ID.String()) {
		h.t.Errorf("the location is %q", answer.header.Get("Location"))
	}
	h.work()
	h.call(h.full, http.MethodGet, "runs/"+run.ID.String(), nil).want(http.StatusOK).into(&run)
	return run
}

func TestARunIsUndoneAfterADryRunAndItsPinsAreListedAndLifted(t *testing.T) {
	h := open(t, 40)
	instance := h.instance(nil)
	h.sync(instance.ID, "incremental")
	users, _ := everything[api.User](h, h.full, "users?active=true", "3")
	h.simulate(http.MethodPost, "/users/"+users[0].ExternalID+"/block", "")
	h.simulate(http.MethodPatch, "/users/"+users[1].ExternalID, `{"jobTitle":"Wrong"}`)
	run := h.sync(instance.ID, "incremental")
	path := "runs/" + run.ID.String() + "/undo"

	dry := h.undo(path, `{}`)
	if dry.Kind != engine.UndoDryRun || dry.Undo == nil || dry.Undo.RunID != run.ID || dry.Undo.DespiteEntra != 1 || dry.Counts["reactivate"] != 1 || dry.Counts["update"] != 1 {
		t.Errorf("the dry run is %+v", dry)
	}
	changes, _ := everything[api.Change](h, h.full, "runs/"+dry.ID.String()+"/changes?action=reactivate", "10")
	if len(changes) != 1 || changes[0].State != engine.Proposed || changes[0].Reason.Code != plan.UndoneDespiteEntra || changes[0].Undoes.IsZero() {
		t.Errorf("the dry run proposes %+v", changes)
	}
	wet := h.undo(path, `{"dryRun":false,"reason":"wrong","objects":["`+users[0].ID.String()+`"]}`)
	if wet.Kind != engine.Undo || wet.Undo.Objects != 1 || wet.Counts["reactivate"] != 1 || wet.RequestedBy != "full" {
		t.Errorf("the undo is %+v", wet)
	}
	if latest := h.undo("users/"+users[1].ID.String()+"/undo", `{"dryRun":false,"reason":"wrong too"}`); latest.Counts["update"] != 1 {
		t.Errorf("the undo of one user is %+v", latest)
	}
	pins, pages := everything[api.Pin](h, h.full, "pins?instance="+instance.ID.String(), "1")
	if len(pins) != 2 || pages != 2 || pins[0].ObjectID != users[0].ID || pins[0].By != "full" || pins[0].Reason != "wrong" || !pins[0].KeepsAccess ||
		pins[0].UndoneID != run.ID || pins[0].RunID != wet.ID || pins[1].KeepsAccess {
		t.Errorf("%d pages of pins %+v", pages, pins)
	}
	h.call(h.full, http.MethodDelete, "pins/"+pins[1].ID.String(), nil).want(http.StatusNoContent)
	h.call(h.full, http.MethodDelete, "pins/"+pins[1].ID.String(), nil).problem(http.StatusNotFound, "UnknownPin")
	h.sync(instance.ID, "incremental")
	var user api.User
	h.call(h.full, http.MethodGet, "users/"+users[1].ID.String(), nil).want(http.StatusOK).into(&user)
	if user.Attributes["title"] != "Wrong" {
		t.Errorf("without the pin the title is %v", user.Attributes["title"])
	}
	events, _ := everything[api.Event](h, h.full, "audit", "100")
	said := map[string]int{}
	for _, event := range events {
		said[event.Action]++
	}
	if said["run.undo"] != 3 || said["pin.lift"] != 1 {
		t.Errorf("the audit log counts %v, want three undos and one pin lifted", said)
	}
}

func TestAnUndoThatCannotBeIsAProblem(t *testing.T) {
	h := open(t, 20)
	instance := h.instance(nil)
	run := h.sync(instance.ID, "incremental")
	path := "runs/" + run.ID.String() + "/undo"
	h.call(h.full, http.MethodPost, path, `{"dryRun":false}`).problem(http.StatusBadRequest, "Missing")
	h.call(h.full, http.MethodPost, path, `{"reason":"`+strings.Repeat("x", 501)+`"}`).problem(http.StatusUnprocessableEntity, "ValidationFailed")
	h.call(h.full, http.MethodPost, path, `{"object":"`+nobody+`"}`).problem(http.StatusUnprocessableEntity, "ValidationFailed")
	h.call(h.full, http.MethodPost, path, map[string]any{"objects": []ident.ID{run.ID}}).problem(http.StatusNotFound, "UnknownObject")
	h.call(h.full, http.MethodPost, "runs/"+nobody+"/undo", `{}`).want(http.StatusNotFound)
	h.call(h.full, http.MethodPost, "users/"+nobody+"/undo", `{}`).problem(http.StatusNotFound, "NothingToUndo")
	dry := h.sync(instance.ID, "dry-run")
	h.call(h.full, http.MethodPost, "runs/"+dry.ID.String()+"/undo", `{}`).problem(http.StatusConflict, "NothingToUndo")
	// What belongs to one organization is not undone, seen or lifted through another one.
	h.undo(path, `{"dryRun":false,"reason":"wrong"}`)
	pins, _ := everything[api.Pin](h, h.full, "pins", "1000")
	other, err := h.directory.CreateOrganization(t.Context(), "Fabrikam")
	h.must(err)
	stranger := h.administrator(other.ID, "stranger", directory.FullAdministrator)
	h.call(stranger, http.MethodPost, "/organizations/-/"+path, `{}`).want(http.StatusNotFound)
	h.call(stranger, http.MethodDelete, "/organizations/-/pins/"+pins[0].ID.String(), nil).want(http.StatusNotFound)
	h.call(stranger, http.MethodPost, "/organizations/-/users/"+pins[0].ObjectID.String()+"/undo", `{}`).want(http.StatusNotFound)
	var none api.List[api.Pin]
	if h.call(stranger, http.MethodGet, "/organizations/-/pins", nil).want(http.StatusOK).into(&none); len(none.Items) != 0 {
		t.Errorf("a stranger sees %d pins", len(none.Items))
	}
}

func TestExactlyWhatADryRunShowedIsApplied(t *testing.T) {
	h := open(t, 20)
	instance := h.instance(nil)
	dry := h.sync(instance.ID, "dry-run")
	path := "runs/" + dry.ID.String() + "/apply"
	reader := h.administrator(h.org.ID, "reader", directory.ReadOnlyAdministrator)
	h.call(reader, http.MethodPost, path, nil).want(http.StatusForbidden)
	var run api.Run
	h.call(h.full, http.MethodPost, path, nil).want(http.StatusAccepted).into(&run)
	h.work()
	h.call(h.full, http.MethodGet, "runs/"+run.ID.String(), nil).want(http.StatusOK).into(&run)
	if run.Kind != engine.Application || run.PlanID != dry.ID || run.Counts["create"] == 0 || run.Counts["create"] != dry.Counts["create"] {
		t.Errorf("shown was %v, the run is %+v", dry.Counts, run)
	}
	h.call(h.full, http.MethodPost, path, nil).problem(http.StatusConflict, "PlanApplied")
	events, _ := everything[api.Event](h, h.full, "audit", "100")
	if !slices.ContainsFunc(events, func(e api.Event) bool { return e.Action == "run.apply" && e.Actor.Name == "full" }) {
		t.Error("the audit log does not say who applied it")
	}
}
