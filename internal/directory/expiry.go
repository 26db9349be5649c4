package directory

import (
	"context"
	"fmt"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// Notice says how near the end of a credential is, in the steps at which its end is announced (B4).
type Notice int

// The notices, in the order in which they come.
const (
	NoNotice Notice = iota
	WithinMonth
	WithinWeek
	WithinDay
	Ended
)

// Notices returns all notices, the first one first.
func Notices() []Notice { return []Notice{WithinMonth, WithinWeek, WithinDay, Ended} }

// FirstNotice is how long before the end of a credential it is announced first.
const FirstNotice = 30 * 24 * time.Hour

// Ahead returns how long before the end the notice is given: 30, 7 and 1 days, and 0.
func (n Notice) Ahead() time.Duration {
	switch n {
	case WithinMonth:
		return FirstNotice
	case WithinWeek:
		return 7 * 24 * time.Hour
	case WithinDay:
		return 24 * time.Hour
	default:
		return 0
	}
}

// String returns "30d", "7d", "1d" or "ended"; "" for no notice.
func (n Notice) String() string {
	switch n {
	case WithinMonth:
		return "30d"
	case WithinWeek:
		return "7d"
	case WithinDay:
		return "1d"
	case Ended:
		return "ended"
	default:
		return ""
	}
}

// NoticeOf returns the latest notice that is due about a credential that ends then; none if that is not known (zero).
func NoticeOf(ends, now time.Time) Notice {
	due := NoNotice
	if ends.IsZero() {
		return due
	}
	for _, notice := range Notices() {
		if !now.Before(ends.Add(-notice.Ahead())) {
			due = notice
		}
	}
	return due
}

// NoticeAt returns the notice that is due about the token. One that was made for a shorter time than the notice is given ahead has it not:
// whoever made it knows.
func (t Token) NoticeAt(now time.Time) Notice { return noticeAt(t.CreatedAt, t.ExpiresAt, now) }

func noticeAt(made, ends, now time.Time) Notice {
	notice := NoticeOf(ends, now)
	if notice != NoNotice && !made.Before(ends.Add(-notice.Ahead())) {
		return NoNotice
	}
	return notice
}

// Until says when something ends, or ended, and how far that is: "in 6 days, on 2027-01-31".
func Until(ends, now time.Time) string {
	on := ", on " + ends.UTC().Format(time.DateOnly)
	switch left := ends.Sub(now); {
	case left <= 0:
		return "on " + ends.UTC().Format(time.DateOnly)
	case left < 2*time.Hour:
		return fmt.Sprintf("in %d minutes%s", int(left.Minutes()), on)
	case left < 48*time.Hour:
		return fmt.Sprintf("in %d hours%s", int(left.Hours()), on)
	default:
		return fmt.Sprintf("in %d days%s", int(left.Hours())/24, on)
	}
}

// NoticeStore finds the credentials that end, and keeps which notices about that were given. Methods join the transaction of the context.
type NoticeStore interface {
	// ExpiringTokens returns the tokens, of all organizations and of the server, that are not revoked and end between the two times, the next
	// one first; access tokens are left out.
	ExpiringTokens(ctx context.Context, from, until time.Time) ([]Token, error)
	// NoteToken stores the latest notice that was given about a token.
	NoteToken(ctx context.Context, id ident.ID, notice Notice) error
	// ExpiringSecrets returns the newest secrets of clients that are not revoked, as far as they end between the two times, the next one first.
	// The notice that was given is stored with Clients.SaveSecret.
	ExpiringSecrets(ctx context.Context, from, until time.Time) ([]ClientSecret, error)
}

// ExpiringTokens returns the tokens about whose end a notice is due: those that end within a month, or did in the last one.
func (s *Service) ExpiringTokens(ctx context.Context) ([]Token, error) {
	now := s.now()
	tokens, err := s.store.ExpiringTokens(ctx, now.Add(-FirstNotice), now.Add(FirstNotice))
	expiring := tokens[:0]
	for _, token := range tokens {
		if token.NoticeAt(now) != NoNotice {
			expiring = append(expiring, token)
		}
	}
	return expiring, err
}

// AnnounceToken gives the notice that is due about a token, once: it is an event in the audit log of the token's organization. It reports
// whether it was given now.
func (s *Service) AnnounceToken(ctx context.Context, id ident.ID) (Notice, bool, error) {
	var notice Notice
	given := false
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		given = false
		token, err := s.store.Token(ctx, id)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if notice = token.NoticeAt(s.now()); notice <= token.Notice || !token.RevokedAt.IsZero() {
			return nil
		}
		given = true
		if err := s.store.NoteToken(ctx, id, notice); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{
			OrgID: token.OrgID, Action: "token.expire", ObjectID: token.ID.String(), ObjectName: token.Name,
			After: attr.From(map[string]any{"expiresAt": token.ExpiresAt.Format(time.RFC3339), "notice": notice.String()}),
		})
	})
	return notice, given && err == nil, err
}
