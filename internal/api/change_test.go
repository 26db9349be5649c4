package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/scope"
)

// keeping makes a group of the tenant with its first people as members, and an instance that keeps it; the first run is over.
func (h *house) keeping(name string, members int) (api.Instance, string) {
	h.t.Helper()
	var made struct{ ID string }
	h.send(http.MethodPost, h.simURL+"/sim/groups", fmt.Sprintf(`{"displayName":%q,"count":%d}`, name, members), nil).want(http.StatusCreated).into(&made)
	id := made.ID
	settings := engine.DefaultSettings()
	settings.Scope = scope.Rules{AllUsers: true, IncludeGuests: true, GroupObjects: true, Groups: []scope.SelectedGroup{{ID: id}}}
	instance := h.instance(&settings)
	h.sync(instance.ID, "incremental")
	return instance, id
}

func TestARunTellsWhatItDidToGroupsAndTheirMembers(t *testing.T) {
	h := open(t, 30)
	instance, id := h.keeping("Sales", 30)
	var runs api.List[api.Run]
	h.call(h.full, http.MethodGet, "runs?instance="+instance.ID.String(), nil).want(http.StatusOK).into(&runs)
	run := runs.Items[0]
	joined := run.Groups["join"]
	if run.Groups["create"] != 1 || joined == 0 || run.Counts["create"] < joined {
		t.Fatalf("people %v, groups %v", run.Counts, run.Groups)
	}
	list := func(query string) []api.Change {
		t.Helper()
		var changes api.List[api.Change]
		h.call(h.full, http.MethodGet, "runs/"+run.ID.String()+"/changes?limit=1000&"+query, nil).want(http.StatusOK).into(&changes)
		return changes.Items
	}
	groups, members := list("objectType=Group"), list("objectType=Members&action=join")
	if len(groups) != 1 || groups[0].ObjectType != "Group" || groups[0].SourceID != id || groups[0].SourceName != "Sales" || groups[0].MemberCount != 0 {
		t.Errorf("groups %+v", groups)
	}
	if len(members) != 1 || members[0].SourceID != id || members[0].MemberCount != joined || members[0].Summary != fmt.Sprintf("%d members join", joined) {
		t.Fatalf("members %+v", members)
	}
	if all := list(""); len(all) != len(list("objectType=User"))+2 {
		t.Errorf("%d changes in all", len(all))
	}

	// Who they are, page by page.
	path := "changes/" + members[0].ID.String()
	var change api.Change
	h.call(h.full, http.MethodGet, path, nil).want(http.StatusOK).into(&change)
	if change.ID != members[0].ID || change.MemberCount != joined {
		t.Errorf("read alone: %+v", change)
	}
	var named []api.ChangeMember
	for next := "x"; next != ""; {
		var page api.List[api.ChangeMember]
		query := "?limit=7"
		if next != "x" {
			query += "&cursor=" + next
		}
		h.call(h.full, http.MethodGet, path+"/members"+query, nil).want(http.StatusOK).into(&page)
		named, next = append(named, page.Items...), page.Next
	}
	if len(named) != joined || slices.ContainsFunc(named, func(m api.ChangeMember) bool { return m.Type != "User" || m.Name == "" || m.ObjectID.IsZero() }) {
		t.Errorf("%d members %+v", len(named), named)
	}
	var none api.List[api.ChangeMember]
	h.call(h.full, http.MethodGet, "changes/"+groups[0].ID.String()+"/members", nil).want(http.StatusOK).into(&none)
	if len(none.Items) != 0 {
		t.Errorf("the change of a group has members %v", none.Items)
	}
	h.call(h.full, http.MethodGet, "changes/"+nobody, nil).problem(http.StatusNotFound, "Unknown")
	h.call(h.full, http.MethodGet, "changes/"+nobody+"/members", nil).problem(http.StatusNotFound, "Unknown")
	h.call(h.full, http.MethodGet, "changes?objectType=robots", nil).problem(http.StatusUnprocessableEntity, "ValidationFailed")

	var entries api.List[api.LogEntry]
	h.call(h.full, http.MethodGet, "log?objectType=Members", nil).want(http.StatusOK).into(&entries)
	if len(entries.Items) != 1 || entries.Items[0].MemberCount != joined {
		t.Errorf("the log has %+v", entries.Items)
	}
	h.call(h.full, http.MethodGet, "log?user=sales", nil).want(http.StatusOK).into(&entries)
	if len(entries.Items) != 0 {
		t.Errorf("people called sales: %+v", entries.Items)
	}
}

