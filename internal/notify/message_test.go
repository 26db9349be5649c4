package notify

import (
	"maps"
	"net/mail"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rollcall/internal/ident"
)

func kinds() []Kind {
	return []Kind{QuarantineBegun, QuarantineChanged, Disabled, Held, CredentialEnds, Overdue, Test}
}

func TestBothLanguagesHaveEveryText(t *testing.T) {
	all, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string][]string{}
	for name, w := range all {
		for key := range maps.Keys(w) {
			if !strings.HasPrefix(key, "cause.") { // where there is none, the server's own words are told
				keys[name] = append(keys[name], key)
			}
		}
		slices.Sort(keys[name])
		for _, kind := range kinds() {
			for _, part := range []string{string(kind) + ".subject", string(kind) + ".text", "link." + string(kind)} {
				if w[part] == "" {
					t.Errorf("%s lacks %s", name, part)
				}
			}
		}
	}
	if diff := cmp.Diff(keys["en"], keys["fr"]); diff != "" {
		t.Error(diff)
	}
}

func TestAMailSaysWhyAndWhereToGo(t *testing.T) {
	all, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	facts := Facts{
		Instance: "Staff", Tenant: "Contoso", Code: "SecretExpired", Reason: "the client secret has expired (AADSTS7000222)", Remedy: "Create a new client secret",
		Since: time.Date(2026, 11, 23, 8, 5, 0, 0, time.UTC), Path: "/org/1/instances/2/summary",
	}
	got, err := all["fr"].write("fr", QuarantineBegun, facts, "https://rollcall.example.com/")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/quarantine.fr.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.Text); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(got.HTML, `href="https://rollcall.example.com/org/1/instances/2/summary"`) {
		t.Error(got.HTML)
	}
}

func TestNoNameBecomesAHeaderOrMarkup(t *testing.T) {
	all, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	account := Account{Host: "127.0.0.1", Port: 25, TLS: NoTLS, From: "rollcall@example.com", Language: "en"}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
			"a\r\nBcc: evil@example.com", "a\nX: y", "\r\n\r\n<script>alert(1)</script>", "a\u2028Bcc: x", `"><img src=x onerror=alert(1)>`, "=?utf-8?q?=0D=0ABcc:x?=", "\x00",
		})).Draw(t, "name")
		kind := rapid.SampledFrom(kinds()).Draw(t, "kind")
		written, err := all["en"].write("en", kind, Facts{Instance: name, Tenant: name, Name: name, Reason: name, Remedy: name, Code: name}, "https://rollcall.example.com")
		if err != nil {
			t.Fatal(err)
		}
		for _, markup := range []string{"<script", "<img"} {
			if strings.Contains(written.HTML, markup) {
				t.Fatalf("%q is in the HTML", markup)
			}
		}
		message, err := account.compose(letterTo{Message: written, to: "ops@example.com", id: messageID(Mail{ID: ident.New(time.Unix(1, 0))}, account.From), at: time.Unix(1, 0)})
		if err != nil {
			t.Fatal(err)
		}
		var raw strings.Builder
		if _, err := message.WriteTo(&raw); err != nil {
			t.Fatal(err)
		}
		parsed, err := mail.ReadMessage(strings.NewReader(raw.String()))
		if err != nil {
			t.Fatal(err)
		}
		var headers []string
		for header := range parsed.Header {
			headers = append(headers, header)
		}
		slices.Sort(headers)
		if diff := cmp.Diff([]string{"Auto-Submitted", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To"}, headers); diff != "" {
			t.Fatalf("%s\n%s", diff, raw.String())
		}
	})
}

func TestOnlyPlainAddressesAreTaken(t *testing.T) {
	for _, bad := range []string{
		"", "ops", "ops@", "a@b\r\nBcc: x@y", "Ops <ops@example.com>", "ops@example.com, boss@example.com", " ops@example.com", "öps@example.com", strings.Repeat("a", 250) + "@example.com",
	} {
		if CheckAddress(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	list, err := Addresses([]string{" ops@example.com ", "OPS@example.com", "boss@example.com"})
	if diff := cmp.Diff([]string{"ops@example.com", "boss@example.com"}, list); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := Addresses(make([]string, 1)); err == nil {
		t.Error("an empty address is taken")
	}
}
