package scimserver_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/scim"
	"rollcall/internal/scimserver"
	"rollcall/internal/store"
	"rollcall/internal/telemetry"
)

// house is the service over a real database and real HTTP.
type house struct {
	t         testing.TB
	url       string
	log       *safeBuffer
	directory *directory.Service
	store     *store.DB
	org       ident.ID
	// entra and strict are tokens that write, with this profile; reader one that reads.
	entra, strict, reader string
	limiter               *limiter
}

type safeBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *safeBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(data)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

// limiter refuses as long as it is told to.
type limiter struct {
	mu     sync.Mutex
	refuse bool
	known  map[string]bool
}

func (l *limiter) Allow(ident.ID, time.Time) (time.Duration, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return 1500 * time.Millisecond, !l.refuse
}

func (l *limiter) AllowSecret(secret string, now time.Time) (time.Duration, bool, bool) {
	l.mu.Lock()
	known := l.known[secret]
	l.mu.Unlock()
	if !known {
		return 0, true, false
	}
	wait, ok := l.Allow(ident.ID{}, now)
	return wait, ok, true
}

func (l *limiter) Remember(secret string, _ ident.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known[secret] = true
}

func (l *limiter) set(refuse bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuse = refuse
}

func open(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, log: &safeBuffer{}, limiter: &limiter{known: map[string]bool{}}}
	logger := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	database, err := store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "rollcall.db"), Logger: logger, Now: time.Now})
	h.must(err)
	t.Cleanup(func() { h.must(database.Close()) })
	h.must(database.Migrate(t.Context()))
	h.store = database
	h.directory = directory.NewService(database, time.Now, directory.Retention{})
	served := httptest.NewServer(scimserver.New(scimserver.Config{
		Directory: h.directory, Logger: logger, Metrics: telemetry.NewMetrics(), Machine: time.Now, Limiter: h.limiter,
	}))
	t.Cleanup(served.Close)
	h.url = served.URL
	org, err := h.directory.CreateOrganization(t.Context(), "Contoso")
	h.must(err)
	h.org = org.ID
	h.entra = h.token(h.org, directory.NewToken{Role: directory.SCIMWriter, Source: directory.SourceAAD})
	h.strict = h.token(h.org, directory.NewToken{Role: directory.SCIMWriter, Profile: scim.Strict})
	h.reader = h.token(h.org, directory.NewToken{Role: directory.SCIMReader})
	return h
}

// token makes a token of an organization.
func (h *house) token(org ident.ID, want directory.NewToken) string {
	h.t.Helper()
	owner, err := h.directory.CreateAdministrator(h.t.Context(), org, "administrator", directory.FullAdministrator)
	h.must(err)
	creator := directory.Token{OrgID: org, AdministratorID: owner.ID, Role: directory.FullAdministrator, AdministratorRole: directory.FullAdministrator}
	want.OrgID, want.Name = org, "test"
	_, secret, err := h.directory.CreateToken(h.t.Context(), creator, want)
	h.must(err)
	return secret
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// object is a JSON object.
type object = map[string]any

type answered struct {
	t      testing.TB
	status int
	header http.Header
	text   string
}

// call calls the service of the organization. A body that is no string is written as JSON. Headers come in pairs.
func (h *house) call(token, method, path string, body any, headers ...string) answered {
	h.t.Helper()
	text, isText := body.(string)
	if body != nil && !isText {
		data, err := json.Marshal(body)
		h.must(err)
		text = string(data)
	}
	all := map[string]string{}
	if token != "" {
		all["Authorization"] = "Bearer " + token
	}
	if text != "" {
		all["Content-Type"] = "application/scim+json"
	}
	for i := 0; i < len(headers); i += 2 {
		all[headers[i]] = headers[i+1]
	}
	return h.send(method, h.url+scimserver.Prefix+h.org.String()+"/v2"+path, text, all)
}

func (h *house) send(method, address, body string, headers map[string]string) answered {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), method, address, strings.NewReader(body))
	h.must(err)
	for name, value := range maps.All(headers) {
		if request.Header.Set(name, value); value == "" {
			request.Header.Del(name)
		}
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	h.must(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	h.must(err)
	return answered{h.t, response.StatusCode, response.Header, string(text)}
}

// want fails unless the answer has the status, and returns its object.
func (a answered) want(status int) object {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, not %d: %s", a.status, status, a.text)
	}
	if a.text == "" {
		return nil
	}
	var out object
	if err := json.Unmarshal([]byte(a.text), &out); err != nil {
		a.t.Fatalf("%v: %s", err, a.text)
	}
	if got := a.header.Get("Content-Type"); got != "application/scim+json; charset=utf-8" {
		a.t.Fatalf("the content type is %q", got)
	}
	return out
}

