package directory

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

const clientSecretPrefix = "rcs_"

// CreateClient makes a client and, unless another issuer signs for it, its first secret, which is shown only now. creator is the token
// that asks; the client belongs to the same administrator and never has more rights than he has when it uses them.
func (s *Service) CreateClient(ctx context.Context, creator Token, org ident.ID, want NewClient) (Client, string, error) {
	if err := checkNewClient(creator, org, want); err != nil {
		return Client{}, "", err
	}
	now := s.now()
	client := Client{
		OrgID: org, ID: ident.New(now), Name: want.Name, Role: want.Role, Source: cmp.Or(want.Source, SourceSCIM),
		Profile: cmp.Or(want.Profile, scim.Entra), AdministratorID: creator.AdministratorID, AdministratorRole: creator.AdministratorRole,
		Federation: want.Federation, CreatedAt: now, TakeOver: want.TakeOver,
	}
	var secret string
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.exists(ctx, org); err != nil {
			return err
		}
		if err := s.store.SaveClient(ctx, client); err != nil {
			return err
		}
		if client.Federation == (Federation{}) {
			var err error
			if secret, err = s.addSecret(ctx, &client, want.Life); err != nil {
				return err
			}
		}
		return s.record(ctx, audit.Event{
			OrgID: org, Action: "client.create", ObjectID: client.ID.String(), ObjectName: client.Name, After: clientRecord(client),
		})
	})
	if err != nil {
		return Client{}, "", err
	}
	return client, secret, nil
}

// addSecret gives a client one more secret.
func (s *Service) addSecret(ctx context.Context, client *Client, life time.Duration) (string, error) {
	secret, hash, err := newSecret(clientSecretPrefix)
	if err != nil {
		return "", err
	}
	now := s.now()
	kept := ClientSecret{ClientID: client.ID, Hash: hash, CreatedAt: now, ExpiresAt: now.Add(cmp.Or(life, TokenLife))}
	client.Secrets = append(client.Secrets, kept)
	return secret, s.store.SaveSecret(ctx, kept)
}

// clientRecord is what the audit log tells of a new client.
func clientRecord(client Client) attr.Record {
	record := attr.From(map[string]any{
		"role": string(client.Role), "source": string(client.Source), "profile": string(client.Profile),
	})
	if client.TakeOver {
		record.Set("takeOver", true)
	}
	if f := client.Federation; f != (Federation{}) {
		for name, value := range map[string]string{"issuer": f.Issuer, "subject": f.Subject, "audience": f.Audience, "keysUrl": f.KeysURL} {
			if value != "" {
				record.Set(name, value)
			}
		}
	}
	return record
}

func checkNewClient(creator Token, org ident.ID, want NewClient) error {
	switch {
	case strings.TrimSpace(want.Name) == "":
		return fault.New(fault.Invalid, "MissingName", "a client needs a name").WithRemedy("Say what it is for, for example Entra provisioning.")
	case !want.Role.Provisions():
		return fault.New(fault.Invalid, "UnknownRole", "a client cannot have the role %q", want.Role).
			WithRemedy("Use %s or %s.", SCIMReader, SCIMWriter)
	case want.Life < 0:
		return fault.New(fault.Invalid, "TokenLife", "a secret cannot have expired before it is made")
	}
	if err := checkProvisioning(org, want.Role, want.Source, want.Profile); err != nil {
		return err
	}
	if err := checkTakeOver(want.Role, want.TakeOver); err != nil {
		return err
	}
	if err := want.Federation.check(); err != nil {
		return err
	}
	return mayMake(creator, org, "clients")
}

// check fails as fault.Invalid if an assertion could not be checked with it.
func (f Federation) check() error {
	if f == (Federation{}) {
		return nil
	}
	switch {
	case f.Issuer == "", f.Subject == "", f.Audience == "":
		return fault.New(fault.Invalid, "Federation", "issuer, subject and audience belong together").
			WithRemedy("Give all three, as the issuer's page shows them.")
	case !isHTTPS(f.Issuer):
		return fault.New(fault.Invalid, "Federation", "the issuer %q is not an https address", f.Issuer).
			WithRemedy("Give it as it stands in the claim iss, for example https://login.microsoftonline.com/TENANT-ID/v2.0.")
	case f.KeysURL != "" && !isHTTPS(f.KeysURL):
		return fault.New(fault.Invalid, "Federation", "the address of the keys %q is not an https address", f.KeysURL).
			WithRemedy("Leave it out to take what the issuer's discovery document says.")
	}
	return nil
}

