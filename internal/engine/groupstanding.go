package engine

import (
	"context"
	"fmt"
	"strings"

	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// GroupCounts say how an instance's groups stand (D12).
type GroupCounts struct {
	// Synced groups have all their members in scope; ToBeSynced ones wait for some, Awaited together as far as that is known. Both have an object, and
	// no open entry that says why nothing can be done.
	Synced, ToBeSynced int
	Awaited            int64
	// Failed and Skipped groups have an open entry that says why. Held ones wait for a decision whether they are deleted, and Leaving members for one
	// whether they leave; until then they are counted as they stand.
	Failed, Skipped, Held, Leaving int
	// Rejected groups, and Staying members, are those whose removal a person rejected; counted as they stand, too.
	Rejected, Staying int
}

// BucketToBeSynced are groups that have not all their members in scope. Groups are Synced, Failed, Skipped and Held like people, too.
const BucketToBeSynced Bucket = "to-be-synced"

// GroupStanding is the store as summaries count and list groups. Methods join the transaction of the context.
type GroupStanding interface {
	// CountStanding counts Synced, ToBeSynced and Awaited.
	CountStanding(ctx context.Context, instance Instance) (GroupCounts, error)
	// ListStanding returns up to limit groups of BucketSynced or BucketToBeSynced, behind a place of the mirror, with their ties and without Open.
	ListStanding(ctx context.Context, instance Instance, bucket Bucket, after int64, limit int) ([]GroupObject, error)
}

// countGroups counts an instance's groups.
func (e *Engine) countGroups(ctx context.Context, instance Instance) (GroupCounts, error) {
	counts, err := e.Store.CountStanding(ctx, instance)
	if err != nil {
		return counts, err
	}
	groups, err := e.Store.CountOpen(ctx, instance.ID, plan.Group)
	if err != nil {
		return counts, err
	}
	members, err := e.Store.CountOpen(ctx, instance.ID, plan.Members)
	counts.Failed, counts.Skipped, counts.Held, counts.Leaving = groups[EntryFailed], groups[EntrySkipped], groups[Held], members[Held]
	counts.Rejected, counts.Staying = groups[Rejected], members[Rejected]
	return counts, err
}

// CountHeld counts the removals of an instance that wait for a decision: users, groups, and members who are to leave a group.
func (e *Engine) CountHeld(ctx context.Context, instance ident.ID) (int, error) {
	total := 0
	for _, of := range []plan.ObjectType{plan.User, plan.Group, plan.Members} {
		counts, err := e.Store.CountOpen(ctx, instance, of)
		if err != nil {
			return 0, err
		}
		total += counts[Held]
	}
	return total, nil
}

// GroupStatus is one group in a bucket, and why it is there.
type GroupStatus struct {
	// PersonStatus says the same of a group as of a person.
	PersonStatus
	// Awaited is how many members in scope are not there yet, as far as that is known.
	Awaited int64
}

// ListGroupBucket returns up to limit groups of a bucket, each with the reason why it is in it, and the place behind which the next page begins.
func (e *Engine) ListGroupBucket(ctx context.Context, instance Instance, bucket Bucket, after BucketPlace, limit int) ([]GroupStatus, BucketPlace, error) {
	if state := bucket.entries(); state != "" {
		open, next, err := e.listOpen(ctx, instance, plan.Group, state, after.Entry, limit)
		groups := make([]GroupStatus, len(open))
		for i := range open {
			groups[i].PersonStatus = open[i]
		}
		return groups, next, err
	}
	found, err := e.Store.ListStanding(ctx, instance, bucket, after.Seq, limit+1)
	if err != nil {
		return nil, BucketPlace{}, err
	}
	var next BucketPlace
	if len(found) > limit {
		found = found[:limit]
		next.Seq = found[limit-1].Seq
	}
	groups := make([]GroupStatus, len(found))
	for i, group := range found {
		groups[i] = GroupStatus{
			PersonStatus: PersonStatus{
				SourceID: group.SourceID, SourceName: group.Label(), ObjectID: group.Link.ObjectID, ObjectName: group.Label(), Reason: group.standing(),
			},
			Awaited: max(0, group.Link.Awaited),
		}
	}
	return groups, next, nil
}

// standing says why a group with an object is Synced or To Be Synced.
func (g GroupObject) standing() plan.Reason {
	reason := plan.Reason{Code: "Synced", Text: "all members in scope are there"}
	switch awaited := g.Link.Awaited; {
	case awaited < 0 && !g.readable():
		reason = plan.Reason{Code: "MembersUnread", Text: "the tenant did not tell its members yet"}
	case awaited < 0:
		reason = plan.Reason{Code: "MembersToCome", Text: "its members follow in the run under way, or in the next one"}
	case awaited == 1:
		reason = plan.Reason{Code: "MembersAwaited", Text: "1 member in scope is not there yet, because his own change failed"}
	case awaited > 1:
		reason = plan.Reason{Code: "MembersAwaited", Text: fmt.Sprintf("%d members in scope are not there yet, because their own changes failed", awaited)}
	}
	if g.Others > 0 {
		reason.Text += "; it has " + others(g.Others)
	}
	return reason
}

// others says that members are of a kind that no directory keeps.
func others(count int) string {
	if count == 1 {
		return "1 member that is neither a user nor a group, which is passed over"
	}
	return fmt.Sprintf("%d members that are neither users nor groups, which are passed over", count)
}

// OddGroup is a selected group that is not as a group should be. The rest of it goes on.
type OddGroup struct {
	// ID is the object id in the tenant.
	ID string
	// Text is a sentence that names the group.
	Text string
}

// oddGroups returns what is odd about the selected groups, in the order in which they were selected.
func (e *Engine) oddGroups(ctx context.Context, instance Instance, rules *plan.Rules) ([]OddGroup, error) {
	selected := rules.Scope.Groups()
	if len(selected) == 0 {
		return nil, nil
	}
	ids := selectedIDs(selected)
	groups, err := e.Store.LoadGroups(ctx, instance.ConnectionID, ids)
	if err != nil {
		return nil, err
	}
	in, err := e.Store.GroupsOf(ctx, instance.ConnectionID, ids)
	if err != nil {
		return nil, err
	}
	kept, _ := rules.Scope.Objects()
	objects, err := e.Store.GroupObjectsOf(ctx, instance, ids)
	if err != nil {
		return nil, err
	}
	tied := make(map[string]bool, len(objects))
	for _, object := range objects {
		tied[object.SourceID] = !object.Link.ObjectID.IsZero()
	}
	var odd []OddGroup
	for _, id := range ids {
		group, known := groups[id]
		if !known || group.State != plan.Live {
			continue
		}
		for _, text := range oddities(group, in[id], kept, tied[id]) {
			odd = append(odd, OddGroup{ID: id, Text: text})
		}
	}
	return odd, nil
}

// oddities are sentences about a live group; in are the groups that it is in, by Seq, kept says that it should have an object, and tied that it has one.
func oddities(group mirror.Group, in []int64, kept, tied bool) []string {
	var texts []string
	nameless := strings.TrimSpace(group.Record.Text("displayName")) == ""
	switch {
	case kept && nameless && tied:
		texts = append(texts, fmt.Sprintf("The selected group %s has no name in Entra any more, so it keeps its last one here.", group.SourceID))
	case kept && nameless:
		texts = append(texts, fmt.Sprintf("The selected group %s has no name in Entra, so it cannot be created here.", group.SourceID))
	}
	for _, seq := range in {
		if seq == group.Seq {
			texts = append(texts, fmt.Sprintf("The selected group %q is a member of itself, which is passed over.", group.Label()))
		}
	}
	if group.Others > 0 {
		texts = append(texts, fmt.Sprintf("The selected group %q has %s.", group.Label(), others(group.Others)))
	}
	return texts
}

func selectedIDs(groups []scope.SelectedGroup) []string {
	ids := make([]string, len(groups))
	for i, group := range groups {
		ids[i] = group.ID
	}
	return ids
}
