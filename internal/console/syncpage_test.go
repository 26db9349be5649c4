package console

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

const (
	full   = directory.FullAdministrator
	reader = directory.ReadOnlyAdministrator
)

func TestALesserRoleSeesInstancesAndChangesNothing(t *testing.T) {
	h := openSyncHouse(t, 40)
	run := h.sync(engine.Incremental)
	of, runPath := "/instances/"+h.instance.ID.String(), "/runs/"+run.ID.String()
	for _, path := range []string{
		"/directory-synchronization", of + "/summary", of + "/summary/users/synced", of + "/summary/users/skipped", of + "/summary/groups/to-be-synced", of + "/held",
		of + "/explain", "/runs", runPath, runPath + "?filter=create&search=a&type=users", runPath + "/report", "/log", "/log/csv", "/log/ndjson", "/pins",
	} {
		if code, text := h.get(reader, path); code != http.StatusOK {
			t.Errorf("%s: %d", path, code)
		} else if strings.Contains(text, `method="post" action="/org/`) {
			t.Errorf("%s shows a form to a role that may not send it", path)
		}
	}
	for _, path := range []string{of + "/provision", of + "/name"} {
		if code, _ := h.get(reader, path); code != http.StatusForbidden {
			t.Errorf("%s: %d, want 403", path, code)
		}
	}
	for _, action := range []string{
		of + "/auto-sync", of + "/sync", of + "/dry-run", of + "/name", of + "/delete", of + "/retry", of + "/held", of + "/provision", of + "/provision/find", of + "/provision/edit", runPath + "/undo",
		runPath + "/take-back", runPath + "/apply", "/pins/" + ident.ID{1}.String() + "/lift",
	} {
		if code, _, _ := h.post(reader, action, "on", "true", "name", "Mine", "all", "true"); code != http.StatusForbidden {
			t.Errorf("%s: %d, want 403", action, code)
		}
	}
	if len(h.runs) != 0 {
		t.Errorf("%d runs were asked for", len(h.runs))
	}
	if code, _ := h.get(directory.ComplianceOfficer, "/directory-synchronization"); code != http.StatusForbidden {
		t.Errorf("a compliance officer: %d, want 403", code)
	}
}

func TestFormsSavedUntouchedChangeNothing(t *testing.T) {
	h := openSyncHouse(t, 10)
	before, err := h.directory.Events(t.Context(), h.org.ID, ident.ID{}, 100)
	h.must(err)
	of := "/instances/" + h.instance.ID.String()
	if code, to, _ := h.post(full, of+"/name", "name", "Staff"); code != http.StatusSeeOther || !strings.HasSuffix(to, "/directory-synchronization") {
		t.Errorf("the name: %d %s", code, to)
	}
	if code, _, _ := h.post(full, of+"/auto-sync", "on", "false"); code != http.StatusSeeOther {
		t.Errorf("Auto Sync: %d", code)
	}
	if code, _, _ := h.post(full, of+"/held", "decision", "approve"); code != http.StatusSeeOther {
		t.Errorf("nothing chosen: %d", code)
	}
	after, err := h.directory.Events(t.Context(), h.org.ID, ident.ID{}, 100)
	h.must(err)
	for _, event := range after[:max(0, len(after)-len(before))] {
		if strings.HasPrefix(event.Action, "instance.") || strings.HasPrefix(event.Action, "held.") {
			t.Errorf("%s was written", event.Action)
		}
	}
	if len(h.runs) != 0 {
		t.Errorf("%d runs were asked for", len(h.runs))
	}
	if code, _, text := h.post(full, of+"/name", "name", " "); code != http.StatusUnprocessableEntity || !strings.Contains(text, "aria-invalid") {
		t.Errorf("no name: %d", code)
	}
	if code, _, _ := h.post(full, of+"/name", "name", "<script>alert(1)</script>"); code != http.StatusSeeOther {
		t.Errorf("another name: %d", code)
	}
	if _, text := h.get(full, "/directory-synchronization"); strings.Contains(text, "<script>alert") || !strings.Contains(text, "&lt;script&gt;alert") {
		t.Error("the name is not escaped")
	}
}

