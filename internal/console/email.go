package console

import (
	"net/http"
	"slices"
	"strconv"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/notify"
)

type emailView struct {
	// Notice says that nobody is told, or that the operator forbids own mail servers.
	Notice *Notice
	// Host and From are those of the server's account, where that is used.
	Host, From string
	// Choice and Language are how mail is sent, Own the fields of the organization's own mail server.
	Choice, Language Field
	Own              []Field
	OwnAllowed       bool
	Error            string
	Test             Field
	// Tested is what became of a test message.
	Tested *Notice
	Mails  []mailRow
}

type mailRow struct {
	What, About, To, Answer string
	State                   Pill
	At, Next                *Moment
	Attempts                int
}

// shownMails is how many mails the page lists.
const shownMails = 50

func (s *server) email(w http.ResponseWriter, r *request) error {
	return s.showEmail(w, r, http.StatusOK, nil, nil)
}

// showEmail shows how mail is sent, and what became of mails (C5).
func (s *server) showEmail(w http.ResponseWriter, r *request, status int, wrong error, tested *Notice) error {
	r.titled(r.say("email.title"), r.say("nav.settings"), "/email")
	now, err := s.Mail.View(r.ctx(), r.org)
	if err != nil {
		return err
	}
	view := emailView{
		OwnAllowed: !now.Locked, Choice: r.mailChoice(now), Language: r.mailLanguage(now), Own: r.mailFields(now), Tested: tested,
		Test: Field{Name: "to", Label: r.say("email.test.to"), Type: "email", Value: r.who.Email, Required: true, Max: 254, Complete: "email"},
	}
	if to := r.value("to"); to != "" {
		view.Test.Value = to
	}
	heard, err := s.somebodyIsTold(r)
	if err != nil {
		return err
	}
	switch {
	case now.Source == notify.SourceNone:
		told := notice("warn", r.say("email.none"), r.say("email.none.text"))
		view.Notice = &told
	case !heard:
		told := notice("warn", r.say("email.unheard"), r.say("email.unheard.text"))
		view.Notice = &told
	case now.Locked:
		told := notice("info", "", r.say("email.locked"))
		view.Notice = &told
	}
	if now.Source == notify.SourceServer {
		view.Host, view.From = now.Host, now.From
	}
	if wrong != nil {
		view.Error = r.placeMail(view.Own, wrong)
	}
	if view.Mails, err = s.mailRows(r); err != nil {
		return err
	}
	return r.render(w, status, "email", view)
}

// somebodyIsTold reports whether an instance has addresses that mails go to.
func (s *server) somebodyIsTold(r *request) (bool, error) {
	instances, err := s.Engine.Store.ListInstances(r.ctx(), r.org)
	return slices.ContainsFunc(instances, func(i engine.Instance) bool { return len(i.Notification.Recipients()) > 0 }), err
}

// kept is what was posted, else what is kept.
func (r *request) kept(name, kept string) string {
	if r.Method == http.MethodPost && r.PostForm.Has(name) {
		return r.value(name)
	}
	return kept
}

func (r *request) mailChoice(now notify.View) Field {
	own := r.kept("use", map[bool]string{true: "own"}[now.Settings.Own()]) == "own"
	none := "email.use.server"
	if !now.Server {
		none = "email.use.none"
	}
	return Field{Name: "use", Label: r.say("email.use"), Type: "select", Options: []Choice{
		{Text: r.say(none), Value: "", Current: !own}, {Text: r.say("email.use.own"), Value: "own", Current: own},
	}}
}

func (r *request) mailLanguage(now notify.View) Field {
	kept := r.kept("language", now.Settings.Language)
	field := Field{Name: "language", Label: r.say("email.language"), Type: "select", Options: []Choice{{Text: r.say("email.language.server"), Value: "", Current: kept == ""}}}
	for _, name := range notify.Languages() {
		field.Options = append(field.Options, Choice{Text: r.say("email.language." + name), Value: name, Current: name == kept})
	}
	return field
}

