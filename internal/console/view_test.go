package console

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestPagesAreCompressedForWhoTakesThatButAnswersWithSecretsAreNot(t *testing.T) {
	content := strings.Repeat("Ada Lind, Zoë Müller. ", 1000)
	for _, c := range []struct {
		method, takes, content string
		compressed             bool
	}{
		{http.MethodGet, "gzip, deflate, br", content, true},
		{http.MethodGet, "", content, false},
		{http.MethodPost, "gzip", content, false},
		{http.MethodGet, "gzip", "short", false},
	} {
		request := httptest.NewRequest(c.method, "/", nil)
		request.Header.Set("Accept-Encoding", c.takes)
		recorder := httptest.NewRecorder()
		if err := deliver(recorder, request, http.StatusConflict, []byte(c.content)); err != nil {
			t.Fatal(err)
		}
		if got := recorder.Header().Get("Content-Encoding") == "gzip"; got != c.compressed || recorder.Code != http.StatusConflict {
			t.Errorf("%s that takes %q: compressed %t, %d", c.method, c.takes, got, recorder.Code)
		}
		var body io.Reader = recorder.Body
		if c.compressed {
			var err error
			if body, err = gzip.NewReader(body); err != nil {
				t.Fatal(err)
			}
		}
		if text, err := io.ReadAll(body); err != nil || string(text) != c.content {
			t.Errorf("%s that takes %q gets %.40q, %v", c.method, c.takes, text, err)
		}
	}
}