func TestOnlyWhatWasSeenIsApproved(t *testing.T) {
	h := openSyncHouse(t, 100)
	h.sync(engine.Incremental)
	h.remove(15)
	h.sync(engine.Incremental)
	seen := h.heldNow()
	if len(seen) != 15 {
		t.Fatalf("%d are held, want 15", len(seen))
	}
	path := "/instances/" + h.instance.ID.String() + "/held"
	if _, text := h.get(full, "/directory-synchronization"); !strings.Contains(text, "waits for your decision") || !strings.Contains(text, seen[14].ID.String()) {
		t.Error("the banner does not say what waits, or up to which change")
	}
	if code, _, text := h.post(full, path, "decision", "approve", "change", seen[0].ID.String()+" "+strings.Repeat("0", 8)); code != http.StatusConflict ||
		!strings.Contains(text, "not what you saw") {
		t.Errorf("another fingerprint: %d", code)
	}
	if code, _, _ := h.post(full, path, "decision", "reject", "change", seen[0].ID.String()+" "+seen[0].Fingerprint); code != http.StatusSeeOther || len(h.heldNow()) != 14 {
		t.Errorf("one is rejected: %d, %d are held", code, len(h.heldNow()))
	}
	h.remove(20)
	h.sync(engine.Incremental)
	later := len(h.heldNow()) - 14
	if later < 1 {
		t.Fatal("nothing else is held")
	}
	if code, _, _ := h.post(full, path, "decision", "approve", "all", "true", "through", seen[14].ID.String()); code != http.StatusSeeOther {
		t.Errorf("all: %d", code)
	}
	if held := h.heldNow(); len(held) != later {
		t.Errorf("%d are held, want the %d that came later", len(held), later)
	}
}

func TestARunIsTakenBackAfterItsRehearsal(t *testing.T) {
	h := openSyncHouse(t, 20)
	run := h.sync(engine.Incremental)
	code, to, _ := h.post(full, "/runs/"+run.ID.String()+"/undo")
	if code != http.StatusSeeOther {
		t.Fatalf("rehearse: %d", code)
	}
	h.work()
	rehearsal := to[strings.LastIndex(to, "/"):]
	if _, text := h.get(full, "/runs"+rehearsal); !strings.Contains(text, "/take-back") {
		t.Error("the rehearsal does not offer the undo")
	}
	if _, text := h.get(reader, "/runs"+rehearsal); strings.Contains(text, "/take-back") {
		t.Error("the undo is offered to a role that may not")
	}
	if code, _, _ := h.post(full, "/runs"+rehearsal+"/take-back"); code != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %d, want 422", code)
	}
	if code, _, _ := h.post(full, "/runs/"+run.ID.String()+"/take-back", "reason", "a mistake"); code != http.StatusConflict {
		t.Errorf("a run that is no rehearsal: %d, want 409", code)
	}
	if code, _, _ := h.post(full, "/runs"+rehearsal+"/take-back", "reason", "a mistake"); code != http.StatusSeeOther {
		t.Errorf("with a reason: %d", code)
	}
	h.work()
	if _, text := h.get(full, "/pins"); !strings.Contains(text, "a mistake") {
		t.Error("nothing is pinned")
	}
}

