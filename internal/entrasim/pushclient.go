package entrasim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// pushWait is how long Entra waits for an answer of an application.
const pushWait = 60 * time.Second

// maxPushed is how much of an answer is read, in bytes.
const maxPushed = 16 << 20

// A pushFailure is an answer that is not what was asked for. status is 0 if there was none.
type pushFailure struct {
	status int
	text   string
}

func (f *pushFailure) Error() string { return f.text }

// credential reports whether the application does not take the secret: no other request would fare better.
func (f *pushFailure) credential() bool {
	return f.status == http.StatusUnauthorized || f.status == http.StatusForbidden
}

// A pushClient speaks SCIM to an application, as Entra does.
type pushClient struct {
	http     http.Client
	base     *url.URL
	secret   string
	requests int
}

func newPushClient(tenantURL, secret string) (*pushClient, error) {
	base, err := url.Parse(tenantURL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, refuse(http.StatusBadRequest, "tenant_url %q is not an address such as https://directory.example/scim/v2", tenantURL)
	}
	base.Path = strings.TrimRight(base.Path, "/")
	return &pushClient{http: http.Client{Timeout: pushWait}, base: base, secret: secret}, nil
}

// dialect is that of a cycle; the flag is a part of the tenant URL, with or without a value.
func (c *pushClient) dialect() pushDialect {
	return pushDialect(c.base.Query().Has("aadOptscim062020"))
}

// do sends a request and returns the resource of the answer, nil for none. The parameters of the tenant URL are in every address.
func (c *pushClient) do(ctx context.Context, method, path string, query url.Values, body pushObject) (pushObject, error) {
	at := *c.base
	at.Path += path
	if len(query) > 0 {
		at.RawQuery = strings.Trim(query.Encode()+"&"+c.base.RawQuery, "&")
	}
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, at.String(), content)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.secret)
	r.Header.Set("Accept", "application/scim+json")
	if body != nil {
		r.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
	}
	c.requests++
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, &pushFailure{0, fmt.Sprintf("%s %s: %v", method, path, err)}
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxPushed))
	if err != nil {
		return nil, &pushFailure{0, fmt.Sprintf("%s %s: %v", method, path, err)}
	}
	if answer.StatusCode/100 != 2 {
		return nil, &pushFailure{answer.StatusCode, fmt.Sprintf("%s %s: %s: %s", method, path, answer.Status, text[:min(len(text), 1000)])}
	}
	var resource pushObject
	if len(text) > 0 {
		if err := json.Unmarshal(text, &resource); err != nil {
			return nil, &pushFailure{answer.StatusCode, fmt.Sprintf("%s %s: the answer is no JSON: %v", method, path, err)}
		}
	}
	return resource, nil
}

// find looks an object up by one attribute; nil if there is none. More than one is a failure.
func (c *pushClient) find(ctx context.Context, endpoint, attribute, value string) (pushObject, error) {
	quoted, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	query := url.Values{"filter": {attribute + " eq " + string(quoted)}}
	if endpoint == "/Groups" {
		query.Set("excludedAttributes", "members")
	}
	list, err := c.do(ctx, http.MethodGet, endpoint, query, nil)
	if err != nil {
		return nil, err
	}
	found, is := list["Resources"].([]any)
	switch total, _ := list["totalResults"].(float64); {
	case !is && total != 0, int(total) != len(found):
		return nil, &pushFailure{http.StatusOK, fmt.Sprintf("GET %s: the answer is no list with its number", endpoint)}
	case len(found) > 1:
		return nil, &pushFailure{http.StatusOK, fmt.Sprintf("GET %s: %d objects have %s %q", endpoint, len(found), attribute, value)}
	case len(found) == 0:
		return nil, nil
	}
	one, _ := found[0].(pushObject)
	return one, nil
}

// test is Test Connection: somebody who cannot exist is looked for, and a list of none is content enough.
func (c *pushClient) test(ctx context.Context, nobody guid) error {
	found, err := c.find(ctx, "/Users", pushMappings[0].target.path(), nobody.String())
	if err == nil && found != nil {
		return &pushFailure{http.StatusOK, "GET /Users: somebody was found who does not exist"}
	}
	return err
}
