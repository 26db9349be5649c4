package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rollcall/internal/engine"
	"rollcall/internal/graph"
	"rollcall/internal/inbound"
)

type registrationView struct {
	// Base is the server's public address, Redirect where browsers come back to; "" while the address is not good.
	Base, Redirect string
	Unsafe, Note   *Notice
	Name           string
	Clouds         []Choice
	Permissions    []permissionRow
	Manifest       string
	Script         string
}

// registration says how to register the app in Entra (B0).
func (s *server) registration(w http.ResponseWriter, r *request) error {
	view := registrationView{Base: r.publicURL(), Unsafe: r.unsafeAddress(), Name: r.query("name"), Permissions: r.permissionRows(engine.Connection{})}
	if runes := []rune(view.Name); len(runes) == 0 || len(runes) > 120 {
		view.Name = "Rollcall"
	}
	cloud := r.query("cloud")
	if !slices.Contains(s.Clouds, cloud) {
		cloud = s.Clouds[0]
	}
	for _, name := range s.Clouds {
		view.Clouds = append(view.Clouds, Choice{Text: r.cloudName(name), Value: name, Current: name == cloud})
	}
	if view.Unsafe == nil {
		redirect, err := engine.RedirectURI(view.Base)
		if err != nil {
			return err
		}
		registration := graph.Registration{Name: view.Name, RedirectURI: redirect, Cloud: cloud}
		view.Redirect, view.Manifest, view.Script = redirect, registration.Manifest(), registration.Script()
		if u, err := url.Parse(redirect); err == nil && u.Scheme == "http" && u.Hostname() != "localhost" {
			n := notice("info", "", r.say("registration.localhost"))
			view.Note = &n
		}
	}
	r.belowSync(r.say("registration.title"), r.say("connections.title"), "/connections")
	return r.render(w, http.StatusOK, "connectregister", view)
}

// publicURL is the address at which people and Microsoft reach the server: that of the configuration, or the one that the client wrote.
func (r *request) publicURL() string {
	if r.server.BaseURL != "" {
		return strings.TrimRight(r.server.BaseURL, "/")
	}
	return inbound.BaseURL(r.Request, r.server.TrustedProxies)
}

// unsafeAddress is what to say where Microsoft would send no browser back; nil for a good address.
func (r *request) unsafeAddress() *Notice {
	base := r.publicURL()
	if _, err := engine.RedirectURI(base); err == nil {
		return nil
	}
	n := notice("bad", "", r.say("registration.unsafe", "address", base))
	return &n
}
