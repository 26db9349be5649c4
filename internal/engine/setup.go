package engine

import (
	"cmp"
	"context"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
)

// Intervals between scheduled runs.
const (
	DefaultInterval = time.Minute
	minInterval     = time.Second
	maxInterval     = 24 * time.Hour
)

// DefaultSettings is that of *Sync defaults*: all users, the sixteen default mappings, the default thresholds.
func DefaultSettings() Settings {
	config := Settings{Attributes: mapping.Defaults(), Thresholds: plan.DefaultThresholds()}
	config.Scope.AllUsers, config.Scope.GroupObjects = true, true
	return config
}

// NewInstance describes an instance to set up.
type NewInstance struct {
	Name string
	// ConnectionID is the connection to use. Without it the four that follow make one: if the organization has one with the same tenant, cloud
	// and client that is shared, and then the secret replaces the old one.
	ConnectionID                            ident.ID
	TenantID, Cloud, ClientID, ClientSecret string
	// SecretExpiresAt is when the secret ends; zero if that is not known. It is never guessed.
	SecretExpiresAt time.Time
	// Interval between runs; 0 for DefaultInterval.
	Interval time.Duration
	AutoSync bool
	// Service is the remote service that the instance writes to; nil for the built-in directory.
	Service *NewService
	// Reconciles; nil for DefaultReconciles.
	Reconciles *Reconciles
	// Notification says who is told by mail; nil for nobody.
	Notification *Notification
	// Settings; nil for DefaultSettings.
	Settings *Settings
	// Connector is what to do about the Directory Connector, if it feeds the organization.
	Connector Connector
}

// CreateInstance sets an instance up. With AutoSync its initial run starts at once.
func (e *Engine) CreateInstance(ctx context.Context, org ident.ID, want NewInstance) (Instance, error) {
	settings := DefaultSettings()
	if want.Settings != nil {
		settings = *want.Settings
	}
	if err := e.checkNew(want, settings); err != nil {
		return Instance{}, err
	}
	rules, err := settings.compile()
	if err != nil {
		return Instance{}, err
	}
	now := e.Now()
	instance := Instance{
		ID: ident.New(now), OrgID: org, Name: strings.TrimSpace(want.Name), AutoSync: want.AutoSync, Interval: want.Interval,
		ConfigVersion: 1, NextRunAt: now, CreatedAt: now, Reconciles: DefaultReconciles(), Health: Health{Redacted: rules.Mapping.Redacted()},
	}
	if instance.Interval == 0 {
		instance.Interval = DefaultInterval
	}
	if want.Reconciles != nil {
		instance.Reconciles = *want.Reconciles
	}
	if instance.Notification, err = want.Notification.clean(); err != nil {
		return Instance{}, err
	}
	err = e.Store.InTx(ctx, func(ctx context.Context) error {
		if err := e.settleConnector(ctx, org, want.Connector); err != nil {
			return err
		}
		connection, err := e.connect(ctx, org, want)
		if err != nil {
			return err
		}
		instance.ConnectionID = connection.ID
		if instance.ServiceID, err = e.connectService(ctx, org, want.Service); err != nil {
			return err
		}
		if err := e.Store.SaveInstance(ctx, instance); err != nil {
			return err
		}
		if err := e.Store.SaveSettings(ctx, instance.ID, instance.ConfigVersion, settings, now); err != nil {
			return err
		}
		// A mirror that another instance of the connection has filled already holds people whom this one has not planned.
		if err := e.Store.MarkAllDirty(ctx, instance); err != nil {
			return err
		}
		about := attr.From(map[string]any{
			"tenant": connection.TenantID, "cloud": connection.Cloud, "clientId": connection.ClientID, "autoSync": want.AutoSync,
		})
		if want.Service != nil {
			about.Set("destination", want.Service.BaseURL)
		}
		return e.record(ctx, instance, "instance.create", nil, about)
	})
	return instance, err
}

func (e *Engine) checkNew(want NewInstance, settings Settings) error {
	var problems []error
	required := []struct{ name, value, flag string }{{"a name", want.Name, "--name"}}
	if want.ConnectionID.IsZero() {
		required = append(required, []struct{ name, value, flag string }{
			{"the tenant", want.TenantID, "--tenant"},
			{"the client id", want.ClientID, "--client-id"},
			{"the client secret", want.ClientSecret, "--client-secret-file"},
		}...)
		problems = append(problems, e.CheckCloud(cloudName(want.Cloud)), e.checkSecretEnd(want.SecretExpiresAt))
	} else if want.TenantID != "" || want.Cloud != "" || want.ClientID != "" || want.ClientSecret != "" || !want.SecretExpiresAt.IsZero() {
		problems = append(problems, fault.New(fault.Invalid, "TwoConnections", "an instance uses a connection (--connection), or makes one of tenant, client and secret, not both"))
	}
	for _, field := range required {
		if strings.TrimSpace(field.value) == "" {
			problems = append(problems, fault.New(fault.Invalid, "Missing", "an instance needs %s (%s)", field.name, field.flag))
		}
	}
	if strings.TrimSpace(want.ClientID) != "" {
		problems = append(problems, CheckClientID(want.ClientID))
	}
	problems = append(problems, CheckInterval(cmp.Or(want.Interval, DefaultInterval)), want.Reconciles.Check(), settings.Check(), e.checkService(want.Service))
	return invalid(problems)
}

func cloudName(name string) string {
	if name == "" {
		return "global"
	}
	return name
}

// CheckInterval says what is wrong with the distance of runs, as a fault.Invalid.
func CheckInterval(interval time.Duration) error {
	if interval < minInterval || interval > maxInterval {
		return fault.New(fault.Invalid, "BadInterval", "the interval %s is not between %s and %s", interval, minInterval, maxInterval)
	}
	return nil
}

// CheckClientID says that something cannot be the id of an app registration, as a fault.Invalid: these are GUIDs.
func CheckClientID(id string) error {
	if _, err := ident.Parse(strings.TrimSpace(id)); err != nil {
		return fault.New(fault.Invalid, "BadClientID", "%q is not the id of an app registration", id).
			WithRemedy("Take the Application (client) ID from the app's overview in Entra; it looks like 9f2c6d0e-8a35-4e39-9f4f-2a1f6d7c3b10.")
	}
	return nil
}

// connect returns the connection for a new instance.
func (e *Engine) connect(ctx context.Context, org ident.ID, want NewInstance) (Connection, error) {
	if !want.ConnectionID.IsZero() {
		connection, err := e.GetConnection(ctx, org, want.ConnectionID)
		if err == nil && connection.TenantID == "" {
			err = fault.New(fault.Invalid, "Missing", "nobody has told the connection's tenant yet").WithRemedy("Connect it first.")
		}
		return connection, err
	}
	connection := Connection{
		ID: ident.New(e.Now()), OrgID: org, TenantID: want.TenantID, Cloud: cloudName(want.Cloud), ClientID: want.ClientID, CreatedAt: e.Now(),
		State: NotConnected, Standing: Standing{Since: e.Now()},
	}
	existing, found, err := e.sameConnection(ctx, connection)
	if err != nil {
		return Connection{}, err
	}
	if found {
		connection = existing
	}
	if err := e.useCredential(&connection, Credential{Form: FormSecret, ClientSecret: want.ClientSecret, ExpiresAt: want.SecretExpiresAt}); err != nil {
		return Connection{}, err
	}
	return connection, e.Store.SaveConnection(ctx, connection)
}
