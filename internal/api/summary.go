package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// Summary is what View summary shows of an instance (D12).
type Summary struct {
	InstanceID  ident.ID         `json:"instanceId" format:"uuid" doc:"The instance."`
	Name        string           `json:"name" doc:"Its name."`
	Job         engine.JobStatus `json:"job" enum:"Active,NotRun,Quarantine,WaitingForConsent,Running,Held,Paused,Disabled,Failing" doc:"The job status."`
	Explanation string           `json:"explanation" doc:"What the job status means here and what to do."`
	Overdue     bool             `json:"overdue" doc:"Auto Sync is on, and there was no good run in three intervals."`
	NextRunAt   time.Time        `json:"nextRunAt,omitzero" doc:"When the next scheduled run is due; absent while Auto Sync is off."`
	// Run is the run under way, LastRun the one that ended last.
	Run     *Run `json:"run,omitempty" doc:"The run under way."`
	LastRun *Run `json:"lastRun,omitempty" doc:"The run that ended last, dry runs, undos and runs on demand left aside."`
	// LastRunSeconds is how long it took.
	LastRunSeconds float64     `json:"lastRunSeconds,omitempty" doc:"Seconds from its begin to its end."`
	Users          UserCounts  `json:"users" doc:"How the tenant's users stand with this instance. Each number is the length of the list of that name."`
	Groups         GroupCounts `json:"groups" doc:"How the groups stand that the instance keeps."`
}

// GroupCounts are the numbers of the summary that are about groups.
type GroupCounts struct {
	Synced     int   `json:"synced" doc:"Groups with all their members in scope."`
	ToBeSynced int   `json:"toBeSynced" doc:"Groups that wait for members in scope."`
	Awaited    int64 `json:"awaited" doc:"How many members the groups to be synced wait for, as far as that is known."`
	Failed     int   `json:"failed" doc:"Groups that could not be written; tried again by themselves."`
	Skipped    int   `json:"skipped" doc:"Groups left alone on purpose; the reasons are in the changes."`
	Held       int   `json:"held" doc:"Deletions of groups that wait for approval."`
	Leaving    int   `json:"leaving" doc:"Members whose leaving a group waits for approval."`
	Rejected   int   `json:"rejected" doc:"Deletions of groups that were rejected, so that they are not done."`
	Staying    int   `json:"staying" doc:"Members whose leaving a group was rejected, so that they stay."`
}

// Person is somebody in one of the lists of a summary.
type Person struct {
	SourceID   string   `json:"sourceId" doc:"The object's id in the tenant."`
	SourceName string   `json:"sourceName" doc:"What people call it there: display name and address."`
	ObjectID   ident.ID `json:"objectId,omitzero" format:"uuid" doc:"The user's id in the directory; absent if there is none."`
	ObjectName string   `json:"objectName,omitempty" doc:"What people call the user in the directory."`
	// Reason says why the person is in this list.
	Reason   plan.Reason `json:"reason" doc:"Why the person is in this list."`
	ChangeID ident.ID    `json:"changeId,omitzero" format:"uuid" doc:"The change that waits; for failed, skipped and held."`
	Action   plan.Action `json:"action,omitempty" enum:"match,create,update,deactivate,reactivate,delete,restore,release,join,leave,skip,fail" doc:"What it does."`
	Since    time.Time   `json:"since,omitzero" doc:"Since when: when it failed first, or was planned."`
	Attempts int         `json:"attempts,omitempty" doc:"How often it failed."`
	RetryAt  time.Time   `json:"retryAt,omitzero" doc:"When it is tried again, if nothing about the person changes before."`
	Until    time.Time   `json:"restorableUntil,omitzero" doc:"Until when a deleted person can be restored in Entra; for in-bin."`
}

// bySummary is the kind of cursors of a summary's lists.
const bySummary = "s"

func (s *server) serveSummary() {
	serve(s, operation{
		id: "getSummary", method: http.MethodGet, path: inOrg + "/instances/{id}/summary", tag: "Instances", summary: "View the summary of an instance",
		detail: "The last run, the job status, and how many users stand how. The people behind each number are in the list of its name.",
	}, s.getSummary)
	serve(s, operation{
		id: "listSummary", method: http.MethodGet, path: inOrg + "/instances/{id}/summary/{bucket}", tag: "Instances",
		summary: "List the people behind a number of the summary",
		detail: "Each with the reason why he is there; for those who failed also the time of the next try. People whose removal is held are synced as well until " +
			"somebody decides. Where few of many people are in the list, a page may hold fewer than the limit, or none, and have a next one.",
	}, s.listSummary)
	serve(s, operation{
		id: "listGroupSummary", method: http.MethodGet, path: inOrg + "/instances/{id}/summary/groups/{bucket}", tag: "Instances",
		summary: "List the groups behind a number of the summary",
		detail: "Each with the reason why it is there; for those that failed also the time of the next try. Groups whose deletion is held are synced, or to be " +
			"synced, as well until somebody decides.",
	}, s.listGroupSummary)
}

