package expr

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// Case is an expression with what it must give: one entry of a test file, a JSON array (testdata/documented.json is one).
type Case struct {
	ID         int            `json:"id"`
	Function   string         `json:"function"`
	Expression string         `json:"expression"`
	Attributes map[string]any `json:"attributes"`
	// Expected is the value as JSON, or {"$action": "ignoreAttribute"}, "ignoreObject", "escrow" or "error". Absent means the empty text; null
	// means no value or, beside a pattern or a log value or for an example whose page prints no output, any value.
	Expected json.RawMessage `json:"expected"`
	// ExpectedPattern is a regular expression that begins with ^, or clauses such as "length 10, >=2 digits, none of ?,".
	ExpectedPattern string `json:"expected_pattern"`
	// LogValue is what a log shows of the value; nil if the case does not say.
	LogValue *string `json:"log_value"`
	// Now is the time for Now(); nil for the time that Run is given.
	Now *time.Time `json:"now"`
	// TargetValuesTaken are the values that other objects of the target have.
	TargetValuesTaken []string `json:"target_values_taken"`
	Note              string   `json:"note"`
	// Provenance is "documented-example", "rule-or-values-ours" or "documented-without-output".
	Provenance string `json:"provenance"`
	Source     string `json:"source"`
}

// withoutOutput is the provenance of an example whose page prints no output.
const withoutOutput = "documented-without-output"

// Outcome says whether a case passed.
type Outcome struct {
	Passed bool
	// Expected and Got are JSON.
	Expected, Got string
	// Note says what could not be judged; "" if all could.
	Note string
}

// ReadCases reads a test file. The error names the case, by its id or its place, and what is wrong with it.
func ReadCases(r io.Reader) ([]Case, error) {
	var entries []json.RawMessage
	if err := json.NewDecoder(r).Decode(&entries); err != nil {
		return nil, fmt.Errorf("the file is not a JSON array of cases: %w", err)
	}
	cases := make([]Case, len(entries))
	for i, entry := range entries {
		if err := json.Unmarshal(entry, &cases[i]); err != nil {
			return nil, fmt.Errorf("case %d of the file: %w", i+1, err)
		}
		if err := cases[i].check(); err != nil {
			return nil, fmt.Errorf("case %d of the file, id %d: %w", i+1, cases[i].ID, err)
		}
	}
	return cases, nil
}

func (c *Case) check() error {
	if c.Expression == "" {
		return errors.New("it has no expression")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Attributes)) {
		if _, err := ValueOf(c.Attributes[name]); err != nil {
			return fmt.Errorf("%s %w", clipped(name), err)
		}
	}
	if action, ok := c.action(); ok && !slices.Contains(actions, action) {
		return fmt.Errorf("there is no $action %s; there are %q", short(action), actions)
	}
	return nil
}

// failedAction is the $action for an expression that is wrong or has no result.
const failedAction = "error"

var actions = []string{IgnoreAttribute.String(), IgnoreObject.String(), Escrow.String(), failedAction}

// action returns the $action that is expected instead of a value.
func (c *Case) action() (string, bool) {
	var expected map[string]any
	if json.Unmarshal(c.Expected, &expected) != nil {
		return "", false
	}
	action, ok := expected["$action"]
	return fmt.Sprint(action), ok
}

// Run evaluates the case. now is the time if the case names none; random gives the bytes for Guid and RandomString.
func (c Case) Run(now time.Time, random io.Reader) Outcome {
	if c.Now != nil {
		now = *c.Now
	}
	expression, err := Parse(c.Expression, nil)
	if err != nil {
		return c.ended(failedAction, err.Error())
	}
	result, err := expression.Evaluate(&Input{
		Attribute: Record(c.Attributes).Attribute, Now: now, Random: random,
		Taken: func(value string) (bool, error) { return slices.Contains(c.TargetValuesTaken, value), nil },
	})
	switch {
	case err != nil:
		return c.ended(failedAction, err.Error())
	case result.Action != Flow:
		return c.ended(result.Action.String(), result.Reason)
	}
	return c.compare(result.Value, expression.Uses().Redact)
}

// ended is the outcome of a case without value.
func (c *Case) ended(action, reason string) Outcome {
	got := map[string]string{"$action": action}
	if reason != "" {
		got["reason"] = reason
	}
	expected, ok := c.action()
	return Outcome{Passed: ok && expected == action, Expected: c.expected(), Got: asJSON(got)}
}

// expected shows what is expected, as JSON.
func (c *Case) expected() string {
	switch {
	case c.anyValue() && c.ExpectedPattern != "":
		return asJSON(map[string]string{"$pattern": c.ExpectedPattern})
	case c.anyValue():
		return `{"$any":"value"}`
	case c.Expected == nil:
		return `""`
	}
	return string(c.Expected)
}

// anyValue reports whether the case does not say which value is expected.
func (c *Case) anyValue() bool {
	return (c.Expected == nil || string(c.Expected) == "null") &&
		(c.ExpectedPattern != "" || c.LogValue != nil || c.Provenance == withoutOutput)
}

// compare judges a value, its pattern and what a log shows of it.
func (c *Case) compare(value Value, redact bool) Outcome {
	outcome := Outcome{Passed: c.anyValue() || equalsJSON(value, c.Expected), Expected: c.expected(), Got: asJSON(value.Any())}
	text, _ := value.Text()
	if c.ExpectedPattern != "" {
		fits, unclear := fitsPattern(text, c.ExpectedPattern)
		outcome.Passed = outcome.Passed && fits
		outcome.Note = unclear
	}
	if c.LogValue != nil {
		if redact {
			text = Redacted
		}
		if text != *c.LogValue {
			outcome.Passed = false
			outcome.Expected = asJSON(map[string]string{"$log": *c.LogValue})
			outcome.Got = asJSON(map[string]string{"$log": text})
		}
	}
	return outcome
}

func asJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil { // values are texts, numbers, booleans and lists of them
		return fmt.Sprintf("%q", fmt.Sprint(value))
	}
	return string(text)
}
