package api

import (
	"context"
	"net/http"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

// Instance is one configured synchronisation.
type Instance struct {
	ID           ident.ID `json:"id" format:"uuid" doc:"The instance's id."`
	Name         string   `json:"name" doc:"Unique within the organization, without regard to case."`
	ConnectionID ident.ID `json:"connectionId" format:"uuid" doc:"The connection that it uses, which also says how to renew consent."`
	// TenantID, Cloud and ClientID describe the connection; its secret is never told.
	TenantID string `json:"tenantId" doc:"The Entra tenant: its id or one of its domains."`
	Cloud    string `json:"cloud" doc:"The Microsoft cloud: global, gcc-high, dod, china, or one of the server's configuration."`
	ClientID string `json:"clientId" doc:"The app registration in Entra."`
	// SecretExpiresAt is announced ahead.
	SecretExpiresAt time.Time `json:"secretExpiresAt,omitzero" doc:"When the client secret ends, if somebody said so."`
	AutoSync        bool      `json:"autoSync" doc:"Runs start by themselves."`
	// IntervalSeconds between the starts of scheduled runs.
	IntervalSeconds float64   `json:"intervalSeconds" doc:"Seconds between the starts of scheduled runs."`
	ConfigVersion   int64     `json:"configVersion" doc:"Grows with every change of the settings."`
	NextRunAt       time.Time `json:"nextRunAt,omitzero" doc:"When the next scheduled run is due, if Auto Sync is on."`
	CreatedAt       time.Time `json:"createdAt" doc:"When the instance was set up."`
	// Reconcile says when and how both sides are compared completely.
	Reconcile Reconciling `json:"reconcile" doc:"When and how both sides are compared completely."`
	Status    Status      `json:"status" doc:"How the instance stands."`
	// Notification says who is told.
	Notification Notification `json:"notification" doc:"Who is told by e-mail when something fails or needs a decision."`
	// Destination is told without its secret.
	Destination Destination `json:"destination" doc:"Where the instance writes."`
	// Settings are told for a single instance, not in lists.
	Settings *engine.Settings `json:"settings,omitempty" doc:"Scope, mappings and thresholds; absent in lists."`
}

// Status is how an instance stands (D11, D12).
type Status struct {
	Job         engine.JobStatus `json:"job" enum:"Active,NotRun,Quarantine,WaitingForConsent,Running,Held,Paused,Disabled,Failing" doc:"The job status."`
	Explanation string           `json:"explanation" doc:"What the job status means here and what to do."`
	// Run is the run under way; nil if there is none.
	Run         *Run               `json:"run,omitempty" doc:"The run under way."`
	LastRunID   ident.ID           `json:"lastRunId,omitzero" format:"uuid" doc:"The run that ended last, dry runs left aside."`
	LastRunAt   time.Time          `json:"lastRunAt,omitzero" doc:"When it ended."`
	LastGoodAt  time.Time          `json:"lastGoodAt,omitzero" doc:"When the last good run ended."`
	LastFailure *engine.Failure    `json:"lastFailure,omitempty" doc:"Why the last run failed; absent after a run that went through."`
	Quarantine  *engine.Quarantine `json:"quarantine,omitempty" doc:"Since when and why runs are held off."`
	Overdue     bool               `json:"overdue" doc:"Auto Sync is on, and there was no good run in three intervals."`
	// Reconcile is the reconcile that was begun last.
	Reconcile       *LastReconcile `json:"reconcile,omitempty" doc:"What the reconcile that was asked for last found; absent before the first."`
	NextReconcileAt time.Time      `json:"nextReconcileAt,omitzero" doc:"When the next reconcile begins by itself; absent if none does."`
	// Warnings are about credentials.
	Warnings []Expiry `json:"warnings,omitempty" nullable:"false" doc:"Credentials of the instance that end within 30 days, or have ended."`
	// LostGroups bring nobody.
	LostGroups []string `json:"lostGroups,omitempty" nullable:"false" doc:"Object ids of selected groups that bring nobody: the tenant does not know them, or they are in the recycle bin there."`
	// OddGroups are not as a group should be.
	OddGroups []OddGroup  `json:"oddGroups,omitempty" nullable:"false" doc:"Other selected groups that are not as a group should be, and what is passed over."`
	Users     UserCounts  `json:"users" doc:"How the tenant's users stand with this instance."`
	Groups    GroupCounts `json:"groups" doc:"How the groups stand that the instance keeps."`
}

// OddGroup is something about a selected group that is not as it should be.
type OddGroup struct {
	ID   string `json:"id" doc:"The group's object id."`
	Text string `json:"text" doc:"What is odd, and what becomes of it."`
}

// UserCounts are the numbers of the instance's summary.
type UserCounts struct {
	Synced     int `json:"synced" doc:"Linked and in scope."`
	Skipped    int `json:"skipped" doc:"Left alone on purpose; the reasons are in the changes."`
	Failed     int `json:"failed" doc:"Could not be written; tried again by itself."`
	Held       int `json:"held" doc:"Removals that wait for approval."`
	OutOfScope int `json:"outOfScope" doc:"Other users of the tenant."`
	InBin      int `json:"inBin" doc:"Deleted in the tenant and not purged yet."`
	Rejected   int `json:"rejected" doc:"Removals that were rejected, so that they are not done; the people are counted as they stand, too."`
}

// NewInstance sets an instance up.
type NewInstance struct {
	Name string `json:"name" minLength:"1" maxLength:"256" example:"entra" doc:"Unique within the organization."`
	// ConnectionID, or the four that make a connection.
	ConnectionID ident.ID `json:"connectionId,omitzero" format:"uuid" doc:"The connection to use, instead of tenantId, cloud, clientId and clientSecret."`
	TenantID     string   `json:"tenantId,omitempty" minLength:"1" maxLength:"256" example:"contoso.onmicrosoft.com" doc:"The Entra tenant: its id or one of its domains. Needed without connectionId, as are clientId and clientSecret."`
	Cloud        string   `json:"cloud,omitempty" maxLength:"64" example:"global" doc:"The Microsoft cloud; global if absent."`
	ClientID     string   `json:"clientId,omitempty" minLength:"1" maxLength:"256" example:"9f2c6d0e-8a35-4e39-9f4f-2a1f6d7c3b10" doc:"The app registration in Entra."`
	ClientSecret string   `json:"clientSecret,omitempty" minLength:"1" maxLength:"4096" writeOnly:"true" doc:"Sealed at rest and never told again."`
	// SecretExpiresAt is never guessed.
	SecretExpiresAt time.Time `json:"secretExpiresAt,omitzero" example:"2027-11-30T00:00:00Z" doc:"When the client secret ends, as Entra shows it beside the secret; announced 30, 7 and 1 day before. Not known if absent."`
	AutoSync        bool      `json:"autoSync,omitempty" doc:"Start runs by itself, the first one at once."`
	// IntervalSeconds between scheduled runs; 0 for the default of one minute.
	IntervalSeconds float64 `json:"intervalSeconds,omitempty" minimum:"1" maximum:"86400" example:"60" doc:"Seconds between scheduled runs; 60 if absent."`
	// Reconcile says when and how both sides are compared completely.
	Reconcile          *ReconcilingPatch  `json:"reconcile,omitempty" doc:"When and how both sides are compared completely; weekly, with repair, if absent."`
	Notification       *NotificationPatch `json:"notification,omitempty" doc:"Who is told by e-mail; nobody if absent."`
	DirectoryConnector engine.Connector   `json:"directoryConnector,omitempty" enum:"block,keep" doc:"What to do about the Directory Connector if it feeds the organization: refuse its writes, or let both write. Without it that is a conflict."`
	// Destination stays what it is.
	Destination *Destination     `json:"destination,omitempty" doc:"Where the instance writes, now and always; the organization's own directory if absent."`
	Settings    *engine.Settings `json:"settings,omitempty" doc:"Sync defaults if absent: all users, the sixteen default mappings, the default thresholds."`
}

// InstancePatch changes an instance; what is absent stays as it is.
type InstancePatch struct {
	Name               *string            `json:"name,omitempty" minLength:"1" maxLength:"256" doc:"The new name."`
	AutoSync           *bool              `json:"autoSync,omitempty" doc:"On also ends quarantine and disablement."`
	IntervalSeconds    *float64           `json:"intervalSeconds,omitempty" minimum:"1" maximum:"86400" doc:"Seconds between scheduled runs."`
	ClientSecret       *string            `json:"clientSecret,omitempty" minLength:"1" maxLength:"4096" writeOnly:"true" doc:"Replaces the secret of the connection, and starts a run at once if Auto Sync is on."`
	SecretExpiresAt    *time.Time         `json:"secretExpiresAt,omitempty" doc:"When the client secret ends. That of a new secret is not known if absent."`
	ClientID           *string            `json:"clientId,omitempty" minLength:"1" maxLength:"256" doc:"Another app registration in the same tenant, with its clientSecret."`
	Reconcile          *ReconcilingPatch  `json:"reconcile,omitempty" doc:"When and how both sides are compared completely."`
	Notification       *NotificationPatch `json:"notification,omitempty" doc:"Who is told by e-mail."`
	DirectoryConnector engine.Connector   `json:"directoryConnector,omitempty" enum:"block,keep" doc:"What to do about the Directory Connector, when Auto Sync is switched on while it feeds the organization."`
	Destination        *DestinationPatch  `json:"destination,omitempty" doc:"Changes profile and credential of the remote service; starts a run at once if Auto Sync is on."`
	Settings           *engine.Settings   `json:"settings,omitempty" doc:"Replaces all settings; everybody is planned anew."`
}

// SyncRequest asks for a run.
type SyncRequest struct {
	Kind engine.Kind `json:"kind,omitempty" enum:"incremental,full,dry-run" doc:"incremental, if absent, reads what changed, full reads the tenant anew, dry-run only plans."`
}

// InInstance is the part of a request that names an instance.
type InInstance struct {
	InOrganization
	ID ident.ID `path:"id" format:"uuid" doc:"The instance's id."`
}

func (s *server) serveInstances() {
	serve(s, operation{
		id: "listInstances", method: http.MethodGet, path: inOrg + "/instances", tag: "Instances", summary: "List instances with their status",
		detail: "By name, without their settings.",
	}, s.listInstances)
	serve(s, operation{
		id: "createInstance", method: http.MethodPost, path: inOrg + "/instances", tag: "Instances", summary: "Set an instance up",
		detail: "With Auto Sync its initial run starts at once.", status: http.StatusCreated, failures: []int{http.StatusConflict},
	}, s.createInstance)
	serve(s, operation{
		id: "getInstance", method: http.MethodGet, path: inOrg + "/instances/{id}", tag: "Instances",
		summary: "Read an instance with status and settings",
	}, func(ctx context.Context, in *InInstance) (*body[Instance], error) { return s.getInstance(ctx, in.ID) })
	serve(s, operation{
		id: "changeInstance", method: http.MethodPatch, path: inOrg + "/instances/{id}", tag: "Instances", summary: "Change an instance",
		detail:   "What is absent stays as it is. New settings are a new version of the configuration: everybody is planned anew.",
		failures: []int{http.StatusConflict},
	}, s.changeInstance)
	serve(s, operation{
		id: "deleteInstance", method: http.MethodDelete, path: inOrg + "/instances/{id}", tag: "Instances", summary: "Delete an instance",
		detail: "Its users keep status and externalId and become unmanaged; links and configuration go.",
	}, func(ctx context.Context, in *InInstance) (*struct{}, error) {
		if _, err := s.Engine.Instance(ctx, orgOf(ctx), in.ID); err != nil {
			return nil, err
		}
		return nil, s.Engine.DeleteInstance(ctx, in.ID)
	})
	serve(s, operation{
		id: "syncInstance", method: http.MethodPost, path: inOrg + "/instances/{id}/sync", tag: "Instances", summary: "Ask for a run",
		detail: "The answer is the run, which waits for the one before it. An equal run that is still queued is returned instead of a new one. " +
			"The first run of an instance is an initial one.",
		status: http.StatusAccepted,
	}, s.syncInstance)
	s.serveReconcile()
	s.serveOffers()
}

func (s *server) listInstances(ctx context.Context, _ *InOrganization) (*body[List[Instance]], error) {
	found, err := s.Engine.Store.ListInstances(ctx, orgOf(ctx))
	if err != nil {
		return nil, err
	}
	items := make([]Instance, len(found))
	for i, instance := range found {
		if items[i], err = s.instanceOf(ctx, instance); err != nil {
			return nil, err
		}
	}
	return reply(List[Instance]{Items: items}), nil
}

func (s *server) instanceOf(ctx context.Context, instance engine.Instance) (Instance, error) {
	connection, err := s.Engine.Store.Connection(ctx, instance.ConnectionID)
	if err != nil {
		return Instance{}, err
	}
	status, err := s.Engine.Status(ctx, instance)
	if err != nil {
		return Instance{}, err
	}
	service, err := s.Engine.Service(ctx, instance)
	if err != nil {
		return Instance{}, err
	}
	health := instance.Health
	out := Instance{
		Destination: destinationOf(service),
		ID:          instance.ID, Name: instance.Name, ConnectionID: connection.ID, TenantID: connection.TenantID, Cloud: connection.Cloud, ClientID: connection.ClientID,
		SecretExpiresAt: connection.SecretExpiresAt,
		AutoSync:        instance.AutoSync, IntervalSeconds: instance.Interval.Seconds(), ConfigVersion: instance.ConfigVersion,
		NextRunAt: instance.NextRunAt, CreatedAt: instance.CreatedAt, Reconcile: reconcilingOf(instance.Reconciles),
		Notification: notificationOf(instance.Notification),
		Status: Status{
			Job: status.Job, Explanation: status.Explanation, Overdue: status.Overdue, LastRunID: health.LastRun, LastRunAt: health.LastRunAt,
			LastGoodAt: health.LastGoodAt, LastFailure: health.LastFailure, Quarantine: health.Quarantine, LostGroups: status.LostGroups,
			Reconcile: lastReconcileOf(health.Reconcile), NextReconcileAt: instance.NextReconcileAt(),
			Warnings: each(status.Warnings, expiryOf),
			Users: UserCounts{
				Synced: status.Synced, Skipped: status.Skipped, Failed: status.Failed, Held: status.Held, OutOfScope: status.OutOfScope,
				InBin: status.InBin, Rejected: status.Rejected,
			},
			Groups:    groupCountsOf(status.Groups),
			OddGroups: each(status.OddGroups, func(g engine.OddGroup) OddGroup { return OddGroup(g) }),
		},
	}
	if status.Running != nil {
		run := s.runOf(*status.Running)
		out.Status.Run = &run
	}
	return out, nil
}

// getInstance reads an instance of the organization, with its settings.
func (s *server) getInstance(ctx context.Context, id ident.ID) (*body[Instance], error) {
	instance, err := s.Engine.Instance(ctx, orgOf(ctx), id)
	if err != nil {
		return nil, err
	}
	out, err := s.instanceOf(ctx, instance)
	if err != nil {
		return nil, err
	}
	offer, err := s.Engine.Offer(ctx, instance)
	if err != nil {
		return nil, err
	}
	if offer != nil {
		out.Destination.Offer = offerOf(*offer)
	}
	settings, err := s.Engine.Store.Settings(ctx, id, instance.ConfigVersion)
	out.Settings = &settings
	return reply(out), err
}

func (s *server) createInstance(ctx context.Context, in *struct {
	InOrganization
	Body NewInstance
},
) (*created[Instance], error) {
	want := in.Body
	service, err := want.Destination.wanted()
	if err != nil {
		return nil, err
	}
	instance, err := s.Engine.CreateInstance(ctx, orgOf(ctx), engine.NewInstance{
		Name: want.Name, TenantID: want.TenantID, Cloud: want.Cloud, ClientID: want.ClientID, ClientSecret: want.ClientSecret, SecretExpiresAt: want.SecretExpiresAt,
		AutoSync: want.AutoSync, Interval: seconds(want.IntervalSeconds), Settings: want.Settings, Service: service,
		ConnectionID: want.ConnectionID, Connector: want.DirectoryConnector, Reconciles: want.Reconcile.over(engine.DefaultReconciles()),
		Notification: want.Notification.over(engine.Notification{}),
	})
	if err != nil {
		return nil, err
	}
	out, err := s.getInstance(ctx, instance.ID)
	if err != nil {
		return nil, err
	}
	return &created[Instance]{Location: at(ctx, "/instances/%s", instance.ID), Body: out.Body}, nil
}

func seconds(number float64) time.Duration { return time.Duration(number * float64(time.Second)) }

func (s *server) changeInstance(ctx context.Context, in *struct {
	InInstance
	Body InstancePatch
},
) (*body[Instance], error) {
	instance, err := s.Engine.Instance(ctx, orgOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	service, err := in.Body.Destination.wanted()
	if err != nil {
		return nil, err
	}
	change := engine.Change{
		Service: service,
		Name:    in.Body.Name, AutoSync: in.Body.AutoSync, ClientSecret: in.Body.ClientSecret, Settings: in.Body.Settings,
		Connector: in.Body.DirectoryConnector, SecretExpiresAt: in.Body.SecretExpiresAt, ClientID: in.Body.ClientID, Reconciles: in.Body.Reconcile.over(instance.Reconciles),
		Notification: in.Body.Notification.over(instance.Notification),
	}
	if in.Body.IntervalSeconds != nil {
		interval := seconds(*in.Body.IntervalSeconds)
		change.Interval = &interval
	}
	if _, err := s.Engine.ChangeInstance(ctx, in.ID, change); err != nil {
		return nil, err
	}
	return s.getInstance(ctx, in.ID)
}

func (s *server) syncInstance(ctx context.Context, in *struct {
	InInstance
	Body *SyncRequest
},
) (*created[Run], error) {
	if _, err := s.Engine.Instance(ctx, orgOf(ctx), in.ID); err != nil {
		return nil, err
	}
	kind := engine.Incremental
	if in.Body != nil && in.Body.Kind != "" {
		kind = in.Body.Kind
	}
	run, err := s.Engine.SyncNow(ctx, in.ID, kind)
	return &created[Run]{Location: at(ctx, "/runs/%s", run.ID), Body: s.runOf(run)}, err
}
