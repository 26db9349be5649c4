package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

const callWait = 20 * time.Second

// call sends a request and returns the document of the answer; statuses of 400 and more are errors.
func (s *session) call(method, url, token, body string) (any, error) {
	raw, err := s.raw(method, url, token, body)
	if err != nil || raw == "" {
		return nil, err
	}
	return parse(raw)
}

func (s *session) raw(method, url, token, body string) (string, error) {
	request, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("%w: %w", errUsage, err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := s.http.Do(request)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errUnanswered, err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errUnanswered, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return string(raw), fmt.Errorf("%s %s: %s: %s", method, url, response.Status, raw)
	}
	return string(raw), nil
}

// errUnanswered is a server that did not answer: neither success nor refusal.
var errUnanswered = fmt.Errorf("no answer: %w", errUsage)

// request calls the API; a path without a leading slash is one of the organization.
func (s *session) request(method, path, body string) (string, error) {
	url := s.script.Getenv("ROLLCALL_SERVER") + path
	if !strings.HasPrefix(path, "/") {
		url = s.script.Getenv("ROLLCALL_SERVER") + "/api/v1/organizations/" + s.script.Getenv("ROLLCALL_ORG") + "/" + path
	}
	return s.raw(method, url, s.script.Getenv("ROLLCALL_TOKEN"), body)
}

func (s *session) get(path string) (any, error) {
	raw, err := s.request(http.MethodGet, path, "")
	if err != nil {
		return nil, err
	}
	return parse(raw)
}

// api METHOD PATH [JSON|@FILE] [where PATH VALUE…]
func (s *session) api(args []string) (string, error) {
	return s.converse(args, s.request)
}

// sim METHOD PATH [JSON|@FILE] [where PATH VALUE…]: the tenant's control API; PATH is below /sim/.
func (s *session) sim(args []string) (string, error) {
	return s.converse(args, func(method, path, body string) (string, error) {
		return s.raw(method, s.script.Getenv("SIM")+"/"+path, "", body)
	})
}

func (s *session) converse(args []string, send func(method, path, body string) (string, error)) (string, error) {
	var conditions []string
	if i := slices.Index(args, "where"); i >= 0 {
		args, conditions = args[:i], args[i+1:]
	}
	if len(args) < 2 || len(args) > 3 {
		return "", fmt.Errorf("%w: METHOD PATH [JSON|@FILE] [where PATH VALUE…]", errUsage)
	}
	body := ""
	if len(args) == 3 {
		body = args[2]
		if file, ok := strings.CutPrefix(body, "@"); ok {
			body = s.script.ReadFile(file)
		}
	}
	out, err := send(args[0], args[1], body)
	if err != nil || len(conditions) == 0 {
		return out, err
	}
	document, err := parse(out)
	if err != nil {
		return out, err
	}
	return out, check(document, conditions)
}
