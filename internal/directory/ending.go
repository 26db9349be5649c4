package directory

import (
	"context"
	"slices"
	"time"

	"rollcall/internal/ident"
)

// endNotices are the days before the end of a credential on which it is announced (B4).
var endNotices = [...]int{1, 7, 30}

const day = 24 * time.Hour

// EndingSoon reports whether the end is near enough to be announced.
func EndingSoon(now, end time.Time) bool {
	return now.Before(end) && end.Sub(now) <= time.Duration(endNotices[len(endNotices)-1])*day
}

// noticeOf returns which of the notices an end is due for, 0 for none.
func noticeOf(now, end time.Time) int {
	for _, days := range endNotices {
		if end.Sub(now) <= time.Duration(days)*day {
			return days
		}
	}
	return 0
}

// due reports whether an end is to be announced that was announced so many days before, 0 for never; and for how many days it then counts.
// What was made to live no longer than that is not announced: who made it knows.
func due(now, made, end time.Time, announced int) (notice int, is bool) {
	notice = noticeOf(now, end)
	return notice, notice != 0 && end.Sub(made) > time.Duration(notice)*day && (announced == 0 || notice < announced)
}

// Ending is a credential that expires soon.
type Ending struct {
	OrgID ident.ID
	// Kind is "token" or "client secret"; ID and Name are those of the token or client.
	Kind      string
	ID        ident.ID
	Name      string
	ExpiresAt time.Time
}

// AnnounceEndings returns the credentials whose end is 30 days away, 7 days, or one, each once for each of these, the nearest first.
func (s *Service) AnnounceEndings(ctx context.Context) ([]Ending, error) {
	var endings []Ending
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		endings = nil
		now := s.now()
		horizon := now.Add(time.Duration(endNotices[len(endNotices)-1]) * day)
		tokens, err := s.store.TokensEnding(ctx, now, horizon)
		if err != nil {
			return err
		}
		for _, token := range tokens {
			notice, is := due(now, token.CreatedAt, token.ExpiresAt, token.Announced)
			if !is {
				continue
			}
			token.Announced = notice
			if err := s.store.UpdateToken(ctx, token); err != nil {
				return err
			}
			endings = append(endings, Ending{OrgID: token.OrgID, Kind: "token", ID: token.ID, Name: token.Name, ExpiresAt: token.ExpiresAt})
		}
		clients, err := s.announceSecrets(ctx, now, horizon)
		endings = append(endings, clients...)
		return err
	})
	slices.SortStableFunc(endings, func(a, b Ending) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	return endings, err
}

func (s *Service) announceSecrets(ctx context.Context, now, horizon time.Time) ([]Ending, error) {
	secrets, err := s.store.SecretsEnding(ctx, now, horizon)
	if err != nil {
		return nil, err
	}
	var endings []Ending
	for _, secret := range secrets {
		notice, is := due(now, secret.CreatedAt, secret.ExpiresAt, secret.Announced)
		if !is {
			continue
		}
		secret.Announced = notice
		if err := s.store.SaveSecret(ctx, secret); err != nil {
			return nil, err
		}
		client, err := s.store.Client(ctx, secret.ClientID)
		if err != nil {
			return nil, err
		}
		endings = append(endings, Ending{OrgID: client.OrgID, Kind: "client secret", ID: client.ID, Name: client.Name, ExpiresAt: secret.ExpiresAt})
	}
	return endings, nil
}
