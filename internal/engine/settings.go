package engine

import (
	"errors"
	"strings"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
)

// Check returns all that is wrong with the settings.
func (s Settings) Check() error {
	_, err := s.compile()
	return err
}

// compile makes the rules of planning from the settings.
func (s Settings) compile() (*plan.Rules, error) {
	var problems []error
	set, err := mapping.Compile(s.Attributes)
	if err != nil {
		problems = append(problems, err)
	}
	for _, list := range []struct {
		name string
		ids  []string
	}{{"scope.users", s.Scope.Users}, {"scope.neverTouch", s.Scope.NeverTouch}} {
		for _, id := range list.ids {
			if _, err := ident.Parse(id); err != nil {
				problems = append(problems, fault.New(fault.Invalid, "BadSetting", "%s: %q is not the object id of a user", list.name, id))
			}
		}
	}
	if t := s.Thresholds; t.Count < 0 || t.Percent < 0 || t.Percent > 100 || t.Absolute < 0 {
		problems = append(problems, fault.New(fault.Invalid, "BadSetting", "thresholds: count and absolute cannot be negative, percent is between 0 and 100"))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fault.New(fault.Invalid, "BadConfiguration", "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return &plan.Rules{Scope: s.Scope.Compile(), Mapping: set}, nil
}
