package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/notify"
)

// Mail takes events that people are told by e-mail.
type Mail interface {
	// Tell takes an event in the transaction of the context; told twice, it is one mail.
	Tell(ctx context.Context, event notify.Event) error
}

// Notification says who is told by e-mail about an instance (C5).
type Notification struct {
	Addresses []string
	// OnFailure: they are told when something fails or needs a decision.
	OnFailure bool
}

// Recipients are the addresses that are told.
func (n Notification) Recipients() []string {
	if !n.OnFailure {
		return nil
	}
	return n.Addresses
}

// clean returns the notification as it is kept, or what is wrong with it, as a fault.Invalid; nobody for nil.
func (n *Notification) clean() (Notification, error) {
	if n == nil {
		return Notification{}, nil
	}
	list, err := notify.Addresses(n.Addresses)
	if err != nil {
		return *n, err
	}
	if n.OnFailure && len(list) == 0 {
		return *n, fault.New(fault.Invalid, "MissingAddress", "a notification e-mail needs an address").WithRemedy("Enter who is told, or do not send notifications.")
	}
	return Notification{list, n.OnFailure}, nil
}

// text is the notification for the audit log.
func (n Notification) text() string {
	if !n.OnFailure {
		return strings.TrimSpace("off " + strings.Join(n.Addresses, ", "))
	}
	return strings.Join(n.Addresses, ", ")
}

// changeNotification changes who is told.
func (e *Engine) changeNotification(instance *Instance, change *Notification, before, after *attr.Record) error {
	if change == nil {
		return nil
	}
	notification, err := change.clean()
	if err != nil || slices.Equal(notification.Addresses, instance.Notification.Addresses) && notification.OnFailure == instance.Notification.OnFailure {
		return err
	}
	before.Set("notification", instance.Notification.text())
	instance.Notification = notification
	after.Set("notification", notification.text())
	return nil
}

// NewlyHeld counts removals.
type NewlyHeld struct {
	Users   int `json:"users,omitempty"`
	Groups  int `json:"groups,omitempty"`
	Members int `json:"members,omitempty"`
}

func (h *NewlyHeld) add(part Part, count int) {
	switch part {
	case PartUsers:
		h.Users += count
	case PartGroups:
		h.Groups += count
	case PartMembers:
		h.Members += count
	}
}

// tell has an event about an instance told to whom it names, in the transaction of the context. what and which tell it apart.
func (e *Engine) tell(ctx context.Context, instance Instance, kind notify.Kind, which string, facts notify.Facts) error {
	if e.Mail == nil || len(instance.Notification.Recipients()) == 0 {
		return nil
	}
	connection, err := e.Store.Connection(ctx, instance.ConnectionID)
	if err != nil {
		return err
	}
	facts.Instance, facts.Tenant = instance.Name, connection.name()
	if facts.Path == "" {
		facts.Path = pageOf(instance.OrgID, "/instances/"+instance.ID.String()+"/summary")
	}
	return e.Mail.Tell(ctx, notify.Event{
		OrgID: instance.OrgID, Kind: kind, Key: strings.Join([]string{string(kind), instance.ID.String(), which}, "/"), To: instance.Notification.Recipients(), Facts: facts,
	})
}

// pageOf is the path of a page of the console.
func pageOf(org ident.ID, path string) string { return "/org/" + org.String() + path }

// tellHeld has people told that a run held removals (D15): once for a run, when it ends.
func (e *Engine) tellHeld(ctx context.Context, run Run) error {
	held := run.Progress.NewlyHeld
	if held == (NewlyHeld{}) {
		return nil
	}
	instance, err := e.Store.Instance(ctx, run.InstanceID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return e.tell(ctx, instance, notify.Held, run.ID.String(), notify.Facts{
		Users: held.Users, Groups: held.Groups, Members: held.Members, Reason: run.Progress.Held,
		Path: pageOf(run.OrgID, "/instances/"+instance.ID.String()+"/held"),
	})
}

// ending is a credential whose end people are told.
type ending struct {
	org    ident.ID
	id     ident.ID
	sort   string
	name   string
	ends   time.Time
	notice directory.Notice
	path   string
}

// tellEnd has people told that a credential ends (B4). That it has ended is seen otherwise.
func (e *Engine) tellEnd(ctx context.Context, end ending, to []string) error {
	if e.Mail == nil || end.notice == directory.Ended || end.org.IsZero() {
		return nil
	}
	return e.Mail.Tell(ctx, notify.Event{
		OrgID: end.org, Kind: notify.CredentialEnds, To: to,
		Key:   strings.Join([]string{string(notify.CredentialEnds), end.id.String(), end.ends.UTC().Format(time.RFC3339), end.notice.String()}, "/"),
		Facts: notify.Facts{Credential: end.sort, Name: end.name, Ends: end.ends, Notice: end.notice.String(), Path: pageOf(end.org, end.path)},
	})
}

// addresses are those that are told about any of the instances, each once.
func addresses(instances []Instance) []string {
	var all []string
	for _, instance := range instances {
		for _, address := range instance.Notification.Recipients() {
			if !slices.ContainsFunc(all, func(known string) bool { return strings.EqualFold(known, address) }) {
				all = append(all, address)
			}
		}
	}
	return all
}

// keepers are who is told about the credentials of an organization: the addresses of its instances, or, where none has any, its full administrators.
func (e *Engine) keepers(ctx context.Context, org ident.ID) ([]string, error) {
	instances, err := e.Store.ListInstances(ctx, org)
	if err != nil {
		return nil, err
	}
	if to := addresses(instances); len(to) > 0 {
		return to, nil
	}
	people, err := e.Directory.Administrators(ctx, org)
	var to []string
	for _, person := range people {
		if person.Role == directory.FullAdministrator && notify.CheckAddress(person.Email) == nil {
			to = append(to, person.Email)
		}
	}
	return to, err
}
