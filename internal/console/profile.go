package console

import (
	"net/http"
	"slices"
	"strings"

	"golang.org/x/text/language/display"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
)

type profileView struct {
	Name, Email, Role string
	Preferences       []Field
	Password          []Field
	Sessions          []sessionRow
}

type sessionRow struct {
	ID, Agent, Address string
	SignedIn, Used     *Moment
	Here               bool
}

func (s *server) profile(w http.ResponseWriter, r *request) error {
	return s.showProfile(w, r, http.StatusOK, nil)
}

func (s *server) showProfile(w http.ResponseWriter, r *request, status int, wrong error) error {
	sessions, err := s.Directory.Sessions(r.ctx(), r.who.ID)
	if err != nil {
		return err
	}
	r.titled(r.say("profile.title"))
	view := profileView{Name: r.who.Name, Email: r.who.Email, Role: r.say("role." + string(r.who.Role))}
	for _, session := range sessions {
		view.Sessions = append(view.Sessions, sessionRow{
			ID: session.ID.String(), Agent: browser(session.Agent), Address: session.Address, SignedIn: r.moment(session.CreatedAt),
			Used: r.moment(session.UsedAt), Here: session.ID == r.session.ID,
		})
	}
	view.Password = []Field{
		{Name: "old", Label: r.say("profile.password.old"), Type: "password", Complete: "current-password", Required: true, Max: 1024},
		{Name: "password", Label: r.say("profile.password.new"), Type: "password", Complete: "new-password", Required: true, Max: 1024, Hint: r.say("join.password.hint", "n", directory.MinPassword)},
	}
	r.place(view.Password, wrong)
	view.Preferences = []Field{
		{Name: "language", Label: r.say("profile.language"), Type: "select", Options: r.languages()},
		{Name: "theme", Label: r.say("profile.theme"), Type: "select", Options: r.themes()},
	}
	return r.render(w, status, "profile", view)
}

func (r *request) languages() []Choice {
	var choices []Choice
	for _, tag := range languages {
		name := display.Self.Name(tag)
		choices = append(choices, Choice{Text: strings.ToUpper(name[:1]) + name[1:], Value: tag.String(), Current: tag == r.tag})
	}
	return choices
}

func (r *request) themes() []Choice {
	var choices []Choice
	for _, theme := range []string{"system", "light", "dark"} {
		choices = append(choices, Choice{Text: r.say("theme." + theme), Value: theme, Current: theme == r.theme || theme == "system" && r.theme == ""})
	}
	return choices
}

// preferences notes language and theme: with the administrator if one is signed in, and in the browser for the pages before.
func (s *server) preferences(w http.ResponseWriter, r *request) error {
	language, theme := r.value("language"), r.value("theme")
	if s.words[language] == nil {
		language = ""
	}
	if !slices.Contains([]string{"light", "dark"}, theme) {
		theme = ""
	}
	for name, value := range map[string]string{"language": language, "theme": theme} {
		age := 365 * 24 * 3600
		if value == "" {
			age = -1
		}
		r.setCookie(w, name, value, age)
	}
	if r.who.ID.IsZero() {
		r.lead(w, "/sign-in")
		return nil
	}
	if err := s.Directory.Prefer(r.ctx(), r.who.ID, language, theme); err != nil {
		return err
	}
	r.setCookie(w, "said", "form.saved", saidFor)
	r.lead(w, r.value("back")+"/profile")
	return nil
}

func (s *server) changePassword(w http.ResponseWriter, r *request) error {
	if _, ok := s.limits.allow(r.who.Email, r.address, s.Machine()); !ok {
		return fault.New(fault.Throttled, "TooManyAttempts", "there were too many attempts")
	}
	session, secret, err := s.Directory.ChangePassword(r.ctx(), r.session, r.PostFormValue("old"), r.PostFormValue("password"))
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Denied) {
		return s.showProfile(w, r, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	s.keep(w, r, session, secret)
	return r.done(w, "/profile", "profile.password.changed")
}

func (s *server) endSession(w http.ResponseWriter, r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	if err := s.Directory.EndSession(r.ctx(), r.who.ID, id); err != nil {
		return err
	}
	return r.done(w, "/profile", "profile.ended")
}

// browser names the program and the system of a User-Agent, as far as they are known.
func browser(agent string) string {
	program, system := "", ""
	for _, known := range [][2]string{{"Edg/", "Edge"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}} {
		if program == "" && strings.Contains(agent, known[0]) {
			program = known[1]
		}
	}
	for _, known := range [][2]string{{"Windows", "Windows"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Mac OS", "macOS"}, {"Linux", "Linux"}} {
		if system == "" && strings.Contains(agent, known[0]) {
			system = known[1]
		}
	}
	if program == "" {
		return agent
	}
	return strings.TrimSuffix(program+" · "+system, " · ")
}
