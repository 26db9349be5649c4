package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rollcall/internal/api"
)

// called is what became of one call of the program.
type called struct {
	code           int
	stdout, stderr string
}

// call runs the program with an environment of its own.
func call(t *testing.T, env []string, args ...string) called {
	t.Helper()
	return callWith(t, "", env, args...)
}

func callWith(t *testing.T, stdin string, env []string, args ...string) called {
	t.Helper()
	var stdout, stderr bytes.Buffer
	in := &invocation{version: "v1.2.3", env: environment(env), stdin: strings.NewReader(stdin), stdout: &stdout, stderr: &stderr}
	code := run(context.Background(), in, args)
	return called{code, stdout.String(), stderr.String()}
}

func (c called) want(t *testing.T, code int, stderr string) {
	t.Helper()
	if c.code != code || !strings.Contains(c.stderr, stderr) || stderr == "" && c.stderr != "" {
		t.Errorf("exit code %d, want %d; standard error %q, want %q in it", c.code, code, c.stderr, stderr)
	}
}

// answers serves an API that gives each "METHOD /path?query" its document, and 404 for the rest. Bodies of requests go to bodies.
func answers(t *testing.T, documents map[string]any) (env []string, bodies map[string]string) {
	t.Helper()
	bodies = map[string]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Method + " " + strings.TrimPrefix(r.URL.RequestURI(), "/api/v1/organizations/-/")
		body := new(bytes.Buffer)
		if _, err := body.ReadFrom(r.Body); err != nil {
			t.Error(err)
		}
		bodies[key] = body.String()
		document, ok := documents[key]
		switch {
		case r.Header.Get("Authorization") != "Bearer rc_good":
			w.WriteHeader(http.StatusUnauthorized)
			document = map[string]any{"title": "Unauthorized", "status": 401, "detail": "the token is not known", "remedy": "Make a new one."}
		case !ok:
			w.WriteHeader(http.StatusNotFound)
			document = map[string]any{"title": "Not Found", "status": 404, "detail": "there is nothing at " + key}
		}
		if problem, refused := document.(api.Problem); refused {
			w.WriteHeader(problem.Status)
		}
		if err := json.NewEncoder(w).Encode(document); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return []string{"ROLLCALL_SERVER=" + server.URL, "ROLLCALL_TOKEN=rc_good"}, bodies
}

// refusing is an answer that refuses settings.
func refusing(details ...api.ProblemDetail) api.Problem {
	problem := api.Problem{Title: "Bad Request", Status: http.StatusBadRequest, Code: "BadConfiguration", Errors: details}
	for _, detail := range details {
		problem.Detail += detail.Message + "; "
	}
	return problem
}

func readAll(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	writeFile(t, path, text)
	return path
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
