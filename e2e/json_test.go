package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// absent is what a path that leads nowhere is.
const absent = "absent"

// parse reads a JSON document; numbers stay as they are written.
func parse(raw string) (any, error) {
	decoder := json.NewDecoder(strings.NewReader(raw))
	decoder.UseNumber()
	var document any
	if err := decoder.Decode(&document); err != nil {
		return nil, fmt.Errorf("not JSON: %w: %.200s", err, raw)
	}
	if decoder.More() {
		return nil, errors.New("more than one JSON document")
	}
	return document, nil
}

// missing is the value of a path that leads nowhere, which differs from null.
type missing struct{}

// at follows a path: names and indices between slashes; [path=value] is the first item of a list of which that is true, * all items
// of a list; # at the end the number of items, of a list or of what * has left over.
func at(value any, path string) any {
	if path == "" || path == "." {
		return value
	}
	step, rest, _ := cutStep(path)
	switch node := value.(type) {
	case map[string]any:
		next, ok := node[step]
		if !ok {
			return missing{}
		}
		return at(next, rest)
	case []any:
		return atList(node, step, rest)
	}
	return missing{}
}

func atList(list []any, step, rest string) any {
	if step == "len" {
		return json.Number(strconv.Itoa(len(list)))
	}
	if condition, ok := strings.CutPrefix(step, "["); ok {
		return at(first(list, strings.TrimSuffix(condition, "]")), rest)
	}
	if condition, ok := strings.CutPrefix(step, "*["); ok {
		return at(all(list, strings.TrimSuffix(condition, "]")), rest)
	}
	i, err := strconv.Atoi(step)
	if err != nil || i < 0 || i >= len(list) {
		return missing{}
	}
	return at(list[i], rest)
}

// cutStep splits at the first slash that is not in brackets.
func cutStep(path string) (step, rest string, more bool) {
	depth := 0
	for i, r := range path {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case r == '/' && depth == 0:
			return path[:i], path[i+1:], true
		}
	}
	return path, "", false
}

func first(list []any, condition string) any {
	if found := all(list, condition); len(found) > 0 {
		return found[0]
	}
	return missing{}
}

func all(list []any, condition string) []any {
	path, want, _ := strings.Cut(condition, "=")
	found := []any{}
	for _, item := range list {
		if fits(text(at(item, path)), want) {
			found = append(found, item)
		}
	}
	return found
}

// text is a value as scripts write it: texts bare, the rest as JSON.
func text(value any) string {
	switch value := value.(type) {
	case missing:
		return absent
	case string:
		return value
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(out.String())
}

// fits reports whether a value is what is wanted: ~REGEXP matches, !TEXT differs, >NUMBER is more, anything else is equal.
func fits(value, want string) bool {
	if pattern, ok := strings.CutPrefix(want, "~"); ok {
		matched, err := regexp.MatchString(pattern, value)
		return err == nil && matched
	}
	if other, ok := strings.CutPrefix(want, "!"); ok {
		return value != other
	}
	if limit, ok := strings.CutPrefix(want, ">"); ok {
		number, err := strconv.ParseFloat(value, 64)
		most, bad := strconv.ParseFloat(limit, 64)
		return err == nil && bad == nil && number > most
	}
	return value == want
}

// check asserts PATH VALUE pairs on a document.
func check(document any, pairs []string) error {
	if len(pairs)%2 != 0 {
		return fmt.Errorf("%w: PATH and VALUE come in pairs: %q", errUsage, pairs)
	}
	var wrong []string
	for i := 0; i < len(pairs); i += 2 {
		if got := text(at(document, pairs[i])); !fits(got, pairs[i+1]) {
			wrong = append(wrong, fmt.Sprintf("%s is %s, want %s", pairs[i], got, pairs[i+1]))
		}
	}
	if wrong != nil {
		return fmt.Errorf("%s\nin %.3000s", strings.Join(wrong, "\n"), text(document))
	}
	return nil
}
