package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"rollcall/internal/clock"
)

type exprTestCommand struct {
	File string `arg:"" help:"JSON file of cases; - reads standard input."`
	JSON bool   `help:"Print JSON, and nothing else, on standard output." name:"json"`
}

// Help gives an example.
func (exprTestCommand) Help() string {
	return `Example: rollcall expr test cases.json

A file is an array of cases such as

    {"id": 1, "expression": "ToUpper([city], )", "attributes": {"city": "Oslo"}, "expected": "OSLO"}

"expected" may be {"$action": "ignoreAttribute"}, "ignoreObject", "escrow" or "error". Further members: now, expected_pattern, log_value,
target_values_taken, and function, note, provenance and source, which say where a case comes from; another member is a mistake. An id is a
number or a text. Numbers, booleans and their texts are equal (7 and "7"), null and the empty text too. Exit code 1 if a case fails.`
}

// tested is what --json prints.
type tested struct {
	Passed   int          `json:"passed"`
	Failed   int          `json:"failed"`
	Failures []failedCase `json:"failures"`
	// Notes say what could not be judged.
	Notes []string `json:"notes"`
}

type failedCase struct {
	ID         json.RawMessage `json:"id"`
	Expression string          `json:"expression"`
	Expected   json.RawMessage `json:"expected"`
	Got        json.RawMessage `json:"got"`
}

// Run tests.
func (c *exprTestCommand) Run(ctx context.Context, in *invocation) error {
	text, err := readFile(in, c.File, "the file of cases")
	if err != nil {
		return err
	}
	cases, err := readTestCases(c.File, text)
	if err != nil {
		return err
	}
	result := tested{Failures: []failedCase{}, Notes: []string{}}
	now := clock.System()
	for _, one := range cases {
		if err := ctx.Err(); err != nil {
			return err
		}
		outcome := one.Run(now, rand.Reader)
		if outcome.Note != "" {
			result.Notes = append(result.Notes, fmt.Sprintf("%s: %s", one.name(), outcome.Note))
		}
		if outcome.Passed {
			result.Passed++
			continue
		}
		result.Failed++
		result.Failures = append(result.Failures, failedCase{one.id, one.Expression, json.RawMessage(outcome.Expected), json.RawMessage(outcome.Got)})
	}
	return c.print(in, result)
}

func (c *exprTestCommand) print(in *invocation, result tested) error {
	failed := error(nil)
	if result.Failed > 0 {
		failed = &outcome{code: exitFailed}
	}
	if c.JSON {
		if err := writeJSON(in.stdout, result); err != nil {
			return err
		}
		return failed
	}
	for _, note := range result.Notes {
		in.say("Note: case %s.", printable(note))
	}
	if len(result.Notes) > 0 {
		in.say("%d passed, %d failed, %d not checked in full.", result.Passed, result.Failed, len(result.Notes))
	}
	var text strings.Builder
	for _, one := range result.Failures {
		fmt.Fprintf(&text, "case %s failed: %s\n    expected %s\n    got      %s\n", printable(testCase{id: one.ID}.name()), printable(one.Expression), printable(string(one.Expected)), printable(string(one.Got)))
	}
	fmt.Fprintf(&text, "%d passed, %d failed\n", result.Passed, result.Failed)
	if _, err := io.WriteString(in.stdout, text.String()); err != nil {
		return err
	}
	return failed
}
