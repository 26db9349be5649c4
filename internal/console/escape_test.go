package console

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Tags, and what of them runs a script.
var (
	tags     = regexp.MustCompile(`<[a-zA-Z](?:[^>"']|"[^"]*"|'[^']*')*>`)
	handles  = regexp.MustCompile(`(?i)\son[a-z]+\s*=`)
	runsLink = regexp.MustCompile(`(?i)\s(href|src|action|formaction|hx-[a-z]+|data-[a-z]+)="\s*javascript:`)
)

// harms names what in a page would run what somebody wrote into an attribute; "" for nothing.
func harms(page string) string {
	scripts := 0
	for _, tag := range tags.FindAllString(page, -1) {
		lower := strings.ToLower(tag)
		bare := regexp.MustCompile(`"[^"]*"|'[^']*'`).ReplaceAllString(tag, `""`)
		switch {
		case strings.HasPrefix(lower, "<script"):
			if scripts++; scripts > 1 || !strings.Contains(lower, ` src="/assets/`) {
				return tag
			}
		case handles.MatchString(bare), runsLink.MatchString(tag), strings.HasPrefix(lower, "<img"):
			return tag
		}
	}
	if strings.Contains(page, "<script>") {
		return "a script"
	}
	return ""
}

func TestNoPageRunsWhatATenantOrAnAdministratorWrote(t *testing.T) {
	h := openSecurityHouse(t)
	reflected := url.Values{}
	for _, name := range []string{
		"search", "who", "type", "filter", "to", "kind", "state", "action", "since", "until", "instance", "actor", "object", "tab", "cursor", "order",
	} {
		reflected.Set(name, script)
	}
	shown := 0
	for _, route := range h.table {
		method, path := h.path(route, h.org.ID, h.own)
		if method != http.MethodGet || slices.Contains([]string{"csv", "ndjson", "export", "report"}, lastPart(path)) {
			continue
		}
		for _, asked := range []string{path, path + "?" + reflected.Encode(), path + "?search=" + url.QueryEscape(script), path + "?who=" + url.QueryEscape(script)} {
			got := h.ask(full, method, asked, nil)
			page := got.Body.String()
			if harm := harms(page); harm != "" || got.Code >= 500 {
				t.Errorf("%s: %d %s", asked, got.Code, harm)
			}
			if strings.Contains(html.UnescapeString(page), script) {
				shown++
			}
		}
	}
	if shown < 100 {
		t.Errorf("what does harm was shown by %d pages only: is it there at all?", shown)
	}
}

func TestAFormThatIsShownAgainRunsNothingOfWhatWasWritten(t *testing.T) {
	h := openSecurityHouse(t)
	form := url.Values{"userName": {""}, "to": {evilLink}, "kind": {"user"}}
	for _, name := range []string{
		"name", "email", "displayName", "tenant", "client", "issuer", "who", "expression", "role", "advance", "route", "language", "password", "users.count", "cloud",
	} {
		form.Set(name, script)
	}
	shown := 0
	for _, route := range h.table {
		method, path := h.path(route, h.org.ID, h.own)
		if method != http.MethodPost || slices.Contains([]string{"sign-out", "delete", "discard", "end", "remove"}, lastPart(path)) {
			continue
		}
		page := h.ask(full, method, path, form).Body.String()
		if harm := harms(page); harm != "" {
			t.Errorf("%s: %s", route.pattern, harm)
		}
		if strings.Contains(html.UnescapeString(page), script) {
			shown++
		}
	}
	if shown < 8 {
		t.Errorf("what was written was shown by %d pages only", shown)
	}
}

func TestAPageThatRunsSomethingWouldBeFound(t *testing.T) {
	for _, page := range []string{
		"<p>" + script, `<input value="` + script + `">`, `<a href="javascript:alert(1)">`, `<a href="x" onclick="a()">`, `<img src=x onerror=alert(1)>`, `<script src="//evil.example/x.js">`,
		`<form action=" JavaScript:alert(1)">`,
	} {
		if harms(page) == "" {
			t.Errorf("%s passes", page)
		}
	}
	if harm := harms(`<script src="/assets/console.js" defer></script><a href="/x" title="a onclick=b > &#34;&gt;&lt;script&gt;">`); harm != "" {
		t.Errorf("%s does nothing", harm)
	}
}