// mailFields are those of the organization's own mail server. The password is never shown.
func (r *request) mailFields(now notify.View) []Field {
	own := now.Settings
	port := ""
	if own.Port > 0 {
		port = strconv.Itoa(own.Port)
	}
	mode := Field{Name: "tls", Label: r.say("email.tls"), Type: "select"}
	chosen := r.kept("tls", string(own.TLS))
	for _, each := range notify.TLSModes() {
		mode.Options = append(mode.Options, Choice{Text: r.say("email.tls." + string(each)), Value: string(each), Current: string(each) == chosen})
	}
	password := Field{Name: "password", Label: r.say("email.password"), Type: "password", Complete: "new-password", Max: 1024, Hint: r.say("email.password.hint")}
	if now.Password {
		password.Hint = r.say("email.password.kept")
	}
	return []Field{
		{Name: "host", Label: r.say("email.host"), Type: "text", Value: r.kept("host", own.Host), Max: 253, Complete: "off", Hint: r.say("email.host.hint")},
		mode,
		{Name: "port", Label: r.say("email.port"), Type: "number", Value: r.kept("port", port), Hint: r.say("email.port.hint")},
		{Name: "from", Label: r.say("email.from"), Type: "email", Value: r.kept("from", own.From), Max: 254, Complete: "off"},
		{Name: "user", Label: r.say("email.user"), Type: "text", Value: r.kept("user", own.User), Max: 256, Complete: "off", Hint: r.say("email.user.hint")},
		password,
	}
}

// placeMail puts what is wrong beside its field, and returns it if it has none.
func (r *request) placeMail(fields []Field, wrong error) string {
	text, _ := r.fault(wrong)
	at := map[string]string{
		"BadHost": "host", "BadPort": "port", "BadTLS": "tls", "TLSNeeded": "tls", "BadUser": "user", "MissingUser": "user", "BadEmail": "from", "MissingPassword": "password",
	}[fault.Of(wrong).Code]
	for i := range fields {
		if fields[i].Name == at {
			fields[i].Error = text
			return ""
		}
	}
	return text
}

func (s *server) mailRows(r *request) ([]mailRow, error) {
	mails, err := s.Mail.Store.ListMails(r.ctx(), r.org, shownMails)
	rows := make([]mailRow, len(mails))
	tones := map[notify.MailState]string{notify.Sent: "ok", notify.Waiting: "warn", notify.Refused: "bad", notify.GivenUp: "bad"}
	for i, m := range mails {
		rows[i] = mailRow{
			What: r.say("email.kind." + string(m.Kind)), About: m.Facts.Instance + m.Facts.Name, To: m.To, Answer: m.Answer, At: r.moment(m.CreatedAt), Attempts: m.Attempts,
			State: pill(tones[m.State], r.say("email.state."+string(m.State))),
		}
		if m.State == notify.Waiting {
			rows[i].Next = r.moment(m.NextAt)
		}
	}
	return rows, err
}

// changeEmail stores how mail is sent. A form saved untouched changes nothing.
func (s *server) changeEmail(w http.ResponseWriter, r *request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	now, err := s.Mail.View(r.ctx(), r.org)
	if err != nil {
		return err
	}
	language := r.value("language")
	change := notify.Change{Language: &language}
	if r.value("use") == "own" {
		host, user, from, mode := r.value("host"), r.value("user"), r.value("from"), notify.TLSMode(r.value("tls"))
		change.Host, change.User, change.From, change.TLS = &host, &user, &from, &mode
		port := mode.Port()
		if text := r.value("port"); text != "" {
			if port, err = strconv.Atoi(text); err != nil {
				port = -1
			}
		}
		change.Port = &port
		if password := r.PostFormValue("password"); password != "" {
			change.Password = &password
		}
		if host == "" {
			err := fault.New(fault.Invalid, "BadHost", "the name of the mail server is missing")
			return s.showEmail(w, r, http.StatusUnprocessableEntity, err, nil)
		}
	} else if now.Settings.Own() && !now.Locked { // who may have none keeps what he has, for when he may again
		none := ""
		change.Host = &none
	}
	err = s.Mail.ChangeSettings(r.ctx(), r.org, change)
	if fault.Is(err, fault.Invalid) {
		return s.showEmail(w, r, http.StatusUnprocessableEntity, err, nil)
	}
	if err != nil {
		return err
	}
	return r.done(w, "/email", "form.saved")
}

// testEmail sends a test message, and says what the mail server answered.
func (s *server) testEmail(w http.ResponseWriter, r *request) error {
	to := r.value("to")
	answer, err := s.Mail.TestMail(r.ctx(), r.org, to)
	told := notice("ok", r.say("email.tested", "to", to), r.say("email.answered", "answer", answer))
	status := http.StatusOK
	if err != nil {
		f := fault.Of(err)
		if f == nil || f.Kind == fault.Internal {
			return err
		}
		told, status = notice("bad", r.say("email.failed", "to", to), r.mailAnswer(f)), http.StatusUnprocessableEntity
	}
	return s.showEmail(w, r, status, nil, &told)
}

// mailAnswer is what a mail server answered, to the letter, with what to do in the administrator's language where that is known.
func (r *request) mailAnswer(f *fault.Error) string {
	if key := "email.remedy." + f.Code; r.has(key) {
		return sentence(f.Message) + " " + r.say(key)
	}
	text, _ := r.fault(f)
	return text
}
