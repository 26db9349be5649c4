package console

import (
	"net/url"
	"testing"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

func TestADestinationThatIsSavedUntouchedStaysAsItIs(t *testing.T) {
	token := engine.RemoteService{ID: ident.ID{1}, Profile: "aws", BaseURL: "https://scim.example.com/v2"}
	oauth := token
	oauth.TokenURL, oauth.ClientID, oauth.Scope = "https://login.example.com/token", "rollcall", "scim"
	for name, c := range map[string]struct {
		service engine.RemoteService
		form    url.Values
	}{
		"a token":  {token, url.Values{"profile": {"aws"}, "base": {token.BaseURL}, "way": {"token"}, "token": {""}, "clientSecret": {""}}},
		"a client": {oauth, url.Values{"profile": {"aws"}, "way": {"oauth"}, "tokenUrl": {oauth.TokenURL}, "clientId": {"rollcall"}, "scope": {"scim"}, "clientSecret": {""}}},
	} {
		if change, err := posted(c.form).changedService(c.service); err != nil || change != (engine.ServiceChange{}) {
			t.Errorf("%s: %+v, %v", name, change, err)
		}
	}
	for name, c := range map[string]struct {
		service engine.RemoteService
		form    url.Values
		code    string
	}{
		"a token instead of a client": {oauth, url.Values{"profile": {"aws"}, "way": {"token"}}, "DestinationToken"},
		"another client":              {oauth, url.Values{"profile": {"aws"}, "way": {"oauth"}, "tokenUrl": {oauth.TokenURL}, "clientId": {"other"}}, "DestinationSecret"},
	} {
		if _, err := posted(c.form).changedService(c.service); fault.Of(err) == nil || fault.Of(err).Code != c.code {
			t.Errorf("%s without its secret: %v", name, err)
		}
	}
	change, err := posted(url.Values{"profile": {"generic"}, "way": {"token"}, "token": {"new"}}).changedService(oauth)
	if err != nil || *change.Profile != "generic" || *change.TokenURL != "" || *change.Secret != "new" {
		t.Errorf("a token instead of a client: %+v, %v", change, err)
	}
}