func isHTTPS(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && u.Fragment == ""
}

// Clients returns an organization's clients with their secrets, newest first.
func (s *Service) Clients(ctx context.Context, org ident.ID) ([]Client, error) {
	clients, err := s.store.ListClients(ctx, org)
	for i := range clients {
		if err != nil {
			break
		}
		clients[i].Secrets, err = s.store.ClientSecrets(ctx, clients[i].ID)
	}
	return clients, err
}

// Client returns one client with its secrets. org is the caller's organization, zero for the server; a client of another is
// fault.NotFound.
func (s *Service) Client(ctx context.Context, org, id ident.ID) (Client, error) {
	client, err := s.store.Client(ctx, id)
	if err != nil {
		return Client{}, err
	}
	if !org.IsZero() && client.OrgID != org {
		return Client{}, fault.New(fault.NotFound, "UnknownClient", "there is no client %s", id)
	}
	client.Secrets, err = s.store.ClientSecrets(ctx, id)
	return client, err
}

// RotateClient gives a client another secret, which is shown only now; the newest of those before lives on for a while, others end. A
// client without secrets, or one that was revoked, is fault.Conflict.
func (s *Service) RotateClient(ctx context.Context, creator Token, org, id ident.ID, how Rotation) (Client, string, error) {
	overlap, err := how.overlap()
	if err != nil {
		return Client{}, "", err
	}
	var client Client
	var secret string
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		var err error
		if client, err = s.Client(ctx, org, id); err != nil {
			return err
		}
		if err := mayMake(creator, client.OrgID, "clients"); err != nil {
			return err
		}
		switch {
		case !client.RevokedAt.IsZero():
			return fault.New(fault.Conflict, "RevokedClient", "the client was revoked on %s", client.RevokedAt.Format(time.DateOnly)).
				WithRemedy("Make a new one.")
		case client.Federation != (Federation{}):
			return fault.New(fault.Conflict, "Federation", "the client has no secrets: %s signs for it", client.Federation.Issuer)
		}
		if err := s.retireSecrets(ctx, &client, s.now().Add(overlap)); err != nil {
			return err
		}
		if secret, err = s.addSecret(ctx, &client, how.Life); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{
			OrgID: client.OrgID, Action: "client.rotate", ObjectID: id.String(), ObjectName: client.Name,
			After: attr.From(map[string]any{"expiresAt": client.Secrets[len(client.Secrets)-1].ExpiresAt.Format(time.RFC3339)}),
		})
	})
	if err != nil {
		return Client{}, "", err
	}
	return client, secret, nil
}

// retireSecrets lets the newest secret live until the time, and removes the others.
func (s *Service) retireSecrets(ctx context.Context, client *Client, until time.Time) error {
	var kept []ClientSecret
	for i, secret := range client.Secrets {
		secret.ExpiresAt = earlier(until, secret.ExpiresAt)
		if i < len(client.Secrets)-1 || !s.now().Before(secret.ExpiresAt) {
			if err := s.store.DeleteSecret(ctx, secret); err != nil {
				return err
			}
			continue
		}
		if err := s.store.SaveSecret(ctx, secret); err != nil {
			return err
		}
		kept = append(kept, secret)
	}
	client.Secrets = slices.Clip(kept)
	return nil
}

// RevokeClient ends a client and its access tokens at once; one that was revoked before stays as it is. org is as for Client.
func (s *Service) RevokeClient(ctx context.Context, org, id ident.ID) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		client, err := s.Client(ctx, org, id)
		if err != nil || !client.RevokedAt.IsZero() {
			return err
		}
		if err := s.store.RevokeClient(ctx, id, s.now()); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{OrgID: client.OrgID, Action: "client.revoke", ObjectID: id.String(), ObjectName: client.Name})
	})
}
