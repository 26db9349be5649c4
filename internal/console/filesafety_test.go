package console

import (
	"encoding/csv"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"rollcall/internal/engine"
)

// files are the pages that are saved as a file.
func (h *securityHouse) files() []string {
	org := "/org/" + h.org.ID.String()
	return []string{org + h.own["/runs/{id}"] + "/report", org + "/log/csv", org + "/log/ndjson", org + "/audit/export?format=csv", org + "/audit/export?format=json"}
}

func TestAFileIsNamedByUsAndHeadersHoldNothingThatSomebodyWrote(t *testing.T) {
	h := openSecurityHouse(t)
	name := "a\r\nSet-Cookie: b=c\r\n\r\n<script>"
	_, err := h.engine.ChangeInstance(t.Context(), h.instance.ID, engine.Change{Name: &name})
	h.must(err)
	plain := regexp.MustCompile(`^[a-z]+-[a-z0-9-]+\.(csv|jsonl|ndjson)$`)
	for _, path := range h.files() {
		got := h.ask(full, http.MethodGet, path, nil)
		disposition, parameters, err := mime.ParseMediaType(got.Header().Get("Content-Disposition"))
		if err != nil || got.Code != http.StatusOK || disposition != "attachment" || !plain.MatchString(parameters["filename"]) {
			t.Errorf("%s: %d %q", path, got.Code, got.Header().Get("Content-Disposition"))
		}
		if kind := got.Header().Get("Content-Type"); strings.Contains(kind, "html") || got.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %s", path, kind)
		}
	}
	for _, route := range h.table {
		method, path := h.path(route, h.org.ID, h.own)
		if method != http.MethodGet {
			continue
		}
		for field, values := range h.ask(full, method, path+"?search=%0d%0aSet-Cookie:%20b=c&to=%0d%0aX-Evil:1", nil).Header() {
			for _, value := range values {
				if strings.ContainsAny(value, "\r\n") || strings.Contains(value, "alert(1)") || strings.EqualFold(field, "X-Evil") {
					t.Errorf("%s: %s: %q", path, field, value)
				}
			}
		}
	}
}

func TestNoCellOfAFileStartsAFormula(t *testing.T) {
	h := openSecurityHouse(t)
	tamed := 0
	for _, path := range h.files() {
		if !strings.Contains(path, "csv") && !strings.HasSuffix(path, "/report") {
			continue
		}
		rows, err := csv.NewReader(h.ask(full, http.MethodGet, path, nil).Body).ReadAll()
		h.must(err)
		if len(rows) < 10 {
			t.Errorf("%s has %d rows", path, len(rows))
		}
		for _, row := range rows {
			for _, cell := range row {
				bare := strings.TrimLeft(cell, " ")
				if bare != "" && strings.ContainsRune("=+-@\t\r\n|%＝＋－＠", []rune(bare)[0]) {
					t.Errorf("%s has the cell %q", path, cell)
				}
				if strings.HasPrefix(cell, "'=") || strings.HasPrefix(cell, "'+") || strings.HasPrefix(cell, "'-") || strings.HasPrefix(cell, "'@") {
					tamed++
				}
			}
		}
	}
	if tamed < 6 {
		t.Errorf("only %d cells would be formulas: are they there at all?", tamed)
	}
}

func TestNoAssetLeadsOutOfTheBundle(t *testing.T) {
	h := openSecurityHouse(t)
	if got := h.ask("nobody", http.MethodGet, "/assets/console-1.css", nil); got.Code != http.StatusOK {
		t.Fatalf("a file of the bundle: %d", got.Code)
	}
	for _, path := range []string{
		"/assets/", "/assets", "/assets/manifest.json", "/assets/../go.mod", "/assets/%2e%2e/go.mod", "/assets/..%2fgo.mod", "/assets/..%5cgo.mod", "/assets/icons-1", "/assets/icons-1/",
		"/assets/icons-1/../../session.go", "/assets//etc/passwd", "/assets/%2fetc%2fpasswd", "/assets/console-1.css/..%2f..%2fgo.mod", "/assets/console-1.css%00.svg", "/assets/console-1.css.br",
		"/assets/....//console.css", "/assets/./../assets/../words/en.json",
	} {
		got := h.ask("nobody", http.MethodGet, path, nil)
		if got.Code == http.StatusOK || got.Code >= 500 || strings.Contains(got.Body.String(), "module rollcall") {
			t.Errorf("%s: %d", path, got.Code)
		}
	}
}
