package notify_test

import (
	"strings"
	"testing"

	"rollcall/internal/fault"
	"rollcall/internal/notify"
	"rollcall/internal/notify/notifytest"
)

func TestATestMessageGoesByEachWayAServerOffers(t *testing.T) {
	for _, mode := range notify.TLSModes() {
		for _, user := range []string{"", "rollcall"} {
			server := notifytest.Start(t, &notifytest.Server{TLS: mode, User: user, Password: "correct horse"})
			account := server.Account()
			if user == "" {
				account.Password = ""
			}
			w := newWorld(t, account)
			w.start(notify.Config{Default: account, Roots: server.Roots()})
			answer, err := w.mail.TestMail(t.Context(), w.org, "ops@example.com")
			if err != nil || !strings.Contains(answer, "250") && !strings.Contains(answer, "OK") {
				t.Errorf("%s, user %q: %q, %v", mode, user, answer, err)
			}
			if len(server.Mails()) != 1 || len(w.recorded("email.test")) != 1 {
				t.Errorf("%s, user %q: %d mails", mode, user, len(server.Mails()))
			}
		}
	}
}

func TestATestMessageSaysWhatTheServerAnsweredAndWhatToDo(t *testing.T) {
	type house struct {
		server  *notifytest.Server
		account notify.Account
	}
	for name, c := range map[string]struct {
		mode    notify.TLSMode
		user    string
		spoil   func(h *house)
		code    string
		message string
	}{
		"wrong password": {notify.StartTLS, "rollcall", func(h *house) { h.account.Password = "other" }, notify.MailSignIn, "refused the sign-in: 535 5.7.8 Authentication failed"},
		"refused":        {notify.NoTLS, "", func(h *house) { h.server.Refuse("ops@example.com", 550, "relaying denied") }, notify.RecipientRefused, "refused the recipient: 550 5.1.1 relaying denied"},
		"busy":           {notify.NoTLS, "", func(h *house) { h.server.Busy(1) }, notify.MailServerBusy, "answered: 451 4.3.2 try again later"},
		"no sign-in":     {notify.NoTLS, "", func(h *house) { h.account.User, h.account.Password = "rollcall", "x" }, notify.MailSignIn, "offers no way to sign in"},
		"gone":           {notify.NoTLS, "", func(h *house) { h.server.Stop() }, notify.MailServerGone, "does not answer"},
		"no STARTTLS":    {notify.NoTLS, "", func(h *house) { h.account.TLS = notify.StartTLS }, notify.MailServerTLS, "does not offer STARTTLS"},
		"not TLS":        {notify.NoTLS, "", func(h *house) { h.account.TLS = notify.ImplicitTLS }, notify.MailServerTLS, "does not begin with TLS"},
		"must sign in":   {notify.StartTLS, "rollcall", func(h *house) { h.account.User, h.account.Password = "", "" }, notify.SenderRefused, "refused the sender: 502"},
		"wrong name":     {notify.StartTLS, "", func(h *house) { h.account.Host = "localhost" }, notify.MailServerTLS, "is not trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			server := notifytest.Start(t, &notifytest.Server{TLS: c.mode, User: c.user, Password: "correct horse"})
			h := &house{server, server.Account()}
			if c.user == "" {
				h.account.Password = ""
			}
			c.spoil(h)
			w := newWorld(t, notify.Account{})
			w.start(notify.Config{Default: h.account, Roots: server.Roots()})
			_, err := w.mail.TestMail(t.Context(), w.org, "ops@example.com")
			f := fault.Of(err)
			if f == nil || f.Code != c.code || !strings.Contains(f.Message, c.message) || f.Remedy == "" {
				t.Fatalf("%+v", err)
			}
			if strings.Contains(err.Error(), "correct horse") {
				t.Error("the password is in the answer")
			}
		})
	}
}

func TestACertificateOfAnUnknownAuthorityIsNotTrusted(t *testing.T) {
	server := notifytest.Start(t, &notifytest.Server{TLS: notify.StartTLS})
	w := newWorld(t, server.Account())
	_, err := w.mail.TestMail(t.Context(), w.org, "ops@example.com")
	if f := fault.Of(err); f == nil || f.Code != notify.MailServerTLS || len(server.Mails()) != 0 {
		t.Errorf("%v", err)
	}
}

