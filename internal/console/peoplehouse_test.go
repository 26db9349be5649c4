package console_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"rollcall/internal/console"
	"rollcall/internal/destination"
	"rollcall/internal/destination/orgdir"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/notify/notifytest"
	"rollcall/internal/plan"
	"rollcall/internal/store"
	"rollcall/internal/telemetry"
)

type noQueue struct{}

func (noQueue) Enqueue(context.Context, ident.ID) error { return nil }
func (noQueue) Wake()                                   {}

type noObserver struct{}

func (noObserver) RunEnded(engine.Run, time.Duration)                   {}
func (noObserver) EntriesSettled(plan.Action, engine.EntryState, int)   {}
func (noObserver) CredentialsExpiring(string, map[directory.Notice]int) {}

// peopleHouse is the console over the real services and a real database, with somebody of each role signed in.
type peopleHouse struct {
	t         *testing.T
	store     *store.DB
	directory *directory.Service
	pages     http.Handler
	org       ident.ID
	// cookies are the sessions' by role.
	cookies map[directory.Role]string
}

func openPeopleHouse(t *testing.T) *peopleHouse {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	h := &peopleHouse{t: t, cookies: map[directory.Role]string{}}
	var err error
	h.store, err = store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "rollcall.db"), Logger: logger, Now: time.Now})
	h.must(err)
	t.Cleanup(func() { h.must(h.store.Close()) })
	h.must(h.store.Migrate(t.Context()))
	h.directory = directory.NewService(h.store, time.Now, directory.Retention{})
	syncs := engine.New(engine.Config{
		Store: h.store, Directory: h.directory, Queue: noQueue{}, Observer: noObserver{}, Now: time.Now, Machine: time.Now, Node: ident.New(time.Now()), Logger: logger,
		Destination: func(i engine.Instance) destination.Destination { return orgdir.New(h.directory, i.OrgID, i.ID) },
	})
	h.pages, err = console.New(console.Config{
		Engine: syncs, Directory: h.directory, Mail: notifytest.Service(t, h.store, h.directory, time.Now), Logger: logger, Metrics: telemetry.NewMetrics(), Now: time.Now, Machine: time.Now,
		Bundle: fstest.MapFS{"manifest.json": {Data: []byte(`{}`)}},
	})
	h.must(err)
	org, err := h.directory.CreateOrganization(t.Context(), "Contoso")
	h.must(err)
	h.org = org.ID
	for _, role := range directory.PersonRoles() {
		h.join(h.org, role, string(role)+"@example.org")
	}
	return h
}

// join has somebody look after an organization, or after the server for the zero id, in the role; pages are asked for as him from now on.
func (h *peopleHouse) join(org ident.ID, role directory.Role, email string) {
	h.t.Helper()
	_, link, err := h.directory.Invite(h.t.Context(), org, role, "")
	h.must(err)
	_, secret, err := h.directory.AcceptInvitation(h.t.Context(), link, directory.NewAdministrator{
		Name: string(role), Email: email, Password: "quiet harbour lamp seven",
	}, "192.0.2.1", "test")
	h.must(err)
	h.cookies[role] = secret
}

func (h *peopleHouse) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// page asks for a page, or posts a form if there is one, as somebody of the role. path is below the organization's.
func (h *peopleHouse) page(role directory.Role, path string, form url.Values) (status int, text string) {
	h.t.Helper()
	r := httptest.NewRequestWithContext(h.t.Context(), http.MethodGet, "/org/"+h.org.String()+path, nil)
	if form != nil {
		r = httptest.NewRequestWithContext(h.t.Context(), http.MethodPost, "/org/"+h.org.String()+path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.AddCookie(&http.Cookie{Name: "rollcall", Value: h.cookies[role]})
	w := httptest.NewRecorder()
	h.pages.ServeHTTP(w, r)
	if w.Code == http.StatusSeeOther {
		return w.Code, w.Header().Get("Location")
	}
	return w.Code, w.Body.String()
}

// only checks that the page, or the form, is answered to these roles and refused to all others.
func (h *peopleHouse) only(path string, form url.Values, allowed ...directory.Role) {
	h.t.Helper()
	for _, role := range directory.PersonRoles() {
		want := false
		for _, may := range allowed {
			want = want || may == role
		}
		if status, _ := h.page(role, path, form); (status != http.StatusForbidden) != want {
			h.t.Errorf("%s %s: %d", role, path, status)
		}
	}
}

// Inputs of a form with their values, as a browser would send them back.
var (
	inputTag  = regexp.MustCompile(`<(input|select|option|textarea)[^>]*>`)
	attribute = regexp.MustCompile(`([a-z]+)="([^"]*)"`)
)

// untouched is the form of a page as a browser sends it when nobody touched it. The page has one form with a name field in it.
func (h *peopleHouse) untouched(page string) url.Values {
	h.t.Helper()
	values, selected := url.Values{}, ""
	page = page[strings.Index(page, "<main"):]
	for _, tag := range inputTag.FindAllString(page, -1) {
		of := map[string]string{}
		for _, found := range attribute.FindAllStringSubmatch(tag, -1) {
			of[found[1]] = unescaped.Replace(found[2])
		}
		switch {
		case strings.HasPrefix(tag, "<select"):
			selected = of["name"]
		case strings.HasPrefix(tag, "<option"):
			if strings.Contains(tag, " selected") || !values.Has(selected) {
				values.Set(selected, of["value"])
			}
		case of["type"] == "checkbox" && !strings.Contains(tag, " checked"), strings.Contains(tag, " disabled"):
		default:
			values.Add(of["name"], strings.NewReplacer("\r", "", "\n", "").Replace(of["value"]))
		}
	}
	return values
}

var unescaped = strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">", "&#43;", "+", "&amp;", "&")
