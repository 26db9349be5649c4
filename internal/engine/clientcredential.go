package engine

import (
	"context"

	"rollcall/internal/directory"
)

// announceClients gives the notices that are due about the secrets of clients of this server.
func (e *Engine) announceClients(ctx context.Context) error {
	clients, err := e.Directory.ExpiringClients(ctx)
	if err != nil {
		return err
	}
	counts := map[directory.Notice]int{}
	for _, client := range clients {
		counts[client.NoticeAt(e.Now())]++
	}
	e.Observer.CredentialsExpiring(OAuthSecret, counts)
	for _, client := range clients {
		var notice directory.Notice
		var given bool
		err := e.Store.InTx(ctx, func(ctx context.Context) error {
			var err error
			if notice, given, err = e.Directory.AnnounceClient(ctx, client.ID); err != nil || !given {
				return err
			}
			to, err := e.keepers(ctx, client.OrgID)
			if err != nil {
				return err
			}
			return e.tellEnd(ctx, ending{client.OrgID, client.ID, OAuthSecret, client.Name, client.Secrets[0].ExpiresAt, notice, "/tokens/clients"}, to)
		})
		if err != nil {
			return err
		}
		if given {
			e.Logger.WarnContext(ctx, "the secret of a client of this server ends", "client", client.ID.String(),
				"expires_at", client.Secrets[0].ExpiresAt, "notice", notice.String())
		}
	}
	return nil
}
