package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/api"
)

func TestAnInstanceSaysWhereItWritesAndTellsNoSecret(t *testing.T) {
	h := open(t, -1)
	if own := h.instance(nil); own.Destination != (api.Destination{Type: api.DirectoryDestination}) {
		t.Errorf("without a destination an instance writes to %+v", own.Destination)
	}
	oauth := api.OAuth{TokenURL: "https://login.example.com/token", ClientID: "rollcall", ClientSecret: "hidden-2", Scope: "scim"}
	for _, c := range []struct {
		name string
		sent api.Destination
		want api.Destination
	}{
		{
			"By token",
			api.Destination{Type: "scim", BaseURL: "https://one.example.com/v2/", Token: "hidden-1"},
			api.Destination{Type: "scim", Profile: "generic", BaseURL: "https://one.example.com/v2"},
		},
		{
			"By OAuth",
			api.Destination{Type: "scim", Profile: "webex", BaseURL: "https://two.example.com/v2", OAuth: &oauth},
			api.Destination{Type: "scim", Profile: "webex", BaseURL: "https://two.example.com/v2", OAuth: &api.OAuth{TokenURL: oauth.TokenURL, ClientID: "rollcall", Scope: "scim"}},
		},
	} {
		answer := h.call(h.full, http.MethodPost, "instances", h.writes(c.name, c.sent)).want(http.StatusCreated)
		var instance api.Instance
		answer.into(&instance)
		if diff := cmp.Diff(c.want, instance.Destination); diff != "" {
			t.Errorf("%s (-want +told):\n%s", c.name, diff)
		}
		path := "instances/" + instance.ID.String()
		instance = api.Instance{}
		h.call(h.full, http.MethodPatch, path, `{"destination":{"profile":"slack","token":"hidden-3"}}`).want(http.StatusOK).into(&instance)
		if got := instance.Destination; got.Profile != "slack" || got.OAuth != nil || got.BaseURL != c.want.BaseURL {
			t.Errorf("changed, it writes to %+v", got)
		}
		text, _ := json.Marshal(instance)
		if strings.Contains(string(text), "hidden") {
			t.Errorf("a secret is told: %s", text)
		}
	}
}

func TestADestinationThatCannotBeIsRefused(t *testing.T) {
	h := open(t, -1)
	own := h.instance(nil)
	h.call(h.full, http.MethodPatch, "instances/"+own.ID.String(), `{"destination":{"token":"x"}}`).want(http.StatusConflict)
	for _, wrong := range []api.Destination{
		{Type: "scim", Token: "x"},
		{Type: "scim", BaseURL: "https://one.example.com"},
		{Type: "scim", BaseURL: "https://one.example.com", Token: "x", OAuth: &api.OAuth{TokenURL: "https://two.example.com", ClientID: "y", ClientSecret: "z"}},
	} {
		h.call(h.full, http.MethodPost, "instances", h.writes("Wrong", wrong)).want(http.StatusBadRequest)
	}
}

// writes is the request for an instance that writes to a destination.
func (h *house) writes(name string, to api.Destination) api.NewInstance {
	return api.NewInstance{
		Name: name, TenantID: h.tenant.TenantID, ClientID: h.tenant.ClientID, ClientSecret: h.tenant.ClientSecret, Destination: &to,
	}
}
