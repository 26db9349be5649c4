package cli

import "strings"

type exprCommands struct {
	Eval      exprEvalCommand      `cmd:"" help:"Evaluate an expression; the result is JSON."`
	Check     exprCheckCommand     `cmd:"" help:"Say everything that is wrong with an expression, or what it is made of."`
	Functions exprFunctionsCommand `cmd:"" help:"List the functions, or describe some."`
	Test      exprTestCommand      `cmd:"" help:"Run a file of expressions with what they must give."`
}

// expressionArgument is the expression of a command.
type expressionArgument struct {
	Expression string `arg:"" help:"The expression, such as 'ToUpper([surname], )'; - reads standard input. One that begins with a dash comes behind --."`
}

// text returns the expression; one from a file ends with a line break that does not belong to it.
func (a expressionArgument) text(in *invocation) (string, error) {
	if a.Expression != "-" {
		return a.Expression, nil
	}
	text, err := readFile(in, "-", "the expression")
	return strings.TrimRight(string(text), "\r\n"), err
}
