package plan_test

import (
	"strings"
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

var groupRules = plan.GroupRules{Instance: idOf("this"), Namesakes: func(string) int { return 1 }}

// doneTo is an applied change of the group Sales, as a plan made it.
func doneTo(action plan.Action, change plan.Change) plan.Change {
	change.Action, change.Object, change.SourceID, change.ObjectID, change.SourceName = action, plan.Group, "g1", idOf("sales"), "Sales"
	if action != plan.Create {
		change.BaseVersion = 2
	}
	return change
}

func TestEachChangeOfAGroupHasItsInverse(t *testing.T) {
	mine, free := object("sales", "this", "g1", "Sales", "g1"), object("sales", "", "", "Sales", "g1")
	made := mine
	made.Version = 1
	removed := mine
	removed.Version = 2
	renamed := plan.Change{Before: attr.From(map[string]any{attr.DisplayName: "Selling"}), After: attr.From(map[string]any{attr.DisplayName: "Sales"})}
	taken := renamed
	taken.Link = true
	for _, c := range []struct {
		name   string
		done   plan.Change
		now    plan.Standing
		action plan.Action
		phase  plan.Phase
		link   bool
		text   string
	}{
		{"a creation", doneTo(plan.Create, plan.Change{Link: true}), plan.Standing{Current: &made}, plan.Delete, plan.Remove, false, "the group was created"},
		{"a new name", doneTo(plan.Update, renamed), plan.Standing{Current: &mine}, plan.Update, plan.Write, false, "was changed (displayName)"},
		{"taking over", doneTo(plan.Update, taken), plan.Standing{Current: &mine}, plan.Release, plan.Remove, false, "taken over"},
		{"letting go", doneTo(plan.Release, plan.Change{}), plan.Standing{Current: &free}, plan.Update, plan.Write, true, "was let go"},
		{"a removal", doneTo(plan.Delete, plan.Change{}), plan.Standing{Archived: &removed}, plan.Restore, plan.Write, true, "was removed"},
		{"a restoration", doneTo(plan.Restore, plan.Change{Link: true}), plan.Standing{Current: &mine}, plan.Delete, plan.Remove, false, "was restored"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.now.Source = group("Sales").Source
			back := groupRules.TakeBack(c.done, plan.GroupStanding{Standing: c.now}, false)
			if back.Action != c.action || back.Phase != c.phase || back.Link != c.link || back.Object != plan.Group || back.ObjectID != idOf("sales") {
				t.Errorf("the inverse is %+v", back)
			}
			if back.Reason.Code != plan.Undone || !strings.Contains(back.Reason.Text, c.text) {
				t.Errorf("the reason is %+v", back.Reason)
			}
		})
	}
}

func TestAGroupThatChangedSinceIsLeftAlone(t *testing.T) {
	mine, others, moved := object("sales", "this", "g1", "Sales", "g1"), object("sales", "that", "g1", "Sales", "g1"), object("sales", "this", "g1", "Sales", "g1")
	moved.Version = 9
	removed := mine
	removed.Version = 2
	renamed := doneTo(plan.Update, plan.Change{Before: attr.From(map[string]any{attr.DisplayName: "Selling"})})
	gone := doneTo(plan.Delete, plan.Change{})
	for _, c := range []struct {
		name string
		done plan.Change
		now  plan.GroupStanding
		code string
		text string
	}{
		{"changed by hand", renamed, plan.GroupStanding{Standing: plan.Standing{Current: &moved}}, plan.ChangedSince, "by hand"},
		{"another instance's", renamed, plan.GroupStanding{Standing: plan.Standing{Current: &others}}, plan.NotManaged, "managed by that"},
		{"removed", renamed, plan.GroupStanding{}, plan.ObjectGone, "not in the directory any more"},
		{"past the archive", gone, plan.GroupStanding{}, plan.NotInArchive, "the removed group"},
		{"tied elsewhere", gone, plan.GroupStanding{Standing: plan.Standing{Archived: &removed}, Tied: idOf("other")}, plan.ChangedSince, "another group"},
		{
			"as before already", doneTo(plan.Update, plan.Change{Before: attr.From(map[string]any{attr.DisplayName: "Sales"})}),
			plan.GroupStanding{Standing: plan.Standing{Current: &mine}},
			plan.NothingToUndo, "nothing",
		},
	} {
		back := groupRules.TakeBack(c.done, c.now, false)
		if back.Action != plan.Skip || back.Reason.Code != c.code || !strings.Contains(back.Reason.Text, c.text) || back.Object != plan.Group {
			t.Errorf("%s: %s %+v", c.name, back.Action, back.Reason)
		}
	}
}

