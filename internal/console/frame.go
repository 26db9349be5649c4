package console

import (
	"slices"
	"strings"
)

// Page is the frame around every page.
type Page struct {
	Title, Language, Theme string
	// Base is the path of the organization's pages; Path that of this page.
	Base, Path string
	Crumbs     []Link
	Navigation []Link
	// Organizations are there when there are several to choose from.
	Organizations []Link
	Organization  string
	// Who is signed in; "" on the pages before.
	Who  string
	Role string
	// Flash was said by the action before this page.
	Flash  string
	Script string
	Style  string
	Icons  string
	Alone  bool
	// Wide: outside of the frame the page takes more room than a form.
	Wide bool
	// Help is where help is, HelpTopic the link to what it says of this page.
	Help      string
	HelpTopic Link
	// Tour is a demo's tour; nil where there is none to take.
	Tour *tourView
}

// Link is a place to go to.
type Link struct {
	Text, Href, Icon string
	Current, Sub     bool
}

// place is an entry of the navigation.
type place struct {
	key, path, icon string
	needs           access
	sub             bool
}

// places are the navigation's entries (A2). A page whose feature does not exist yet is left out.
func places() []place {
	return []place{
		{"nav.overview", "/overview", "home-regular", like("listInstances"), false},
		{"nav.users", "/users", "people-regular", like("listUsers"), false},
		{"groups.title", "/groups", "participant-list-regular", like("listGroups"), false},
		{"archive.title", "/archive", "archive-regular", like("listArchive"), false},
		{"sync.runs", "/runs", "recents-regular", like("listRuns"), false},
		{"audit.title", "/audit", "document-regular", like("listEvents"), false},
		{"nav.settings", "/directory-synchronization", "settings-regular", like("listInstances"), false},
		{"sync.title", "/directory-synchronization", "", like("listInstances"), true},
		{"domains.title", "/domains", "", like("listDomains"), true},
		{"tokens.title", "/tokens", "", like("listTokens"), true},
		{"email.title", "/email", "", like("getEmail"), true},
		{"retention.title", "/retention", "", like("getRetention"), true},
		{"nav.administrators", "/administrators", "", administers, true},
	}
}

// settings makes the entry above the settings lead to the first of them that who is signed in may see.
func (r *request) settings(entry place) place {
	for _, p := range places() {
		if p.sub && p.needs.allows(r.who) {
			entry.path, entry.needs = p.path, p.needs
			break
		}
	}
	return entry
}

// first is the path of the first page that who is signed in may see.
func (r *request) first() string {
	for _, p := range places() {
		if p.needs.allows(r.who) {
			return p.path
		}
	}
	return "/profile"
}

// titled names the page and says where it is: links from the top, each a text and a path below the organization's.
func (r *request) titled(title string, crumbs ...string) {
	r.page.Title = title
	for i := 0; i+1 < len(crumbs); i += 2 {
		r.page.Crumbs = append(r.page.Crumbs, Link{Text: crumbs[i], Href: r.at(crumbs[i+1])})
	}
}

// section is the path of the page's entry in the navigation: that of the page, but for pages that are reached through another one.
func (r *request) section() string {
	for _, inside := range [][2]string{{"/instances/", "/directory-synchronization"}, {"/setup", "/directory-synchronization"}, {"/connections", "/directory-synchronization"}, {"/log", "/runs"}, {"/pins", "/runs"}, {"/changes/", "/runs"}} {
		if strings.HasPrefix(r.URL.Path, r.at(inside[0])) {
			return r.at(inside[1])
		}
	}
	return r.URL.Path
}

// frame fills what the layout shows.
func (r *request) frame() Page {
	p := r.page
	p.Language, p.Theme, p.Base, p.Path = r.tag.String(), r.theme, r.base(), r.URL.RequestURI()
	p.Script, p.Style, p.Icons = r.server.assets.address("console.js"), r.server.assets.address("console.css"), r.server.assets.address("icons")
	p.Alone, p.Help = p.Alone || r.org.IsZero(), r.helpBase()
	if p.Alone || r.who.ID.IsZero() {
		p.Alone = true
		return p
	}
	p.Tour, p.HelpTopic = r.tour(), shown{r: r}.HelpOn(r.topic())
	p.Who, p.Role = r.who.Name, r.say("role."+string(r.who.Role))
	here := r.section()
	inSettings := slices.ContainsFunc(places(), func(q place) bool { return q.sub && strings.HasPrefix(here, r.at(q.path)) })
	for _, q := range places() {
		if q.key == "nav.settings" {
			q = r.settings(q)
		}
		if !q.needs.allows(r.who) || q.sub && !inSettings {
			continue
		}
		current := strings.HasPrefix(here, r.at(q.path)) && (q.sub || q.key != "nav.settings")
		p.Navigation = append(p.Navigation, Link{Text: r.say(q.key), Href: r.at(q.path), Icon: q.icon, Current: current, Sub: q.sub})
	}
	p.Navigation = append(p.Navigation, r.simLink()...)
	for _, o := range r.organizations {
		if o.ID == r.org {
			p.Organization = o.Name
		}
		if len(r.organizations) > 1 {
			p.Organizations = append(p.Organizations, Link{Text: o.Name, Href: "/org/" + o.ID.String() + r.first(), Current: o.ID == r.org})
		}
	}
	return p
}
