package api_test

import (
	"net/http"
	"testing"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/engine"
)

func TestAnInstanceIsReconciledAndSaysWhatWasFound(t *testing.T) {
	h := open(t, 30)
	instance := h.instance(nil)
	path := "instances/" + instance.ID.String()
	if instance.Reconcile != (api.Reconciling{EverySeconds: 604_800, Repair: true, PerSecond: 2000}) || instance.Status.Reconcile != nil {
		t.Errorf("a new instance has %+v, %+v", instance.Reconcile, instance.Status.Reconcile)
	}
	h.call(h.full, http.MethodPost, path+"/reconcile", nil).want(http.StatusConflict)
	h.sync(instance.ID, "incremental")
	for body, kind := range map[string]engine.Kind{`{"reportOnly":true}`: engine.ReconcileReport, `{}`: engine.Reconcile} {
		var run api.Run
		answer := h.call(h.full, http.MethodPost, path+"/reconcile", body).want(http.StatusAccepted)
		if answer.into(&run); run.Kind != kind {
			t.Errorf("%s asks for %s", body, run.Kind)
		}
		h.work()
		h.call(h.full, http.MethodGet, "runs/"+run.ID.String(), nil).want(http.StatusOK).into(&run)
		if run.State != engine.Succeeded || run.Counts["drift"] != 0 || run.Progress.Planned < 30 {
			t.Errorf("the %s is %+v", kind, run)
		}
		h.call(h.full, http.MethodGet, path, nil).want(http.StatusOK).into(&instance)
		if last := instance.Status.Reconcile; last == nil || last.RunID != run.ID || last.EndedAt.IsZero() || last.Repairs != (kind == engine.Reconcile) {
			t.Errorf("the instance says of it %+v", last)
		}
	}
	h.call(h.full, http.MethodPost, "instances/"+nobody+"/reconcile", nil).want(http.StatusNotFound)
}

func TestWhenAnInstanceIsReconciledIsChangedPartByPart(t *testing.T) {
	h := open(t, -1)
	path := "instances/" + h.instance(nil).ID.String()
	want := api.Reconciling{EverySeconds: 604_800, Repair: true, PerSecond: 2000}
	for _, step := range []struct {
		body   string
		status int
		change func()
	}{
		{`{"reconcile":{"everySeconds":3600}}`, http.StatusOK, func() { want.EverySeconds = time.Hour.Seconds() }},
		{`{"reconcile":{"repair":false,"perSecond":0}}`, http.StatusOK, func() { want.Repair, want.PerSecond = false, 0 }},
		{`{"reconcile":{"everySeconds":0}}`, http.StatusOK, func() { want.EverySeconds = 0 }},
		{`{"reconcile":{"everySeconds":5}}`, http.StatusBadRequest, func() {}},
		{`{"reconcile":{"perSecond":-1}}`, http.StatusUnprocessableEntity, func() {}},
		{`{"name":"Other"}`, http.StatusOK, func() {}},
	} {
		step.change()
		h.call(h.full, http.MethodPatch, path, step.body).want(step.status)
		var now api.Instance
		h.call(h.full, http.MethodGet, path, nil).want(http.StatusOK).into(&now)
		if now.Reconcile != want || now.ConfigVersion != 1 {
			t.Errorf("after %s it is %+v in version %d, want %+v", step.body, now.Reconcile, now.ConfigVersion, want)
		}
	}
}
