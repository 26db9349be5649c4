package directory

import (
	"context"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// NoticeAt returns the notice that is due about the end of the client: of its newest secret, since whoever made that knows of the ones before.
// It is as for Token; NoNotice for a client that was revoked or has no secrets.
func (c Client) NoticeAt(now time.Time) Notice {
	if len(c.Secrets) == 0 || !c.RevokedAt.IsZero() {
		return NoNotice
	}
	newest := c.Secrets[len(c.Secrets)-1]
	return noticeAt(newest.CreatedAt, newest.ExpiresAt, now)
}

// ExpiringClients returns the clients about whose end a notice is due, as ExpiringTokens does, each with the newest of its secrets alone.
func (s *Service) ExpiringClients(ctx context.Context) ([]Client, error) {
	now := s.now()
	secrets, err := s.store.ExpiringSecrets(ctx, now.Add(-FirstNotice), now.Add(FirstNotice))
	var expiring []Client
	for _, secret := range secrets {
		client, err := s.store.Client(ctx, secret.ClientID)
		if err != nil {
			return nil, err
		}
		client.Secrets = []ClientSecret{secret}
		if client.NoticeAt(now) != NoNotice {
			expiring = append(expiring, client)
		}
	}
	return expiring, err
}

// AnnounceClient gives the notice that is due about the secret of a client, once: it is an event in the audit log of the client's organization.
// It reports whether it was given now.
func (s *Service) AnnounceClient(ctx context.Context, id ident.ID) (Notice, bool, error) {
	var notice Notice
	given := false
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		given = false
		client, err := s.Client(ctx, ident.ID{}, id)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if notice = client.NoticeAt(s.now()); notice == NoNotice {
			return nil
		}
		newest := client.Secrets[len(client.Secrets)-1]
		if notice <= newest.Notice {
			return nil
		}
		given, newest.Notice = true, notice
		if err := s.store.SaveSecret(ctx, newest); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{
			OrgID: client.OrgID, Action: "client.expire", ObjectID: client.ID.String(), ObjectName: client.Name,
			After: attr.From(map[string]any{"expiresAt": newest.ExpiresAt.Format(time.RFC3339), "notice": notice.String()}),
		})
	})
	return notice, given && err == nil, err
}
