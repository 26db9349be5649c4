// Package scimapp writes changes to a remote SCIM service.
//
// It keeps a local copy of what the service holds: for objects of an instance what was sent last, for all others what was read. Plans ask the copy
// and cost no request. The copy is filled by an inventory, before the first plan and in every reconcile, and follows what is sent.
package scimapp

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/scim"
	"rollcall/internal/scimclient"
)

// Config is what an App is made of. All fields are required.
type Config struct {
	Store Store
	// Service is written to by Instance, and perhaps by other instances of the organization.
	Service, Instance ident.ID
	// Client returns the way to the service.
	Client func(ctx context.Context) (*scimclient.Client, error)
	Now    func() time.Time
}

// App is a remote service as the destination of one instance.
type App struct {
	Config
	types map[Kind]scim.ResourceType
	// said is what the service can do; nil before it is asked for.
	said *scimclient.Service
}

var (
	_ destination.Remote  = (*App)(nil)
	_ destination.Groups  = (*App)(nil)
	_ destination.Audited = (*App)(nil)
)

// New returns a service as the destination of an instance. It is not for several goroutines at once.
func New(config Config) *App { return &App{Config: config} }

// Terms returns what planning must know: what the service can take, as far as it was asked. Which domains are verified is the service's own matter.
func (a *App) Terms(ctx context.Context) (destination.Terms, error) {
	if a.said == nil {
		discovery, _, err := a.Store.RemoteState(ctx, a.Service)
		if err != nil || discovery.At.IsZero() {
			return destination.Terms{}, err
		}
		a.learn(discovery.Service)
	}
	users := a.schema(Users)
	users.FixedNames = !a.said.Rename
	return destination.Terms{Schema: users, Groups: a.schema(Groups)}, nil
}

// schema is what objects of a kind can hold.
func (a *App) schema(kind Kind) *plan.Schema {
	told, has := a.said.Types[kind.of()]
	schema := &plan.Schema{Absent: !has, Required: told.Required}
	if told.Described {
		described := a.types[kind]
		schema.Type = &described
	}
	return schema
}

// connect returns the way to the service when it is known what that can do.
func (a *App) connect(ctx context.Context) (*scimclient.Client, error) {
	client, err := a.Client(ctx)
	if err != nil || a.said != nil {
		return client, err
	}
	discovery, _, err := a.Store.RemoteState(ctx, a.Service)
	if err != nil {
		return nil, err
	}
	if discovery.At.IsZero() {
		return nil, fault.New(fault.Unavailable, "ServiceUnknown", "the service was not asked yet what it can do")
	}
	a.learn(discovery.Service)
	return client, nil
}

// learn takes in what the service says of itself.
func (a *App) learn(service scimclient.Service) {
	a.said = &service
	a.types = map[Kind]scim.ResourceType{Users: scim.Users(), Groups: scim.Groups()}
	for kind, known := range a.types {
		if told, ok := service.Types[kind.of()]; ok && told.Described {
			known.Core, known.Extensions = told.Core, told.Extensions
			a.types[kind] = known.Forget()
		}
	}
}

// Objects returns the users with these ids.
func (a *App) Objects(ctx context.Context, ids []ident.ID) ([]plan.Target, error) {
	return a.byID(ctx, Users, ids)
}

func (a *App) byID(ctx context.Context, kind Kind, ids []ident.ID) ([]plan.Target, error) {
	objects, err := a.Store.RemoteObjects(ctx, a.Service, ids)
	if err != nil {
		return nil, err
	}
	objects = slices.DeleteFunc(objects, func(o Object) bool { return o.Kind != kind })
	return targets(objects), nil
}

func targets(objects []Object) []plan.Target {
	targets := make([]plan.Target, len(objects))
	for i, object := range objects {
		targets[i] = object.Target()
	}
	return targets
}

// Find returns the users that have the values of the keys, under these keys, in the order of their ids.
func (a *App) Find(ctx context.Context, keys []plan.Key) (map[plan.Key][]plan.Target, error) {
	return a.find(ctx, Users, keys)
}

// find looks keys up, each value once.
func (a *App) find(ctx context.Context, kind Kind, keys []plan.Key) (map[plan.Key][]plan.Target, error) {
	wanted := map[string]map[string][]plan.Target{} // by path and the form in which values are compared
	for _, key := range keys {
		if wanted[key.Path] == nil {
			wanted[key.Path] = map[string][]plan.Target{}
		}
		wanted[key.Path][matchable(key.Path, key.Value)] = nil
	}
	for path, found := range wanted {
		objects, err := a.Store.RemoteObjectsBy(ctx, a.Service, kind, path, slices.Collect(maps.Keys(found)))
		if err != nil {
			return nil, err
		}
		for _, object := range objects {
			value := matchable(path, object.Record.Text(path))
			found[value] = append(found[value], object.Target())
		}
	}
	found := make(map[plan.Key][]plan.Target, len(keys))
	for _, key := range keys {
		if same := wanted[key.Path][matchable(key.Path, key.Value)]; len(same) > 0 {
			slices.SortFunc(same, func(a, b plan.Target) int { return bytes.Compare(a.ID[:], b.ID[:]) })
			found[key] = same
		}
	}
	return found, nil
}

// matchable returns the form in which values of the attribute are compared: external ids as they are, names without regard to case.
func matchable(path, value string) string {
	if path == attr.ExternalID {
		return value
	}
	return attr.NameKey(value)
}

// OwnedObjects returns a page of the users whom the instance manages, in the order of their ids.
func (a *App) OwnedObjects(ctx context.Context, after string, limit int) ([]plan.Target, string, error) {
	return a.owned(ctx, Users, after, limit)
}

// OwnedGroups is to groups what OwnedObjects is to users.
func (a *App) OwnedGroups(ctx context.Context, after string, limit int) ([]plan.Target, string, error) {
	return a.owned(ctx, Groups, after, limit)
}

func (a *App) owned(ctx context.Context, kind Kind, after string, limit int) ([]plan.Target, string, error) {
	filter := Filter{Kind: kind, Owner: a.Instance}
	if after != "" {
		var err error
		if filter.After, err = ident.Parse(after); err != nil {
			return nil, "", err
		}
	}
	objects, err := a.Store.ListRemoteObjects(ctx, a.Service, filter, limit)
	if err != nil || len(objects) < limit {
		return targets(objects), "", err
	}
	return targets(objects), objects[len(objects)-1].ID.String(), nil
}
