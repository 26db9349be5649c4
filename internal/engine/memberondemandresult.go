package engine

import (
	"fmt"
	"slices"
	"strings"

	"rollcall/internal/plan"
)

// settleMemberships says of the memberships of a person what became of them, and what the outcome is with them.
func (r *Result) settleMemberships(entries []Entry) {
	if r.Object != plan.User {
		return
	}
	var joined, left []string
	for i := range r.Memberships {
		m := &r.Memberships[i]
		if m.Action == "" {
			continue
		}
		switch m.settle(entries) {
		case plan.Join:
			joined = append(joined, m.GroupName)
		case plan.Leave:
			left = append(left, m.GroupName)
		default:
			r.Outcome = OutcomeFailed
		}
	}
	if len(joined)+len(left) == 0 {
		return
	}
	if r.Outcome == OutcomeSkipped {
		r.Outcome = OutcomeSuccess
	}
	act := r.Step(ActStep)
	if act.State == StepSkipped {
		if act.Code == "Unchanged" {
			act.Text = "Nothing of the user differs."
		}
		act.State, act.Code = StepOK, "Members"
	}
	act.Text = strings.TrimSpace(act.Text + groupsText("Joined", joined) + groupsText("Left", left))
}

// groupsText names groups in a sentence; "" for none.
func groupsText(did string, names []string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf(" %s the group %s.", did, names[0])
	}
	return fmt.Sprintf(" %s the groups %s.", did, strings.Join(names, ", "))
}

// settle says what became of the change of a membership, and returns what was done; "" if nothing could be.
func (x *ExplainedMembership) settle(entries []Entry) plan.Action {
	state := Superseded
	for _, entry := range entries {
		about := entry.Object == plan.Members && entry.SourceID == x.GroupID && entry.Action == x.Action
		if !about {
			continue
		}
		if entry.State == Applied || slices.ContainsFunc(entry.Members, func(m plan.Member) bool { return m.Source.String() == x.SourceID }) {
			state = entry.State
		}
	}
	switch {
	case state != Applied:
		x.State, x.Code, x.Text = StepFailed, "Overtaken", "The group changed when the change was to be written; the next run of the instance tries again."
		return ""
	case x.Action == plan.Join:
		x.Synced, x.Text = true, "Is a member in Entra and in scope, and joined."
	default:
		x.Synced, x.Text = false, map[string]string{"Left": "Left in Entra, and left.", "OutOfScope": "Left, because of not being in scope any more."}[x.Code]
		if x.ByHand {
			x.Text += " Stays a member, because of being put in by hand, too."
		}
	}
	return x.Action
}

// sumUp says in the result of a group what became of the members.
func (r *Result) sumUp(people []Result) {
	var joined, left []string
	unchanged, failed := 0, 0
	for _, person := range people {
		for _, m := range person.Memberships {
			switch {
			case m.State == StepFailed:
				failed++
			case m.Action == plan.Join:
				joined = append(joined, person.called())
			case m.Action == plan.Leave:
				left = append(left, person.called())
			default:
				unchanged++
			}
		}
	}
	act := r.Step(ActStep)
	if len(people) == 0 || act.State == StepNotReached {
		return
	}
	act.fact("joined", joined)
	act.fact("left", left)
	act.fact("members that stay as they are", unchanged)
	if failed > 0 {
		act.fact("members that could not be changed", failed)
	}
	if len(joined)+len(left) == 0 {
		return
	}
	if r.Outcome == OutcomeSkipped {
		r.Outcome = OutcomeSuccess
	}
	if act.State == StepSkipped {
		act.State, act.Code = StepOK, "Members"
	}
	act.Text += fmt.Sprintf(" %s.", strings.Join(counted(len(joined), len(left)), ", "))
}

// counted says how many joined and left.
func counted(joined, left int) []string {
	var texts []string
	if joined > 0 {
		texts = append(texts, fmt.Sprintf("%d joined", joined))
	}
	if left > 0 {
		texts = append(texts, fmt.Sprintf("%d left", left))
	}
	return texts
}

// called is what people call the person of the result, or else what was asked for.
func (r Result) called() string {
	if r.Name != "" {
		return r.Name
	}
	return r.Who
}
