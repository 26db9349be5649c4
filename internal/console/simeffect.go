package console

import (
	"cmp"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// simHistory is how many lines of the provisioning log stand beside an object.
const simHistory = 5

// effect is what the directory shows of an object of the tenant.
type effect struct {
	// Name and Href of the object in the directory; "" if there is none.
	Name, Href, Instance string
	Status               Pill
	Facts                []attribute
	Members              []directory.Member
	MemberCount          int64
	Looked               *Moment
	History              []historyLine
}

// simEffect finds what became of the object in the directory, whichever instance put it there.
func (s *server) simEffect(r *request, kind plan.ObjectType, source string) (effect, error) {
	e := effect{Status: pill("idle", r.say("sim.absent"))}
	instances, err := s.Engine.Store.ListInstances(r.ctx(), r.org)
	if err != nil {
		return e, err
	}
	var object ident.ID
	for _, instance := range instances {
		e.Looked = r.moment(instance.Health.LastRunAt)
		links, err := s.simLinks(r, instance, kind, []string{source})
		if err != nil {
			return e, err
		}
		if object = links[source]; !object.IsZero() {
			break
		}
	}
	if !object.IsZero() {
		if err := s.simObject(r, kind, object, &e); err != nil && !fault.Is(err, fault.NotFound) {
			return e, err
		}
	}
	e.History, err = s.history(r, kind, object, source, simHistory)
	return e, err
}

// simLinks are the objects of the directory by the ids of the tenant's objects.
func (s *server) simLinks(r *request, instance engine.Instance, kind plan.ObjectType, sources []string) (map[string]ident.ID, error) {
	links := map[string]ident.ID{}
	if kind == plan.Group {
		groups, err := s.Engine.Store.GroupObjectsOf(r.ctx(), instance, sources)
		for _, group := range groups {
			links[group.SourceID] = group.Link.ObjectID
		}
		return links, err
	}
	users, err := s.Engine.Store.ObjectsOf(r.ctx(), instance, sources)
	for _, user := range users {
		links[user.SourceID] = user.Link.ObjectID
	}
	return links, err
}

func (s *server) simObject(r *request, kind plan.ObjectType, id ident.ID, e *effect) error {
	if kind == plan.Group {
		group, err := s.Directory.Group(r.ctx(), r.org, id)
		if err != nil {
			return err
		}
		e.Name, e.Instance, e.Status, e.Facts, e.MemberCount = group.Name(), group.OwnerName, r.groupPill(group), r.groupAttributes(group.Attributes), group.Members
		e.Href = r.pageOf(kind, id)
		e.Members, err = s.Directory.Members(r.ctx(), r.org, id, directory.MemberQuery{Limit: simMembersShown})
		return err
	}
	user, err := s.Directory.User(r.ctx(), r.org, id)
	if err != nil {
		return err
	}
	e.Name, e.Instance, e.Status, e.Facts, e.Href = nameOf(user), user.OwnerName, r.userStatus(user), r.userAttributes(user.Attributes), r.pageOf(kind, id)
	return nil
}

func (r *request) groupPill(group directory.Group) Pill {
	if group.ToBeSynced {
		return pill("info", r.say("count.toBeSynced"))
	}
	return pill("ok", r.say("sim.present"))
}

// simStatuses are what the directory shows of a page of the tenant's objects, by their ids.
func (s *server) simStatuses(r *request, kind plan.ObjectType, objects []tenantObject) (map[string]Pill, error) {
	sources := make([]string, len(objects))
	for i, object := range objects {
		sources[i] = object.text("id")
	}
	instances, err := s.Engine.Store.ListInstances(r.ctx(), r.org)
	if err != nil {
		return nil, err
	}
	statuses := map[string]Pill{}
	for _, instance := range instances {
		links, err := s.simLinks(r, instance, kind, sources)
		if err != nil {
			return nil, err
		}
		shown, err := s.simPills(r, kind, links)
		if err != nil {
			return nil, err
		}
		for source, object := range links {
			if p, known := shown[object]; known {
				statuses[source] = p
			}
		}
	}
	for _, source := range sources {
		if _, known := statuses[source]; !known {
			statuses[source] = pill("idle", r.say("sim.absent"))
		}
	}
	return statuses, nil
}

func (s *server) simPills(r *request, kind plan.ObjectType, links map[string]ident.ID) (map[ident.ID]Pill, error) {
	var ids []ident.ID
	for _, id := range links {
		if !id.IsZero() {
			ids = append(ids, id)
		}
	}
	pills := map[ident.ID]Pill{}
	if kind == plan.Group {
		groups, err := s.Directory.GroupsByID(r.ctx(), r.org, ids)
		for _, group := range groups {
			pills[group.ID] = r.groupPill(group)
		}
		return pills, err
	}
	users, err := s.Directory.UsersByID(r.ctx(), r.org, ids)
	for _, user := range users {
		pills[user.ID] = r.userStatus(user)
	}
	return pills, err
}

// simStatus is how an object stands in the tenant.
func (r *request) simStatus(object tenantObject) Pill {
	enabled, isUser := object["accountEnabled"].(bool)
	switch {
	case object == nil:
		return pill("bad", r.say("sim.state.purged"))
	case object.deleted():
		return pill("warn", r.say("sim.state.deleted"))
	case isUser && !enabled:
		return pill("idle", r.say("sim.state.blocked"))
	case strings.EqualFold(object.text("userType"), "Guest"):
		return pill("info", r.say("sim.state.guest"))
	}
	return pill("ok", r.say("sim.state.live"))
}

// simName is the name of an attribute of the directory; used where the object is gone.
func simName(object tenantObject, e effect, source string) string {
	if object != nil {
		return object.label()
	}
	for _, line := range e.History {
		for _, l := range line.Lines {
			if l.Path == attr.DisplayName && l.Before+l.After != "" {
				return cmp.Or(l.After, l.Before)
			}
		}
	}
	return source
}
