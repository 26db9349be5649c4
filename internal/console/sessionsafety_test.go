package console

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

const goodPassword = "quiet harbour lamp seven"

// given is the secret of the session that an answer gives; "" for none.
func given(answer *httptest.ResponseRecorder) string {
	for _, cookie := range answer.Result().Cookies() {
		if cookie.Name == "rollcall" {
			return cookie.Value
		}
	}
	return ""
}

func TestASessionThatWasThereBeforeTheSignInIsWorthless(t *testing.T) {
	h := openSecurityHouse(t)
	form := url.Values{"email": {string(full) + "@example.com"}, "password": {goodPassword}}
	const made = "made-up-by-somebody-else"
	h.cookies["planted"] = made
	answer := h.ask("planted", http.MethodPost, "/sign-in", form)
	secret := given(answer)
	if answer.Code != http.StatusSeeOther || secret == "" || secret == made || secret == h.cookies[full] {
		t.Fatalf("%d, the session is %q", answer.Code, secret)
	}
	if got := h.ask("planted", http.MethodGet, "/org/"+h.org.ID.String()+"/users", nil); got.Code != http.StatusSeeOther {
		t.Errorf("the planted session is good: %d", got.Code)
	}
	for _, cookie := range answer.Result().Cookies() {
		if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" {
			t.Errorf("%+v", cookie)
		}
	}
	// Who signs in again gets another secret, and the one before is over.
	h.cookies["again"] = secret
	if newer := given(h.ask("again", http.MethodPost, "/sign-in", form)); newer == "" || newer == secret {
		t.Errorf("the second sign-in: %q", newer)
	}
	if got := h.ask("again", http.MethodGet, "/org/"+h.org.ID.String()+"/users", nil); got.Code != http.StatusSeeOther {
		t.Errorf("the session before is good still: %d", got.Code)
	}
	// Signing out ends the session at the server, not only in the browser.
	h.ask(full, http.MethodPost, "/sign-out", nil)
	if got := h.ask(full, http.MethodGet, "/org/"+h.org.ID.String()+"/users", nil); got.Code != http.StatusSeeOther {
		t.Errorf("after signing out: %d", got.Code)
	}
}

func TestASessionInAnAddressOrAFormIsNone(t *testing.T) {
	h := openSecurityHouse(t)
	path := "/org/" + h.org.ID.String() + "/users"
	for name, set := range map[string]func(*http.Request){
		"query":         func(r *http.Request) { r.URL.RawQuery = "rollcall=" + h.cookies[full] },
		"authorization": func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+h.cookies[full]) },
		"other cookie":  func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "__Host-rollcall", Value: h.cookies[full]}) },
	} {
		if got := h.ask("nobody", http.MethodGet, path, nil, set); got.Code != http.StatusSeeOther || !strings.HasPrefix(got.Header().Get("Location"), "/sign-in") {
			t.Errorf("%s: %d", name, got.Code)
		}
	}
}

func TestAnotherPasswordGivesAnotherSessionAndEndsAllOthers(t *testing.T) {
	h := openSecurityHouse(t)
	h.cookies["elsewhere"] = given(h.ask("nobody", http.MethodPost, "/sign-in", url.Values{"email": {string(reader) + "@example.com"}, "password": {goodPassword}}))
	profile := "/org/" + h.org.ID.String() + "/profile"
	form := url.Values{"old": {"wrong password here"}, "password": {"brisk meadow kettle nine"}}
	if got := h.ask(reader, http.MethodPost, profile+"/password", form); got.Code != http.StatusUnprocessableEntity || given(got) != "" {
		t.Fatalf("a wrong password: %d", got.Code)
	}
	form.Set("old", goodPassword)
	answer := h.ask(reader, http.MethodPost, profile+"/password", form)
	if answer.Code != http.StatusSeeOther || given(answer) == "" || given(answer) == h.cookies[reader] {
		t.Fatalf("%d, the session is %q", answer.Code, given(answer))
	}
	h.cookies["renewed"] = given(answer)
	for who, want := range map[directory.Role]int{"renewed": http.StatusOK, reader: http.StatusSeeOther, "elsewhere": http.StatusSeeOther} {
		if got := h.ask(who, http.MethodGet, profile, nil); got.Code != want {
			t.Errorf("%s: %d, want %d", who, got.Code, want)
		}
	}
	events, err := h.directory.Events(t.Context(), h.org.ID, ident.ID{}, 1)
	h.must(err)
	if len(events) != 1 || events[0].Action != "administrator.changePassword" {
		t.Errorf("%+v", events)
	}
}

func TestNobodyIsLedToAnotherSite(t *testing.T) {
	h := openSecurityHouse(t)
	host := "rollcall.example.com"
	org := "/org/" + h.org.ID.String()
	for _, evil := range []string{
		"https://evil.example/", "//evil.example", `/\evil.example`, `\\evil.example`, "/\t/evil.example", "/%09/evil.example", "/..//evil.example", "/.//evil.example",
		"/x/..//evil.example", "javascript:alert(1)", "https:evil.example", "///evil.example", "/\r\nLocation: https://evil.example", "@evil.example", ".evil.example", " //evil.example",
	} {
		signIn := url.Values{"email": {string(full) + "@example.com"}, "password": {goodPassword}, "to": {evil}}
		for name, answer := range map[string]*httptest.ResponseRecorder{
			"sign-in":                  h.ask(full, http.MethodGet, "/sign-in?to="+url.QueryEscape(evil), nil),
			"preferences":              h.ask(full, http.MethodPost, "/preferences", url.Values{"back": {evil}}),
			"connector":                h.ask(full, http.MethodPost, org+"/directory-connector", url.Values{"choice": {"keep"}, "next": {evil}}),
			"tour":                     h.ask(full, http.MethodPost, org+"/tour", url.Values{"move": {"next"}, "next": {evil}}, func(r *http.Request) { r.Header.Set("Referer", evil) }),
			"signed in":                h.signInAlone(signIn),
			"back from Microsoft":      h.ask(full, http.MethodGet, "/connect/callback?state=x&redirect_uri="+url.QueryEscape(evil)+"&next="+url.QueryEscape(evil), nil),
			"a page before signing in": h.ask("nobody", http.MethodGet, org+"/users?to="+url.QueryEscape(evil), nil),
		} {
			location := answer.Header().Get("Location")
			base := url.URL{Scheme: "https", Host: host, Path: org + "/users"}
			// Browsers take \ for /, and leave tabs and line ends out.
			to, err := base.Parse(strings.NewReplacer(`\`, "/", "\t", "", "\r", "", "\n", "").Replace(location))
			if err != nil || to.Host != host || to.Scheme != "https" || answer.Header().Get("Refresh") != "" {
				t.Errorf("%s with %q leads to %q", name, evil, location)
			}
		}
	}
}

// signInAlone signs in at a server of its own, whose limits nobody has used.
func (h *securityHouse) signInAlone(form url.Values) *httptest.ResponseRecorder {
	h.t.Helper()
	before := h.pages
	defer func() { h.pages = before }()
	h.pages = h.serve()
	answer := h.ask("nobody", http.MethodPost, "/sign-in", form)
	if given(answer) == "" {
		h.t.Fatalf("not signed in: %d", answer.Code)
	}
	return answer
}
