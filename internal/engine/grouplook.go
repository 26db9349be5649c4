package engine

import (
	"context"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// GroupLooking is the store as it is asked about single groups. Methods join the transaction of the context.
type GroupLooking interface {
	// GroupObjectsOf returns the groups with these source ids that the mirror holds, in no order.
	GroupObjectsOf(ctx context.Context, instance Instance, sourceIDs []string) ([]GroupObject, error)
	// CountMirrorMembers counts the direct members of a group of the mirror, by its Seq, by what they are.
	CountMirrorMembers(ctx context.Context, connection ident.ID, group int64) (map[mirror.MemberKind]int, error)
}

// groupSubject is the group that is explained or provisioned, as it was found.
type groupSubject struct {
	// id is the object id in the tenant, in lower case; "" if no group is known by the name.
	id string
	// synced is the directory group that carries the name or id, nil if there is none.
	synced *directory.Group
	cursor mirror.Cursor
	// asked: the tenant was asked, and refused says why it did not answer.
	asked   bool
	refused error
	// presence is what the tenant said; group is what the mirror holds, or would hold after a look.
	presence graph.Presence
	group    mirror.Group
	// told says, by object id, of whom the tenant said whether he is a direct member.
	told map[string]bool
}

// known reports whether there is a group to plan with. An id that was looked for in vain has a row in the mirror, too.
func (s groupSubject) known() bool {
	return s.refused == nil && s.group.SourceID != "" && (s.group.State != plan.Gone || len(s.group.Record) > 0)
}

// identifyGroup finds the group that somebody names: by object id, by the name of one group of the mirror or else of the directory, or by the id of
// one of the directory. A name that several have fails as fault.Invalid. The tenant is not asked: it knows groups by their ids only.
func (e *Engine) identifyGroup(ctx context.Context, instance Instance, which string) (groupSubject, error) {
	which = strings.TrimSpace(which)
	if id, err := ident.Parse(which); err == nil {
		return e.identifyGroupByID(ctx, instance, id, strings.ToLower(which))
	}
	var s groupSubject
	groups, err := e.Store.AllGroups(ctx, instance.ConnectionID)
	if err != nil {
		return s, err
	}
	var live, deleted []string
	for _, group := range groups {
		switch {
		case attr.NameKey(strings.TrimSpace(group.Record.Text("displayName"))) != attr.NameKey(which):
		case group.State == plan.Live:
			live = append(live, group.SourceID)
		default:
			deleted = append(deleted, group.SourceID)
		}
	}
	if len(live) == 0 {
		live = deleted
	}
	switch len(live) {
	case 0:
		return e.identifySynced(ctx, instance, which)
	case 1:
		s.id = live[0]
		return s, nil
	}
	return s, severalGroups(which, live)
}

// identifySynced finds a group by its name in the directory.
func (e *Engine) identifySynced(ctx context.Context, instance Instance, name string) (groupSubject, error) {
	var s groupSubject
	synced, err := e.Directory.FindGroups(ctx, instance.OrgID, attr.DisplayName, []string{attr.NameKey(name)})
	if err != nil || len(synced) == 0 {
		return s, err
	}
	if len(synced) == 1 {
		s.synced, s.id = &synced[0], sourceOfGroup(synced[0], instance)
		return s, nil
	}
	ids := make([]string, len(synced))
	for i, group := range synced {
		ids[i] = group.ID.String()
	}
	return s, severalGroups(name, ids)
}

// severalGroupsNamed is how many ids a fault names at most.
const severalGroupsNamed = 5

func severalGroups(name string, ids []string) error {
	named := ids[:min(len(ids), severalGroupsNamed)]
	more := ""
	if len(named) < len(ids) {
		more = ", …"
	}
	return fault.New(fault.Invalid, "SeveralGroups", "%d groups are called %s", len(ids), name).
		WithRemedy("Give the id of one: %s%s.", strings.Join(named, ", "), more)
}

// identifyGroupByID takes the id for one of the tenant unless the mirror does not know it and the directory does.
func (e *Engine) identifyGroupByID(ctx context.Context, instance Instance, id ident.ID, sourceID string) (groupSubject, error) {
	known, err := e.Store.LoadGroups(ctx, instance.ConnectionID, []string{sourceID})
	if err != nil {
		return groupSubject{}, err
	}
	if _, isKnown := known[sourceID]; isKnown {
		return groupSubject{id: sourceID}, nil
	}
	groups, err := e.Directory.GroupsByID(ctx, instance.OrgID, []ident.ID{id})
	if err != nil || len(groups) == 0 {
		return groupSubject{id: sourceID}, err
	}
	return groupSubject{id: sourceOfGroup(groups[0], instance), synced: &groups[0]}, nil
}

// sourceOfGroup is the group of the tenant that a directory group belongs to; "" if that cannot be said.
func sourceOfGroup(group directory.Group, instance Instance) string {
	if group.Owner == instance.ID {
		return group.SourceID
	}
	external := group.Attributes.Text(attr.ExternalID)
	if _, err := ident.Parse(external); err != nil {
		return ""
	}
	return strings.ToLower(external)
}

// lookGroup fills in what the tenant says of the group and of the people, as look answers.
func (s *groupSubject) lookGroup(ctx context.Context, people []string, want mirror.Want, look lookingForGroup) error {
	s.asked = true
	sighting, err := look(ctx, s.id, people, want)
	s.presence, s.group, s.told = sighting.Presence, sighting.Group, sighting.Members
	return err
}

// lookingForGroup is mirror.Pull.LookGroup or RefreshGroup.
type lookingForGroup = func(ctx context.Context, id string, people []string, want mirror.Want) (mirror.GroupSighting, error)

// groupSubjectOf finds the group, and reads it and the memberships of people from the tenant if live, or else from the mirror.
func (e *Engine) groupSubjectOf(ctx context.Context, w *work, which string, people []string, live bool) (groupSubject, error) {
	s, err := e.identifyGroup(ctx, w.instance, which)
	if err != nil {
		return s, err
	}
	if s.cursor, err = e.Store.Cursor(ctx, w.connection.ID); err != nil || s.id == "" {
		s.asked = live
		return s, err
	}
	if !live {
		groups, err := e.Store.LoadGroups(ctx, w.connection.ID, []string{s.id})
		s.group = groups[s.id]
		return s, err
	}
	want, err := e.wanted(ctx, w, mirror.Want{})
	if err != nil {
		return s, err
	}
	tenant, err := e.Tenant(w.connection)
	if err == nil {
		puller := &mirror.Pull{Connection: w.connection.ID, Tenant: tenant, Store: e.Store, Now: e.Now}
		err = s.lookGroup(ctx, people, want, puller.LookGroup)
	}
	if fault.KindOf(err) == fault.Internal && err != nil {
		return s, err
	}
	s.asked, s.refused = true, err
	return s, ctx.Err()
}
