package app

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// provisioned is a running server with an organization, and somebody who makes credentials for it.
type provisioned struct {
	*testing.T
	*App
	org     ident.ID
	creator directory.Token
}

func provision(t *testing.T, rate int) *provisioned {
	t.Helper()
	wanted := settings(t.TempDir())
	wanted.RateLimit = rate
	a, err := Open(t.Context(), wanted, options(&moment{}))
	if err != nil {
		t.Fatal(err)
	}
	start, _, err := a.Bootstrap(t.Context(), "Contoso", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	creator, err := a.Directory.Authenticate(t.Context(), start.Token)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return &provisioned{T: t, App: a, org: start.Organization.ID, creator: creator}
}

func (p *provisioned) token(want directory.NewToken) string {
	p.Helper()
	want.OrgID = p.org
	_, secret, err := p.Directory.CreateToken(p.Context(), p.creator, want)
	if err != nil {
		p.Fatal(err)
	}
	return secret
}

// answered is what the service says.
type answered struct {
	status int
	header http.Header
	text   string
}

// users asks for the users over SCIM.
func (p *provisioned) users(org ident.ID, secret, method, body string) answered {
	p.Helper()
	request, err := http.NewRequestWithContext(p.Context(), method, p.URL()+"/identity/scim/"+org.String()+"/v2/Users", strings.NewReader(body))
	if err != nil {
		p.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+secret)
	request.Header.Set("Content-Type", "application/scim+json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.Fatal(err)
	}
	return answered{response.StatusCode, response.Header, string(text)}
}

const newUser = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada@contoso.example"}`

func TestAClientGetsAnAccessTokenAndProvisionsWithIt(t *testing.T) {
	p := provision(t, 200)
	client, secret, err := p.Directory.CreateClient(t.Context(), p.creator, p.org, directory.NewClient{Name: "Okta", Role: directory.SCIMWriter})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.PostForm(p.URL()+"/oauth2/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {client.ID.String()}, "client_secret": {secret},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var granted struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&granted); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", response.Status, err)
	}
	if created := p.users(p.org, granted.Token, http.MethodPost, newUser); created.status != http.StatusCreated {
		t.Errorf("%d: %s", created.status, created.text)
	}
	if err := p.Directory.RevokeClient(t.Context(), p.org, client.ID); err != nil {
		t.Fatal(err)
	}
	refused := p.users(p.org, granted.Token, http.MethodGet, "")
	if challenge := refused.header.Get("WWW-Authenticate"); refused.status != http.StatusUnauthorized || !strings.Contains(challenge, "invalid_token") {
		t.Errorf("after it was revoked: %d, %q", refused.status, challenge)
	}
}

func TestATokenWithoutTheRightOrOfABlockedSourceIsRefusedByItsName(t *testing.T) {
	p := provision(t, 200)
	reader := p.token(directory.NewToken{Name: "reader", Role: directory.SCIMReader})
	if response := p.users(p.org, reader, http.MethodGet, ""); response.status != http.StatusOK {
		t.Errorf("reading: %d", response.status)
	}
	if response := p.users(p.org, reader, http.MethodPost, newUser); response.status != http.StatusForbidden || !strings.Contains(response.text, "scim:write") {
		t.Errorf("writing: %d", response.status)
	}
	connector := p.token(directory.NewToken{Name: "connector", Role: directory.SCIMWriter, Source: directory.SourceAD})
	if err := p.Directory.BlockSources(t.Context(), p.org, []directory.Source{directory.SourceAD}); err != nil {
		t.Fatal(err)
	}
	if response := p.users(p.org, connector, http.MethodPost, newUser); response.status != http.StatusForbidden || !strings.Contains(response.text, "AD are blocked") ||
		!strings.Contains(response.text, "organization unblock AD") || strings.Contains(response.text, "token create") {
		t.Errorf("of a blocked source: %d %s", response.status, response.text)
	}
	other, err := p.Directory.CreateOrganization(t.Context(), "Fabrikam")
	if err != nil {
		t.Fatal(err)
	}
	if response := p.users(other.ID, reader, http.MethodGet, ""); response.status != http.StatusNotFound {
		t.Errorf("of another organization: %d", response.status)
	}
}

func TestWhoAsksTooMuchIsToldToWaitAndNobodyElseNotices(t *testing.T) {
	p := provision(t, 5)
	loud, quiet := p.token(directory.NewToken{Name: "loud", Role: directory.SCIMReader}), p.token(directory.NewToken{Name: "quiet", Role: directory.SCIMReader})
	refused := 0
	for range 100 {
		response := p.users(p.org, loud, http.MethodGet, "")
		if response.status != http.StatusTooManyRequests {
			continue
		}
		refused++
		if response.header.Get("Retry-After") != "1" || !strings.Contains(response.header.Get("Content-Type"), "scim+json") {
			t.Errorf("Retry-After %q, %s", response.header.Get("Retry-After"), response.header.Get("Content-Type"))
		}
	}
	if refused < 10 {
		t.Errorf("%d of 100 requests were refused", refused)
	}
	for range 5 {
		if response := p.users(p.org, quiet, http.MethodGet, ""); response.status != http.StatusOK {
			t.Errorf("another token: %d", response.status)
		}
	}
}
