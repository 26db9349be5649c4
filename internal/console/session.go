package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// access is what a page asks of who is signed in.
type access struct {
	right directory.Right
	// open: anybody may see the page. any: whoever is signed in may.
	open, any bool
}

// like asks for what the operation of the API asks for. An operation that does not exist refuses everybody.
func like(operation string) access {
	right, listed := api.RightOf(operation)
	if !listed {
		return access{}
	}
	return access{right: right, any: right == ""}
}

// Accesses that no operation of the API has.
var (
	everybody = access{open: true}
	whoever   = access{any: true}
	// administers is for what only full administrators see: administrators and their roles.
	administers = access{right: directory.Administer}
)

func (a access) allows(who directory.Administrator) bool {
	return a.open || !who.ID.IsZero() && (a.any || a.right != "" && who.Role.May(a.right))
}

// admit finds out who asks and about which organization, and fails if he may not.
func (s *server) admit(r *request, needs access) error {
	session, who, err := s.Directory.Session(r.ctx(), cookie(r.Request, s.cookieName(r)))
	if err != nil && !fault.Is(err, fault.Unauthenticated) {
		return err
	}
	if err == nil {
		r.signedIn(session, who)
		if r.organizations, err = s.organizationsOf(r, who); err != nil {
			return err
		}
	} else if !needs.open {
		return err
	}
	if text := r.PathValue("org"); text != "" {
		id, err := ident.Parse(text)
		if err != nil || !slices.ContainsFunc(r.organizations, func(o directory.Organization) bool { return o.ID == id }) {
			return fault.New(fault.NotFound, "UnknownOrganization", "there is no organization %q", text)
		}
		r.org = id
	}
	if !needs.allows(r.who) {
		return fault.New(fault.Denied, "Forbidden", "the role %s may not do that", r.who.Role)
	}
	return nil
}

// organizationsOf lists the organizations that an administrator sees: his own, or all for one of the server.
func (s *server) organizationsOf(r *request, who directory.Administrator) ([]directory.Organization, error) {
	if who.OrgID.IsZero() {
		return s.Directory.ListOrganizations(r.ctx())
	}
	own, err := s.Directory.Organization(r.ctx(), who.OrgID)
	return []directory.Organization{own}, err
}

// cookieName has the prefix that keeps other hosts of the domain from setting the cookie, where the browser came by https.
func (s *server) cookieName(r *request) string {
	if s.secure(r.Request) {
		return "__Host-rollcall"
	}
	return "rollcall"
}

// keep gives the browser the session's cookie.
func (s *server) keep(w http.ResponseWriter, r *request, session directory.Session, secret string) {
	r.setCookie(w, s.cookieName(r), secret, int(session.ExpiresAt.Sub(session.CreatedAt).Seconds()))
}

// forget takes the session's cookie back.
func (s *server) forget(w http.ResponseWriter, r *request) { r.setCookie(w, s.cookieName(r), "", -1) }

// setCookie gives the browser a cookie for some seconds; a negative age takes it back. No script reads it, and no other site's form sends it.
func (r *request) setCookie(w http.ResponseWriter, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // G124: Secure wherever the browser came by https; without it, on one's own machine, the browser would drop it
		Name: name, Value: value, Path: "/", MaxAge: age, Secure: r.server.secure(r.Request), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// lead sends the browser to a path of this server, and to no other server whatever the path is.
func (r *request) lead(w http.ResponseWriter, path string) {
	http.Redirect(w, r.Request, local(path), http.StatusSeeOther) //nolint:gosec // G710: local lets only paths of this server through
}

// local returns the path to go to, if it is one of this server, else "/".
func local(target string) string {
	u, err := url.Parse(target)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") ||
		strings.ContainsAny(target, "\\\r\n\t") {
		return "/"
	}
	return target
}
