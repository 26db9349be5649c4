package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rollcall/internal/directory"
)

func TestHelpIsForEverybodyAndNamesWhatRunsHereOnlyToWhoIsSignedIn(t *testing.T) {
	h := openConnectHouse(t)
	for _, role := range directory.PersonRoles() {
		w := h.page(string(role), "/help", nil)
		if text := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(text, `id="deletes"`) || !strings.Contains(text, "Waiting for consent") {
			t.Errorf("%s: %d", role, w.Code)
		}
		if profile := h.page(string(role), "/profile", nil).Body.String(); !strings.Contains(profile, `/help#roles"`) || !strings.Contains(profile, `/help">`) {
			t.Errorf("%s: nothing leads to help", role)
		}
	}
	w := h.page("nobody", "//help", nil)
	if text := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(text, `href="/sign-in"`) || strings.Contains(text, "NOTICE") {
		t.Errorf("signed out: %d", w.Code)
	}
	if w := h.page("nobody", "//sign-in", nil); !strings.Contains(w.Body.String(), `href="/help"`) {
		t.Error("nothing leads from the sign-in to help")
	}
	for _, path := range []string{"/help", "/help/licences"} {
		if w := h.page("nobody", path, nil); w.Code != http.StatusSeeOther && w.Code != http.StatusNotFound {
			t.Errorf("%s without a session: %d", path, w.Code)
		}
	}
	if w := h.page(full, "/help/licences", nil); w.Code != http.StatusNotFound { // this bundle has none
		t.Errorf("licences: %d", w.Code)
	}
	if w := h.page(full, "/help", url.Values{"x": {"y"}}); w.Code != http.StatusMethodNotAllowed && w.Code != http.StatusNotFound {
		t.Errorf("posted: %d", w.Code)
	}
}
