package app

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rollcall/internal/config"
	"rollcall/internal/notify"
	"rollcall/internal/notify/notifytest"
)

func TestAServerSendsWhatWaitsByTheAccountOfItsSettingsAlsoAfterARestart(t *testing.T) {
	server := notifytest.Start(t, &notifytest.Server{TLS: notify.StartTLS, User: "rollcall", Password: "correct horse"})
	folder := t.TempDir()
	account, password, authority := server.Account(), filepath.Join(folder, "password"), filepath.Join(folder, "ca.pem")
	for file, text := range map[string][]byte{password: []byte("correct horse\n"), authority: server.PEM()} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	with := settings(filepath.Join(folder, "data"))
	with.BaseURL = "https://rollcall.example.com"
	with.SMTP = config.SMTP{
		Host: account.Host, Port: account.Port, TLS: string(account.TLS), User: "rollcall", PasswordFile: password, From: account.From, Language: "fr", CAFile: authority,
	}
	open := func() *App {
		a, err := Open(t.Context(), with, options(&moment{}))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a := open()
	organization, err := a.Directory.CreateOrganization(t.Context(), "Contoso")
	if err != nil {
		t.Fatal(err)
	}
	event := notify.Event{OrgID: organization.ID, Key: "1", Kind: notify.Overdue, To: []string{"ops@example.com"}, Facts: notify.Facts{Instance: "Staff", Path: "/org/x"}}
	if err := a.mail.Tell(t.Context(), event); err != nil { // it waits: nothing is sent before Run
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	a = open()
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	select {
	case <-server.Arrived():
	case <-time.After(20 * time.Second):
	}
	end()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	mails := server.Mails()
	if len(mails) != 1 || mails[0].Subject != "En retard : aucune exécution réussie de Staff" || !strings.Contains(mails[0].Raw, "https://rollcall.example.com/org/x") {
		t.Errorf("%+v", mails)
	}
}
