package engine

import (
	"context"
	"fmt"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// Reach says from what the groups were computed whose members an instance's selection brings.
type Reach struct {
	ConfigVersion int64
	// Graph is the version of the group graph: mirror.GroupCursor.Graph.
	Graph int64
}

// Reaching keeps which groups instances reach. Methods join the transaction of the context.
type Reaching interface {
	// Reach returns what the instance's groups were computed from last, zeros before the first time.
	Reach(ctx context.Context, instance ident.ID) (Reach, error)
	// SaveReach replaces the groups, by Seq, that the instance reaches. Those that are new or left out become dirty, and so, if they come into
	// scope by their groups, do their members (rule 13): byMembership.
	SaveReach(ctx context.Context, instance Instance, reach Reach, groups []int64, byMembership bool) error
	// GroupsOf returns the groups, by Seq in ascending order, that each of the users is a direct member of, by the users' source ids. Only
	// wanted groups are known.
	GroupsOf(ctx context.Context, connection ident.ID, sourceIDs []string) (map[string][]int64, error)
	// DropDirtyGroups removes all dirty rows of groups, of an instance that neither keeps groups nor has kept some.
	DropDirtyGroups(ctx context.Context, instance ident.ID) error
}

// wanted adds to what a pull must achieve the groups that the instances of the connection select. Those that others select are kept up to date
// as well, but only by runs of instances that have some: the others have no need of the right to read groups.
func (e *Engine) wanted(ctx context.Context, w *work, want mirror.Want) (mirror.Want, error) {
	instances, err := e.Store.ListInstances(ctx, w.instance.OrgID)
	if err != nil {
		return want, err
	}
	places := map[string]int{}
	add := func(instance Instance, version int64) error {
		rules, err := e.compiled(ctx, &work{instance: instance, run: Run{ConfigVersion: version}})
		if err != nil {
			return err
		}
		if _, all := rules.Scope.Objects(); all {
			want.AllGroups = true
		}
		for _, group := range rules.Scope.Groups() {
			place, known := places[group.ID]
			if !known {
				places[group.ID] = len(want.Groups)
				want.Groups = append(want.Groups, group)
				continue
			}
			want.Groups[place].Nested = want.Groups[place].Nested || group.Nested
		}
		return nil
	}
	if err := add(w.instance, w.run.ConfigVersion); err != nil {
		return want, err
	}
	want.WithGroups = len(want.Groups) > 0 || want.AllGroups
	for _, instance := range instances {
		if instance.ConnectionID != w.connection.ID {
			continue
		}
		err := add(instance, instance.ConfigVersion)
		if err != nil && !fault.Is(err, fault.Invalid) { // settings that this program does not understand select nothing
			return want, err
		}
	}
	return want, nil
}

// reach finds out which groups the instance reaches when the settings or the group graph changed, and marks whom that concerns.
func (e *Engine) reach(ctx context.Context, w *work) error {
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return err
	}
	before, err := e.Store.Reach(ctx, w.instance.ID)
	if err != nil || !withGroups(rules) && before == (Reach{}) {
		return err
	}
	if err := e.renewReach(ctx, w, rules, before); err != nil {
		return err
	}
	return e.clearGroups(ctx, w, rules)
}

// clearGroups forgets which groups are to be planned if none will be: as long as a group is to be planned, the mirror does not let go of it.
func (e *Engine) clearGroups(ctx context.Context, w *work, rules *plan.Rules) error {
	if keepsObjects(rules) {
		return nil
	}
	links, err := e.Store.CountGroupLinks(ctx, w.instance.ID)
	if err != nil || links > 0 {
		return err
	}
	return e.Store.DropDirtyGroups(ctx, w.instance.ID)
}

// renewReach computes which groups the instance reaches if that was done from something else before.
func (e *Engine) renewReach(ctx context.Context, w *work, rules *plan.Rules, before Reach) error {
	selection := rules.Scope.Groups()
	cursor, err := e.Store.Cursor(ctx, w.connection.ID)
	if err != nil {
		return err
	}
	now := Reach{ConfigVersion: w.run.ConfigVersion, Graph: cursor.Groups.Graph}
	if now == before {
		return nil
	}
	nesting, err := mirror.LoadNesting(ctx, e.Store, w.connection.ID)
	if err != nil {
		return err
	}
	groups := keptGroups(rules, nesting)
	for _, selected := range selection {
		if group, known := nesting.Group(selected.ID); !known || group.State != plan.Live {
			e.Logger.WarnContext(ctx, "a selected group brings nobody, because the tenant does not know it or it is in the recycle bin",
				"instance", w.instance.Name, "group", selected.ID)
		}
	}
	w.reached = nil
	if err := e.Store.SaveReach(ctx, w.instance, now, groups, rules.Scope.ByMembership()); err != nil || now.ConfigVersion == before.ConfigVersion {
		return err
	}
	return e.Store.MarkGroupsDirty(ctx, w.instance, nil, false) // groups may be kept from now on, or not any more
}

