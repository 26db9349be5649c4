package api

import (
	"rollcall/internal/engine"
	"rollcall/internal/fault"
)

// The types of destinations.
const (
	DirectoryDestination = "directory"
	SCIMDestination      = "scim"
)

// Destination is where an instance writes. Secrets are written and never told.
type Destination struct {
	Type    string `json:"type" enum:"directory,scim" doc:"directory is the organization's own, scim a remote SCIM 2.0 service."`
	Profile string `json:"profile,omitempty" maxLength:"64" example:"generic" doc:"What kind of service it is: generic, webex, aws, github, slack; generic if absent."`
	BaseURL string `json:"baseUrl,omitempty" maxLength:"2048" example:"https://scim.example.com/v2" doc:"The address below which /Users and /Groups are found."`
	Token   string `json:"token,omitempty" maxLength:"16384" writeOnly:"true" doc:"The bearer token. Sealed at rest and never told again."`
	OAuth   *OAuth `json:"oauth,omitempty" doc:"Where to get tokens, instead of a token."`
	Offer   *Offer `json:"offer,omitempty" readOnly:"true" doc:"What the service said of itself when a run asked it last; absent before the first one, in lists, and for the organization's own directory."`
}

// OAuth says where and as whom tokens are got (OAuth 2.0 client credentials).
type OAuth struct {
	TokenURL     string `json:"tokenUrl" minLength:"1" maxLength:"2048" example:"https://login.example.com/oauth2/token" doc:"The token address."`
	ClientID     string `json:"clientId" minLength:"1" maxLength:"1024" example:"rollcall" doc:"The client id."`
	ClientSecret string `json:"clientSecret,omitempty" maxLength:"4096" writeOnly:"true" doc:"The client secret. Sealed at rest and never told again."`
	Scope        string `json:"scope,omitempty" maxLength:"1024" example:"scim" doc:"What is asked for."`
}

// DestinationPatch changes profile and credential of a remote service, for all instances that write to it; what is absent stays as it is. Type and
// address of an instance's destination stay what they are.
type DestinationPatch struct {
	Profile *string `json:"profile,omitempty" minLength:"1" maxLength:"64" doc:"What kind of service it is."`
	Token   *string `json:"token,omitempty" minLength:"1" maxLength:"16384" writeOnly:"true" doc:"Replaces the bearer token, or the way to get tokens."`
	OAuth   *OAuth  `json:"oauth,omitempty" doc:"Replaces the token, or the way to get tokens; with its client secret."`
}

// destinationOf is how the destination of an instance is told; service is nil for the built-in directory.
func destinationOf(service *engine.RemoteService) Destination {
	if service == nil {
		return Destination{Type: DirectoryDestination}
	}
	told := Destination{Type: SCIMDestination, Profile: service.Profile, BaseURL: service.BaseURL}
	if service.TokenURL != "" {
		told.OAuth = &OAuth{TokenURL: service.TokenURL, ClientID: service.ClientID, Scope: service.Scope}
	}
	return told
}

// wanted is the remote service that a new instance writes to; nil for the built-in directory.
func (d *Destination) wanted() (*engine.NewService, error) {
	if d == nil || d.Type == DirectoryDestination {
		return nil, nil
	}
	if d.OAuth != nil && d.Token != "" {
		return nil, bothCredentials()
	}
	service := &engine.NewService{Profile: d.Profile, BaseURL: d.BaseURL, Secret: d.Token}
	if service.Profile == "" {
		service.Profile = "generic"
	}
	if d.OAuth != nil {
		service.TokenURL, service.ClientID, service.Scope, service.Secret = d.OAuth.TokenURL, d.OAuth.ClientID, d.OAuth.Scope, d.OAuth.ClientSecret
	}
	return service, nil
}

// wanted is the change of a remote service; nil for none.
func (d *DestinationPatch) wanted() (*engine.ServiceChange, error) {
	switch {
	case d == nil:
		return nil, nil
	case d.OAuth != nil && d.Token != nil:
		return nil, bothCredentials()
	}
	change := &engine.ServiceChange{Profile: d.Profile}
	if d.Token != nil {
		none := ""
		change.TokenURL, change.ClientID, change.Scope, change.Secret = &none, &none, &none, d.Token
	}
	if d.OAuth != nil {
		change.TokenURL, change.ClientID, change.Scope, change.Secret = &d.OAuth.TokenURL, &d.OAuth.ClientID, &d.OAuth.Scope, &d.OAuth.ClientSecret
	}
	return change, nil
}

func bothCredentials() error {
	return fault.New(fault.Invalid, "TwoCredentials", "the destination has a token and a way to get tokens; give one of them")
}
