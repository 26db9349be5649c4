package expr

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"rollcall/internal/fault"
)

// SyntaxError says what is wrong with the text of an expression, and where.
type SyntaxError struct {
	// Line and Column count from 1; columns are characters, not bytes.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Message is a sentence without its full stop.
	Message string `json:"message"`
}

// Error returns the position and the message.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// SyntaxErrors is everything that is wrong with an expression, in the order of the text.
type SyntaxErrors = fault.List[*SyntaxError]

// EvaluationError says why an expression has no result for a record.
type EvaluationError struct {
	// Line and Column tell where in the expression the function or attribute stands; both count from 1, columns in characters.
	Line, Column int
	// Message is a sentence without its full stop.
	Message string
}

// Error returns the position and the message.
func (e *EvaluationError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// failure is an error at a byte of the text; it gets its line and column where it leaves the package.
type failure struct {
	at      int
	message string
}

// Error returns the message alone.
func (f *failure) Error() string { return f.message }

func failAt(at int, format string, args ...any) *failure {
	return &failure{at: at, message: fmt.Sprintf(format, args...)}
}

// position turns a byte offset into line and column.
func position(text string, at int) (line, column int) {
	before := text[:min(at, len(text))]
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
}

// syntaxErrors gives failures their positions and puts them in the order of the text.
func syntaxErrors(text string, failures []*failure) SyntaxErrors {
	slices.SortStableFunc(failures, func(a, b *failure) int { return cmp.Compare(a.at, b.at) })
	list := make(SyntaxErrors, len(failures))
	for i, f := range failures {
		line, column := position(text, f.at)
		list[i] = &SyntaxError{Line: line, Column: column, Message: f.message}
	}
	return list
}

// located gives an error of the evaluation its position; what is not about the record stays as it is.
func (e *Expression) located(err error) error {
	f, ok := errors.AsType[*failure](err)
	if !ok {
		return err
	}
	line, column := position(e.text, f.at)
	err = &EvaluationError{Line: line, Column: column, Message: f.message}
	return fault.Wrap(fault.Invalid, "ExpressionFailed", err, "the expression has no result")
}

// short quotes a value for a message, cut where it gets long.
func short(text string) string {
	if cut := clipped(text); cut != text {
		return fmt.Sprintf("%q…", strings.TrimSuffix(cut, "…"))
	}
	return fmt.Sprintf("%q", text)
}

// clipped cuts a name or value for a message where it gets long.
func clipped(text string) string {
	const limit = 40
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return first(text, limit) + "…"
}