func TestProvisioningOnDemandLeadsToItsResults(t *testing.T) {
	h := openSyncHouse(t, 20)
	h.sync(engine.Incremental)
	people, _, err := h.engine.ListBucket(t.Context(), h.instance, engine.BucketSynced, engine.BucketPlace{}, 1)
	h.must(err)
	path := "/instances/" + h.instance.ID.String() + "/provision"
	if code, _, text := h.post(full, path, "kind", "user", "who", ""); code != http.StatusUnprocessableEntity || !strings.Contains(text, "Say whom.") {
		t.Errorf("nobody: %d", code)
	}
	code, to, _ := h.post(full, path, "kind", "user", "who", people[0].SourceID)
	if code != http.StatusSeeOther || !strings.HasSuffix(to, "/results") {
		t.Fatalf("%d %s", code, to)
	}
	h.work()
	if _, text := h.get(full, strings.TrimPrefix(to, "/org/"+h.org.ID.String())); !strings.Contains(text, "Provisioning skipped") || !strings.Contains(text, "Provision another user") {
		t.Error("the results do not say what came of it")
	}
	if code, text := h.get(reader, strings.TrimPrefix(to, "/org/"+h.org.ID.String())); code != http.StatusOK || strings.Contains(text, "Re-try") {
		t.Errorf("the results for a reader: %d", code)
	}
	for _, live := range []string{"", "&live=true"} {
		if code, text := h.get(reader, "/instances/"+h.instance.ID.String()+"/explain?who="+people[0].SourceID+live); code != http.StatusOK || !strings.Contains(text, "Nothing would be written") {
			t.Errorf("explain%s: %d", live, code)
		}
	}
}

func TestWhoIsProvisionedOnDemandIsPickedFromTheTenant(t *testing.T) {
	h := openSyncHouse(t, 20)
	h.sync(engine.Incremental)
	people, _, err := h.engine.ListBucket(t.Context(), h.instance, engine.BucketSynced, engine.BucketPlace{}, 2)
	h.must(err)
	first, second := people[0], people[1]
	name, _ := nameAndAddress(first.SourceName)
	path := "/instances/" + h.instance.ID.String() + "/provision"
	if _, _, text := h.post(full, path+"/find", "for", "user", "search", strings.ToUpper(name)); !strings.Contains(text, `name="who" value="`+first.SourceID) {
		t.Error("the user is not found by name")
	}
	if _, _, text := h.post(full, path+"/find", "for", "user", "search", "new.hire@example.org"); !strings.Contains(text, `name="who" value="new.hire@example.org"`) {
		t.Error("who is not known yet cannot be asked for")
	}
	if _, text := h.get(full, path+"?who="+first.SourceID); !strings.Contains(text, name) {
		t.Error("the address does not choose the user")
	}
	group := "/provision?kind=group&amp;who="
	if _, _, text := h.post(full, path+"/find", "for", "group", "search", ""); !strings.Contains(text, group) {
		t.Error("no group is found")
	}
	chosen := []string{"kind", "group", "who", first.SourceID, "member", first.SourceID, "member", first.SourceID}
	_, _, text := h.post(full, path+"/edit", append(chosen, "add", second.SourceID)...)
	if count := strings.Count(text, `name="member"`); count != 2 || !strings.Contains(text, `name="member" value="`+second.SourceID) {
		t.Errorf("%d members are chosen, want both, each once", count)
	}
	if _, _, text := h.post(full, path+"/edit", append(chosen, "drop", first.SourceID)...); strings.Contains(text, `name="member"`) {
		t.Error("the member stays chosen")
	}
	if code, _, _ := h.post(full, path+"/edit", "kind", "group"); code != http.StatusConflict {
		t.Errorf("no group: %d", code)
	}
}

func TestADryRunOpensOnWhatWouldChange(t *testing.T) {
	h := openSyncHouse(t, 20)
	h.sync(engine.Incremental)
	h.remove(1)
	path := "/runs/" + h.sync(engine.DryRun).ID.String()
	rows := map[string]int{}
	for _, filter := range []string{"", "?filter=all", "?filter=match"} {
		_, text := h.get(reader, path+filter)
		rows[filter] = strings.Count(text, "<tr><td>")
	}
	if rows[""] != 1 || rows["?filter=match"] < 10 || rows["?filter=all"] <= rows["?filter=match"] {
		t.Errorf("changes that are shown: %v", rows)
	}
}

