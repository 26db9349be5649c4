package cli

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"

	"rollcall/internal/api"
)

func TestARemoteServiceIsTriedAndItsSecretRenewed(t *testing.T) {
	r := startDemo(t)
	var there api.Organization
	if err := r.client.call(t.Context(), http.MethodPost, "/organizations", nil, map[string]string{"name": "Elsewhere"}, &there); err != nil {
		t.Fatal(err)
	}
	secret := func(name string) (file, text string) {
		var made struct{ Secret string }
		path := "/organizations/" + there.ID.String() + "/tokens"
		if err := r.client.call(t.Context(), http.MethodPost, path, nil, map[string]string{"name": name, "role": "scim-writer"}, &made); err != nil {
			t.Fatal(err)
		}
		file = filepath.Join(t.TempDir(), "token.txt")
		writeFile(t, file, made.Secret)
		return file, made.Secret
	}
	env := append(r.env(), "ROLLCALL_ORG="+r.info.OrgID.String())
	base := r.info.APIURL + "/identity/scim/" + there.ID.String() + "/v2"
	good, token := secret("one")
	newer, _ := secret("two")
	wrong := filepath.Join(t.TempDir(), "wrong.txt")
	writeFile(t, wrong, "not the token")

	flags := []string{"instance", "test-destination", "--destination-url", base, "--destination-secret-file"}
	call(t, env, append(flags, good)...).want(t, 0, "")
	call(t, env, append(flags, wrong)...).want(t, 2, "401 Unauthorized")
	call(t, env, "instance", "test-destination").want(t, 2, "one destination is tested")
	call(t, env, "instance", "test-destination", demoName).want(t, 6, "writes to the built-in directory")

	var instance api.Instance
	err := r.client.call(t.Context(), http.MethodPost, r.client.here("instances"), nil, api.NewInstance{
		Name: "Out", ConnectionID: r.instance(t).ConnectionID,
		Destination: &api.Destination{Type: api.SCIMDestination, BaseURL: base, Token: token},
	}, &instance)
	if err != nil {
		t.Fatal(err)
	}
	call(t, env, "instance", "test-destination", "Out").want(t, 0, "")
	call(t, env, "instance", "renew-destination-secret", "Out", "--secret-file", wrong).want(t, 2, "401 Unauthorized")
	call(t, env, "instance", "renew-destination-secret", "Out", "--secret-file", newer).want(t, 0, "")
	if got := call(t, env, "sync", "Out", "--dry-run", "--wait"); got.code != 0 {
		t.Errorf("the dry run: %+v", got)
	}
	shown := call(t, env, "instance", "show", "Out", "--json")
	var told api.Instance
	if err := json.Unmarshal([]byte(shown.stdout), &told); err != nil {
		t.Fatal(err)
	}
	if told.Destination.Offer == nil || !told.Destination.Offer.Groups {
		t.Errorf("what the service offers is not told: %s", shown.stdout)
	}
}
