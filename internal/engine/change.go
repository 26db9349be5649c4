package engine

import (
	"context"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mapping"
)

// Change is what may be changed of an instance; nil fields stay as they are.
type Change struct {
	Name     *string
	AutoSync *bool
	Interval *time.Duration
	// Reconciles replaces when and how both sides are compared completely.
	Reconciles *Reconciles
	// Notification replaces who is told by mail.
	Notification *Notification
	// ClientSecret replaces the connection's secret, SecretExpiresAt says when the secret ends: that of a new secret is not known without it.
	ClientSecret    *string
	SecretExpiresAt *time.Time
	// ClientID names another app registration, when the former one was lost; its secret comes with it. The tenant stays the same.
	ClientID *string
	// Service changes the remote service that the instance writes to, for all instances that do.
	Service  *ServiceChange
	Settings *Settings
	// Connector is what to do about the Directory Connector when Auto Sync is switched on while it feeds the organization.
	Connector Connector
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
		if !instance.AutoSync || change.AutoSync == nil && change.Settings == nil && change.ClientSecret == nil && change.Service == nil {
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
		if err := CheckInterval(*change.Interval); err != nil {
			return err
		}
		before.Set("interval", instance.Interval.String())
		instance.Interval = *change.Interval
		after.Set("interval", instance.Interval.String())
		instance.NextRunAt = e.Now().Add(instance.Interval)
	}
	if change.Reconciles != nil {
		if err := change.Reconciles.Check(); err != nil {
			return err
		}
		before.Set("reconcile", instance.Reconciles.text())
		instance.Reconciles = *change.Reconciles
		after.Set("reconcile", instance.Reconciles.text())
	}
	if err := e.changeNotification(instance, change.Notification, before, after); err != nil {
		return err
	}
	if err := e.allow(ctx, instance, change, before, after); err != nil {
		return err
	}
	if err := e.changeCredential(ctx, *instance, change, before, after); err != nil {
		return err
	}
	if err := e.changeService(ctx, *instance, change.Service, before, after); err != nil {
		return err
	}
	if change.Settings == nil {
		return nil
	}
	rules, err := change.Settings.compile()
	if err != nil {
		return invalid([]error{err})
	}
	instance.Health.Redacted = union(instance.Health.Redacted, rules.Mapping.Redacted())
	before.Set("configVersion", float64(instance.ConfigVersion))
	instance.ConfigVersion++
	after.Set("configVersion", float64(instance.ConfigVersion))
	if err := e.Store.SaveSettings(ctx, instance.ID, instance.ConfigVersion, *change.Settings, e.Now()); err != nil {
		return err
	}
	return e.Store.MarkAllDirty(ctx, *instance)
}

// allow switches Auto Sync.
func (e *Engine) allow(ctx context.Context, instance *Instance, change Change, before, after *attr.Record) error {
	if change.AutoSync == nil {
		return nil
	}
	if *change.AutoSync && !instance.AutoSync {
		if err := e.settleConnector(ctx, instance.OrgID, change.Connector); err != nil {
			return err
		}
	}
	before.Set("autoSync", instance.AutoSync)
	instance.AutoSync = *change.AutoSync
	after.Set("autoSync", instance.AutoSync)
	if instance.AutoSync {
		instance.Health.Quarantine, instance.Health.DisabledAt, instance.NextRunAt = nil, time.Time{}, e.Now()
		instance.Health.OverdueAt = time.Time{}
	}
	return nil
}

// RestoreMappings makes the attribute mappings of an instance the sixteen default ones again; scope and filters stay (C2).
func (e *Engine) RestoreMappings(ctx context.Context, id ident.ID) (Instance, error) {
	var instance Instance
	err := e.Store.InTx(ctx, func(ctx context.Context) error {
		var err error
		if instance, err = e.Store.Instance(ctx, id); err != nil {
			return err
		}
		settings, err := e.Store.Settings(ctx, id, instance.ConfigVersion)
		if err != nil {
			return err
		}
		settings.Attributes = mapping.Defaults()
		instance, err = e.ChangeInstance(ctx, id, Change{Settings: &settings})
		return err
	})
	return instance, err
}

// DeleteInstance removes an instance. Its users keep status and externalId and become unmanaged; links and configuration go (C9).
func (e *Engine) DeleteInstance(ctx context.Context, id ident.ID) error {
	unfinished, err := e.part(ctx, id)
	if err != nil {
		return err
	}
	return e.Store.InTx(ctx, func(ctx context.Context) error {
		instance, err := e.Store.Instance(ctx, id)
		if err != nil {
			return err
		}
		if err := e.endRuns(ctx, instance); err != nil {
			return err
		}
		if err := e.Store.DeleteInstance(ctx, instance); err != nil {
			return err
		}
		// Whom another instance claims is its own from the next run on.
		if err := e.Store.WakeCode(ctx, instance.OrgID, []string{"OwnedByOther"}); err != nil {
			return err
		}
		if err := e.hasten(ctx, instance.OrgID); err != nil {
			return err
		}
		before := attr.From(map[string]any{"name": instance.Name})
		if unfinished != "" {
			before.Set("unfinished", unfinished)
		}
		return e.record(ctx, instance, "instance.delete", before, nil)
	})
}

// endRuns ends the runs of an instance that is being deleted.
func (e *Engine) endRuns(ctx context.Context, instance Instance) error {
	open, err := e.Store.OpenRuns(ctx, instance.ID)
	if err != nil {
		return err
	}
	for _, run := range open {
		if err := e.unparkRun(ctx, e.Destination(instance), run); err != nil {
			return err
		}
		if err := e.fenceOff(ctx, run); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) record(ctx context.Context, instance Instance, action string, before, after attr.Record) error {
	return e.Directory.Record(ctx, audit.Event{
		OrgID: instance.OrgID, Action: action, ObjectID: instance.ID.String(), ObjectName: instance.Name, Before: before, After: after,
	})
}
