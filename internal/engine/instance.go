package engine

import (
	"context"
	"time"

	"rollcall/internal/ident"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// Instance is one configured synchronisation.
type Instance struct {
	ID           ident.ID
	OrgID        ident.ID
	ConnectionID ident.ID
	// ServiceID is the remote service that the instance writes to; zero for the built-in directory. It never changes.
	ServiceID ident.ID
	// Name is unique within the organization, without regard to case.
	Name string
	// AutoSync: runs start by themselves.
	AutoSync bool
	// Interval between the starts of scheduled runs.
	Interval time.Duration
	// ConfigVersion is the newest version of the configuration.
	ConfigVersion int64
	// NextRunAt is when the next scheduled run is due.
	NextRunAt time.Time
	CreatedAt time.Time
	// Reconciles says when both sides are compared completely.
	Reconciles Reconciles
	// Notification says who is told by mail.
	Notification Notification
	Health       Health
}

// Health is what the runs of an instance left behind. It is stored as one document.
type Health struct {
	// LastRun is the run that ended last, dry runs left aside; LastGood the last one that succeeded.
	LastRun    ident.ID  `json:"lastRun,omitzero"`
	LastRunAt  time.Time `json:"lastRunAt,omitzero"`
	LastGoodAt time.Time `json:"lastGoodAt,omitzero"`
	// LastFailure says why the last run failed; nil after a run that went through. BadRuns counts failed runs in a row.
	LastFailure *Failure `json:"lastFailure,omitempty"`
	BadRuns     int      `json:"badRuns,omitempty"`
	// InForce is the version of the settings with which the last good run planned; 0 before the first.
	InForce int64 `json:"inForce,omitempty"`
	// Redacted are the paths that the mappings redact, or did in an earlier version.
	Redacted []string `json:"redacted,omitempty"`
	// PlannedAt is when everybody was planned because values follow the time (Now in an expression).
	PlannedAt time.Time `json:"plannedAt,omitzero"`
	// Reconcile is the reconcile that was begun last; nil before the first.
	Reconcile *LastReconcile `json:"reconcile,omitempty"`
	// Quarantine is set while runs fail as a whole (D11).
	Quarantine *Quarantine `json:"quarantine,omitempty"`
	// OverdueAt is when it was announced that there was no good run in three intervals; zero since the last good one.
	OverdueAt time.Time `json:"overdueAt,omitzero"`
	// DisabledAt is when the instance was disabled after 28 days in quarantine.
	DisabledAt time.Time `json:"disabledAt,omitzero"`
}

// Quarantine says since when and why runs are held off.
type Quarantine struct {
	Since time.Time `json:"since"`
	// Code and Reason of the latest failure; Remedy says what to do.
	Code   string `json:"code"`
	Reason string `json:"reason"`
	Remedy string `json:"remedy,omitempty"`
	// Attempts counts the runs since then; the distance between them doubles up to a day.
	Attempts int `json:"attempts"`
}

// Settings are one version of what an administrator chose for an instance.
type Settings struct {
	Scope      scope.Rules         `json:"scope"`
	Attributes []mapping.Attribute `json:"attributes"`
	Thresholds plan.Thresholds     `json:"thresholds"`
}

// Instances keeps connections, instances and their configurations. Methods join the transaction of the context.
type Instances interface {
	// Connection fails as fault.NotFound; so do Instance and Settings.
	Connection(ctx context.Context, id ident.ID) (Connection, error)
	SaveConnection(ctx context.Context, connection Connection) error
	Instance(ctx context.Context, id ident.ID) (Instance, error)
	// ListInstances returns those of one organization by name; of all organizations for the zero id.
	ListInstances(ctx context.Context, org ident.ID) ([]Instance, error)
	// SaveInstance inserts or replaces; a name that another instance of the organization has fails as fault.Conflict.
	SaveInstance(ctx context.Context, instance Instance) error
	// DeleteInstance removes the instance with its links, configurations, dirty rows and open changes, and its connection with the mirror
	// if no other instance uses it. Users whom it owned stay as they are, unmanaged. Runs and closed changes stay as history.
	DeleteInstance(ctx context.Context, instance Instance) error
	Settings(ctx context.Context, instance ident.ID, version int64) (Settings, error)
	SaveSettings(ctx context.Context, instance ident.ID, version int64, settings Settings, at time.Time) error
}
