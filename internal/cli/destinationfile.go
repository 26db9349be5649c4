package cli

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/fault"
)

// destinationFile is where an instance writes, in YAML. Secrets stand in files, whose paths are relative to the folder of the YAML file.
type destinationFile struct {
	// Type is directory or scim.
	Type      string     `yaml:"type"`
	Profile   string     `yaml:"profile"`
	BaseURL   string     `yaml:"baseUrl"`
	TokenFile string     `yaml:"tokenFile"`
	OAuth     *oauthFile `yaml:"oauth"`
}

type oauthFile struct {
	TokenURL         string `yaml:"tokenUrl"`
	ClientID         string `yaml:"clientId"`
	ClientSecretFile string `yaml:"clientSecretFile"`
	Scope            string `yaml:"scope"`
}

// beside is a path of the file, relative to the folder where the file is.
func (f instanceFile) beside(path string) string {
	if path != "-" && !filepath.IsAbs(path) {
		return filepath.Join(f.folder, path)
	}
	return path
}

// readDestination reads the secret that the file points to, into the request of a new instance's destination; nil if the file names none.
func (f instanceFile) readDestination(in *invocation) (*api.Destination, error) {
	d := f.Destination
	if d == nil {
		return nil, nil
	}
	want := &api.Destination{Type: d.Type, Profile: d.Profile, BaseURL: d.BaseURL}
	var err error
	if d.TokenFile != "" {
		if want.Token, err = readSecret(in, f.beside(d.TokenFile)); err != nil {
			return nil, err
		}
	}
	if d.OAuth != nil {
		want.OAuth = &api.OAuth{TokenURL: d.OAuth.TokenURL, ClientID: d.OAuth.ClientID, Scope: d.OAuth.Scope}
		if d.OAuth.ClientSecretFile != "" {
			want.OAuth.ClientSecret, err = readSecret(in, f.beside(d.OAuth.ClientSecretFile))
		}
	}
	return want, err
}

// patchDestination is the change of a destination, and a line for each thing that changes; read is what readDestination returned, nil if secrets are not
// looked at. Type and address cannot be changed.
func (f instanceFile) patchDestination(now api.Destination, read *api.Destination) (*api.DestinationPatch, []string, error) {
	d := f.Destination
	if d == nil {
		return nil, nil, nil
	}
	for _, fixed := range []struct{ name, has, wants string }{{"type", cmp.Or(now.Type, api.DirectoryDestination), d.Type}, {"baseUrl", now.BaseURL, strings.TrimRight(d.BaseURL, "/")}} {
		if fixed.wants != "" && !strings.EqualFold(fixed.has, fixed.wants) {
			return nil, nil, fault.New(fault.Conflict, "OtherDestination", "the destination of the instance has the %s %s, not %s", fixed.name, fixed.has, fixed.wants).
				WithRemedy("Create an instance with another name for the other destination.")
		}
	}
	var want api.DestinationPatch
	var lines []string
	if d.Profile != "" && d.Profile != now.Profile {
		want.Profile = &d.Profile
		lines = append(lines, fmt.Sprintf("destination.profile: %s → %s", now.Profile, d.Profile))
	}
	if read != nil && read.Token != "" {
		want.Token = &read.Token
		lines = append(lines, "destination.token: written (whether it is another one is not known)")
	}
	if d.OAuth == nil {
		return changed(want, lines)
	}
	var had api.OAuth
	if now.OAuth != nil {
		had = *now.OAuth
	}
	for _, one := range []struct{ name, has, wants string }{
		{"tokenUrl", had.TokenURL, d.OAuth.TokenURL}, {"clientId", had.ClientID, d.OAuth.ClientID}, {"scope", had.Scope, d.OAuth.Scope},
	} {
		if one.has != one.wants {
			lines = append(lines, fmt.Sprintf("destination.oauth.%s: %q → %q", one.name, one.has, one.wants))
		}
	}
	if read != nil && read.OAuth.ClientSecret != "" {
		want.OAuth = read.OAuth
		lines = append(lines, "destination.oauth.clientSecret: written (whether it is another one is not known)")
	} else if len(lines) > 0 && read != nil {
		return nil, nil, fault.New(fault.Invalid, "InstanceFile", "another way to get tokens needs its secret").WithRemedy("Add destination.oauth.clientSecretFile.")
	}
	return changed(want, lines)
}

func changed(want api.DestinationPatch, lines []string) (*api.DestinationPatch, []string, error) {
	if len(lines) == 0 {
		return nil, nil, nil
	}
	return &want, lines, nil
}

// exportDestination writes where the instance writes.
func exportDestination(y *yamlText, d api.Destination) {
	y.line("# Where the instance writes, which stays what it is.")
	y.line("destination:")
	if d.Type != api.SCIMDestination {
		y.line("  type: %s", api.DirectoryDestination)
		return
	}
	y.line("  type: %s", scalar(d.Type))
	y.line("  profile: %s", scalar(d.Profile))
	y.line("  baseUrl: %s", scalar(d.BaseURL))
	if d.OAuth == nil {
		y.line("  # tokenFile: token.txt")
		return
	}
	y.line("  oauth:")
	y.line("    tokenUrl: %s", scalar(d.OAuth.TokenURL))
	y.line("    clientId: %s", scalar(d.OAuth.ClientID))
	y.line("    # clientSecretFile: destination-secret.txt")
	if d.OAuth.Scope != "" {
		y.line("    scope: %s", scalar(d.OAuth.Scope))
	}
}

// destinationFlags say where a new instance writes.
type destinationFlags struct {
	DestinationURL        string `help:"Address of a remote SCIM service that the instance writes to; without it, to the organization's own directory." placeholder:"URL"`
	DestinationProfile    string `default:"generic" help:"What kind of service it is: generic, webex, aws, github or slack."`
	DestinationSecretFile string `help:"File that holds the service's token, or with --destination-token-url the client secret." placeholder:"FILE"`
	DestinationTokenURL   string `help:"Address where tokens are got (OAuth 2.0 client credentials)." placeholder:"URL"`
	DestinationClientID   string `help:"Client ID for that." placeholder:"ID"`
	DestinationScope      string `help:"Scope for that." placeholder:"SCOPE"`
}

// destination is the destination that the flags describe; nil for the built-in directory.
func (d destinationFlags) destination(in *invocation) (*api.Destination, error) {
	if d.DestinationURL == "" {
		return nil, nil
	}
	secret, err := readSecret(in, d.DestinationSecretFile)
	if err != nil {
		return nil, err
	}
	want := &api.Destination{Type: api.SCIMDestination, Profile: d.DestinationProfile, BaseURL: d.DestinationURL, Token: secret}
	if d.DestinationTokenURL != "" {
		want.Token = ""
		want.OAuth = &api.OAuth{TokenURL: d.DestinationTokenURL, ClientID: d.DestinationClientID, ClientSecret: secret, Scope: d.DestinationScope}
	}
	return want, nil
}

// destinationText is where an instance writes, for people.
func destinationText(d api.Destination) string {
	if d.Type != api.SCIMDestination {
		return "the organization's own directory"
	}
	return fmt.Sprintf("%s (%s)", d.BaseURL, d.Profile)
}
