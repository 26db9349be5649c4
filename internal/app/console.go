package app

import (
	"context"
	"net/http"
	"slices"

	"rollcall/internal/config"
	"rollcall/internal/console"
	"rollcall/internal/directory"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/web"
)

// console makes the administrators' pages.
func (a *App) console(settings config.Config, options Options) (http.Handler, error) {
	bundle, err := web.Bundle()
	if err != nil {
		return nil, err
	}
	return console.New(console.Config{
		Engine: a.Engine, Directory: a.Directory, Mail: a.mail, Logger: a.logger, Metrics: a.metrics, Now: a.now, Machine: a.Engine.Machine, Version: options.Version,
		BaseURL: a.baseURL, TrustedProxies: settings.Proxies(), Bundle: bundle, Clouds: cloudNames(settings), Simulator: options.Simulator,
	})
}

// cloudNames are those of Microsoft's clouds, and the configured one.
func cloudNames(settings config.Config) []string {
	var names []string
	for _, cloud := range graph.Clouds() {
		names = append(names, cloud.Name)
	}
	if name := settings.Cloud.Name; name != "" && !slices.Contains(names, name) {
		names = append(names, name)
	}
	return names
}

// FirstLink makes the one-time link, good for an hour, that creates the first full administrator, while there is none who can sign in: whoever
// can start the server may be one. Otherwise it returns "".
func (a *App) FirstLink(ctx context.Context) (string, error) {
	people, err := a.Directory.Administrators(ctx, ident.ID{})
	if err != nil || slices.ContainsFunc(people, func(p directory.Administrator) bool { return p.Password != "" && p.Role == directory.FullAdministrator }) {
		return "", err
	}
	_, secret, err := a.Directory.Invite(ctx, ident.ID{}, directory.FullAdministrator, "")
	if err != nil {
		return "", err
	}
	return a.publicURL() + console.JoinPath + secret, nil
}
