package app

import (
	"context"

	"rollcall/internal/config"
	"rollcall/internal/ident"
	"rollcall/internal/notify"
	"rollcall/internal/secret"
)

// openMail makes what sends e-mail. A copy of a database sends nothing of what waits in it.
func (a *App) openMail(ctx context.Context, settings config.Config, sealer *secret.Sealer) error {
	account, err := settings.SMTP.Account()
	if err != nil {
		return err
	}
	roots, err := cloudRoots(settings.SMTP.CAFile)
	if err != nil {
		return err
	}
	a.mail, err = notify.New(notify.Config{
		Store: a.store, Recorder: a.Directory, Metrics: a.metrics, Logger: a.logger, Now: a.now, Default: account, Locked: settings.SMTP.ServerOnly, Roots: roots,
		BaseURL: a.publicURL,
		Seal:    func(org ident.ID, password string) ([]byte, error) { return sealer.Seal(password, mailContext(org)) },
		Open: func(org ident.ID, sealed []byte) (string, error) {
			plain, err := sealer.Open(sealed, mailContext(org))
			return plain.Reveal(), err
		},
	})
	if err != nil || !a.store.StartedFromCopy() {
		return err
	}
	return a.mail.Abandon(ctx)
}

// mailContext ties a sealed password to its organization.
func mailContext(org ident.ID) string { return "mail/" + org.String() }

// publicURL is the address at which people reach the server, without a slash at its end.
func (a *App) publicURL() string {
	if a.baseURL != "" {
		return a.baseURL
	}
	return a.URL()
}
