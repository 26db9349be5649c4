package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/api"
	"rollcall/internal/notify"
	"rollcall/internal/notify/notifytest"
)

func TestAnOrganizationSetsItsMailServerAndTriesIt(t *testing.T) {
	h := open(t, -1)
	server := notifytest.Start(t, &notifytest.Server{User: "rollcall", Password: "correct horse"})
	account := server.Account()
	var email api.Email
	h.call(h.full, http.MethodGet, "email", nil).want(http.StatusOK).into(&email)
	if diff := cmp.Diff(api.Email{Source: "none", Language: "en", OwnAllowed: true}, email); diff != "" {
		t.Error(diff)
	}
	h.call(h.full, http.MethodPost, "email/test", api.EmailTest{To: "ops@example.com"}).problem(http.StatusConflict, "NoMailServer")
	password, language := "correct horse", "fr"
	set := h.call(h.full, http.MethodPatch, "email", api.EmailPatch{
		Host: &account.Host, Port: &account.Port, TLS: &account.TLS, User: &account.User, Password: &password, From: &account.From, Language: &language,
	})
	set.want(http.StatusOK).into(&email)
	want := api.Email{
		Source: "organization", Host: account.Host, From: account.From, Port: account.Port, TLS: notify.NoTLS, User: "rollcall", PasswordSet: true, Language: "fr", OwnAllowed: true,
	}
	if diff := cmp.Diff(want, email); diff != "" {
		t.Error(diff)
	}
	var tested api.EmailTested
	h.call(h.full, http.MethodPost, "email/test", api.EmailTest{To: "ops@example.com"}).want(http.StatusOK).into(&tested)
	if tested.Answer == "" || len(server.Mails()) != 1 || server.Mails()[0].Subject != "Message d’essai de Rollcall" {
		t.Errorf("%+v %q", tested, server.Subjects())
	}
	server.Refuse("gone@example.com", 550, "no such user")
	p := h.call(h.full, http.MethodPost, "email/test", api.EmailTest{To: "gone@example.com"}).problem(http.StatusBadRequest, "RecipientRefused")
	if !strings.Contains(p.Detail, "550 5.1.1 no such user") || p.Remedy == "" {
		t.Errorf("%+v", p)
	}
	if strings.Contains(h.log.String(), password) {
		t.Error("the password is in the log")
	}
}

func TestAnInstanceKeepsWhoIsTold(t *testing.T) {
	h := open(t, -1)
	instance := h.instance(nil)
	path := "instances/" + instance.ID.String()
	to, on := []string{"ops@example.com", " OPS@example.com "}, true
	h.call(h.full, http.MethodPatch, path, api.InstancePatch{Notification: &api.NotificationPatch{Addresses: &to, OnFailure: &on}}).want(http.StatusOK).into(&instance)
	if diff := cmp.Diff(api.Notification{Addresses: []string{"ops@example.com"}, OnFailure: true}, instance.Notification); diff != "" {
		t.Error(diff)
	}
	none := []string{}
	h.call(h.full, http.MethodPatch, path, api.InstancePatch{Notification: &api.NotificationPatch{Addresses: &none}}).problem(http.StatusBadRequest, "MissingAddress")
	bad := []string{"ops"}
	h.call(h.full, http.MethodPatch, path, api.InstancePatch{Notification: &api.NotificationPatch{Addresses: &bad}}).problem(http.StatusBadRequest, "BadEmail")
}
