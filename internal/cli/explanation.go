package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/engine"
)

// writeExplanation writes all that is known: who, the five steps with their facts, attributes and history.
func writeExplanation(in *invocation, x api.Explanation) error {
	heads := [2]string{"Person", "User"}
	if x.Type == groupType {
		heads = [2]string{"Group", "Group here"}
	}
	err := facts(in.stdout, heads[0], personText(x), "Object id", x.SourceID, heads[1], x.ObjectName, "Outcome", string(x.Outcome))
	if err != nil {
		return err
	}
	for i, step := range x.Steps {
		if _, err := fmt.Fprintf(in.stdout, "\n%d. %s\n", i+1, stepText(step)); err != nil {
			return err
		}
		if err := writeStep(in, step, x.Type); err != nil {
			return err
		}
	}
	return writeMemberships(in, x)
}

// personText is what people call the person or group, or else what was asked for.
func personText(x api.Explanation) string {
	if x.Name != "" {
		return x.Name
	}
	return x.Who
}

// stepText is a step on one line.
func stepText(step api.Step) string {
	return fmt.Sprintf("%-8s %-11s  %s", step.Name, step.State, printable(step.Text))
}

func writeStep(in *invocation, step api.Step, of string) error {
	pairs := make([]string, 0, 2*len(step.Facts))
	for _, fact := range step.Facts {
		pairs = append(pairs, indent+fact.Name, spoken(fact.Value))
	}
	if err := facts(in.stdout, pairs...); err != nil {
		return err
	}
	for _, filter := range step.Filters {
		for _, clause := range filter.Clauses {
			_, err := fmt.Fprintf(in.stdout, "%s%s: %s is %s; it is %s\n", indent, printable(filter.Name), printable(clause.Clause), verdict(clause.Holds),
				printable(spoken(clause.Value)))
			if err != nil {
				return err
			}
		}
	}
	if err := writeAttributes(in, step.Attributes); err != nil {
		return err
	}
	return writePast(in.stdout, step, of)
}

func verdict(holds bool) string {
	if holds {
		return "true"
	}
	return "false"
}

func writeAttributes(in *invocation, attributes []api.AttributeResult) error {
	if len(attributes) == 0 {
		return nil
	}
	out := newTable(indent+"ATTRIBUTE", "BEFORE", "AFTER", "FROM", "NOTE")
	for _, a := range attributes {
		after := ""
		if a.Written {
			after = spoken(a.After)
		}
		note := a.Note
		if a.Text != "" && a.Text != a.Note {
			note = strings.TrimPrefix(note+"; "+a.Text, "; ")
		}
		out.add(indent+a.Target, spoken(a.Before), after, originText(a), note)
	}
	return out.write(in.stdout, in.columns(), "")
}

// originText says where an attribute comes from: the source with its value, or the expression with the values that it names.
func originText(a api.AttributeResult) string {
	if len(a.Inputs) == 1 && a.Inputs[0].Name == a.Source {
		return a.Source + " = " + spoken(a.Inputs[0].Value)
	}
	text := a.Source
	if text == "" {
		text = string(a.Kind)
	}
	values := make([]string, len(a.Inputs))
	for i, input := range a.Inputs {
		values[i] = input.Name + " = " + spoken(input.Value)
	}
	if len(values) > 0 {
		text += " with " + strings.Join(values, ", ")
	}
	return text
}

func writePast(w io.Writer, step api.Step, of string) error {
	if waiting := step.Waiting; waiting != nil {
		text := fmt.Sprintf("%sWaiting since %s: %s %s: %s", indent, short(waiting.At), waiting.Action, waiting.State, waiting.Reason.Text)
		if !waiting.RetryAt.IsZero() {
			text += "; tried again at " + short(waiting.RetryAt)
		}
		if _, err := fmt.Fprintln(w, printable(text)); err != nil {
			return err
		}
	}
	if len(step.History) > 0 {
		if _, err := fmt.Fprintf(w, "%sLatest changes of the %s:\n", indent, of); err != nil {
			return err
		}
	}
	for _, past := range step.History {
		text := fmt.Sprintf("%s%s%s  %s %s: %s", indent, indent, short(past.At), past.Action, past.State, past.Reason.Text)
		if past.Changes != "" && past.Action != "create" {
			text += " (" + past.Changes + ")"
		}
		if _, err := fmt.Fprintln(w, printable(text)); err != nil {
			return err
		}
	}
	return nil
}

// spoken is a value for people: texts as they are, nothing as a dash.
func spoken(value any) string {
	switch v := value.(type) {
	case nil:
		return "-"
	case string:
		return v
	case []any:
		texts := make([]string, len(v))
		for i, one := range v {
			texts[i] = spoken(one)
		}
		return strings.Join(texts, ", ")
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

// writeResult writes what a run on demand did for one person or group, as Control Hub tells it.
func writeResult(in *invocation, x api.Explanation) error {
	headline := map[engine.Outcome]string{
		engine.OutcomeSuccess: "Provisioning success", engine.OutcomeSkipped: "Provisioning skipped", engine.OutcomeFailed: "Provisioning failed",
	}[x.Outcome]
	if headline == "" {
		headline = "Provisioning not finished"
	}
	if _, err := fmt.Fprintf(in.stdout, "%s: %s\n", headline, printable(personText(x))); err != nil {
		return err
	}
	for _, step := range x.Steps {
		if _, err := fmt.Fprintf(in.stdout, "%s%s\n", indent, stepText(step)); err != nil {
			return err
		}
		for _, a := range step.Attributes {
			if !a.Written {
				continue
			}
			if _, err := fmt.Fprintf(in.stdout, "%s%s%s: %s → %s\n", indent, indent, a.Target, printable(spoken(a.Before)), printable(spoken(a.After))); err != nil {
				return err
			}
		}
	}
	for _, m := range x.Memberships {
		if _, err := fmt.Fprintf(in.stdout, "%s%-8s %-11s  %s: %s\n", indent, "member", m.State, printable(m.GroupName), printable(m.Text)); err != nil {
			return err
		}
	}
	return nil
}
