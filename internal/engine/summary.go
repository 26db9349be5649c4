package engine

import (
	"context"
	"fmt"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/source"
)

// Summary is what View summary shows of an instance (D12).
type Summary struct {
	Status
	// LastRun is the run that ended last, dry runs and runs for a few people left aside; nil before the first.
	LastRun *Run
}

// Bucket is one of the numbers of a summary. Status says who is counted in which.
type Bucket string

// The buckets of people.
const (
	BucketSynced     Bucket = "synced"
	BucketSkipped    Bucket = "skipped"
	BucketFailed     Bucket = "failed"
	BucketHeld       Bucket = "held"
	BucketRejected   Bucket = "rejected"
	BucketOutOfScope Bucket = "out-of-scope"
	BucketInBin      Bucket = "in-bin"
)

// entries is the state of the open entries that a bucket consists of; "" if it consists of people of the mirror.
func (b Bucket) entries() EntryState {
	return map[Bucket]EntryState{BucketSkipped: EntrySkipped, BucketFailed: EntryFailed, BucketHeld: Held, BucketRejected: Rejected}[b]
}

// BucketPlace is the place in a bucket behind which a page begins: an entry or a place in the mirror. Zero is its begin, or behind its end.
type BucketPlace struct {
	Entry ident.ID
	Seq   int64
}

// PersonStatus is one person in a bucket, and why he is there.
type PersonStatus struct {
	// SourceID and SourceName are those of the tenant; ObjectID and ObjectName those of the directory, empty if he is not there.
	SourceID, SourceName string
	ObjectID             ident.ID
	ObjectName           string
	Reason               plan.Reason
	// Entry is what waits, for people who failed, are skipped or held; nil for the others.
	Entry *Entry
	// Until is when a person in the recycle bin can be restored last; zero for the others.
	Until time.Time
}

// Troubled counts people whose open entry failed or is skipped, and those whom the tenant lost before a run dealt with it.
type Troubled struct {
	// InScope are troubled people who are linked and in scope; Live are troubled people who are live in the tenant.
	InScope, Live int
	// Away are linked, in scope, not troubled, and not live in the tenant.
	Away int
}

// Summing is the store as summaries count and list people. Methods join the transaction of the context.
type Summing interface {
	// CountTroubled counts the instance's people.
	CountTroubled(ctx context.Context, instance Instance) (Troubled, error)
	// ListBucket returns up to limit people of a bucket that does not consist of entries, behind a place of the mirror, and the place behind
	// which the next page begins, 0 at the end. It looks at so many people at a time: a page may hold fewer, or none, and not be the last one.
	ListBucket(ctx context.Context, instance Instance, bucket Bucket, after int64, limit int) ([]Object, int64, error)
}

// Summary tells how an instance stands, and of its last run.
func (e *Engine) Summary(ctx context.Context, instance Instance) (Summary, error) {
	status, err := e.Status(ctx, instance)
	summary := Summary{Status: status}
	if err != nil || instance.Health.LastRun.IsZero() {
		return summary, err
	}
	run, err := e.Store.Run(ctx, instance.Health.LastRun)
	if fault.Is(err, fault.NotFound) { // a run that found nothing, replaced by the next one meanwhile
		return summary, nil
	}
	summary.LastRun = &run
	return summary, err
}

// ListBucket returns up to limit people of a bucket, each with the reason why he is in it, and the place behind which the next page begins. While
// nobody writes, all pages together are as many people as Status counts.
func (e *Engine) ListBucket(ctx context.Context, instance Instance, bucket Bucket, after BucketPlace, limit int) ([]PersonStatus, BucketPlace, error) {
	if state := bucket.entries(); state != "" {
		return e.listOpen(ctx, instance, plan.User, state, after.Entry, limit)
	}
	objects, next, err := e.Store.ListBucket(ctx, instance, bucket, after.Seq, limit)
	if err != nil {
		return nil, BucketPlace{}, err
	}
	people, err := e.standingOf(ctx, instance, bucket, objects)
	return people, BucketPlace{Seq: next}, err
}

