package engine

import (
	"context"
	"errors"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
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
	config.Scope.AllUsers = true
	return config
}

// NewInstance describes an instance to set up.
type NewInstance struct {
	Name string
	// TenantID, Cloud, ClientID and ClientSecret make the connection. An instance of the organization with the same tenant, cloud and
	// client shares its connection, and then the secret replaces the old one.
	TenantID, Cloud, ClientID, ClientSecret string
	// Interval between runs; 0 for DefaultInterval.
	Interval time.Duration
	AutoSync bool
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
	now := e.Now()
	instance := Instance{
		ID: ident.New(now), OrgID: org, Name: strings.TrimSpace(want.Name), AutoSync: want.AutoSync, Interval: want.Interval,
		ConfigVersion: 1, NextRunAt: now, CreatedAt: now,
	}
	if instance.Interval == 0 {
		instance.Interval = DefaultInterval
	}
	err := e.Store.InTx(ctx, func(ctx context.Context) error {
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
	problems = append(problems, e.CheckCloud(cloudName(want.Cloud)), checkInterval(want.Interval), settings.Check())
	return invalid(problems)
}

func cloudName(name string) string {
	if name == "" {
		return "global"
	}
	return name
}

func checkInterval(interval time.Duration) error {
	if interval != 0 && (interval < minInterval || interval > maxInterval) {
		return fault.New(fault.Invalid, "BadInterval", "the interval %s is not between %s and %s", interval, minInterval, maxInterval)
	}
	return nil
}

// invalid makes one fault of several, nil if there is none.
func invalid(problems []error) error {
	err := errors.Join(problems...)
	if err == nil {
		return nil
	}
	return fault.New(fault.Invalid, "BadConfiguration", "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
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
	return connection, e.Store.SaveConnection(ctx, connection)
}

// Change is what may be changed of an instance; nil fields stay as they are.
type Change struct {
	Name     *string
	AutoSync *bool
	Interval *time.Duration
	// ClientSecret replaces the connection's secret.
	ClientSecret *string
	Settings     *Settings
}

// ChangeInstance changes an instance. New settings are a new version: everybody is planned anew from the mirror, at once if Auto Sync is on
// (C11). Switching Auto Sync on also ends quarantine and disablement.
func (e *Engine) ChangeInstance(ctx context.Context, id ident.ID, change Change) (Instance, error) {
	var instance Instance
	err := e.Store.InTx(ctx, func(ctx context.Context) error {
		var err error
		if instance, err = e.Store.Instance(ctx, id); err != nil {
			return err
		}
		before, after := attr.Record{}, attr.Record{}
		if err := e.change(ctx, &instance, change, &before, &after); err != nil {
			return err
		}
		if err := e.Store.SaveInstance(ctx, instance); err != nil {
			return err
		}
		if err := e.record(ctx, instance, "instance.change", before, after); err != nil {
			return err
		}
		if !instance.AutoSync || change.AutoSync == nil && change.Settings == nil && change.ClientSecret == nil {
			return nil
		}
		_, err = e.enqueue(ctx, instance, Incremental, TriggerConfiguration, audit.ActorOf(ctx).Name)
		return err
	})
	return instance, err
}

func (e *Engine) change(ctx context.Context, instance *Instance, change Change, before, after *attr.Record) error {
	if change.Name != nil {
		if strings.TrimSpace(*change.Name) == "" {
			return fault.New(fault.Invalid, "Missing", "an instance needs a name")
		}
		before.Set("name", instance.Name)
		instance.Name = strings.TrimSpace(*change.Name)
		after.Set("name", instance.Name)
	}
	if change.Interval != nil {
		if err := checkInterval(*change.Interval); err != nil {
			return err
		}
		before.Set("interval", instance.Interval.String())
		instance.Interval = *change.Interval
		after.Set("interval", instance.Interval.String())
		instance.NextRunAt = e.Now().Add(instance.Interval)
	}
	if change.AutoSync != nil {
		before.Set("autoSync", instance.AutoSync)
		instance.AutoSync = *change.AutoSync
		after.Set("autoSync", instance.AutoSync)
		if instance.AutoSync {
			instance.Health.Quarantine, instance.Health.DisabledAt, instance.NextRunAt = nil, time.Time{}, e.Now()
		}
	}
	if change.ClientSecret != nil {
		if err := e.changeSecret(ctx, *instance, *change.ClientSecret); err != nil {
			return err
		}
		after.Set("clientSecret", "[replaced]")
	}
	if change.Settings == nil {
		return nil
	}
	if err := change.Settings.Check(); err != nil {
		return invalid([]error{err})
	}
	before.Set("configVersion", float64(instance.ConfigVersion))
	instance.ConfigVersion++
	after.Set("configVersion", float64(instance.ConfigVersion))
	if err := e.Store.SaveSettings(ctx, instance.ID, instance.ConfigVersion, *change.Settings, e.Now()); err != nil {
		return err
	}
	return e.Store.MarkAllDirty(ctx, *instance)
}

func (e *Engine) changeSecret(ctx context.Context, instance Instance, secret string) error {
	if secret == "" {
		return fault.New(fault.Invalid, "Missing", "the client secret is empty")
	}
	connection, err := e.Store.Connection(ctx, instance.ConnectionID)
	if err != nil {
		return err
	}
	if connection.SealedSecret, err = e.Seal(connection.ID, secret); err != nil {
		return err
	}
	return e.Store.SaveConnection(ctx, connection)
}

// DeleteInstance removes an instance. Its users keep status and externalId and become unmanaged; links and configuration go (C9).
func (e *Engine) DeleteInstance(ctx context.Context, id ident.ID) error {
	return e.Store.InTx(ctx, func(ctx context.Context) error {
		instance, err := e.Store.Instance(ctx, id)
		if err != nil {
			return err
		}
		open, err := e.Store.OpenRuns(ctx, id)
		if err != nil {
			return err
		}
		for _, run := range open {
			if err := e.unparkRun(ctx, e.Destination(instance), run); err != nil {
				return err
			}
			fence := run.Fence
			run.State, run.EndedAt, run.Fence = Canceled, e.Now(), fence+1
			if err := e.Store.SaveRun(ctx, run, fence); err != nil {
				return err
			}
		}
		if err := e.Store.DeleteInstance(ctx, instance); err != nil {
			return err
		}
		// Whom another instance claims is its own from the next run on.
		if err := e.Store.WakeCode(ctx, instance.OrgID, []string{"OwnedByOther"}); err != nil {
			return err
		}
		return e.record(ctx, instance, "instance.delete", attr.From(map[string]any{"name": instance.Name}), nil)
	})
}

// SyncNow asks for a run: Incremental, Full or DryRun. An equal run that is still queued is returned instead.
func (e *Engine) SyncNow(ctx context.Context, id ident.ID, kind Kind) (Run, error) {
	if kind != Incremental && kind != Full && kind != DryRun {
		return Run{}, fault.New(fault.Invalid, "BadKind", "%q cannot be asked for; use incremental, full or dry-run", kind)
	}
	var run Run
	err := e.Store.InTx(ctx, func(ctx context.Context) error {
		instance, err := e.Store.Instance(ctx, id)
		if err != nil {
			return err
		}
		if run, err = e.enqueue(ctx, instance, kind, TriggerManual, audit.ActorOf(ctx).Name); err != nil {
			return err
		}
		return e.record(ctx, instance, "instance.sync", nil, attr.From(map[string]any{"kind": string(run.Kind), "run": run.ID.String()}))
	})
	return run, err
}

// Decide approves or rejects held changes, by entry id, or all if ids is empty. Approved ones are applied by a run that starts at once, if
// they are still what was approved (rule 9). It returns how many were decided.
func (e *Engine) Decide(ctx context.Context, id ident.ID, ids []ident.ID, approve bool) (int, error) {
	state, action := Rejected, "held.reject"
	if approve {
		state, action = Approved, "held.approve"
	}
	var count int
	err := e.Store.InTx(ctx, func(ctx context.Context) error {
		instance, err := e.Store.Instance(ctx, id)
		if err != nil {
			return err
		}
		by := audit.ActorOf(ctx).Name
		if count, err = e.Store.DecideEntries(ctx, instance, ids, state, by, e.Now()); err != nil {
			return err
		}
		if count == 0 {
			return fault.New(fault.NotFound, "NothingHeld", "none of these changes is held now").WithRemedy("List them with `rollcall held list`.")
		}
		if err := e.record(ctx, instance, action, nil, attr.From(map[string]any{"changes": float64(count)})); err != nil {
			return err
		}
		if !approve {
			return nil
		}
		_, err = e.enqueue(ctx, instance, Incremental, TriggerApproval, by)
		return err
	})
	return count, err
}

// DomainsChanged plans again whoever failed for the domain rule; called after domains or their switch changed.
func (e *Engine) DomainsChanged(ctx context.Context, org ident.ID) error {
	return e.Store.InTx(ctx, func(ctx context.Context) error {
		return e.Store.WakeCode(ctx, org, []string{"InvalidDomain", "UnverifiedDomain"})
	})
}

func (e *Engine) record(ctx context.Context, instance Instance, action string, before, after attr.Record) error {
	return e.Directory.Record(ctx, audit.Event{
		OrgID: instance.OrgID, Action: action, ObjectID: instance.ID.String(), ObjectName: instance.Name, Before: before, After: after,
	})
}