func TestOnlyMembersWhoAreAsTheRunLeftThemAreTakenBack(t *testing.T) {
	sales := object("sales", "this", "g1", "Sales", "g1")
	others := object("sales", "that", "g1", "Sales", "g1")
	member := func(word string) plan.Member { return plan.Member{Source: idOf(word), Object: idOf(word)} }
	all := func(words ...string) map[ident.ID]bool {
		set := map[ident.ID]bool{}
		for _, word := range words {
			set[idOf(word)] = true
		}
		return set
	}
	members := []plan.Member{member("ann"), member("bob"), member("cid")}
	for _, c := range []struct {
		name   string
		done   plan.Action
		now    plan.MembersStanding
		redo   bool
		action plan.Action
		count  int
		text   string
	}{
		{"all joined", plan.Join, plan.MembersStanding{Current: &sales, Synced: all("ann", "bob", "cid")}, false, plan.Leave, 3, "takes back that 3 members joined the group"},
		{"two left since", plan.Join, plan.MembersStanding{Current: &sales, Synced: all("bob")}, false, plan.Leave, 1, "1 member joined the group; 2 of 3 members changed since"},
		{"all left", plan.Leave, plan.MembersStanding{Current: &sales}, false, plan.Join, 3, "3 members left"},
		{"one is back, one gone", plan.Leave, plan.MembersStanding{Current: &sales, Synced: all("ann"), Gone: all("cid")}, false, plan.Join, 1, "2 of 3"},
		{"nobody is left", plan.Join, plan.MembersStanding{Current: &sales}, false, plan.Skip, 0, "3 of 3"},
		{"the group is gone", plan.Join, plan.MembersStanding{}, false, plan.Skip, 0, "not in the directory"},
		{"another instance's group", plan.Join, plan.MembersStanding{Current: &others}, false, plan.Skip, 0, "managed by that"},
		{"the group returns", plan.Leave, plan.MembersStanding{Returns: true}, true, plan.Join, 3, "does again what was taken back: 3 members joined"},
	} {
		done := doneTo(c.done, plan.Change{Members: members})
		done.Object = plan.Members
		back := groupRules.TakeBackMembers(done, c.now, c.redo)
		if back.Action != c.action || len(back.Members) != c.count || !strings.Contains(back.Reason.Text, c.text) || back.Object != plan.Members || back.Phase != plan.Reference {
			t.Errorf("%s: %s of %d, %+v", c.name, back.Action, len(back.Members), back.Reason)
		}
	}
}

func TestAPinnedMembershipEndsWhenEntraChangesIt(t *testing.T) {
	left := plan.Membership{In: false, Status: plan.InScope, Synced: true}
	joined := plan.Membership{In: true, Status: plan.InScope}
	keeps, needed := left.Pin()
	out, also := joined.Pin()
	if _, unneeded := (plan.Membership{In: true, Status: plan.InScope, Synced: true}).Pin(); !needed || !also || unneeded {
		t.Fatalf("pins are needed where a plan would do something: %v, %v, not %v", needed, also, unneeded)
	}
	binned := plan.Membership{In: true, Status: plan.InBin, Synced: true}
	bin, needed := binned.Pin()
	if !needed {
		t.Error("who is deleted in the tenant and stays in the group needs a pin")
	}
	for _, c := range []struct {
		name  string
		pin   plan.MembershipPin
		now   plan.Membership
		holds bool
	}{
		{"who was put back stays", keeps, left, true},
		{"who was taken out stays out", out, joined, true},
		{"joined again", keeps, plan.Membership{In: true, Status: plan.InScope, Synced: true}, false},
		{"left now", out, plan.Membership{Status: plan.InScope}, false},
		{"left the scope, so that he goes", keeps, plan.Membership{Status: plan.OutOfScope, Synced: true}, false},
		{"left the scope, and stays out", out, plan.Membership{In: true, Status: plan.OutOfScope}, true},
		{"deleted, and not listed any more", bin, plan.Membership{Status: plan.InBin, Synced: true}, true},
		{"deleted, and restored", bin, plan.Membership{In: true, Status: plan.InScope, Synced: true}, false},
		{"is not in the group any more", keeps, plan.Membership{Status: plan.InScope}, false},
	} {
		if c.pin.Holds(c.now) != c.holds {
			t.Errorf("%s: holds %v", c.name, !c.holds)
		}
	}
}

func TestAPinnedGroupStaysUntilEntraChangesIt(t *testing.T) {
	known := []string{"displayName"}
	target := object("sales", "this", "g1", "Selling", "g1")
	pin := plan.Pin{By: "Grace"}
	pin.Look(group("Sales").Draft(&target), known)
	keeps := pin
	keeps.Keeps = true
	unkept := group("Sales")
	unkept.Kept = false
	deleted := group("Sales")
	deleted.State = plan.Deleted
	for _, c := range []struct {
		name   string
		pin    plan.Pin
		group  plan.GroupSource
		action plan.Action
	}{
		{"a name waits", pin, group("Sales"), plan.Skip},
		{"a new name ends it", pin, group("Sellers"), plan.Update},
		{"a pinned name is no reason to stay", pin, unkept, plan.Release},
		{"what was kept and is not selected any more", keeps, unkept, plan.Release},
		{"deleted", keeps, deleted, plan.Delete},
	} {
		change, does := groupRules.Decide(c.group, &target, plan.Found{Pins: map[string]plan.Pin{"g1": c.pin}, Known: known})
		if !does || change.Action != c.action || change.Object != plan.Group {
			t.Errorf("%s: %s of a %s: %s", c.name, change.Action, change.Object, change.Reason.Text)
		}
		if c.action == plan.Skip && !strings.Contains(change.Reason.Text, "until Entra changes the group") {
			t.Errorf("the reason is %s", change.Reason.Text)
		}
	}
}
