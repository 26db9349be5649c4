package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"rollcall/internal/expr"
	"rollcall/internal/source"
)

// ExpressionText is an expression to check.
type ExpressionText struct {
	Expression   string `json:"expression" doc:"The expression; 10,000 characters at most." example:"ToUpper([surname], )"`
	AnyAttribute bool   `json:"anyAttribute,omitempty" doc:"Take attributes for known that users of the tenant do not have."`
}

// ExpressionCheck is what is known of an expression without evaluating it.
type ExpressionCheck struct {
	Valid bool `json:"valid" doc:"Nothing is wrong with it."`
	// Canonical is the expression in one way of writing.
	Canonical string `json:"canonical,omitempty" doc:"The expression in one way of writing; absent if it is not valid."`
	// Attributes are those that it refers to, in the order of appearance.
	Attributes []string `json:"attributes" nullable:"false" doc:"The attributes that it refers to, in the order of appearance."`
	Gives      string   `json:"gives,omitempty" doc:"What it gives: text, number, date, condition, multi-valued attribute, or anything."`
	// Clock, Random, Unique and Redact say on what besides the user the result depends.
	Clock  bool              `json:"clock,omitempty" doc:"The result changes with the time."`
	Random bool              `json:"random,omitempty" doc:"The result is drawn; a user always draws the same."`
	Unique bool              `json:"unique,omitempty" doc:"The result depends on the values that others have."`
	Redact bool              `json:"redact,omitempty" doc:"The result is written, and shown to nobody."`
	Errors []ExpressionError `json:"errors" nullable:"false" doc:"Everything that is wrong with it, in the order of the text."`
}

// ExpressionError is something that is wrong with an expression, and where.
type ExpressionError struct {
	Line    int    `json:"line" doc:"The line of the expression, from 1."`
	Column  int    `json:"column" doc:"The column in the line, in characters, from 1."`
	Message string `json:"message" doc:"What is wrong, as a sentence."`
}

// CheckExpression says what is wrong with an expression or, if nothing is, what it is made of.
func CheckExpression(text ExpressionText) ExpressionCheck {
	known := knownAttribute
	if text.AnyAttribute {
		known = nil
	}
	check := ExpressionCheck{Attributes: []string{}, Errors: []ExpressionError{}}
	expression, err := expr.Parse(text.Expression, known)
	if err != nil {
		if mistakes, ok := errors.AsType[expr.SyntaxErrors](err); ok {
			check.Errors = each(mistakes, func(e *expr.SyntaxError) ExpressionError { return ExpressionError(*e) })
		}
		return check
	}
	uses := expression.Uses()
	check.Valid, check.Canonical, check.Gives = true, expression.Canonical(), gives(expression)
	check.Attributes = append(check.Attributes, expression.Attributes()...)
	check.Clock, check.Random, check.Unique, check.Redact = uses.Clock, uses.Random, uses.Unique, uses.Redact
	return check
}

// knownAttribute says what is wrong with the name of an attribute of the tenant's users.
func knownAttribute(name string) error {
	_, err := source.Find(name)
	return err
}

// gives tells the class of an expression's result, as Function.Gives does.
func gives(expression *expr.Expression) string {
	tree := expression.Tree()
	switch tree.Type {
	case expr.TreeFunction:
		functions := expr.Functions()
		if i := slices.IndexFunc(functions, func(f expr.Function) bool { return f.Name == tree.Name }); i >= 0 {
			return functions[i].Gives
		}
		return "condition" // a comparison is a function that is named by its operator
	case expr.TreeAttribute:
		attribute, err := source.Find(tree.Name)
		switch {
		case err != nil:
			return "anything"
		case attribute.MultiValued:
			return "multi-valued attribute"
		}
		return "text"
	default:
		switch canonical := expression.Canonical(); {
		case strings.HasPrefix(canonical, `"`):
			return "text"
		case strings.Trim(canonical, "-.0123456789") == "":
			return "number"
		}
		return "anything"
	}
}

func (s *server) serveExpressions() {
	serve(s, operation{
		id: "checkExpression", method: http.MethodPost, path: inOrg + "/expressions/check", tag: "Expressions", summary: "Check an expression",
		detail: "What is wrong with it is part of the answer, all at once.",
	}, func(_ context.Context, in *struct {
		InOrganization
		Body ExpressionText
	},
	) (*body[ExpressionCheck], error) {
		return reply(CheckExpression(in.Body)), nil
	})
	serve(s, operation{
		id: "evaluateExpression", method: http.MethodPost, path: inOrg + "/instances/{id}/expressions/evaluate", tag: "Expressions",
		summary: "Evaluate an expression for a user of the tenant",
		detail: "The user is taken from the local copy of the tenant. An expression that cannot be read is refused; one that has no result for this " +
			"user says so in the answer. Nothing is written.",
	}, s.evaluateExpression)
}
