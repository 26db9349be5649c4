package scimclient

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rollcall/internal/fault"
)

const (
	maxTokenAnswer = 1 << 20
	// renewAhead is how long before its end a token is replaced; short-lived ones at half their life.
	renewAhead = 5 * time.Minute
	// assumedLife is that of a token whose end is not told.
	assumedLife = 10 * time.Minute
)

// refusedToken is the key under which a context tells a TokenSource which token was just refused.
type refusedToken struct{}

// Bearer returns the source of a token that does not change.
func Bearer(token string) TokenSource {
	return func(context.Context) (string, error) { return token, nil }
}

// ClientCredentials says where and as whom to get tokens (RFC 6749, section 4.4).
type ClientCredentials struct {
	TokenURL, ClientID, ClientSecret string
	// Scope is what is asked for; "" for what the service gives without.
	Scope string
	// HTTP carries the transport; its redirect policy is replaced. Now is asked when tokens end.
	HTTP *http.Client
	Now  func() time.Time
}

// Tokens returns a source that keeps a token until shortly before its end. Its faults are Unauthenticated if the credentials are refused,
// Unavailable if there is no answer.
func (o ClientCredentials) Tokens() (TokenSource, error) {
	target, err := address("the token address", o.TokenURL)
	if err != nil {
		return nil, err
	}
	if o.HTTP == nil || o.Now == nil {
		return nil, fault.New(fault.Internal, "", "scimclient: HTTP and Now are required")
	}
	if o.ClientID == "" || o.ClientSecret == "" {
		return nil, fault.New(fault.Invalid, "InvalidClient", "client id and client secret of the destination are required")
	}
	client := *o.HTTP
	client.CheckRedirect = stayOnHost
	o.HTTP, o.TokenURL = &client, target.String()
	g := &grants{config: o, gate: make(chan struct{}, 1)}
	return g.token, nil
}

// grants keeps the one token of a source. gate is held while it is looked at or fetched; waiting for it ends with the caller's context.
type grants struct {
	config  ClientCredentials
	gate    chan struct{}
	value   string
	staleAt time.Time
	inForm  bool // the service takes the credentials in the form only
}

func (g *grants) token(ctx context.Context) (string, error) {
	select {
	case g.gate <- struct{}{}:
		defer func() { <-g.gate }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	refused, _ := ctx.Value(refusedToken{}).(string)
	if g.value != "" && g.value != refused && g.config.Now().Before(g.staleAt) {
		return g.value, nil
	}
	status, body, err := g.ask(ctx)
	if err == nil && !g.inForm && (status == http.StatusUnauthorized || status == http.StatusBadRequest) {
		g.inForm = true
		if status, body, err = g.ask(ctx); status != http.StatusOK {
			g.inForm = false
		}
	}
	if err != nil {
		return "", err
	}
	return g.keep(status, body)
}

// ask asks for a token. The credentials are in the header, as section 2.3.1 wants it, or in the form.
func (g *grants) ask(ctx context.Context) (status int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	form := url.Values{"grant_type": {"client_credentials"}}
	if g.config.Scope != "" {
		form.Set("scope", g.config.Scope)
	}
	if g.inForm {
		form.Set("client_id", g.config.ClientID)
		form.Set("client_secret", g.config.ClientSecret)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.config.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	if !g.inForm {
		r.SetBasicAuth(url.QueryEscape(g.config.ClientID), url.QueryEscape(g.config.ClientSecret))
	}
	response, err := g.config.HTTP.Do(r)
	if err != nil {
		if known := fault.Of(err); known != nil {
			return 0, nil, known
		}
		return 0, nil, fault.Wrap(fault.Unavailable, NoAnswer, withoutAddress(err), "the token service of the destination does not answer")
	}
	defer response.Body.Close()
	if body, err = io.ReadAll(io.LimitReader(response.Body, maxTokenAnswer)); err != nil {
		return 0, nil, fault.Wrap(fault.Unavailable, NoAnswer, err, "the token service of the destination broke off")
	}
	return response.StatusCode, body, nil
}

// keep reads the answer of RFC 6749, sections 5.1 and 5.2.
func (g *grants) keep(status int, body []byte) (string, error) {
	var granted struct {
		AccessToken string      `json:"access_token"`
		ExpiresIn   json.Number `json:"expires_in"`
		Error       string      `json:"error"`
	}
	_ = json.Unmarshal(body, &granted) // a page of HTML: the status alone has to do
	what := fmt.Sprintf("%d %s", status, printable(granted.Error, g.config.ClientSecret))
	switch {
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		return "", fault.New(fault.Unavailable, "", "the token service of the destination answered with %s", what)
	case status != http.StatusOK:
		return "", fault.New(fault.Unauthenticated, printable(granted.Error, g.config.ClientSecret),
			"the token service of the destination refused the client with %s", what).
			WithRemedy("Check token address, client id and client secret of the destination")
	case granted.AccessToken == "":
		return "", fault.New(fault.Unavailable, BrokenAnswer, "the token service of the destination answered without a token").
			WithRemedy("Check the token address of the destination")
	}
	life := assumedLife
	if seconds, err := granted.ExpiresIn.Int64(); err == nil && seconds > 0 {
		life = time.Duration(seconds) * time.Second
	}
	g.value, g.staleAt = granted.AccessToken, g.config.Now().Add(life-min(renewAhead, life/2))
	return g.value, nil
}