func TestTheNumbersOfTheOverviewLeadToTheirLists(t *testing.T) {
	h := openSyncHouse(t, 100)
	h.sync(engine.Incremental)
	h.remove(15)
	h.sync(engine.Incremental)
	_, text := h.get(reader, "/overview")
	of := `class="stat" href="/org/` + h.org.ID.String() + "/instances/" + h.instance.ID.String()
	for _, path := range []string{"/summary/users/synced", "/summary/users/failed", "/summary/groups/to-be-synced", "/held"} {
		if !strings.Contains(text, of+path+`"`) {
			t.Errorf("nothing leads to %s", path)
		}
	}
}

func TestExactlyWhatADryRunShowedIsApplied(t *testing.T) {
	h := openSyncHouse(t, 20)
	dry := h.sync(engine.DryRun)
	path := "/runs/" + dry.ID.String()
	if _, text := h.get(reader, path); strings.Contains(text, path+"/apply") {
		t.Error("a role that may not is offered to apply it")
	}
	if _, text := h.get(full, path); !strings.Contains(text, path+"/apply") || !strings.Contains(text, "<dt>Add</dt>") {
		t.Error("the page does not offer to apply it, with its counts")
	}
	code, to, _ := h.post(full, path+"/apply")
	if code != http.StatusSeeOther {
		t.Fatalf("apply: %d", code)
	}
	h.work()
	if _, text := h.get(full, "/runs"+to[strings.LastIndex(to, "/"):]); !strings.Contains(text, "Applies the dry run") || !strings.Contains(text, "Applied plan") {
		t.Error("the run does not say what it applied")
	}
	if _, text := h.get(full, path); strings.Contains(text, path+"/apply") || !strings.Contains(text, "Applied by the run") {
		t.Error("what was applied is offered again")
	}
	if code, _, _ := h.post(full, path+"/apply"); code != http.StatusConflict {
		t.Errorf("again: %d, want 409", code)
	}
	h.remove(1)
	dry = h.sync(engine.DryRun)
	settings := engine.DefaultSettings()
	settings.Scope.IncludeGuests = true
	_, err := h.engine.ChangeInstance(t.Context(), h.instance.ID, engine.Change{Settings: &settings})
	h.must(err)
	if _, text := h.get(full, "/runs/"+dry.ID.String()); strings.Contains(text, "/apply\"") || !strings.Contains(text, "The settings were changed since this dry run") {
		t.Error("the page does not say that the plan is outdated")
	}
}

func TestTheLastChangeOfOneUserIsTakenBackFromHisPage(t *testing.T) {
	h := openSyncHouse(t, 20)
	h.sync(engine.Incremental)
	h.remove(1)
	run := h.sync(engine.Incremental)
	entries, err := h.engine.Store.ListEntries(t.Context(), engine.EntryQuery{Org: h.org.ID, Run: run.ID, Limit: 1})
	h.must(err)
	path := "/users/" + entries[0].ObjectID.String()
	if _, text := h.get(reader, path); strings.Contains(text, path+"/undo") {
		t.Error("a role that may not is offered the undo")
	}
	if code, _, _ := h.post(reader, path+"/undo", "reason", "a mistake"); code != http.StatusForbidden {
		t.Errorf("a lesser role: %d, want 403", code)
	}
	if _, text := h.get(full, path); !strings.Contains(text, path+"/undo") || !strings.Contains(text, "These values come back:") {
		t.Error("the page does not offer the undo, or does not say what comes back")
	}
	if code, _, _ := h.post(full, path+"/undo", "reason", " "); code != http.StatusConflict {
		t.Errorf("without a reason: %d", code)
	}
	code, to, _ := h.post(full, path+"/undo", "reason", "a mistake")
	if code != http.StatusSeeOther || !strings.Contains(to, "/runs/") {
		t.Fatalf("the undo: %d %s", code, to)
	}
	h.work()
	user, err := h.directory.User(t.Context(), h.org.ID, entries[0].ObjectID)
	h.must(err)
	if !user.Active() {
		t.Errorf("he is %v, want him back as he was", user.Attributes)
	}
	if _, text := h.get(full, path); !strings.Contains(text, "Taking it back lifts its pin") {
		t.Error("the page does not offer to undo the undo")
	}
}

