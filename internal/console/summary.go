package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

type summaryView struct {
	ID, Name, Explanation string
	Status                Pill
	LastRun               *runLine
	Running               *runningView
	Next                  *Moment
	Ended                 *Moment
	Users, Groups         []Choice
	// Service is the remote service that the instance writes to; nil for the built-in directory.
	Service *serviceLine
	// Outside are who is out of scope, hidden until asked for.
	Outside []Choice
}

// summary is View summary: the last run, and how many objects stand how (D12).
func (s *server) summary(w http.ResponseWriter, r *request) error {
	instance, err := s.ofInstance(r)
	if err != nil {
		return err
	}
	summary, err := s.Engine.Summary(r.ctx(), instance)
	if err != nil {
		return err
	}
	r.belowSync(r.say("sync.summary"))
	view := summaryView{
		ID: instance.ID.String(), Name: instance.Name, Explanation: r.explanation(summary.Status), Ended: r.moment(instance.Health.LastRunAt),
		Status: pill(statusTones[summary.Job], r.say("status."+string(summary.Job))),
	}
	if instance.AutoSync {
		view.Next = r.moment(instance.NextRunAt)
	}
	if summary.LastRun != nil {
		line := r.runLine(*summary.LastRun, instance.Name)
		view.LastRun = &line
	}
	if summary.Running != nil {
		running := r.running(*summary.Running)
		view.Running = &running
	}
	groups := summary.Groups
	view.Users = r.buckets(instance.ID, "users", "", []Choice{
		{Value: "synced", Count: &summary.Synced},
		{Value: "skipped", Count: &summary.Skipped},
		{Value: "failed", Count: &summary.Failed, Current: summary.Failed > 0},
		{Value: "held", Count: &summary.Held},
		{Value: "in-bin", Count: &summary.InBin},
	})
	if view.Service, err = s.serviceLine(r, instance); err != nil {
		return err
	}
	view.Outside = r.buckets(instance.ID, "users", "", []Choice{{Value: "out-of-scope", Count: &summary.OutOfScope}})
	view.Groups = r.buckets(instance.ID, "groups", "", []Choice{
		{Value: "synced", Count: &groups.Synced},
		{Value: "to-be-synced", Count: &groups.ToBeSynced},
		{Value: "skipped", Count: &groups.Skipped},
		{Value: "failed", Count: &groups.Failed, Current: groups.Failed > 0},
		{Value: "held", Count: &groups.Held},
	})
	return r.render(w, http.StatusOK, "summary", view)
}

// buckets names the numbers of a summary and links them to their lists; current marks the one of the page.
func (r *request) buckets(id ident.ID, of, current string, counts []Choice) []Choice {
	for i := range counts {
		counts[i].Text = r.say("sync.bucket." + counts[i].Value)
		counts[i].Href = r.at("/instances/", id.String(), "/summary/", of, "/", counts[i].Value)
		if current != "" {
			counts[i].Current = counts[i].Value == current
		}
	}
	return counts
}

type bucketView struct {
	ID, Title, Hint string
	// Failed: each row offers to be provisioned on demand.
	Failed, Users bool
	Buckets       []Choice
	Rows          []bucketRow
	Pager         Pager
}

type bucketRow struct {
	Source, SourceAddress, SourceID string
	Object, ObjectAddress, Href     string
	Reason                          string
	State                           *Pill
	Since, Retry                    *Moment
	Attempts                        int
	Awaited                         int64
}

// The buckets of each kind of object, in their order.
var (
	userBuckets  = []string{"synced", "skipped", "failed", "held", "in-bin", "out-of-scope"}
	groupBuckets = []string{"synced", "to-be-synced", "skipped", "failed", "held"}
)

// bucket lists the objects behind a number of the summary, each with its reason.
func (s *server) bucket(w http.ResponseWriter, r *request) error {
	instance, err := s.ofInstance(r)
	if err != nil {
		return err
	}
	of, name := r.PathValue("of"), r.PathValue("bucket")
	known := map[string][]string{"users": userBuckets, "groups": groupBuckets}[of]
	if !slices.Contains(known, name) {
		return fault.New(fault.NotFound, "UnknownPath", "there is nothing at this address")
	}
	after, err := bucketPlace(r.query("cursor"))
	if err != nil {
		return err
	}
	view := bucketView{
		ID: instance.ID.String(), Title: r.say("sync.types."+of) + ": " + r.say("sync.bucket."+name), Failed: name == "failed", Users: of == "users",
		Hint: r.say("sync.bucket." + name + ".text"),
	}
	var next engine.BucketPlace
	if view.Users {
		var people []engine.PersonStatus
		people, next, err = s.Engine.ListBucket(r.ctx(), instance, engine.Bucket(name), after, pageSize)
		for _, person := range people {
			view.Rows = append(view.Rows, r.bucketRow(person, plan.User))
		}
	} else {
		var groups []engine.GroupStatus
		groups, next, err = s.Engine.ListGroupBucket(r.ctx(), instance, engine.Bucket(name), after, pageSize)
		for _, group := range groups {
			row := r.bucketRow(group.PersonStatus, plan.Group)
			row.Awaited = group.Awaited
			view.Rows = append(view.Rows, row)
		}
	}
	if err != nil {
		return err
	}
	counts := make([]Choice, len(known))
	for i, value := range known {
		counts[i].Value = value
	}
	view.Buckets = r.buckets(instance.ID, of, name, counts)
	if after != (engine.BucketPlace{}) {
		view.Pager.First = r.with()
	}
	if next != (engine.BucketPlace{}) {
		view.Pager.Next = r.with("cursor", bucketCursor(next))
	}
	r.crumbed(view.Title, instance)
	return r.render(w, http.StatusOK, "bucket", view)
}

func (r *request) bucketRow(p engine.PersonStatus, of plan.ObjectType) bucketRow {
	row := bucketRow{SourceID: p.SourceID, Reason: p.Reason.Text}
	row.Source, row.SourceAddress = nameAndAddress(p.SourceName)
	row.Object, row.ObjectAddress = nameAndAddress(p.ObjectName)
	if p.ObjectName != "" {
		row.Href = r.pageOf(of, p.ObjectID)
	}
	if entry := p.Entry; entry != nil {
		state := r.entryPill(*entry)
		row.State, row.Since, row.Retry, row.Attempts = &state, r.moment(entry.PlannedAt), r.moment(entry.RetryAt), entry.Attempts
		if !entry.FailedAt.IsZero() {
			row.Since = r.moment(entry.FailedAt)
		}
	}
	return row
}

// bucketCursor is the cursor of a place in a bucket, and bucketPlace the place of a cursor.
func bucketCursor(place engine.BucketPlace) string {
	if !place.Entry.IsZero() {
		return cursorAt("e" + place.Entry.String())
	}
	return cursorAt("s" + strconv.FormatInt(place.Seq, 10))
}

func bucketPlace(cursor string) (engine.BucketPlace, error) {
	var place engine.BucketPlace
	key, err := placeOf(cursor)
	if err != nil || key == "" {
		return place, err
	}
	if text, entry := strings.CutPrefix(key, "e"); entry {
		place.Entry, err = ident.Parse(text)
	} else {
		place.Seq, err = strconv.ParseInt(strings.TrimPrefix(key, "s"), 10, 64)
	}
	if err != nil {
		return place, badCursor()
	}
	return place, nil
}