// keptGroups returns the places of the groups that a selection reaches; of all that live, if all are kept.
func keptGroups(rules *plan.Rules, nesting *mirror.Nesting) []int64 {
	if _, all := rules.Scope.Objects(); all {
		return nesting.Live()
	}
	var groups []int64
	for id := range nesting.Reach(rules.Scope.Groups()) {
		group, _ := nesting.Group(id)
		groups = append(groups, group.Seq)
	}
	return groups
}

// withGroups reports whether rules look at groups of the tenant.
func withGroups(rules *plan.Rules) bool {
	_, all := rules.Scope.Objects()
	return all || len(rules.Scope.Groups()) > 0
}

// keepsObjects reports whether rules keep any group as an object.
func keepsObjects(rules *plan.Rules) bool {
	kept, _ := rules.Scope.Objects()
	return kept && withGroups(rules)
}

// reached is what selections bring, as the mirror knows it: by selection, for each group by its Seq how a member is reached.
type reached map[*scope.Scope]map[int64]scope.Membership

// memberships returns, for objects in their order, how each is reached as a member of a group; nil if no groups are selected.
func (e *Engine) memberships(ctx context.Context, w *work, rules *plan.Rules, objects []Object) ([]scope.Membership, error) {
	if !rules.Scope.ByMembership() {
		return nil, nil
	}
	through, err := e.through(ctx, w, rules)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(objects))
	for i, object := range objects {
		ids[i] = object.SourceID
	}
	groups, err := e.Store.GroupsOf(ctx, w.connection.ID, ids)
	if err != nil {
		return nil, err
	}
	out := make([]scope.Membership, len(objects))
	for i, id := range ids {
		for _, seq := range groups[id] {
			membership, reaches := through[seq]
			if !reaches || out[i] != (scope.Membership{}) && membership.Selected != "" {
				continue
			}
			if out[i] = membership; membership.Selected == "" {
				break // the simplest reason
			}
		}
	}
	return out, nil
}

// through returns what the rules' selection reaches. It is read once for each turn of a run; what changes meanwhile marks whom it concerns.
func (e *Engine) through(ctx context.Context, w *work, rules *plan.Rules) (map[int64]scope.Membership, error) {
	if through, known := w.reached[rules.Scope]; known {
		return through, nil
	}
	nesting, err := mirror.LoadNesting(ctx, e.Store, w.connection.ID)
	if err != nil {
		return nil, err
	}
	through := map[int64]scope.Membership{}
	for id, root := range nesting.Reach(rules.Scope.Groups()) {
		group, _ := nesting.Group(id)
		membership := scope.Membership{Group: group.Label()}
		if root != id {
			selected, _ := nesting.Group(root)
			membership.Selected = selected.Label()
		}
		through[group.Seq] = membership
	}
	if w.reached == nil {
		w.reached = reached{}
	}
	w.reached[rules.Scope] = through
	return through, nil
}

// unreadGroups counts the groups that rules need and whose members the mirror lacks.
func (e *Engine) unreadGroups(ctx context.Context, connection ident.ID, rules *plan.Rules) (int, error) {
	if len(rules.Scope.Groups()) == 0 {
		return 0, nil
	}
	nesting, err := mirror.LoadNesting(ctx, e.Store, connection)
	if err != nil {
		return 0, err
	}
	return nesting.Unread(rules.Scope.Groups()), nil
}

// selection returns the ids of selected groups that were looked for in the tenant and bring nobody, and what is odd about the others.
func (e *Engine) selection(ctx context.Context, instance Instance) (lost []string, odd []OddGroup, err error) {
	rules, err := e.compiled(ctx, &work{instance: instance, run: Run{ConfigVersion: instance.ConfigVersion}})
	if fault.Is(err, fault.Invalid) {
		return nil, nil, nil // the next run says what is wrong
	}
	if err != nil {
		return nil, nil, err
	}
	if lost, err = e.lost(ctx, instance.ConnectionID, rules); err != nil {
		return nil, nil, err
	}
	odd, err = e.oddGroups(ctx, instance, rules)
	return lost, odd, err
}

// lost returns the ids of the groups of rules that were looked for in the tenant and bring nobody.
func (e *Engine) lost(ctx context.Context, connection ident.ID, rules *plan.Rules) ([]string, error) {
	if len(rules.Scope.Groups()) == 0 {
		return nil, nil
	}
	var ids, lost []string
	for _, group := range rules.Scope.Groups() {
		ids = append(ids, group.ID)
	}
	groups, err := e.Store.LoadGroups(ctx, connection, ids)
	for _, id := range ids {
		if group, known := groups[id]; known && !group.Due && group.State != plan.Live {
			lost = append(lost, id)
		}
	}
	return lost, err
}

func lostSentence(ids []string) string {
	switch len(ids) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("The selected group %s brings nobody: the tenant does not know it, or it is in the recycle bin there.", ids[0])
	}
	return fmt.Sprintf("The selected group %s and %d more bring nobody: the tenant does not know them, or they are in the recycle bin there.", ids[0], len(ids)-1)
}
