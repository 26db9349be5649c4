package console

import (
	"fmt"
	"net/http"
	"strings"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/plan"
)

// explainedView is what is made of one person or group, step by step.
type explainedView struct {
	Title, Who, Address, SourceID string
	Object, ObjectAddress, Href   string
	Outcome                       *Pill
	Group                         bool
	Steps                         []explainedStep
	Memberships                   []membershipRow
	At                            *Moment
	Live                          bool
}

type explainedStep struct {
	Number           int
	Name, Text       string
	State            Pill
	Facts            []Choice
	Filters          []filterRow
	Attributes       []attributeRow
	Waiting, History []Choice
}

type filterRow struct {
	Name    string
	Verdict Pill
	Clauses []Choice
}

type attributeRow struct {
	Target, Kind, Source, Value, Before, After, Note string
	Written                                          bool
}

type membershipRow struct {
	Name, Group, Text string
	State             Pill
}

var stepTones = map[engine.StepState]string{engine.StepOK: "ok", engine.StepSkipped: "idle", engine.StepFailed: "bad", engine.StepNotReached: "idle"}

var outcomeTones = map[engine.Outcome]string{engine.OutcomeSuccess: "ok", engine.OutcomeSkipped: "idle", engine.OutcomeFailed: "bad"}

// explained makes an explanation ready to be shown; words is "sync.outcome." for what a run did, and "sync.would." for what one would do.
func (r *request) explained(x engine.Explanation, words string) explainedView {
	view := explainedView{SourceID: x.SourceID, Group: x.Object == plan.Group, At: r.moment(x.At), Live: x.Live}
	view.Who, view.Address = nameAndAddress(x.Name)
	if x.Name == "" {
		view.Who = x.Who
	}
	view.Object, view.ObjectAddress = nameAndAddress(x.ObjectName)
	if x.ObjectName != "" {
		view.Href = r.pageOf(x.Object, x.ObjectID)
	}
	if x.Outcome != "" {
		outcome := pill(outcomeTones[x.Outcome], r.say(words+string(x.Outcome)))
		view.Outcome = &outcome
	}
	for i, step := range x.Steps {
		view.Steps = append(view.Steps, r.explainedStep(i+1, step))
	}
	for _, m := range x.Memberships {
		row := membershipRow{Name: m.Name, Group: m.GroupName, Text: m.Text, State: pill(stepTones[m.State], r.say("sync.unchanged"))}
		if row.Name == "" {
			row.Name = m.Who
		}
		switch {
		case m.State == engine.StepFailed:
			row.State.Text = r.say("sync.step.failed")
		case m.Action != "":
			row.State.Text = r.say("action." + string(m.Action))
		}
		view.Memberships = append(view.Memberships, row)
	}
	return view
}

func (r *request) explainedStep(number int, step engine.ExplainedStep) explainedStep {
	out := explainedStep{
		Number: number, Name: r.say("sync.steps." + string(step.Name)), Text: step.Text,
		State: pill(stepTones[step.State], r.say("sync.step."+strings.ReplaceAll(string(step.State), " ", "-"))),
	}
	if step.State == engine.StepNotReached {
		out.Text = ""
	}
	for _, fact := range step.Facts {
		out.Facts = append(out.Facts, Choice{Text: fact.Name, Value: factText(fact.Value)})
	}
	for _, filter := range step.Filters {
		row := filterRow{Name: filter.Name, Verdict: r.verdict(filter.Passed)}
		for _, clause := range filter.Clauses {
			row.Clauses = append(row.Clauses, Choice{Text: clause.Clause, Value: factText(clause.Value), Current: clause.Holds})
		}
		out.Filters = append(out.Filters, row)
	}
	for _, a := range step.Attributes {
		out.Attributes = append(out.Attributes, attributeRow{
			Target: shownPath(a.Target), Kind: r.say("sync.mapping." + string(a.Kind)), Source: a.Source, Value: shownValue(a.Value), Before: shownValue(a.Before),
			After: shownValue(a.After), Written: a.Written, Note: strings.TrimSpace(a.Note + " " + a.Text),
		})
	}
	if step.Waiting != nil {
		out.Waiting = append(out.Waiting, r.pastChange(*step.Waiting))
	}
	for _, past := range step.History {
		out.History = append(out.History, r.pastChange(past))
	}
	return out
}

func (r *request) verdict(holds bool) Pill {
	if holds {
		return pill("ok", r.say("sync.holds"))
	}
	return pill("idle", r.say("sync.holdsNot"))
}

// pastChange is a change in two texts: what and when, and why.
func (r *request) pastChange(past engine.PastChange) Choice {
	what := r.say("action."+string(past.Action)) + " · " + r.say("entry."+string(past.State)) + " · " + r.exact(past.At.In(r.zone))
	return Choice{Text: what, Value: strings.TrimSpace(past.Reason.Text + ". " + past.Changes), Href: r.at("/runs/", past.RunID.String())}
}

func factText(value any) string {
	switch v := value.(type) {
	case []any:
		texts := make([]string, len(v))
		for i, item := range v {
			texts[i] = fmt.Sprint(item)
		}
		return strings.Join(texts, ", ")
	case float64:
		return fmt.Sprintf("%g", v)
	}
	return shownValue(value)
}

type explainView struct {
	ID, Who, Type string
	Live          bool
	Fields        []Field
	Result        *explainedView
	Error         string
	May           bool
}

// explain says what is made of one person or group, and why; nothing is written (D18).
func (s *server) explain(w http.ResponseWriter, r *request) error {
	instance, err := s.ofInstance(r)
	if err != nil {
		return err
	}
	r.crumbed(r.say("sync.explain"), instance)
	view := explainView{ID: instance.ID.String(), Who: r.query("who"), Type: r.query("type"), Live: r.query("live") == "true"}
	view.Fields = []Field{
		{
			Name: "type", Label: r.say("sync.type"), Type: "select",
			Options: []Choice{{Text: r.say("sync.type.user"), Value: "user", Current: view.Type != "group"}, {Text: r.say("sync.type.group"), Value: "group", Current: view.Type == "group"}},
		},
		{Name: "who", Label: r.say("sync.who"), Hint: r.say("sync.who.hint"), Type: "text", Value: view.Who, Required: true, Max: 1024, Complete: "off"},
		{Name: "live", Label: r.say("sync.explain.live"), Hint: r.say("sync.explain.live.hint"), Type: "checkbox", Checked: view.Live},
	}
	if view.Who == "" {
		return r.render(w, http.StatusOK, "explain", view)
	}
	var x engine.Explanation
	if view.Type == "group" {
		x, err = s.Engine.ExplainGroup(r.ctx(), instance, view.Who, nil, view.Live)
	} else {
		x, err = s.Engine.Explain(r.ctx(), instance, view.Who, view.Live)
	}
	if err != nil {
		if fault.KindOf(err) == fault.Internal {
			return err
		}
		view.Fields[1].Error, _ = r.fault(err)
		return r.render(w, http.StatusUnprocessableEntity, "explain", view)
	}
	result := r.explained(x, "sync.would.")
	view.Result = &result
	view.May = x.SourceID != ""
	return r.render(w, http.StatusOK, "explain", view)
}