func TestSomeMembersOfAHeldChangeAreDecidedByThemselves(t *testing.T) {
	h := openSyncHouse(t, 120)
	h.sync(engine.Incremental)
	people, _, err := h.engine.ListBucket(t.Context(), h.instance, engine.BucketSynced, engine.BucketPlace{}, 60)
	h.must(err)
	ids := make([]string, len(people))
	for i, person := range people {
		ids[i] = person.SourceID
	}
	group := h.group("Everybody", ids)
	settings := engine.DefaultSettings()
	settings.Scope.GroupObjects, settings.Scope.AllGroups = true, true
	_, err = h.engine.ChangeInstance(t.Context(), h.instance.ID, engine.Change{Settings: &settings})
	h.must(err)
	h.sync(engine.Incremental)
	h.simulate(http.MethodPost, "/groups/"+group+"/leave", map[string]any{"members": ids[:55]})
	h.sync(engine.Incremental)
	held := h.heldNow()
	if len(held) != 1 || held[0].MemberCount() != 55 {
		t.Fatalf("%d changes are held, want one of 55 members", len(held))
	}
	path := "/changes/" + held[0].ID.String() + "/members"
	if _, text := h.get(reader, path); strings.Contains(text, `type="checkbox"`) {
		t.Error("a role that may not decide is asked to")
	}
	members, err := h.engine.ChangeMembers(t.Context(), h.org.ID, held[0].ID, ident.ID{}, 2)
	h.must(err)
	one, two := members[0].Object.String(), members[1].Object.String()
	if code, _, _ := h.post(reader, path, "decision", "approve", "member", one); code != http.StatusForbidden {
		t.Errorf("a lesser role: %d, want 403", code)
	}
	if _, text := h.get(full, path); !strings.Contains(text, `name="member" value="`+one) {
		t.Error("the page does not let anybody be chosen")
	}
	if code, to, _ := h.post(full, path, "decision", "reject", "member", one); code != http.StatusSeeOther || !strings.HasSuffix(to, path) {
		t.Errorf("one is rejected: %d %s", code, to)
	}
	if code, _, text := h.post(full, path, "decision", "approve", "member", one); code != http.StatusConflict || !strings.Contains(text, "not what you saw any more") {
		t.Errorf("the same again: %d, want 409", code)
	}
	if code, _, _ := h.post(full, path, "decision", "approve"); code != http.StatusSeeOther {
		t.Errorf("nobody: %d", code)
	}
	if code, _, _ := h.post(full, path, "decision", "approve", "member", two); code != http.StatusSeeOther {
		t.Errorf("another one is approved: %d", code)
	}
	h.work()
	if held = h.heldNow(); len(held) != 1 || held[0].MemberCount() != 53 {
		t.Errorf("%d changes are held, want one of the 53 others", len(held))
	}
}

// simulate calls the simulated tenant's control API and returns what it answers.
func (h *syncHouse) simulate(method, path string, body any) map[string]any {
	h.t.Helper()
	encoded, err := json.Marshal(body)
	h.must(err)
	request, err := http.NewRequestWithContext(h.t.Context(), method, h.sim+"/sim"+path, bytes.NewReader(encoded))
	h.must(err)
	answer, err := h.as(directory.FullAdministrator).Do(request)
	h.must(err)
	defer func() { h.must(answer.Body.Close()) }()
	if answer.StatusCode >= http.StatusBadRequest {
		h.t.Fatalf("%s %s: %s", method, path, answer.Status)
	}
	var said map[string]any
	if answer.StatusCode != http.StatusNoContent {
		h.must(json.NewDecoder(answer.Body).Decode(&said))
	}
	return said
}

// group makes a group of the tenant.
func (h *syncHouse) group(name string, members []string) string {
	h.t.Helper()
	id, _ := h.simulate(http.MethodPost, "/groups", map[string]any{"displayName": name})["id"].(string)
	h.simulate(http.MethodPost, "/groups/"+id+"/join", map[string]any{"members": members})
	return id
}
