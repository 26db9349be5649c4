package storetest

import (
	"testing"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/notify"
)

func mailCases() []testCase {
	return []testCase{
		{"settings of e-mail are kept and replaced", func(t *testing.T, f *fixture) {
			none, err := f.MailSettings(f.ctx, f.org)
			f.must(t, err)
			same(t, "none", notify.Settings{OrgID: f.org}, none)
			settings := notify.Settings{
				OrgID: f.org, Host: "smtp.example.com", Port: 465, TLS: notify.ImplicitTLS, User: "u", SealedPassword: []byte("s"), From: "a@example.com", Language: "fr", ChangedAt: start,
			}
			f.must(t, f.SaveMailSettings(f.ctx, settings))
			settings.User, settings.SealedPassword = "", nil
			f.must(t, f.SaveMailSettings(f.ctx, settings))
			got, err := f.MailSettings(f.ctx, f.org)
			f.must(t, err)
			same(t, "settings", settings, got)
		}},
		{"a mail is there once for an event and recipient, is due in its turn, and is settled once", mailsInTurn},
	}
}

func mailsInTurn(t *testing.T, f *fixture) {
	mail := func(key, to string, next time.Time) notify.Mail {
		m := notify.Mail{
			ID: ident.New(start), OrgID: f.org, Key: key, Kind: notify.Held, To: to, Facts: notify.Facts{Instance: "Staff", Users: 3, Since: start},
			State: notify.Waiting, NextAt: next, CreatedAt: start,
		}
		f.must(t, f.InsertMail(f.ctx, m))
		return m
	}
	later, first, other := mail("1", "a@example.com", start.Add(time.Minute)), mail("1", "b@example.com", start), mail("2", "a@example.com", start.Add(time.Hour))
	mail("1", "a@example.com", start)
	due := func(at time.Time, limit int) []notify.Mail {
		found, err := f.DueMails(f.ctx, at, limit)
		f.must(t, err)
		return found
	}
	same(t, "due", []notify.Mail{first, later}, due(start.Add(time.Minute), 10))
	same(t, "due, one", []notify.Mail{first}, due(start.Add(time.Hour), 1))
	first.State, first.Attempts, first.SettledAt, first.Answer = notify.Sent, 1, start.Add(time.Minute), "250 ok"
	f.must(t, f.SaveMail(f.ctx, first, 0))
	fails(t, "settled already", fault.Stale, f.SaveMail(f.ctx, first, 1))
	fails(t, "other attempts", fault.Stale, f.SaveMail(f.ctx, later, 4))
	same(t, "due then", []notify.Mail{later}, due(start.Add(time.Minute), 10))
	listed, err := f.ListMails(f.ctx, f.org, 10)
	f.must(t, err)
	same(t, "listed", 3, len(listed))
	dropped, err := f.DropMails(f.ctx, start.Add(time.Hour))
	f.must(t, err)
	same(t, "dropped", 1, dropped)
	listed, err = f.ListMails(f.ctx, f.org, 1)
	f.must(t, err)
	same(t, "newest", []notify.Mail{other}, listed)
}
