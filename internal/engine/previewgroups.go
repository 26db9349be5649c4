package engine

import (
	"context"
	"slices"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// GroupPreview is what settings would do about groups.
type GroupPreview struct {
	// Unread: the settings keep all groups of the tenant, and not all are known yet; there are no counts before they are read.
	Unread bool
	// Kept counts the groups that would be kept.
	Kept int
	// Changes counts what the next run would do about groups, by action; who joins and leaves them is not counted.
	Changes map[plan.Action]int
	// Held counts the deletions among them that the guard would hold for approval.
	Held int
}

// foretellGroups plans the groups that the settings reach, and those that have an object, and counts.
func (e *Engine) foretellGroups(ctx context.Context, w work, preview *Preview, rules *plan.Rules, known mirror.GroupCursor) error {
	_, all := rules.Scope.Objects()
	links, err := e.Store.CountGroupLinks(ctx, w.instance.ID)
	if _, able := w.target.(destination.Groups); err != nil || !able || !keepsObjects(rules) && links == 0 {
		return err
	}
	if all && (!known.All || known.List || known.Delta == "") {
		preview.Groups.Unread = true
		return nil
	}
	nesting, err := mirror.LoadNesting(ctx, e.Store, w.connection.ID)
	if err != nil {
		return err
	}
	reached := reachedBy(rules, nesting)
	ids := make([]string, 0, len(reached))
	for id := range reached {
		ids = append(ids, id)
	}
	tied, err := e.tiedGroups(ctx, w.instance)
	if err != nil {
		return err
	}
	ids = append(ids, tied...)
	slices.Sort(ids)
	names := namesakes(nesting, reached)
	for batch := range slices.Chunk(slices.Compact(ids), planBatch) {
		groups, err := e.Store.GroupObjectsOf(ctx, w.instance, batch)
		if err != nil {
			return err
		}
		for i := range groups {
			groups[i].Reached = reached[groups[i].SourceID]
		}
		judged, err := e.judgeGroupsAmong(ctx, &w, rules, names, groups)
		if err != nil {
			return err
		}
		preview.addGroups(judged)
	}
	return nil
}

// reachedBy returns the ids of the groups that rules keep as objects.
func reachedBy(rules *plan.Rules, nesting *mirror.Nesting) map[string]bool {
	reached := map[string]bool{}
	if !keepsObjects(rules) {
		return reached
	}
	places := map[int64]bool{}
	for _, place := range keptGroups(rules, nesting) {
		places[place] = true
	}
	for _, group := range nesting.Groups {
		if places[group.Seq] {
			reached[group.SourceID] = true
		}
	}
	return reached
}

// tiedGroups returns the ids in the tenant of the groups that have an object, and of those that the settings in force reach.
func (e *Engine) tiedGroups(ctx context.Context, instance Instance) ([]string, error) {
	var ids []string
	for after := int64(0); ; {
		groups, err := e.Store.AllGroupObjects(ctx, instance, after, planBatch)
		if err != nil || len(groups) == 0 {
			return ids, err
		}
		for _, group := range groups {
			ids = append(ids, group.SourceID)
		}
		after = groups[len(groups)-1].Seq
	}
}

// namesakes counts reached groups by name key, as GroupNames does for those that are reached already.
func namesakes(nesting *mirror.Nesting, reached map[string]bool) map[string]int {
	names := make(map[string]int, len(reached))
	for _, group := range nesting.Groups {
		if reached[group.SourceID] {
			names[attr.NameKey(strings.TrimSpace(group.Record.Text("displayName")))]++
		}
	}
	return names
}

// addGroups counts what would become of some groups.
func (p *Preview) addGroups(is judged) {
	for i, change := range is.changes {
		if is.drafts[i].InScope() {
			p.Groups.Kept++
		}
		if !is.does[i] {
			continue
		}
		p.Groups.Changes[change.Action]++
		p.weighs(plan.Group, change)
		if change.Action == plan.Fail {
			p.fails(change.Reason)
		}
	}
}
