package app

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/config"
	"rollcall/internal/oauth"
	"rollcall/internal/scimserver"
)

// server makes the HTTP server. Who sends slowly, reads slowly or sends long headers is cut off: a connection is not held for nothing.
func server(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}

// faces hands requests to those who answer them. It is no ServeMux: that redirects paths with two slashes, which clients of SCIM write.
func faces(provisioning, grants, programs, pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, scimserver.Prefix):
			provisioning.ServeHTTP(w, r)
		case r.URL.Path == oauth.Path:
			grants.ServeHTTP(w, r)
		case api.Answers(r.URL.Path):
			programs.ServeHTTP(w, r)
		default:
			pages.ServeHTTP(w, r)
		}
	})
}

// grants makes the endpoint that gives access tokens. Issuers are on public addresses; the login host of a custom cloud may be anywhere.
func (a *App) grants(settings config.Config) (http.Handler, error) {
	roots, err := cloudRoots(settings.Cloud.CAFile)
	if err != nil {
		return nil, err
	}
	return oauth.New(oauth.Config{
		Directory: a.Directory, Logger: a.logger, Metrics: a.metrics, Now: a.now, Machine: a.Engine.Machine,
		Keys: oauth.Guarded(loginHosts(settings.Cloud), roots), TrustedProxies: settings.Proxies(),
	}), nil
}

// loginHosts returns the host and port of a custom cloud's login address; none if there is no such cloud.
func loginHosts(cloud config.Cloud) []string {
	u, err := url.Parse(cloud.LoginURL)
	if err != nil || u.Host == "" {
		return nil
	}
	if u.Port() == "" {
		return []string{u.Host + ":443"}
	}
	return []string{u.Host}
}
