package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
)

const byOAuth = `name: Contoso
destination:
  type: scim
  profile: aws
  baseUrl: https://scim.example.com/v2/
  oauth: {tokenUrl: https://login.example.com/token, clientId: rollcall, clientSecretFile: secret.txt, scope: scim}
`

func TestADestinationIsReadFromAFileWithItsSecretBesideIt(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"secret.txt": "hidden\n", "contoso.yaml": byOAuth} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file, err := readInstanceFile(&invocation{}, filepath.Join(folder, "contoso.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := file.readDestination(&invocation{})
	if err != nil {
		t.Fatal(err)
	}
	want := &api.Destination{Type: "scim", Profile: "aws", BaseURL: "https://scim.example.com/v2/", OAuth: &api.OAuth{
		TokenURL: "https://login.example.com/token", ClientID: "rollcall", ClientSecret: "hidden", Scope: "scim",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func TestAFileSaysWhatChangesOfADestination(t *testing.T) {
	now := instanceNow(t, engine.DefaultSettings())
	now.Destination = api.Destination{Type: "scim", Profile: "generic", BaseURL: "https://scim.example.com/v2"}
	for _, c := range []struct {
		file string
		read *api.Destination
		want string
	}{
		{"destination: {type: scim, baseUrl: https://scim.example.com/v2/}", nil, ""},
		{"destination: {type: scim, profile: slack}", nil, "destination.profile: generic → slack"},
		{"destination: {type: scim, tokenFile: x}", &api.Destination{Token: "x"}, "destination.token: written (whether it is another one is not known)"},
		{"destination: {type: directory}", nil, "OtherDestination"},
		{"destination: {type: scim, baseUrl: https://other.example.com}", nil, "OtherDestination"},
		{
			"destination: {type: scim, oauth: {tokenUrl: https://login.example.com, clientId: a}}", &api.Destination{OAuth: &api.OAuth{}},
			"InstanceFile",
		},
	} {
		file, err := parseInstanceFile("-", []byte("name: "+now.Name+"\n"+c.file+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		_, lines, err := file.patch(now, "", c.read)
		got := strings.Join(lines, "; ")
		if f := fault.Of(err); f != nil {
			got = f.Code
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.file, got, c.want)
		}
	}
}

func TestAnExportedDestinationIsReadAgainAsItIs(t *testing.T) {
	for _, destination := range []api.Destination{
		{Type: "directory"},
		{Type: "scim", Profile: "generic", BaseURL: "https://scim.example.com/v2"},
		{Type: "scim", Profile: "webex", BaseURL: "https://scim.example.com/v2", OAuth: &api.OAuth{TokenURL: "https://login.example.com", ClientID: "007", Scope: "a b"}},
	} {
		now := instanceNow(t, engine.DefaultSettings())
		now.Destination = destination
		text, err := exportInstance(now) // reads it again by itself
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, "\n  type: "+destination.Type+"\n") || !strings.Contains(text, destination.BaseURL) {
			t.Errorf("exported:\n%s", text)
		}
	}
}
