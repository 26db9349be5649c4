package engine

import (
	"errors"
	"fmt"
	"strings"

	"rollcall/internal/expr"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// SettingError is one thing that is wrong with settings.
type SettingError struct {
	// Location is the place in the settings' JSON: attributes[3].expression.
	Location string
	// Err says what is wrong, and names the mapping or filter where there is one.
	Err error
}

// Error says what is wrong.
func (e *SettingError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *SettingError) Unwrap() error { return e.Err }

// SettingErrors is everything that is wrong with settings, in their order.
type SettingErrors []*SettingError

// Error returns all sentences in one line.
func (e SettingErrors) Error() string { return fault.List[*SettingError](e).Error() }

// Unwrap returns the single errors.
func (e SettingErrors) Unwrap() []error { return fault.List[*SettingError](e).Unwrap() }

// Check returns all that is wrong with the settings: a fault of kind Invalid that wraps SettingErrors.
func (s Settings) Check() error {
	_, err := s.compile()
	return err
}

// compile makes the rules of planning from the settings.
func (s Settings) compile() (*plan.Rules, error) {
	var wrong SettingErrors
	set, err := mapping.Compile(s.Attributes)
	wrong.addMappings(err)
	who, err := s.Scope.Compile()
	wrong.addFilters(err)
	for _, list := range []struct {
		name string
		ids  []string
	}{{"scope.users", s.Scope.Users}, {"scope.neverTouch", s.Scope.NeverTouch}} {
		for i, id := range list.ids {
			if _, err := ident.Parse(id); err != nil {
				wrong.add(fmt.Sprintf("%s[%d]", list.name, i), fmt.Errorf("%s: %q is not the object id of a user", list.name, id))
			}
		}
	}
	for i, group := range s.Scope.Groups {
		if _, err := ident.Parse(strings.TrimSpace(group.ID)); err != nil {
			wrong.add(fmt.Sprintf("scope.groups[%d].id", i), fmt.Errorf("scope.groups: %q is not the object id of a group", group.ID))
		}
	}
	if t := s.Thresholds; t.Count < 0 || t.Percent < 0 || t.Percent > 100 || t.Absolute < 0 {
		wrong.add("thresholds", errors.New("thresholds: count and absolute cannot be negative, percent is between 0 and 100"))
	}
	for _, share := range []struct {
		name string
		plan.Share
	}{{"thresholds.groups", s.Thresholds.OfGroups()}, {"thresholds.members", s.Thresholds.OfMembers()}} {
		if share.Count < 0 || share.Percent < 0 || share.Percent > 100 {
			wrong.add(share.name, fmt.Errorf("%s: count cannot be negative, percent is between 0 and 100", share.name))
		}
	}
	if wrong != nil {
		return nil, fault.Wrap(fault.Invalid, badConfiguration, wrong, "the settings are not valid")
	}
	return &plan.Rules{Scope: who, Mapping: set}, nil
}

func (e *SettingErrors) add(location string, err error) {
	*e = append(*e, &SettingError{Location: location, Err: err})
}

// addMappings adds what mapping.Compile says, each mistake of an expression by itself.
func (e *SettingErrors) addMappings(err error) {
	var mappings mapping.Errors
	if err == nil {
		return
	}
	if !errors.As(err, &mappings) {
		e.add("attributes", err)
		return
	}
	for _, one := range mappings {
		if one.Index < 0 {
			e.add("attributes", one)
			continue
		}
		location := fmt.Sprintf("attributes[%d]", one.Index)
		var mistakes expr.SyntaxErrors
		if !errors.As(one.Err, &mistakes) {
			e.add(location, one)
			continue
		}
		for _, mistake := range mistakes {
			e.add(location+".expression", fmt.Errorf("%s: %w", one.Target, mistake))
		}
	}
}

// addFilters adds what scope says of the filters.
func (e *SettingErrors) addFilters(err error) {
	var filters scope.Errors
	if err == nil {
		return
	}
	if !errors.As(err, &filters) {
		e.add("scope", err)
		return
	}
	for _, one := range filters {
		location := "scope.filters"
		if one.Filter >= 0 {
			location += fmt.Sprintf("[%d]", one.Filter)
		}
		if one.Clause >= 0 {
			location += fmt.Sprintf(".clauses[%d]", one.Clause)
		}
		e.add(location, one)
	}
}

// badConfiguration is the code of what an administrator got wrong.
const badConfiguration = "BadConfiguration"

// invalid makes one fault of several errors, nil if there is none. A single fault stays what it is.
func invalid(all []error) error {
	var wrong fault.List[error]
	for _, one := range all {
		if one != nil {
			wrong = append(wrong, one)
		}
	}
	switch {
	case wrong == nil:
		return nil
	case len(wrong) == 1 && fault.Is(wrong[0], fault.Invalid):
		return wrong[0]
	}
	return fault.Wrap(fault.Invalid, badConfiguration, wrong, "the configuration is not valid")
}
