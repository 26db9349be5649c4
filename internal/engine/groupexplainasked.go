package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// askedMember is somebody whose membership of a group was asked about.
type askedMember struct {
	who string
	// id is the object id in the tenant, in lower case; "" if nobody is known by the name.
	id string
	// group: it is a group of the mirror.
	group bool
}

type askedMembers []askedMember

// ids returns the object ids of the people among those who were asked about, each once.
func (a askedMembers) ids() []string {
	var ids []string
	for _, member := range a {
		if member.id != "" && !member.group && !slices.Contains(ids, member.id) {
			ids = append(ids, member.id)
		}
	}
	return ids
}

// askedMembers finds those who are named. That the tenant does not answer is told by the step connect.
func (e *Engine) askedMembers(ctx context.Context, w *work, named []string, live bool) (askedMembers, error) {
	var tenant mirror.Tenant
	if live && len(named) > 0 {
		tenant, _ = e.Tenant(w.connection) // asked again for the group, which tells
	}
	asked := make(askedMembers, len(named))
	for i, who := range named {
		asked[i].who = who
		person, err := e.identify(ctx, w.instance, tenant, who)
		if err != nil && fault.KindOf(err) == fault.Internal {
			return nil, err
		}
		asked[i].id = person.id
		if _, isID := ident.Parse(asked[i].id); isID != nil {
			asked[i].id = "" // no tenant has such a member
			continue
		}
		groups, err := e.Store.LoadGroups(ctx, w.connection.ID, []string{asked[i].id})
		if err != nil {
			return nil, err
		}
		_, asked[i].group = groups[asked[i].id]
	}
	return asked, ctx.Err()
}

// explainAsked says what is made of the memberships that were asked about, each at its place.
func (e *Engine) explainAsked(ctx context.Context, f foreseenGroup, asked askedMembers, now time.Time) ([]ExplainedMembership, error) {
	var told []ExplainedMembership
	group := f.group
	if f.does && f.change.Link {
		group.Link.ObjectID = f.change.ObjectID
	}
	cannot := f.does && f.change.Action == plan.Fail && group.Link.ObjectID.IsZero()
	kept := f.group.source(f.rules).Kept && !cannot
	for _, member := range asked {
		x := ExplainedMembership{
			Who: member.who, GroupID: group.SourceID, GroupName: group.Label(), GroupObjectID: group.Link.ObjectID, State: StepFailed, Code: unknownCode,
			Text: "Nobody is known by this name.",
		}
		if id, err := ident.Parse(member.id); err == nil {
			object, name, scope, err := e.askedMember(ctx, f, member, id, now)
			if err != nil {
				return nil, err
			}
			_, isTold := f.told[member.id]
			one, err := e.explainMemberships(ctx, f.work, group, kept, []MemberObject{object}, func(ident.ID) bool { return isTold }, false)
			if err != nil {
				return nil, err
			}
			x = one[0]
			x.Who, x.Name, x.Scope = member.who, name, scope
		}
		told = append(told, x)
	}
	return told, nil
}

// askedMember returns what planning needs to know of a membership, with the tie that a run would leave; the name of the member, and what is said of
// the scope.
func (e *Engine) askedMember(ctx context.Context, f foreseenGroup, asked askedMember, id ident.ID, now time.Time) (m MemberObject, name, scope string, err error) {
	members, err := e.Store.MembersByID(ctx, f.instance, f.group.Seq, []ident.ID{id})
	if err != nil {
		return m, "", "", err
	}
	m = members[0]
	if in, isTold := f.told[asked.id]; isTold {
		m.In = in
	}
	if asked.group {
		group, _ := f.nesting.Group(asked.id)
		scope = "It is a group, and a member here where it has an object."
		return m, group.Label(), scope, nil
	}
	objects, err := e.Store.ObjectsOf(ctx, f.instance, []string{asked.id})
	if err != nil || len(objects) == 0 {
		return m, "", "The mirror of the tenant does not hold this person yet.", err
	}
	name = plan.SourceName(objects[0].Source())
	if unread, err := e.unreadFor(ctx, f.work, f.rules, objects[0].User); err != nil || unread > 0 {
		return m, name, fmt.Sprintf("Whether the person is in scope is not known before a run has read the members of %d groups of the scope.", unread), err
	}
	judged, err := e.judge(ctx, f.work, f.rules, now, objects)
	if err != nil {
		return m, "", "", err
	}
	trace := judged.rules.Trace(judged.drafts[0], judged.found)
	person := foreseen{work: f.work, rules: f.rules, judged: judged, object: objects[0]}
	step := person.scopeStep(trace)
	change, does := foreseeName(judged.changes[0]), judged.does[0]
	if does && (change.Action == plan.Fail || change.Action == plan.Skip) {
		step.Text += " " + sentence("Nothing is written of the person:", change.Reason.Text)
	}
	return m.foreseenAs(change, does), name, step.Text, nil
}

// trimmed returns the texts without blanks around them, each once, without those that are empty.
func trimmed(texts []string) []string {
	var all []string
	for _, text := range texts {
		if text = strings.TrimSpace(text); text != "" && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// sortGroups orders groups as the mirror got them.
func sortGroups(groups []GroupObject) {
	slices.SortFunc(groups, func(a, b GroupObject) int { return cmp.Compare(a.Seq, b.Seq) })
}
