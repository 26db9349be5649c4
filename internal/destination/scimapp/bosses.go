package scimapp

import (
	"context"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
	"rollcall/internal/scimclient"
)

// bosses are the managers of users whom the service showed, and those whom they are expected to have.
type bosses struct {
	// expected has the service's ids of people, by who owns them and the tenant's ids.
	expected map[ident.ID]map[string]string
	// shown are the people whom the service names as managers, by its ids.
	shown map[string]Object
	// believed: the service says that it keeps managers, so that one who is not shown is not there.
	believed bool
}

// bossesOf reads the managers of users that a piece of an inventory saw.
func (a *App) bossesOf(ctx context.Context, kind Kind, known []Object, resources []scimclient.Resource) (bosses, error) {
	b := bosses{expected: map[ident.ID]map[string]string{}, shown: map[string]Object{}}
	if kind != Users {
		return b, nil
	}
	if _, value := a.types[Users].Attribute(attr.ManagerValue); value != nil {
		b.believed = a.said.Types[scimclient.User].Described
	}
	named := map[ident.ID][]string{}
	for _, object := range known {
		if boss := object.Record.Text(attr.Manager); boss != "" && !object.Owner.IsZero() {
			named[object.Owner] = append(named[object.Owner], boss)
		}
	}
	for owner, sources := range named {
		tied, err := a.Store.RemoteObjectsTied(ctx, a.Service, owner, sources)
		if err != nil {
			return b, err
		}
		b.expected[owner] = make(map[string]string, len(tied))
		for _, object := range tied {
			b.expected[owner][object.SourceID] = object.RemoteID
		}
	}
	var shown []string
	for _, resource := range resources {
		if id := a.read(Users, resource.Body).Text(attr.ManagerValue); id != "" {
			shown = append(shown, id)
		}
	}
	objects, err := a.Store.RemoteObjectsOf(ctx, a.Service, Users, shown)
	for _, object := range objects {
		b.shown[object.RemoteID] = object
	}
	return b, err
}

// reread takes in whom the service shows as the manager of an object, by its own id or "", and reports whether that is somebody else than expected. Somebody
// of whom the owner knows nothing stands in the record by the service's id, so that a plan finds a difference.
func (b bosses) reread(o *Object, seen string) bool {
	source := o.Record.Text(attr.Manager)
	expected := ""
	switch {
	case o.Echo.Has(attr.Manager):
		expected = o.Echo.Text(attr.Manager)
	case source != "" && o.Awaits == "":
		if expected = b.expected[o.Owner][source]; expected == "" {
			expected = source // seen before, or not there any more
			if seen == "" {
				return false
			}
		}
	}
	if seen == expected || seen == "" && !b.believed {
		return false
	}
	o.Record, o.Echo, o.Awaits = o.Record.Clone(), o.Echo.Clone(), ""
	o.Echo.Delete(attr.Manager)
	switch boss := b.shown[seen]; {
	case seen == "":
		o.Record.Delete(attr.Manager)
	case boss.Owner == o.Owner && boss.SourceID != "":
		o.Record.Set(attr.Manager, boss.SourceID)
	default:
		o.Record.Set(attr.Manager, seen)
	}
	return true
}
