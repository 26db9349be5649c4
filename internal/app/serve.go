package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/clock"
	"rollcall/internal/config"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/ratelimit"
	"rollcall/internal/scimserver"
)

const (
	// followEvery is how often another clock is asked for its offset.
	followEvery = 200 * time.Millisecond
	expireEvery = 24 * time.Hour
	heldEvery   = 15 * time.Second
)

// follow makes the server's time that of another clock, if there is one to follow.
func (a *App) follow(ctx context.Context, url string) error {
	if url == "" {
		return nil
	}
	a.follower = clock.Follow(a.now, &http.Client{Timeout: 2 * time.Second}, url)
	if err := a.follower.Refresh(ctx); err != nil {
		return fault.Wrap(fault.Unavailable, "Clock", err, "the clock to follow (--clock-url) does not answer")
	}
	a.now = a.follower.Now
	return nil
}

// listen takes the address and makes the HTTP server.
func (a *App) listen(ctx context.Context, settings config.Config, options Options) error {
	handler := api.New(api.Config{
		Engine: a.Engine, Directory: a.Directory, Logger: a.logger, Metrics: a.metrics, Now: a.now, Version: options.Version, BaseURL: strings.TrimRight(settings.BaseURL, "/"),
		Mail: a.mail, TrustedProxies: settings.Proxies(), Ready: a.ready,
	})
	grants, err := a.grants(settings)
	if err != nil {
		return err
	}
	provisioning := scimserver.New(scimserver.Config{
		Directory: a.Directory, Logger: a.logger, Metrics: a.metrics, Machine: a.Engine.Machine, BaseURL: strings.TrimRight(settings.BaseURL, "/"),
		TrustedProxies: settings.Proxies(), Limiter: ratelimit.New(settings.RateLimit),
	})
	pages, err := a.console(settings, options)
	if err != nil {
		return err
	}
	a.http = server(faces(provisioning, grants, handler, pages), a.logger)
	a.http.BaseContext = func(net.Listener) context.Context { return a.ending }
	var settled net.ListenConfig
	a.listener, err = settled.Listen(ctx, "tcp", settings.Listen)
	if err != nil {
		return listenFault(settings.Listen, err)
	}
	return nil
}

func listenFault(address string, err error) error {
	f := fault.Wrap(fault.Invalid, "Listen", err, "the server cannot listen on "+address)
	if errors.Is(err, syscall.EADDRINUSE) {
		f = fault.New(fault.Conflict, "AddressInUse", "another program listens on %s already", address)
	}
	return f.WithRemedy("End that program, or choose another address with --listen (ROLLCALL_LISTEN); port 0 takes a free one.")
}

// URL is the address of the server, such as http://127.0.0.1:8480, as it was taken.
func (a *App) URL() string {
	scheme := "http://"
	if a.tls[0] != "" {
		scheme = "https://"
	}
	return scheme + a.listener.Addr().String()
}

// ready fails when the database does not answer.
func (a *App) ready(ctx context.Context) error {
	_, err := a.store.SchemaVersion(ctx)
	return err
}

// Run serves and works until ctx ends; then it takes no more jobs, lets requests and steps under way end, and closes the database.
func (a *App) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, a.Close()) }()
	if err := a.queue.Start(ctx); err != nil {
		return err
	}
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	var work sync.WaitGroup
	work.Go(func() { a.Engine.Run(working) })
	work.Go(func() { a.keepHouse(working) })
	work.Go(func() { a.mail.Run(working) })
	if a.follower != nil {
		work.Go(func() { a.follower.Run(working, followEvery) })
	}
	served := make(chan error, 1)
	go func() { served <- a.serve() }()
	a.logger.InfoContext(ctx, "listening", "url", a.URL())
	select {
	case <-ctx.Done():
		a.logger.InfoContext(ctx, "ending")
	case err = <-served:
		err = fmt.Errorf("serve %s: %w", a.URL(), err)
	}
	stop()
	err = errors.Join(err, a.stop(context.WithoutCancel(ctx)))
	work.Wait()
	return err
}

func (a *App) serve() error {
	if a.tls[0] != "" {
		return a.http.ServeTLS(a.listener, a.tls[0], a.tls[1])
	}
	return a.http.Serve(a.listener)
}

// stop ends requests and jobs, within the time to drain. Requests and jobs end side by side.
func (a *App) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, a.drain)
	defer cancel()
	a.end() // streams of progress
	requests := make(chan error, 1)
	go func() {
		if err := a.http.Shutdown(ctx); err != nil {
			requests <- a.http.Close()
			return
		}
		requests <- nil
	}()
	err := a.queue.Stop(ctx)
	return errors.Join(err, <-requests)
}

// keepHouse drops once a day what the retention policy no longer keeps, and counts for the metrics what is held.
func (a *App) keepHouse(ctx context.Context) {
	daily, often := time.NewTicker(expireEvery), time.NewTicker(heldEvery)
	defer daily.Stop()
	defer often.Stop()
	a.expire(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-daily.C:
			a.expire(ctx)
		case <-often.C:
			a.countHeld(ctx)
		}
	}
}

func (a *App) expire(ctx context.Context) {
	err := errors.Join(a.Directory.Expire(ctx), a.expireChanges(ctx))
	if err != nil && ctx.Err() == nil {
		a.logger.ErrorContext(ctx, "something is kept until tomorrow although its retention is over", "error", err.Error())
	}
}

// expireChanges empties the provisioning history of each organization.
func (a *App) expireChanges(ctx context.Context) error {
	organizations, err := a.Directory.ListOrganizations(ctx)
	if err != nil {
		return err
	}
	for _, organization := range organizations {
		days, err := a.Directory.RetentionOf(ctx, organization.ID)
		if err != nil {
			return err
		}
		if err := a.Engine.Expire(ctx, organization.ID, days.Changes); err != nil {
			return err
		}
	}
	return nil
}

// retentionOf is what the server's configuration says.
func retentionOf(set config.Retention) directory.Retention {
	return directory.Retention{
		Changes: set.ChangesDays, Audit: set.AuditDays, Archive: set.ArchiveDays,
		Most: directory.Days{Changes: set.MaxChangesDays, Audit: set.MaxAuditDays, Archive: set.MaxArchiveDays},
	}
}

func (a *App) countHeld(ctx context.Context) {
	instances, err := a.store.ListInstances(ctx, ident.ID{})
	held := 0
	for _, instance := range instances {
		if err != nil {
			break
		}
		var waiting int
		waiting, err = a.Engine.CountHeld(ctx, instance.ID)
		held += waiting
	}
	if err != nil {
		if ctx.Err() == nil {
			a.logger.WarnContext(ctx, "held changes were not counted", "error", err.Error())
		}
		return
	}
	a.metrics.SetHeld(held)
}
