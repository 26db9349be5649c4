package expr

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// ParseAssignment reads an attribute as people write it on a command line: name=value is a text, name:=value is JSON, such as
// proxyAddresses:=["a","b"] or mail:=null.
func ParseAssignment(text string) (name string, value any, err error) {
	name, written, found := strings.Cut(text, "=")
	if !found {
		return "", nil, fmt.Errorf("%s is not name=value, or name:=JSON", short(text))
	}
	name, isJSON := strings.CutSuffix(name, ":")
	name = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(name), "["), "]")
	if name == "" {
		return "", nil, fmt.Errorf("%s names no attribute", short(text))
	}
	if !isJSON {
		return name, written, nil
	}
	if err := json.Unmarshal([]byte(written), &value); err != nil {
		return "", nil, fmt.Errorf("%s is not JSON: %w", short(written), err)
	}
	if _, err := ValueOf(value); err != nil {
		return "", nil, fmt.Errorf("%s %w", clipped(name), err)
	}
	return name, value, nil
}

// Record holds attributes by their names.
type Record map[string]any

// ParseRecord reads assignments. Several of one name, as texts or as JSON, make one list.
func ParseRecord(assignments []string) (Record, error) {
	record := Record{}
	values := map[string][]any{}
	var wrong []error
	for _, assignment := range assignments {
		name, value, err := ParseAssignment(assignment)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		if value == nil { // beside values it adds none
			if len(values[name]) == 0 {
				record[name] = nil
			}
			continue
		}
		if list, ok := value.([]any); ok {
			values[name] = append(values[name], list...)
			record[name] = values[name]
			continue
		}
		if values[name] = append(values[name], value); len(values[name]) > 1 {
			record[name] = values[name]
		} else {
			record[name] = value
		}
	}
	return record, errors.Join(wrong...)
}

// Attribute returns a value for Input.Attribute.
func (r Record) Attribute(name string) any { return r[name] }
