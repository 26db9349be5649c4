package notify

import (
	"context"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

const (
	// lookEvery is how often the outbox is looked at, batch how many mails are taken at once, dropEvery how often settled ones are removed.
	lookEvery = time.Second
	batch     = 20
	dropEvery = time.Hour
)

// Tell puts an event into the outbox, in the transaction of the context. Without a mail server or without recipients it is nothing.
func (s *Service) Tell(ctx context.Context, event Event) error {
	if len(event.To) == 0 {
		return nil
	}
	if able, err := s.CanSend(ctx, event.OrgID); err != nil || !able {
		return err
	}
	now := s.Now()
	for _, to := range event.To {
		err := s.Store.InsertMail(ctx, Mail{
			ID: ident.New(now), OrgID: event.OrgID, Key: event.Key, Kind: event.Kind, To: to, Facts: event.Facts, State: Waiting, NextAt: now, CreatedAt: now,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Run sends what is due until the context ends.
func (s *Service) Run(ctx context.Context) {
	look, drop := time.NewTicker(lookEvery), time.NewTicker(dropEvery)
	defer look.Stop()
	defer drop.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			_, err = s.Deliver(ctx)
		case <-drop.C:
			_, err = s.Store.DropMails(ctx, s.Now().Add(-keptFor))
		}
		if err != nil && ctx.Err() == nil {
			s.Logger.ErrorContext(ctx, "outbox of e-mail", "error", err.Error())
		}
	}
}

// Deliver makes the attempts that are due, and returns how many mails were sent.
func (s *Service) Deliver(ctx context.Context) (int, error) {
	sent := 0
	due, err := s.Store.DueMails(ctx, s.Now(), batch)
	if err != nil {
		return 0, err
	}
	for _, mail := range due {
		if ctx.Err() != nil {
			return sent, ctx.Err()
		}
		done, err := s.attempt(ctx, mail)
		if err != nil {
			return sent, err
		}
		if done {
			sent++
		}
	}
	return sent, nil
}

// attempt tries one mail. That it does so is noted before: a mail that brings the process down is not tried again at once.
func (s *Service) attempt(ctx context.Context, mail Mail) (bool, error) {
	before := mail.Attempts
	mail.Attempts++
	mail.NextAt = s.Now().Add(delay(mail.Attempts))
	if err := s.Store.SaveMail(ctx, mail, before); err != nil {
		if fault.Is(err, fault.Stale) { // another node has it
			return false, nil
		}
		return false, err
	}
	account, found, err := s.account(ctx, mail.OrgID)
	if err == nil && !found {
		err = noAccount()
	}
	if err == nil {
		mail.Answer, err = s.send(ctx, account, mail)
	}
	if err != nil && ctx.Err() != nil {
		return false, ctx.Err() // ended by us; the next start tries again
	}
	return err == nil, s.settle(context.WithoutCancel(ctx), mail, err)
}

// settle notes the outcome of an attempt.
func (s *Service) settle(ctx context.Context, mail Mail, failure error) error {
	now, outcome := s.Now(), "failed"
	switch {
	case failure == nil:
		mail.State, outcome = Sent, "sent"
	case forGood(failure):
		mail.State, outcome = Refused, "refused"
	case mail.NextAt.Sub(mail.CreatedAt) > longestTry:
		mail.State, outcome = GivenUp, "given-up"
	}
	if mail.State != Waiting {
		mail.SettledAt = now
	}
	if failure != nil {
		mail.Answer = answerOf(failure)
	}
	s.Metrics.CountMail(string(mail.Kind), outcome)
	attrs := []any{"mail", mail.ID.String(), "organization", mail.OrgID.String(), "kind", string(mail.Kind), "attempts", mail.Attempts}
	switch {
	case failure == nil:
		s.Logger.InfoContext(ctx, "e-mail sent", attrs...)
	case mail.State == Waiting:
		s.Logger.WarnContext(ctx, "e-mail not sent yet", append(attrs, "code", codeOf(failure), "next", mail.NextAt)...)
	default:
		s.Logger.ErrorContext(ctx, "e-mail given up", append(attrs, "code", codeOf(failure))...)
	}
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Store.SaveMail(ctx, mail, mail.Attempts); err != nil {
			return err
		}
		if mail.State == Sent || mail.State == Waiting {
			return nil
		}
		return s.Recorder.Record(ctx, audit.Event{
			OrgID: mail.OrgID, Action: "email.give-up", ObjectID: mail.ID.String(), ObjectName: mail.To,
			After: attr.From(map[string]any{"kind": string(mail.Kind), "attempts": float64(mail.Attempts), "answer": mail.Answer}),
		})
	})
}

// Abandon gives up what waits, because the database is a copy and the mails are the original's to send.
func (s *Service) Abandon(ctx context.Context) error {
	for {
		waiting, err := s.Store.DueMails(ctx, s.Now().Add(longestTry), batch)
		if err != nil || len(waiting) == 0 {
			return err
		}
		for _, mail := range waiting {
			mail.State, mail.SettledAt, mail.Answer = GivenUp, s.Now(), "the database was copied or restored"
			if err := s.Store.SaveMail(ctx, mail, mail.Attempts); err != nil {
				return err
			}
		}
	}
}

func answerOf(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Message
	}
	return oneLine(err.Error())
}

func codeOf(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Code
	}
	return "Internal"
}
