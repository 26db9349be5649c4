package store

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rollcall/internal/ident"
)

// However long the journal is and however large the tenant, what is asked about groups is looked up: nothing goes through a table.
func TestQueriesAboutGroupsReadOnlyWhatTheyName(t *testing.T) {
	db := openWith(t, filepath.Join(t.TempDir(), "rollcall.db"), embedded())
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	const due, object, code = failedEntries + "c.retry_at <= $ AND c.instance_id", failedEntries + "c.org_id = $ AND c.object_id",
		failedEntries + "c.org_id = $ AND c.reason_code"
	const (
		openByInstance = "SEARCH c USING INDEX changes_open_by_instance (instance_id=? AND state=? AND object_type=?)"
		pending        = "SEARCH c USING INDEX changes_pending (run_id=?)"
		byObject       = "SEARCH c USING INDEX changes_open_objects (org_id=? AND object_id=?)"
		byCode         = "SEARCH c USING INDEX changes_open_by_state (org_id=? AND state=?)"
		open           = "SEARCH c USING INDEX changes_open (instance_id=? AND source_id=?) LEFT-JOIN"
		membership     = "SEARCH e USING COVERING INDEX mirror_members_by_member (connection_id=? AND member_id=? AND group_seq=?)"
		awaiting       = "SEARCH group_links USING INDEX group_links_awaiting (instance_id=? AND awaited>?)"
		memberships    = "SEARCH e USING COVERING INDEX mirror_members_by_member (connection_id=? AND member_id=?)"
	)
	cases := map[string]struct{ query, want string }{
		"dirty groups":     {dirtyGroups, open},
		"all groups":       {allGroupObjects, open},
		"linked groups":    {linkedGroups + " AND l.whole = 1 ORDER BY l.group_seq LIMIT $", "SEARCH l USING PRIMARY KEY (instance_id=? AND group_seq>?)"},
		"names":            {reachedRecords, "SEARCH r USING PRIMARY KEY (instance_id=?)"},
		"marked by name":   {db.listedText(markNamedGroups, 4), "SEARCH mirror_groups USING INDEX mirror_groups_by_source (connection_id=? AND source_id=?)"},
		"compared by name": {db.listedText(compareNamedGroups, 4), "SEARCH group_links USING PRIMARY KEY (instance_id=? AND group_seq=?)"},
		"unwanted": {
			numbered("DELETE FROM mirror_groups" + unwantedGroups),
			"SEARCH mirror_groups USING COVERING INDEX mirror_groups_unwanted (connection_id=?)",
		},
		"dirty members":    {dirtyMembers, "SEARCH d USING PRIMARY KEY (instance_id=? AND (group_seq,member_id)>(?,?))"},
		"cleared members":  {db.listedText(clearDirtyMembers, 4), "SEARCH dirty_members USING PRIMARY KEY (instance_id=? AND group_seq=? AND member_id=?)"},
		"ties of a member": {db.listedText(touchTied, 4), memberships},
		"awaited":          {db.listedText(awaitedIn, 4), memberships},
		"any awaiting":     {anyAwaiting, strings.Replace(awaiting, "USING", "USING COVERING", 1)},
		"awaiting":         {awaitingTies, awaiting},
		"named ties":       {db.listedText(namedTies, 4), "SEARCH group_links USING PRIMARY KEY (instance_id=? AND group_seq=?)"},
		"ties of a pinned": {db.listedText(touchPinned, 4), "SEARCH p USING COVERING INDEX member_pins_by_member (instance_id=? AND member_id=?)"},
		"named in open":    {namedInOpen, "SEARCH changes USING INDEX changes_open_members (instance_id=?)"},
		"names of open":    {openNames, "SEARCH changes USING INDEX changes_open_members (instance_id=? AND source_seq=?)"},
		"open by id":       {db.listedText(openByID, 4), "SEARCH changes USING INDEX changes_open_by_id (id=?)"},
		"who joined or left": {
			db.listedText(touchMemberships, 4), membership,
		},
		"who was not seen": {numbered(touchMemberships.head + " IN " + unseenMembers), membership},
		"mirrored members": {mirrorMembers, "SEARCH mirror_members USING PRIMARY KEY (connection_id=? AND group_seq=? AND member_id>?)"},
		"ties of users":    {db.listedText(tiesOfUsers, 4), "SEARCH m USING INDEX mirror_users_by_source (connection_id=? AND source_id=?)"},
		"ties of groups":   {db.listedText(tiesOfGroups, 4), "SEARCH m USING INDEX mirror_groups_by_source (connection_id=? AND source_id=?)"},
		"failed arrivals":  {failedArrivals, openByInstance},
		"open members":     {openMembers, "SEARCH changes USING INDEX changes_open_members (instance_id=? AND source_seq=?)"},
		"foreseen":         {db.listedText(foreseen, 4), "SEARCH changes USING INDEX changes_by_place (instance_id=? AND source_seq=?)"},
		"recent removals":  {recentRemovals, "SEARCH changes USING INDEX changes_removals (instance_id=? AND object_type=? AND settled_at>?)"},
		"recent leaves":    {recentLeaves, "SEARCH changes USING INDEX changes_leaves (instance_id=? AND source_seq=? AND settled_at>?)"},
		"planned leaves":   {plannedLeaves, "SEARCH changes USING INDEX changes_rare (run_id=?)"},
		"held":             {holdRemovals, "SEARCH changes USING INDEX changes_pending (run_id=?)"},
		"held of a group":  {holdRemovals + holdOfGroup, "SEARCH changes USING INDEX changes_by_place (instance_id=? AND source_seq=?)"},
		"removed with":     {db.listedText(removedWith, 4), "SEARCH changes USING INDEX changes_removals (instance_id=? AND object_type=?)"},
		"a run left":       {wakeRun, "SEARCH changes USING INDEX changes_pending (run_id=?)"},
		"places of groups": {db.listedText(placesOfGroups, 4), "SEARCH m USING INDEX mirror_groups_by_source (connection_id=? AND source_id=?)"},
		"objects of":       {db.listedText(objectsOf, 4), "SEARCH m USING INDEX mirror_users_by_source (connection_id=? AND source_id=?)"},
	}
	for of, head := range map[string]string{"any": anyEntry, "users": markUsers, "groups": markGroups, "members": aboutMembers} {
		for name, c := range map[string]struct{ where, want string }{
			" that are due": {due, openByInstance}, " by object": {object, byObject}, " by code": {code, byCode}, " of a run": {pendingEntries, pending},
			" that were decided": {heldEntries + "c.instance_id = $ AND c.id", openByInstance}, " that were all decided": {heldEntries + "c.instance_id", openByInstance},
			" that were approved": {approvableEntries + "c.instance_id = $ AND c.id", openByInstance},
		} {
			want := c.want
			if head == anyEntry {
				want = strings.Replace(want, " AND object_type=?", "", 1)
			}
			if of+name == "any that were all decided" {
				want = strings.Replace(want, "USING", "USING COVERING", 1)
			}
			cases[of+name] = struct{ query, want string }{db.listedText(listed{head: head + c.where}, 1), want}
		}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			args := make([]any, strings.Count(rebind(c.query), "?"))
			for i := range args {
				args[i] = ident.ID{1}
			}
			steps := db.queryPlan(t, c.query, args)
			if !slices.Contains(steps, c.want) || slices.ContainsFunc(steps, func(step string) bool { return strings.HasPrefix(step, "SCAN") }) {
				t.Errorf("want %q and no scan, got %q", c.want, steps)
			}
		})
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
