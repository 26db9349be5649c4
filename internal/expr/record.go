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

// ParseRecord reads assignments; an attribute that is assigned several texts has several values.
func ParseRecord(assignments []string) (Record, error) {
	record := Record{}
	var wrong []error
	for _, assignment := range assignments {
		name, value, err := ParseAssignment(assignment)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		switch before := record[name].(type) {
		case string:
			if more, ok := value.(string); ok {
				value = []string{before, more}
			}
		case []string:
			if more, ok := value.(string); ok {
				value = append(before, more)
			}
		}
		record[name] = value
	}
	return record, errors.Join(wrong...)
}

// Attribute returns a value for Input.Attribute.
func (r Record) Attribute(name string) any { return r[name] }
