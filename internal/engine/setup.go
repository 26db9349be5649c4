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
	// TenantID, Cloud, ClientID and ClientSecret make the connection. An instance of the organization with the same tenant, cloud and
	// client shares its connection, and then the secret replaces the old one.
	TenantID, Cloud, ClientID, ClientSecret string
	// SecretExpiresAt is when the secret ends; zero if that is not known. It is never guessed.
	SecretExpiresAt time.Time
	// Interval between runs; 0 for DefaultInterval.
	Interval time.Duration
	AutoSync bool
	// Reconciles; nil for DefaultReconciles.
	Reconciles *Reconciles
	// Settings; nil for DefaultSettings.
	Settings *Settings
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
	err = e.Store.InTx(ctx, func(ctx context.Context) error {
		connection, err := e.connect(ctx, org, want)
		if err != nil {
			return err
		}
		instance.ConnectionID = connection.ID
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
		return e.record(ctx, instance, "instance.create", nil, attr.From(map[string]any{
			"tenant": want.TenantID, "cloud": connection.Cloud, "clientId": want.ClientID, "autoSync": want.AutoSync,
		}))
	})
	return instance, err
}

func (e *Engine) checkNew(want NewInstance, settings Settings) error {
	var problems []error
	for _, required := range []struct{ name, value, flag string }{
		{"a name", want.Name, "--name"},
		{"the tenant", want.TenantID, "--tenant"},
		{"the client id", want.ClientID, "--client-id"},
		{"the client secret", want.ClientSecret, "--client-secret-file"},
	} {
		if strings.TrimSpace(required.value) == "" {
			problems = append(problems, fault.New(fault.Invalid, "Missing", "an instance needs %s (%s)", required.name, required.flag))
		}
	}
	if strings.TrimSpace(want.ClientID) != "" {
		problems = append(problems, CheckClientID(want.ClientID))
	}
	problems = append(problems, e.CheckCloud(cloudName(want.Cloud)), e.checkSecretEnd(want.SecretExpiresAt), CheckInterval(cmp.Or(want.Interval, DefaultInterval)), want.Reconciles.Check(), settings.Check())
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

// connect returns the connection for a new instance: that of an instance with the same tenant, cloud and client, or a new one.
func (e *Engine) connect(ctx context.Context, org ident.ID, want NewInstance) (Connection, error) {
	instances, err := e.Store.ListInstances(ctx, org)
	if err != nil {
		return Connection{}, err
	}
	connection := Connection{
		ID: ident.New(e.Now()), OrgID: org, TenantID: want.TenantID, Cloud: cloudName(want.Cloud), ClientID: want.ClientID, CreatedAt: e.Now(),
	}
	for _, instance := range instances {
		existing, err := e.Store.Connection(ctx, instance.ConnectionID)
		if err != nil {
			return Connection{}, err
		}
		if strings.EqualFold(existing.TenantID, want.TenantID) && existing.Cloud == connection.Cloud && strings.EqualFold(existing.ClientID, want.ClientID) {
			connection = existing
		}
	}
	if connection.SealedSecret, err = e.Seal(connection.ID, want.ClientSecret); err != nil {
		return Connection{}, err
	}
	connection.endSecret(want.SecretExpiresAt)
	return connection, e.Store.SaveConnection(ctx, connection)
}
