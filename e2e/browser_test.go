package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// browser ACCOUNT ACTION ADDRESS: does at a page of the tenant's login service what somebody does with an account. It prints the address to which
// the browser is sent, as {"address": …}, or {"page": …} where it stays.
func (s *session) browser(args []string) (string, error) {
	if len(args) != 3 {
		return "", fmt.Errorf("%w: browser ACCOUNT ACTION ADDRESS", errUsage)
	}
	body := url.Values{"action": {args[1]}, "justification": {"for the directory"}}
	address := args[2] + "&account=" + url.QueryEscape(args[0])
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, address, strings.NewReader(body.Encode()))
	if err != nil {
		return "", fmt.Errorf("%w: %w", errUsage, err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	staying := *s.http
	staying.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := staying.Do(request)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errUnanswered, err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errUnanswered, err)
	}
	answer := map[string]string{"page": string(page)}
	if to := response.Header.Get("Location"); to != "" {
		answer = map[string]string{"address": to}
	}
	out, err := json.Marshal(answer)
	return string(out), err
}