func (s *server) getSummary(ctx context.Context, in *InInstance) (*body[Summary], error) {
	instance, err := s.Engine.Instance(ctx, orgOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	summary, err := s.Engine.Summary(ctx, instance)
	if err != nil {
		return nil, err
	}
	out := Summary{
		InstanceID: instance.ID, Name: instance.Name, Job: summary.Job, Explanation: summary.Explanation, Overdue: summary.Overdue,
		Users: UserCounts{
			Synced: summary.Synced, Skipped: summary.Skipped, Failed: summary.Failed, Held: summary.Held, OutOfScope: summary.OutOfScope,
			InBin: summary.InBin, Rejected: summary.Rejected,
		},
		Groups: groupCountsOf(summary.Groups),
	}
	if instance.AutoSync {
		out.NextRunAt = instance.NextRunAt
	}
	if summary.Running != nil {
		run := s.runOf(*summary.Running)
		out.Run = &run
	}
	if summary.LastRun != nil {
		run := s.runOf(*summary.LastRun)
		out.LastRun, out.LastRunSeconds = &run, run.EndedAt.Sub(run.StartedAt).Seconds()
	}
	return reply(out), nil
}

func (s *server) listSummary(ctx context.Context, in *struct {
	InInstance
	Bucket string `path:"bucket" enum:"synced,skipped,failed,held,rejected,out-of-scope,in-bin" doc:"The number whose people are listed."`
	Paging
},
) (*body[List[Person]], error) {
	instance, err := s.Engine.Instance(ctx, orgOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	after, err := in.bucketPlace(in.Bucket)
	if err != nil {
		return nil, err
	}
	people, next, err := s.Engine.ListBucket(ctx, instance, engine.Bucket(in.Bucket), after, in.Limit)
	if err != nil {
		return nil, err
	}
	return reply(List[Person]{Items: each(people, personOf), Next: bucketCursor(in.Bucket, next)}), nil
}

// SummaryGroup is a group in one of the lists of a summary.
type SummaryGroup struct {
	Person
	Awaited int64 `json:"awaited,omitempty" doc:"How many members in scope are not there yet, as far as that is known; for to-be-synced."`
}

func (s *server) listGroupSummary(ctx context.Context, in *struct {
	InInstance
	Bucket string `path:"bucket" enum:"synced,to-be-synced,failed,skipped,held,rejected" doc:"The number whose groups are listed."`
	Paging
},
) (*body[List[SummaryGroup]], error) {
	instance, err := s.Engine.Instance(ctx, orgOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	after, err := in.bucketPlace("groups-" + in.Bucket)
	if err != nil {
		return nil, err
	}
	groups, next, err := s.Engine.ListGroupBucket(ctx, instance, engine.Bucket(in.Bucket), after, in.Limit)
	if err != nil {
		return nil, err
	}
	items := each(groups, func(g engine.GroupStatus) SummaryGroup {
		return SummaryGroup{Person: personOf(g.PersonStatus), Awaited: g.Awaited}
	})
	return reply(List[SummaryGroup]{Items: items, Next: bucketCursor("groups-"+in.Bucket, next)}), nil
}

func groupCountsOf(counts engine.GroupCounts) GroupCounts { return GroupCounts(counts) }

// bucketCursor is the cursor of a place in the list of a bucket; "" at its end.
func bucketCursor(bucket string, next engine.BucketPlace) string {
	switch {
	case !next.Entry.IsZero():
		return cursor(bySummary, bucket+":"+next.Entry.String())
	case next.Seq != 0:
		return cursor(bySummary, bucket+":"+strconv.FormatInt(next.Seq, 10))
	}
	return ""
}

// bucketPlace reads the cursor of the list of a bucket.
func (p Paging) bucketPlace(bucket string) (engine.BucketPlace, error) {
	var place engine.BucketPlace
	key, err := p.key(bySummary)
	if err != nil || key == "" {
		return place, err
	}
	text, ours := strings.CutPrefix(key, bucket+":")
	if !ours {
		return place, badCursor()
	}
	if place.Entry, err = ident.Parse(text); err == nil {
		return place, nil
	}
	if place.Seq, err = strconv.ParseInt(text, 10, 64); err != nil || place.Seq <= 0 {
		return place, badCursor()
	}
	return place, nil
}

func personOf(p engine.PersonStatus) Person {
	person := Person{
		SourceID: p.SourceID, SourceName: p.SourceName, ObjectID: p.ObjectID, ObjectName: p.ObjectName, Reason: p.Reason, Until: p.Until,
	}
	if entry := p.Entry; entry != nil {
		person.ChangeID, person.Action, person.Since = entry.ID, entry.Action, entry.PlannedAt
		person.Attempts, person.RetryAt = entry.Attempts, entry.RetryAt
		if !entry.FailedAt.IsZero() {
			person.Since = entry.FailedAt
		}
	}
	return person
}
