package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

func TestWhatFailedIsListedAndTriedAgain(t *testing.T) {
	h := open(t, 10)
	instance := h.instance(nil)
	h.sync(instance.ID, engine.Incremental)
	for _, person := range []string{"ada", "bob"} {
		h.simulate(http.MethodPost, "/users", `{"userPrincipalName":"`+person+`@contoso.example","jobTitle":"`+strings.Repeat("x", 600)+`"}`)
	}
	h.sync(instance.ID, engine.Incremental)
	failed, pages := everything[api.Change](h, h.full, "failed?instance="+instance.ID.String(), "1")
	if len(failed) != 2 || pages != 2 {
		t.Fatalf("%d pages of %+v", pages, failed)
	}
	if one := failed[0]; one.Attempts != 1 || one.Reason.Text == "" || one.RetryAt.Sub(one.FailedAt) != 6*time.Hour {
		t.Errorf("%+v", one)
	}
	var retried api.Retried
	h.call(h.full, http.MethodPost, "failed/retry", api.Retry{Instance: instance.ID, IDs: []ident.ID{failed[0].ID}}).want(http.StatusAccepted).into(&retried)
	if retried.Count != 1 || retried.Run.InstanceID != instance.ID {
		t.Errorf("%+v", retried)
	}
	h.work()
	failed, _ = everything[api.Change](h, h.full, "failed", "100")
	if len(failed) != 2 || failed[0].Attempts != 2 || failed[1].Attempts != 1 {
		t.Errorf("%+v", failed)
	}
	for _, bad := range []string{`{"instance":"` + instance.ID.String() + `"}`, `{"instance":"` + instance.ID.String() + `","all":true,"ids":["` + nobody + `"]}`} {
		h.call(h.full, http.MethodPost, "failed/retry", bad).problem(http.StatusBadRequest, "BadRetry")
	}
	h.call(h.full, http.MethodPost, "failed/retry", api.Retry{Instance: instance.ID, IDs: []ident.ID{ident.New(time.Now())}}).problem(http.StatusNotFound, "NothingFailed")
	h.call(h.full, http.MethodPost, "failed/retry", `{"instance":"`+nobody+`","all":true}`).want(http.StatusNotFound)
}

func TestCredentialsThatEndAreWarnedOf(t *testing.T) {
	h := open(t, 10)
	instance := h.instance(nil)
	path := "instances/" + instance.ID.String()
	ends := time.Now().AddDate(0, 0, 6).UTC().Truncate(time.Second)
	h.call(h.full, http.MethodPatch, path, api.InstancePatch{SecretExpiresAt: &ends}).want(http.StatusOK).into(&instance)
	if w := instance.Status.Warnings; len(w) != 1 || w[0].Code != "SecretExpires" || w[0].Remedy == "" || !w[0].At.Equal(ends) || !instance.SecretExpiresAt.Equal(ends) {
		t.Errorf("%+v", instance)
	}
	secret := h.tenant.ClientSecret
	instance = api.Instance{}
	h.call(h.full, http.MethodPatch, path, api.InstancePatch{ClientSecret: &secret}).want(http.StatusOK).into(&instance)
	if len(instance.Status.Warnings) > 0 || !instance.SecretExpiresAt.IsZero() {
		t.Errorf("after a new secret: %+v", instance)
	}
	over := time.Now().AddDate(0, 0, -1)
	h.call(h.full, http.MethodPatch, path, api.InstancePatch{SecretExpiresAt: &over}).problem(http.StatusBadRequest, "SecretEnded")
	h.call(h.full, http.MethodPatch, path, `{"clientId":"another"}`).problem(http.StatusBadRequest, "Missing")

	// Tokens that were made for less than a month are expected to end.
	h.call(h.full, http.MethodPost, "tokens", api.NewToken{Name: "short", Role: "read-only-administrator", ExpiresInDays: 6}).want(http.StatusCreated)
	var org api.Organization
	h.call(h.full, http.MethodGet, "/organizations/-", nil).want(http.StatusOK).into(&org)
	if len(org.Warnings) > 0 {
		t.Errorf("%+v", org.Warnings)
	}
}