// fails fails unless the answer is an error of SCIM with this status and word, a sentence and the request id.
func (a answered) fails(status int, scimType string) string {
	a.t.Helper()
	out := a.want(status)
	word, _ := out["scimType"].(string)
	detail, _ := out["detail"].(string)
	schemas, _ := out["schemas"].([]any)
	if word != scimType || len(schemas) != 1 || schemas[0] != scim.ErrorMessage || out["status"] != strconv.Itoa(status) {
		a.t.Fatalf("want %d %q: %s", status, scimType, a.text)
	}
	if id := a.header.Get("X-Request-Id"); id == "" || !strings.Contains(detail, id) {
		a.t.Fatalf("the request id %q is not told: %s", id, detail)
	}
	return detail
}

// person creates a user.
func (h *house) person(name string, more object) object {
	h.t.Helper()
	user := object{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": name}
	maps.Copy(user, more)
	return h.call(h.entra, "POST", "/Users", user).want(201)
}

// group creates a group.
func (h *house) group(name string, members ...string) object {
	h.t.Helper()
	list := make([]object, len(members))
	for i, id := range members {
		list[i] = object{"value": id}
	}
	group := object{"schemas": []string{scim.CoreGroup}, "displayName": name, "members": list}
	return h.call(h.entra, "POST", "/Groups", group).want(201)
}

func id(resource object) string {
	text, _ := resource["id"].(string)
	return text
}

// patch wraps operations in a PATCH request.
func patch(operations ...object) object {
	return object{"schemas": []string{scim.PatchOp}, "Operations": operations}
}

// owned makes a user and a group that an instance manages, and returns their ids and the instance's name.
func (h *house) owned(name string) (user, group, owner string) {
	h.t.Helper()
	now := time.Now()
	connection := engine.Connection{ID: ident.New(now), OrgID: h.org, TenantID: "contoso.com", Cloud: "global", ClientID: "c", CreatedAt: now}
	h.must(h.store.SaveConnection(h.t.Context(), connection))
	instance := engine.Instance{ID: ident.New(now), OrgID: h.org, ConnectionID: connection.ID, Name: "Headquarters", Interval: time.Hour, CreatedAt: now}
	h.must(h.store.SaveInstance(h.t.Context(), instance))
	person, team := ident.New(now), ident.New(now)
	_, err := h.directory.ApplyChanges(h.t.Context(), h.org, instance.ID, []plan.Change{{
		Action: plan.Create, SourceID: "s-1", ObjectID: person, TakesName: attr.NameKey(name),
		After: attr.From(object{attr.Active: true, attr.UserName: name, attr.ExternalID: "s-1"}),
	}})
	h.must(err)
	_, err = h.directory.ApplyGroupChanges(h.t.Context(), h.org, instance.ID, []plan.Change{{
		Action: plan.Create, SourceID: "s-2", ObjectID: team, After: attr.From(object{attr.DisplayName: name}),
	}})
	h.must(err)
	_, err = h.directory.ApplyMembers(h.t.Context(), h.org, instance.ID, []directory.MemberChange{
		{Pair: directory.Pair{Group: team, Member: person}, Add: true},
	})
	h.must(err)
	return person.String(), team.String(), instance.Name
}

// manyPeople adds users to the database itself, and returns their ids in order.
func (h *house) manyPeople(count int) []string {
	h.t.Helper()
	return h.crowd(0, count)
}

// crowd adds users with numbers from the given one.
func (h *house) crowd(from, count int) []string {
	h.t.Helper()
	now := time.Now()
	users, ids := make([]directory.User, count), make([]string, count)
	for i := range users {
		name := fmt.Sprintf("many%d@contoso.com", from+i)
		users[i] = directory.User{
			OrgID: h.org, ID: ident.New(now), Origin: "SCIM", Version: 1, CreatedAt: now, UpdatedAt: now,
			Attributes: attr.From(object{attr.UserName: name, attr.Active: true, attr.DisplayName: fmt.Sprintf("Many %04d", from+i)}),
		}
		ids[i] = users[i].ID.String()
	}
	h.must(h.store.InsertUsers(h.t.Context(), users))
	return ids
}

// expect is want for goroutines: it does not end the test.
func (a answered) expect(status int) {
	if a.status != status {
		a.t.Errorf("status %d, not %d: %s", a.status, status, a.text)
	}
}
