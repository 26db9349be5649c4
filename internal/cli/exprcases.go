package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"rollcall/internal/expr"
	"rollcall/internal/fault"
)

// testCase is a case with its id as the file has it: a number or a text.
type testCase struct {
	expr.Case
	id json.RawMessage
}

// name is the id for people.
func (c testCase) name() string {
	var text string
	if json.Unmarshal(c.id, &text) == nil {
		return text
	}
	return string(c.id)
}

// readTestCases reads a file of cases. A member that is not known is a mistake: it would be thought to be checked.
func readTestCases(path string, text []byte) ([]testCase, error) {
	wrong := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "BadCases", "%s: %s", path, fmt.Sprintf(format, args...)).WithRemedy("See rollcall expr test --help.")
	}
	var entries []map[string]json.RawMessage
	if err := json.Unmarshal(text, &entries); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			return nil, wrong("line %d: it is not a JSON array of cases: %v", 1+bytes.Count(text[:min(len(text), int(syntax.Offset))], []byte("\n")), syntax)
		}
		return nil, wrong("it is not a JSON array of objects")
	}
	ids := make([]json.RawMessage, len(entries))
	for i, entry := range entries {
		number, err := json.Marshal(i + 1)
		if err != nil {
			return nil, err
		}
		if ids[i] = entry["id"]; ids[i] == nil {
			ids[i] = number
		}
		if err := checkCase(entry); err != nil {
			return nil, wrong("case %d of the file, id %s: %v", i+1, testCase{id: ids[i]}.name(), err)
		}
		if ids[i][0] == '"' {
			entry["id"] = number
		}
	}
	again, err := json.Marshal(entries)
	if err != nil {
		return nil, err
	}
	read, err := expr.ReadCases(bytes.NewReader(again))
	if err != nil {
		return nil, wrong("%v", err)
	}
	cases := make([]testCase, len(read))
	for i, one := range read {
		cases[i] = testCase{one, ids[i]}
	}
	return cases, nil
}

// checkCase says which member is unknown or is not what it should be.
func checkCase(entry map[string]json.RawMessage) error {
	var known []string
	kinds := map[string]reflect.Type{}
	for field := range reflect.TypeFor[expr.Case]().Fields() {
		name := memberName(field)
		known = append(known, name)
		kinds[name] = field.Type
	}
	for _, name := range slices.Sorted(maps.Keys(entry)) {
		kind, ok := kinds[name]
		if !ok {
			return fmt.Errorf("there is no member %q; there are %s", name, strings.Join(known, ", "))
		}
		if name == "id" {
			if !bytes.ContainsAny(entry[name][:1], `"-0123456789`) || bytes.ContainsAny(entry[name], ".eE") && entry[name][0] != '"' {
				return errors.New("id is a whole number or a text")
			}
			continue
		}
		if err := json.Unmarshal(entry[name], reflect.New(kind).Interface()); err != nil {
			if name == "now" {
				return errors.New("now is a time such as \"2026-05-04T09:00:00Z\"")
			}
			if name == "target_values_taken" {
				return errors.New("target_values_taken is a list of texts")
			}
			return fmt.Errorf("%s %s", name, belongs(kind))
		}
	}
	return nil
}
