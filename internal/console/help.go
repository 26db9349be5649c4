package console

import (
	"io/fs"
	"net/http"
	"strconv"
	"strings"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
)

type helpView struct {
	Sections []helpSection
	// Version is told to who is signed in.
	Version string
	// Licences is the address of the licences; "" without the bundle that holds them.
	Licences string
}

// helpSection is one subject: a title, sentences, and words with what they mean.
type helpSection struct {
	ID, Title string
	Texts     []string
	Facts     []Choice
}

// helpSections are the subjects, in the order in which they are shown. Their texts are the words help.ID.1 and so on.
var helpSections = []string{"first", "status", "held", "setup", "connections", "users", "domains", "deletes", "runs", "records", "mail", "tokens", "roles", "keyboard", "support"}

// helpTopics are the subjects of pages, by the beginnings of their paths.
var helpTopics = [][2]string{
	{"/overview", "status"},
	{"/instances", "status"},
	{"/directory-synchronization", "status"},
	{"/setup", "setup"},
	{"/connections", "connections"},
	{"/users", "users"},
	{"/groups", "users"},
	{"/archive", "records"},
	{"/audit", "records"},
	{"/retention", "records"},
	{"/runs", "runs"},
	{"/log", "runs"},
	{"/pins", "runs"},
	{"/changes", "runs"},
	{"/tokens", "tokens"},
	{"/email", "mail"},
	{"/domains", "domains"},
	{"/administrators", "roles"},
	{"/profile", "roles"},
}

// topic is the subject of the page.
func (r *request) topic() string {
	path := strings.TrimPrefix(r.URL.Path, r.base())
	if strings.HasSuffix(path, "/held") {
		return "held"
	}
	for _, topic := range helpTopics {
		if strings.HasPrefix(path, topic[0]) {
			return topic[1]
		}
	}
	return helpSections[0]
}

// help is the same for everybody, signed in or not: short texts, which need no network (A2).
func (s *server) help(w http.ResponseWriter, r *request) error {
	r.titled(r.say("help.title"))
	r.page.Wide = true
	var view helpView
	if !r.org.IsZero() { // who is not signed in is not told what runs here
		view.Version = s.Version
		if s.assets.has(noticeFile) {
			view.Licences = r.helpBase() + "/licences"
		}
	}
	for _, id := range helpSections {
		section := helpSection{ID: id, Title: r.say("help." + id), Facts: r.helpFacts(id)}
		for n := 1; r.has("help." + id + "." + strconv.Itoa(n)); n++ {
			section.Texts = append(section.Texts, r.say("help."+id+"."+strconv.Itoa(n)))
		}
		view.Sections = append(view.Sections, section)
	}
	return r.render(w, http.StatusOK, "help", view)
}

// helpBase is where help is: in the organization's frame, or outside of all.
func (r *request) helpBase() string { return r.base() + "/help" }

func (r *request) helpFacts(id string) []Choice {
	var facts []Choice
	add := func(term, text string) { facts = append(facts, Choice{Text: term, Value: r.say(text)}) }
	switch id {
	case "status":
		for _, status := range []engine.JobStatus{
			engine.StatusNotRun, engine.StatusActive, engine.StatusPaused, engine.StatusRunning, engine.StatusHeld, engine.StatusFailing, engine.StatusQuarantine,
			engine.StatusWaitingForConsent, engine.StatusDisabled,
		} {
			add(r.say("status."+string(status)), "help.status."+string(status))
		}
	case "users":
		for _, word := range []string{"active", "inactive", "deleted", "unmanaged", "toBeSynced"} {
			add(r.say("help.users."+word+".term"), "help.users."+word)
		}
	case "deletes":
		for _, deed := range []string{"block", "scope", "delete", "purge", "instance", "consent", "connection", "archive"} {
			add(r.say("help.deletes."+deed+".term"), "help.deletes."+deed)
		}
	case "roles":
		for _, role := range directory.PersonRoles() {
			add(r.say("role."+string(role)), "help.roles."+string(role))
		}
	case "keyboard":
		for _, key := range []string{"tab", "enter", "space", "escape", "skip"} {
			add(r.say("help.keyboard."+key+".term"), "help.keyboard."+key)
		}
	}
	return facts
}

// noticeFile is the name of the licences in the bundle.
const noticeFile = "NOTICE.txt"

type licencesView struct{ Text string }

// licences shows what the program is made of.
func (s *server) licences(w http.ResponseWriter, r *request) error {
	text, err := fs.ReadFile(s.assets.files, s.assets.names[noticeFile])
	if err != nil {
		s.failWith(w, r, http.StatusNotFound, "fail.notFound")
		return nil //nolint:nilerr // a bundle without it
	}
	r.titled(r.say("help.licences"))
	r.page.Crumbs = []Link{{Text: r.say("help.title"), Href: r.helpBase()}}
	return r.render(w, http.StatusOK, "licences", licencesView{Text: string(text)})
}

// has reports whether the bundle has the file.
func (a *assets) has(name string) bool {
	_, found := a.names[name]
	return found
}

// HelpOn is a link to a subject of help, beside a title or a field.
func (s shown) HelpOn(topic string) Link {
	return Link{Text: s.r.say("frame.help.page", "topic", s.r.say("help."+topic)), Href: s.r.helpBase() + "#" + topic}
}
