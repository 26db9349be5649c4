// Package app builds the running server from a config; it wires the rest.
//
// Open makes all parts in the order in which they need each other, Run lets them work until the context ends, and then stops them in the
// opposite order: requests, jobs, database. Nothing below this package knows how the server is put together.
package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"rollcall/internal/clock"
	"rollcall/internal/config"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/jobs"
	"rollcall/internal/notify"
	"rollcall/internal/secret"
	"rollcall/internal/store"
	"rollcall/internal/telemetry"
)

// DatabaseFile is the database's name in the data folder.
const DatabaseFile = "rollcall.db"

// keyFile is the sealing key's name in the data folder, where neither a setting nor the environment has one.
const keyFile = "sealing.key"

// Options are what a server is given beside its settings. All but Simulator and Drain are required.
type Options struct {
	// Version of the program, for the API and for Graph.
	Version string
	// Getenv reads the environment, for the sealing key.
	Getenv func(string) string
	// Log is where the log goes.
	Log io.Writer
	// Machine is the machine's clock. With a clock to follow, schedules and lives of tokens follow that one instead.
	Machine func() time.Time
	// Simulator is the address of a simulated tenant, for whose pages the console asks it; "" for none.
	Simulator string
	// Drain is how long requests and jobs under way may go on after Run was asked to end; 0 means 10 s.
	Drain time.Duration
}

// App is a server with its database open and its address taken.
type App struct {
	// Directory and Engine are the doors for whoever sets the server up in the same process.
	Directory *directory.Service
	Engine    *engine.Engine

	store    *store.DB
	mail     *notify.Service
	queue    *jobs.Queue
	metrics  *telemetry.Metrics
	follower *clock.Follower
	http     *http.Server
	listener net.Listener
	tls      [2]string
	// baseURL is the public address of the server, "" if it was not told.
	baseURL string
	logger  *slog.Logger
	drain   time.Duration
	now     func() time.Time
	// ending is done when requests that stream must end.
	ending context.Context
	end    context.CancelFunc
}

// Open checks the settings, opens and migrates the database, takes over what a process before this one left running, and takes the
// address. Close the App, or Run it, which closes it in the end. Errors are faults that name the setting and the remedy.
func Open(ctx context.Context, settings config.Config, options Options) (*App, error) {
	settings.AllowClock = settings.AllowClock || followsClock
	if err := settings.Check(); err != nil {
		return nil, err
	}
	logger, err := telemetry.NewLogger(options.Log, settings.LogLevel, settings.LogFormat)
	if err != nil {
		return nil, err
	}
	if options.Drain == 0 {
		options.Drain = 10 * time.Second
	}
	a := &App{
		logger: logger, metrics: telemetry.NewMetrics(), drain: options.Drain, now: options.Machine, tls: [2]string{settings.TLSCert, settings.TLSKey},
	}
	a.baseURL = strings.TrimRight(settings.BaseURL, "/")
	a.ending, a.end = context.WithCancel(context.WithoutCancel(ctx))
	if err := a.open(ctx, settings, options); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context, settings config.Config, options Options) error {
	if err := a.follow(ctx, settings.ClockURL); err != nil {
		return err
	}
	tenants, err := a.tenants(settings, options)
	if err != nil {
		return err
	}
	if err := a.openStore(ctx, settings.Data); err != nil {
		return err
	}
	a.Directory = directory.NewService(a.store, a.now, retentionOf(settings.Retention))
	if err := a.openMail(ctx, settings, tenants.sealer); err != nil {
		return err
	}
	queue := &runQueue{}
	remote := &services{
		store: a.store, sealer: tenants.sealer, http: tenants.http, machine: options.Machine, logger: a.logger, version: options.Version, known: map[ident.ID]service{},
	}
	a.Engine = engine.New(engine.Config{
		Store: a.store, Directory: a.Directory, Tenant: tenants.tenant, Login: tenants.login, Seal: tenants.seal, Open: tenants.open, CheckForm: tenants.checkForm, SealValue: tenants.sealValue, OpenValue: tenants.openValue, CheckCloud: tenants.checkCloud,
		Destination: remote.destinations(a.Directory, a.now), CheckService: remote.check, SealService: remote.seal, AskService: remote.ask,
		Queue: queue, Mail: a.mail, Observer: observer{a.metrics}, Now: a.now, Machine: options.Machine, Node: ident.New(options.Machine()), Logger: a.logger,
	})
	a.queue, err = jobs.New(ctx, jobs.Config{DB: a.store.WriterDB(), Work: a.Engine, Now: options.Machine, Logger: a.logger})
	if err != nil {
		return err
	}
	queue.jobs = a.queue
	takeOver := a.Engine.Recover
	if a.store.StartedFromCopy() {
		takeOver = a.Engine.Abandon // also what people asked for: they asked the original
	}
	if err := takeOver(ctx); err != nil {
		return err
	}
	return a.listen(ctx, settings, options)
}

func (a *App) openStore(ctx context.Context, folder string) error {
	database, err := store.Open(ctx, store.Config{Path: filepath.Join(folder, DatabaseFile), Logger: a.logger, Now: a.now})
	if err != nil {
		return err
	}
	a.store = database
	if err := database.Migrate(ctx); err != nil {
		return err
	}
	if database.StartedFromCopy() {
		a.logger.WarnContext(ctx, "the database is a copy or was restored: every Auto Sync is off until somebody switches it on")
	}
	return nil
}

func (a *App) tenants(settings config.Config, options Options) (*tenants, error) {
	key, err := sealingKey(settings, options.Getenv)
	if err != nil {
		return nil, err
	}
	sealer, err := secret.New(key)
	if err != nil {
		return nil, err
	}
	custom := settings.Cloud
	clouds, err := cloudsOf(graph.Cloud{Name: custom.Name, LoginURL: custom.LoginURL, GraphURL: custom.GraphURL})
	if err != nil {
		return nil, err
	}
	client, err := graphHTTP(custom.CAFile)
	if err != nil {
		return nil, err
	}
	return &tenants{
		clouds: clouds, http: client, sealer: sealer, now: a.now, logger: a.logger, version: options.Version,
		observe:      func(call graph.Call) { a.metrics.ObserveGraph(call.Route, call.Status, call.Duration) },
		workloadFile: settings.WorkloadTokenFile, managed: settings.AllowManagedIdentity,
		known: map[ident.ID]tenant{},
	}, nil
}

// sealingKey returns the key of the environment or of the named file; without either, that of the data folder, made at the first start.
func sealingKey(settings config.Config, getenv func(string) string) ([]byte, error) {
	if settings.SealingKeyFile == "" && getenv(secret.EnvironmentKey) == "" {
		return secret.LoadOrCreateKey(filepath.Join(settings.Data, keyFile))
	}
	return secret.LoadKey(getenv, settings.SealingKeyFile)
}

// Close gives the address and the database free. Run does it by itself.
func (a *App) Close() error {
	a.end()
	var errs []error
	if a.listener != nil {
		if err := a.listener.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	return errors.Join(errs...)
}
