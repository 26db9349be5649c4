package cli

import (
	"fmt"
	"strings"

	"rollcall/internal/api"
)

type exprCheckCommand struct {
	expressionArgument
	AnyAttribute bool `help:"Take attributes for known that users of the tenant do not have."`
	JSON         bool `help:"Print JSON, and nothing else, on standard output." name:"json"`
}

// Help gives an example.
func (exprCheckCommand) Help() string {
	return "Example: rollcall expr check 'ToUpper([surname])'\n\nMistakes go to standard error, each with its place; the exit code is 2 then."
}

// Run checks.
func (c *exprCheckCommand) Run(in *invocation) error {
	text, err := c.text(in)
	if err != nil {
		return err
	}
	check := api.CheckExpression(api.ExpressionText{Expression: text, AnyAttribute: c.AnyAttribute})
	wrong := error(nil)
	if !check.Valid {
		wrong = &outcome{exitUsage, "the expression has " + counted(len(check.Errors), "mistake", "mistakes")}
	}
	switch {
	case c.JSON:
		err = writeJSON(in.stdout, check)
	case check.Valid:
		err = facts(in.stdout, "Expression", check.Canonical, "Gives", check.Gives, "Attributes", strings.Join(check.Attributes, ", "), "Depends on", dependencies(check))
	default:
		for _, mistake := range check.Errors {
			in.say("%s", pointed(text, mistake))
		}
	}
	if err != nil {
		return err
	}
	return wrong
}

// dependencies says on what besides the user the result depends.
func dependencies(check api.ExpressionCheck) string {
	var on []string
	for _, one := range []struct {
		depends bool
		text    string
	}{
		{check.Clock, "the time"}, {check.Random, "chance, the same for a user each time"}, {check.Unique, "the values that others have"},
	} {
		if one.depends {
			on = append(on, one.text)
		}
	}
	return strings.Join(on, "; ")
}

// around is how many characters of a long line are shown on either side of a mistake.
const around = 50

// pointed is a mistake with its line, and a caret below its place.
func pointed(text string, mistake api.ExpressionError) string {
	message := fmt.Sprintf("line %d, column %d: %s", mistake.Line, mistake.Column, printable(mistake.Message))
	lines := strings.Split(text, "\n")
	if mistake.Line < 1 || mistake.Line > len(lines) {
		return message
	}
	line := []rune(strings.TrimRight(lines[mistake.Line-1], "\r"))
	at := min(max(mistake.Column-1, 0), len(line))
	from, to := max(0, at-around), min(len(line), at+around)
	visible := func(runes []rune) string { return printable(strings.ReplaceAll(string(runes), "\t", " ")) }
	before, after, start, end := visible(line[from:at]), visible(line[at:to]), "", ""
	if from > 0 {
		start = "…"
	}
	if to < len(line) {
		end = "…"
	}
	return fmt.Sprintf("%s\n    %s\n    %s^", message, start+before+after+end, strings.Repeat(" ", displayWidth(start+before)))
}