// listOpen lists the users, or the groups, whose open entry is in a state.
func (e *Engine) listOpen(
	ctx context.Context, instance Instance, of plan.ObjectType, state EntryState, after ident.ID, limit int,
) ([]PersonStatus, BucketPlace, error) {
	var next BucketPlace
	entries, err := e.Store.ListEntries(ctx, EntryQuery{
		Org: instance.OrgID, Instance: instance.ID, States: []EntryState{state}, Open: true, Object: &of, After: after, Limit: limit + 1,
	})
	if len(entries) > limit {
		entries = entries[:limit]
		next.Entry = entries[limit-1].ID
	}
	people := make([]PersonStatus, len(entries))
	for i := range entries {
		entry := &entries[i]
		people[i] = PersonStatus{
			SourceID: entry.SourceID, SourceName: entry.SourceName, ObjectID: entry.ObjectID, ObjectName: entry.ObjectName, Reason: entry.Reason, Entry: entry,
		}
	}
	return people, next, err
}

// standingOf says how people of the mirror stand, by the settings with which the last good run planned.
func (e *Engine) standingOf(ctx context.Context, instance Instance, bucket Bucket, objects []Object) ([]PersonStatus, error) {
	version := instance.Health.InForce
	if version == 0 {
		version = instance.ConfigVersion
	}
	w := &work{
		run: Run{ConfigVersion: version}, instance: instance, connection: Connection{ID: instance.ConnectionID}, target: e.Destination(instance),
	}
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return nil, err
	}
	through, err := e.memberships(ctx, w, rules, objects)
	if err != nil {
		return nil, err
	}
	linked, err := e.linked(ctx, w, objects)
	if err != nil {
		return nil, err
	}
	people := make([]PersonStatus, len(objects))
	for i, object := range objects {
		p := PersonStatus{SourceID: object.SourceID, SourceName: plan.SourceName(object.Source()), ObjectID: object.Link.ObjectID}
		if target, exists := linked[object.Link.ObjectID]; exists {
			p.ObjectName = target.Label()
		}
		user := source.User{ID: object.SourceID, Record: object.Record}
		decision := rules.Scope.Decide(user)
		if through != nil {
			decision = rules.Scope.DecideMember(user, through[i])
		}
		p.Reason = plan.Reason{Code: decision.Rule, Text: decision.Reason}
		p.overrule(bucket, object)
		people[i] = p
	}
	return people, nil
}

// overrule replaces the scope's reason where the scope is not why somebody is in the bucket.
func (p *PersonStatus) overrule(bucket Bucket, object Object) {
	switch {
	case object.State == plan.Gone:
		p.Reason = plan.Reason{Code: "Purged", Text: "was purged in Entra; " + pending(object)}
	case object.State == plan.Deleted && bucket != BucketInBin:
		p.Reason = plan.Reason{Code: "Deleted", Text: "was deleted in Entra; " + pending(object)}
	case object.State == plan.Deleted:
		p.Until = object.DeletedAt.Add(plan.Retention)
		p.Reason = plan.Reason{
			Code: "Deleted", Text: fmt.Sprintf("was deleted in Entra and can be restored there until %s", p.Until.UTC().Format(time.DateOnly)),
		}
	case bucket == BucketInBin:
		p.Reason = plan.Reason{Code: "Restored", Text: "was restored in Entra; " + pending(object)}
	}
}

// pending says what has to happen until the directory follows the tenant.
func pending(object Object) string {
	if object.Open == nil {
		return "the next run takes it over"
	}
	switch object.Open.State {
	case Held:
		return "that waits for approval"
	case Rejected:
		return "to follow was rejected by " + object.Open.DecidedBy
	default:
		return "the next run takes it over"
	}
}
