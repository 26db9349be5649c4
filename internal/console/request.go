package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/text/language"

	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/inbound"
)

// request is one request with all that a handler needs to know.
type request struct {
	*http.Request
	server *server
	*words
	// id is the request id, also told when something failed.
	id string
	// who is signed in, and his session; zero on the pages before.
	who     directory.Administrator
	session directory.Session
	// org is the organization of the path; zero where there is none.
	org           ident.ID
	organizations []directory.Organization
	// address is the client's.
	address string
	zone    *time.Location
	theme   string
	// page is the frame; handlers set title and crumbs through r.titled.
	page Page
}

// open begins a request: its id, language, zone, and address. Nobody is signed in yet.
func (s *server) open(hr *http.Request) *request {
	r := &request{
		Request: hr, server: s, id: ident.New(s.Machine()).String(), address: inbound.ClientAddress(hr, s.TrustedProxies), zone: time.UTC,
		theme: cookie(hr, "theme"),
	}
	if zone, err := time.LoadLocation(unescape(cookie(hr, "zone"))); err == nil && zone != time.Local {
		r.zone = zone
	}
	r.speak("")
	r.Request = hr.WithContext(audit.WithActor(hr.Context(), audit.Actor{Name: "console", Address: r.address, RequestID: r.id}))
	return r
}

// speak chooses the language: what the administrator prefers, what the browser was told here, what the browser asks for.
func (r *request) speak(preferred string) {
	_, at := language.MatchStrings(language.NewMatcher(languages), preferred, cookie(r.Request, "language"), r.Header.Get("Accept-Language"))
	r.words = r.server.words[languages[at].String()]
}

// signedIn notes who asks.
func (r *request) signedIn(session directory.Session, who directory.Administrator) {
	r.session, r.who = session, who
	r.speak(who.Language)
	if who.Theme != "" {
		r.theme = who.Theme
	}
	r.Request = r.WithContext(audit.WithActor(r.Context(), audit.Actor{Name: who.Label(), Address: r.address, RequestID: r.id}))
}

// ctx is the context of the request: its writes are made by who is signed in.
func (r *request) ctx() context.Context { return r.Context() }

// may reports whether who is signed in may do what the operation of the API does: the same table decides.
func (r *request) may(operation string) bool { return like(operation).allows(r.who) }

// base is the path of the organization's pages, such as /org/018f…; "" where there is no organization.
func (r *request) base() string {
	if r.org.IsZero() {
		return ""
	}
	return "/org/" + r.org.String()
}

// at is a path below the organization's, such as r.at("/users/", id.String()).
func (r *request) at(parts ...string) string { return r.base() + strings.Join(parts, "") }

// pathID reads an id from the path; what is none does not exist.
func (r *request) pathID(name string) (ident.ID, error) {
	id, err := ident.Parse(r.PathValue(name))
	if err != nil || id.IsZero() {
		return ident.ID{}, fault.New(fault.NotFound, "UnknownPath", "there is nothing at this address")
	}
	return id, nil
}

// value is a field of a posted form, without surrounding blanks.
func (r *request) value(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }

// query is a parameter of the address.
func (r *request) query(name string) string { return strings.TrimSpace(r.URL.Query().Get(name)) }

// with is the address of this page with some parameters changed, given as name and value; "" removes one. The cursor goes with any change.
func (r *request) with(pairs ...string) string {
	values := r.URL.Query()
	values.Del("cursor")
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Del(pairs[i])
		if pairs[i+1] != "" {
			values.Set(pairs[i], pairs[i+1])
		}
	}
	if len(values) == 0 {
		return r.URL.Path
	}
	return r.URL.Path + "?" + values.Encode()
}

// now is the product's time.
func (r *request) now() time.Time { return r.server.Now() }

// Moment is a time to be shown.
type Moment struct{ ISO, Exact, Ago string }

// moment makes a time ready to be shown; nil, which shows nothing, for the zero time.
func (r *request) moment(at time.Time) *Moment {
	if at.IsZero() {
		return nil
	}
	here := at.In(r.zone)
	return &Moment{ISO: at.UTC().Format(time.RFC3339), Exact: r.exact(here), Ago: r.ago(at, r.now())}
}

// day writes the date of a time.
func (r *request) day(at time.Time) string { return r.words.day(at.In(r.zone)) }

// fault is what a person is told of an error: the word "fault.CODE", or its own sentence and remedy. ours reports that the error is ours, and its text
// nobody's business.
func (r *request) fault(err error) (text string, ours bool) {
	f := fault.Of(err)
	if f == nil || f.Kind == fault.Internal {
		return r.say("fail.internal", "id", r.id), true
	}
	if key := "fault." + f.Code; r.has(key) {
		return r.say(key), false
	}
	bare := *f
	bare.RequestID = ""
	return bare.Error(), false
}

func cookie(r *http.Request, name string) string {
	if c, err := r.Cookie(name); err == nil {
		return c.Value
	}
	return ""
}

func unescape(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return ""
}
