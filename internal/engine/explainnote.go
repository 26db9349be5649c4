package engine

import (
	"rollcall/internal/attr"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
)

// note says why an attribute is not written. exists: there is a user of the directory already.
func (f foreseen) note(step AttributeStep, exists bool) string {
	if f.does && f.change.Action == plan.Fail {
		return "nothing is written for the person, because the change fails"
	}
	switch step.Outcome {
	case mapping.Unmapped:
		return step.Text
	case mapping.AttributeIgnored:
		return "the expression says IgnoreAttributeFlow"
	case mapping.UserIgnored:
		return "the expression says IgnoreObjectFlow: nothing is done for the person"
	case mapping.Empty, mapping.Cleared:
		if step.Outcome == mapping.Cleared || step.Before == nil {
			return "there is no value"
		}
		return "there is no value, and the mapping does not clear what is there"
	case mapping.CreateOnly, mapping.Offered, mapping.Defaulted:
		if exists {
			return "only a user who is created gets it"
		}
	case mapping.Valued:
		if exists && (step.Redacted || attr.Equal(step.Before, step.Value)) {
			return "the user has it already"
		}
	}
	if f.does && f.change.Action == plan.Skip {
		return "nothing is written for the person"
	}
	if step.Target == attr.Active && exists {
		return "the user has what lifecycle and mapping allow together"
	}
	return "it waits, because this change writes other attributes only"
}