func TestTheSummaryListsTheGroupsBehindItsNumbers(t *testing.T) {
	h := open(t, 10)
	instance, id := h.keeping("Sales", 10)
	path := "instances/" + instance.ID.String()
	var summary api.Summary
	h.call(h.full, http.MethodGet, path+"/summary", nil).want(http.StatusOK).into(&summary)
	if summary.Groups != (api.GroupCounts{Synced: 1}) {
		t.Errorf("groups %+v", summary.Groups)
	}
	var groups api.List[api.SummaryGroup]
	h.call(h.full, http.MethodGet, path+"/summary/groups/synced", nil).want(http.StatusOK).into(&groups)
	if len(groups.Items) != 1 || groups.Items[0].SourceID != id || groups.Items[0].Reason.Code != "Synced" || groups.Next != "" {
		t.Errorf("synced %+v", groups)
	}
	h.call(h.full, http.MethodGet, path+"/summary/groups/to-be-synced", nil).want(http.StatusOK).into(&groups)
	if len(groups.Items) != 0 {
		t.Errorf("to be synced %+v", groups)
	}
	h.call(h.full, http.MethodGet, path+"/summary/groups/in-bin", nil).problem(http.StatusUnprocessableEntity, "ValidationFailed")
	var now api.Instance
	h.call(h.full, http.MethodGet, path, nil).want(http.StatusOK).into(&now)
	if now.Status.Groups.Synced != 1 || len(now.Status.OddGroups) != 0 {
		t.Errorf("status %+v", now.Status)
	}
}

func TestADecisionAboutMembersNamesOneChange(t *testing.T) {
	h := open(t, -1)
	instance := h.instance(nil)
	for _, body := range []string{
		`{"instance":%q,"all":true,"members":["` + nobody + `"]}`,
		`{"instance":%q,"ids":["` + nobody + `","` + instance.ID.String() + `"],"members":["` + nobody + `"]}`,
	} {
		h.call(h.full, http.MethodPost, "held/approve", fmt.Sprintf(body, instance.ID)).problem(http.StatusBadRequest, "BadDecision")
	}
	h.call(h.full, http.MethodPost, "held/reject", fmt.Sprintf(`{"instance":%q,"ids":[%q],"members":[%q]}`, instance.ID, nobody, nobody)).
		problem(http.StatusNotFound, "NothingHeld")
}

func TestAChangeWhoseRetentionIsOverTellsHowManyMembersItWasAbout(t *testing.T) {
	h := open(t, 10)
	h.keeping("Sales", 10)
	var changes api.List[api.Change]
	list := func() api.Change {
		t.Helper()
		h.call(h.full, http.MethodGet, "changes?objectType=Members", nil).want(http.StatusOK).into(&changes)
		if len(changes.Items) != 1 {
			t.Fatalf("changes %+v", changes.Items)
		}
		return changes.Items[0]
	}
	before := list()
	if err := h.engine.Expire(t.Context(), h.org.ID, -1); err != nil {
		t.Fatal(err)
	}
	listed := list()
	var change api.Change
	h.call(h.full, http.MethodGet, "changes/"+before.ID.String(), nil).want(http.StatusOK).into(&change)
	for _, change := range []api.Change{listed, change} {
		if change.MemberCount != before.MemberCount || change.Summary != before.Summary || change.SourceName != "" || change.Reason.Text != engine.ScrubbedText {
			t.Errorf("%+v", change)
		}
	}
	var members api.List[api.ChangeMember]
	h.call(h.full, http.MethodGet, "changes/"+before.ID.String()+"/members", nil).want(http.StatusOK).into(&members)
	if before.MemberCount == 0 || len(members.Items) != 0 {
		t.Errorf("of %d members, %d are named", before.MemberCount, len(members.Items))
	}
}
