package engine

import (
	"context"
	"slices"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// NamedMember is somebody who joins or leaves a group by a change.
type NamedMember struct {
	plan.Member
	// Name is what people call him in the directory now, or called him last; "" if nobody knows any more.
	Name string
}

// Change returns a change of the organization.
func (e *Engine) Change(ctx context.Context, org, id ident.ID) (Entry, error) {
	entries, err := e.Store.ListEntries(ctx, EntryQuery{Org: org, IDs: []ident.ID{id}, Limit: 1})
	if err != nil {
		return Entry{}, err
	}
	if len(entries) == 0 {
		return Entry{}, notFound("change", id)
	}
	return entries[0], nil
}

// ChangeMembers returns up to limit of those who join or leave by a change, in the order of their ids in the directory, after one; nobody for other
// changes, and for one whose retention is over.
func (e *Engine) ChangeMembers(ctx context.Context, org, id, after ident.ID, limit int) ([]NamedMember, error) {
	entry, err := e.Change(ctx, org, id)
	if err != nil {
		return nil, err
	}
	members := slices.DeleteFunc(entry.Members, func(m plan.Member) bool {
		return !after.IsZero() && slices.Compare(m.Object[:], after[:]) <= 0
	})
	slices.SortFunc(members, func(a, b plan.Member) int { return slices.Compare(a.Object[:], b.Object[:]) })
	members = members[:min(limit, len(members))]
	names, err := e.memberNames(ctx, org, members)
	named := make([]NamedMember, len(members))
	for i, member := range members {
		named[i] = NamedMember{Member: member, Name: names[member.Object]}
	}
	return named, err
}

// memberNames says what people call members, by their ids in the directory; of those who were removed, what they were called last.
func (e *Engine) memberNames(ctx context.Context, org ident.ID, members []plan.Member) (map[ident.ID]string, error) {
	names := make(map[ident.ID]string, len(members))
	ids := make([]ident.ID, len(members))
	for i, member := range members {
		ids[i] = member.Object
	}
	users, err := e.Directory.UsersByID(ctx, org, ids)
	if err != nil {
		return nil, err
	}
	for _, user := range users {
		names[user.ID] = user.Label()
	}
	groups, err := e.Directory.GroupsByID(ctx, org, ids)
	if err != nil {
		return nil, err
	}
	for _, group := range groups {
		names[group.ID] = group.Name()
	}
	ids = slices.DeleteFunc(ids, func(id ident.ID) bool { return names[id] != "" })
	if len(ids) == 0 {
		return names, nil
	}
	removed, err := e.Directory.Archived(ctx, org, ids)
	if err != nil {
		return nil, err
	}
	for _, user := range removed {
		names[user.ID] = user.User.Label()
	}
	removedGroups, err := e.Directory.ArchivedGroups(ctx, org, ids)
	for _, group := range removedGroups {
		names[group.ID] = group.Group.Name()
	}
	return names, err
}

// DecideMembers approves or rejects that some of those who are held to leave a group do so: members of one held change, by their ids in the tenant
// or in the directory. The others stay as they are. Of a rejected change some can be approved. It returns how many changes were decided, and fails as
// fault.NotFound if one of the members is not in the change, or the change is not held.
func (e *Engine) DecideMembers(ctx context.Context, id, change ident.ID, members []ident.ID, approve bool) (int, error) {
	var count int
	err := e.Store.InTx(ctx, func(ctx context.Context) error {
		instance, err := e.Store.Instance(ctx, id)
		if err != nil {
			return err
		}
		of, states := plan.Members, []EntryState{Held}
		if approve {
			states = append(states, Rejected)
		}
		held, err := e.Store.ListEntries(ctx, EntryQuery{
			Org: instance.OrgID, Instance: id, IDs: []ident.ID{change}, States: states, Open: true, Object: &of, Limit: 1,
		})
		if err != nil {
			return err
		}
		if len(held) == 0 {
			return fault.New(fault.NotFound, "NothingHeld", "the change %s is not one of members who are held", change).
				WithRemedy("List them with `rollcall held list --type members`.")
		}
		part, err := e.split(ctx, instance, held[0], members)
		if err != nil {
			return err
		}
		count, err = e.Decide(ctx, id, []ident.ID{part}, approve)
		return err
	})
	return count, err
}

// split makes a held change of some of its members, beside the one of the others, and returns its id: that of the whole if it is all of them.
func (e *Engine) split(ctx context.Context, instance Instance, held Entry, members []ident.ID) (ident.ID, error) {
	var chosen, rest []plan.Member
	missing := slices.Clone(members)
	for _, member := range held.Members {
		if !slices.Contains(members, member.Source) && !slices.Contains(members, member.Object) {
			rest = append(rest, member)
			continue
		}
		chosen = append(chosen, member)
		missing = slices.DeleteFunc(missing, func(id ident.ID) bool { return id == member.Source || id == member.Object })
	}
	switch {
	case len(missing) > 0:
		return ident.ID{}, e.notIn(ctx, held, missing[0])
	case len(rest) == 0:
		return held.ID, nil
	}
	version := instance.ConfigVersion
	part := held
	part.ID = ident.New(e.Now())
	part.ofMembers(chosen, version)
	held.ofMembers(rest, version)
	if err := e.Store.ReplaceEntries(ctx, []Entry{held}); err != nil {
		return part.ID, err
	}
	return part.ID, e.Store.InsertEntries(ctx, []Entry{part})
}

// notIn says that a change is not about a member, and what was decided about him, if that is why.
func (e *Engine) notIn(ctx context.Context, held Entry, member ident.ID) error {
	open, err := e.Store.OpenAbout(ctx, held.InstanceID, held.SourceSeq, []ident.ID{member})
	if err != nil {
		return err
	}
	called := member.String()
	for _, entry := range open {
		if entry.DecidedBy == "" {
			continue
		}
		about := slices.IndexFunc(entry.Members, func(m plan.Member) bool { return m.Source == member || m.Object == member })
		names, err := e.memberNames(ctx, held.OrgID, entry.Members[about:about+1])
		if err != nil {
			return err
		}
		if name := names[entry.Members[about].Object]; name != "" {
			called = name
		}
		return fault.New(fault.NotFound, "DecidedAlready", "that %s leaves was %s already, by %s on %s",
			called, entry.State, entry.DecidedBy, entry.SettledAt.UTC().Format(minutes)).
			WithRemedy("It is the change %s now; approved by its id, it is done.", entry.ID)
	}
	return fault.New(fault.NotFound, "UnknownMember", "the change %s is not about %s", held.ID, called).
		WithRemedy("Look with `rollcall change show %s`.", held.ID)
}

// minutes is how times are told in sentences.
const minutes = "2006-01-02 15:04 MST"

// ofMembers makes the entry about other members, who left their group.
func (entry *Entry) ofMembers(members []plan.Member, configVersion int64) {
	entry.Members = members
	entry.Fingerprint = entry.Change.Fingerprint(configVersion)
	entry.Reason.Text = membersSentence(len(members), "left the group in Entra")
}