func TestAnOrganizationsOwnServerIsUsedUnlessTheOperatorForbidsIt(t *testing.T) {
	common, own := notifytest.Start(t, &notifytest.Server{}), notifytest.Start(t, &notifytest.Server{User: "org", Password: "secret of org"})
	w := newWorld(t, common.Account())
	account := own.Account()
	password, language, port := "secret of org", "fr", account.Port
	w.must(w.mail.ChangeSettings(t.Context(), w.org, notify.Change{
		Host: &account.Host, Port: &port, TLS: &account.TLS, User: &account.User, Password: &password, From: &account.From, Language: &language,
	}))
	w.tell("held/1", "ops@example.com")
	w.deliver()
	if got := own.Subjects(); len(got) != 1 || got[0] != "ops@example.com: Approbation requise : des suppressions de Staff sont retenues" {
		t.Errorf("%q", got)
	}
	settings, err := w.db.MailSettings(t.Context(), w.org)
	if err != nil || string(settings.SealedPassword) != "sealed:secret of org" {
		t.Errorf("%q, %v", settings.SealedPassword, err)
	}
	for _, event := range w.recorded("email.change") {
		if text, _ := event.After.MarshalJSON(); strings.Contains(string(text), "secret of org") {
			t.Errorf("the password is in the audit log: %s", text)
		}
	}
	w.start(notify.Config{Default: common.Account(), Locked: true})
	w.tell("held/2", "ops@example.com")
	w.deliver()
	if len(own.Mails()) != 1 || len(common.Mails()) != 1 {
		t.Errorf("%d by the own server, %d by the server's", len(own.Mails()), len(common.Mails()))
	}
	host := "other.example.com"
	if err := w.mail.ChangeSettings(t.Context(), w.org, notify.Change{Host: &host, From: &account.From}); !fault.Is(err, fault.Denied) {
		t.Errorf("forbidden: %v", err)
	}
}

func TestAKeptPasswordIsToldToNoOtherServer(t *testing.T) {
	w := newWorld(t, notify.Account{})
	host, user, password, from, mode := "smtp.example.com", "rollcall", "secret", "rollcall@example.com", notify.StartTLS
	w.must(w.mail.ChangeSettings(t.Context(), w.org, notify.Change{Host: &host, User: &user, Password: &password, From: &from, TLS: &mode}))
	other := "smtp.evil.example"
	if err := w.mail.ChangeSettings(t.Context(), w.org, notify.Change{Host: &other}); fault.Of(err) == nil || fault.Of(err).Code != "MissingPassword" {
		t.Errorf("%v", err)
	}
	nothing := ""
	if err := w.mail.ChangeSettings(t.Context(), w.org, notify.Change{Password: &nothing}); fault.Of(err) == nil || fault.Of(err).Code != "MissingPassword" {
		t.Errorf("a user without a password: %v", err)
	}
	sender := "other@example.com"
	w.must(w.mail.ChangeSettings(t.Context(), w.org, notify.Change{From: &sender}))
	none := ""
	w.must(w.mail.ChangeSettings(t.Context(), w.org, notify.Change{Host: &none}))
	settings, err := w.db.MailSettings(t.Context(), w.org)
	if err != nil || settings.Own() || len(settings.SealedPassword) > 0 {
		t.Errorf("%+v, %v", settings, err)
	}
}

func TestWhatIsNoAccountIsRefused(t *testing.T) {
	good := notify.Account{Host: "smtp.example.com", Port: 587, TLS: notify.StartTLS, From: "rollcall@example.com", Language: "en"}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for code, spoil := range map[string]func(a *notify.Account){
		"BadHost":     func(a *notify.Account) { a.Host = "smtp.example.com:587/x" },
		"BadPort":     func(a *notify.Account) { a.Port = 0 },
		"BadTLS":      func(a *notify.Account) { a.TLS = "ssl" },
		"TLSNeeded":   func(a *notify.Account) { a.TLS = notify.NoTLS },
		"BadUser":     func(a *notify.Account) { a.User = "a\r\nb" },
		"MissingUser": func(a *notify.Account) { a.Password = "x" },
		"BadEmail":    func(a *notify.Account) { a.From = "Rollcall <rollcall@example.com>" },
		"BadLanguage": func(a *notify.Account) { a.Language = "tlh" },
	} {
		account := good
		spoil(&account)
		if err := account.Check(); fault.Of(err) == nil || fault.Of(err).Code != code {
			t.Errorf("%s: %v", code, err)
		}
	}
}
