package cli

import (
	"context"
	"net/http"
	"time"
)

// demoTokenLife outlasts what anybody moves the clock by, nearly always.
const demoTokenLife = 100 * 365 * 24 * time.Hour

// renewToken makes the demo another token, and keeps it in the data folder.
func (d *demo) renewToken(ctx context.Context) error {
	_, token, err := d.server.ServerToken(ctx, "demo", demoTokenLife)
	if err != nil {
		return err
	}
	d.state.Token = token
	return d.state.save()
}

// renewing sends the demo's own requests, one after the other. When the server refuses the token, since the clock was moved past its end or
// somebody revoked it, it makes another one and asks again: the demo does not end for that.
type renewing struct{ demo *demo }

// RoundTrip implements http.RoundTripper.
func (r renewing) RoundTrip(request *http.Request) (*http.Response, error) {
	d := r.demo
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil || response.StatusCode != http.StatusUnauthorized {
		return response, err
	}
	again := request.Clone(request.Context())
	if request.GetBody != nil {
		if again.Body, err = request.GetBody(); err != nil {
			return response, nil //nolint:nilerr // the refusal says more
		}
	}
	if err := response.Body.Close(); err != nil {
		return nil, err
	}
	if err := d.renewToken(request.Context()); err != nil {
		return nil, err
	}
	d.info.APIToken, d.client.token = d.state.Token, d.state.Token
	if d.Info != "" {
		if err := writeInfo(d.Info, d.info); err != nil {
			return nil, err
		}
	}
	d.in.say("The token ran out, or was revoked; here is another one: export ROLLCALL_TOKEN=%s", d.state.Token)
	again.Header.Set("Authorization", "Bearer "+d.state.Token)
	return http.DefaultTransport.RoundTrip(again)
}
