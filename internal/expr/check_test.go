package expr_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/expr"
	"rollcall/internal/fault"
)

// knownAttributes are those that the tests of checking know; all others are refused.
var knownAttributes = []string{"displayName", "givenName", "surname", "country", "state", "jobTitle", "proxyAddresses", "a", "b", "c"}

func refuseUnknown(name string) error {
	if slices.Contains(knownAttributes, name) {
		return nil
	}
	if near := attr.Nearest(name, knownAttributes); near != "" {
		return fmt.Errorf("there is no attribute %q; the nearest is %s", name, near)
	}
	return fmt.Errorf("there is no attribute %q", name)
}

// syntaxErrors checks an expression and returns everything that is wrong with it.
func syntaxErrors(t *testing.T, text string) expr.SyntaxErrors {
	t.Helper()
	_, err := expr.Parse(text, refuseUnknown)
	if err == nil {
		return nil
	}
	list, ok := errors.AsType[expr.SyntaxErrors](err)
	if !ok || !fault.Is(err, fault.Invalid) || len(list) == 0 {
		t.Fatalf("Parse(%.80q) = %v, want a fault of kind Invalid with syntax errors", text, err)
	}
	return list
}

// The first line of what a case gives is "right", or there is a line for each error.
func TestCheckingTellsEverythingThatIsWrongAndWhere(t *testing.T) {
	golden(t, "check", func(t *testing.T, data string) string {
		list := syntaxErrors(t, strings.TrimSuffix(data, "\n"))
		if list == nil {
			return "right\n"
		}
		var out strings.Builder
		for _, one := range list {
			fmt.Fprintf(&out, "%d:%d %s\n", one.Line, one.Column, one.Message)
		}
		return out.String()
	})
}

// repeated is an expression in which something stands often enough to reach a limit.
func repeated(before, part string, times int, after string) string {
	return before + strings.Repeat(part, times) + after
}

func TestAnExpressionBeyondALimitIsRefusedWithOneMessage(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"length": {
			repeated(`"`, "é", expr.MaxLength-1, `"`),
			"line 1, column 1: the expression has 10001 characters; at most 10000 are allowed",
		},
		"nesting": {
			repeated("\n", "Not(", expr.MaxNesting+1, `"a"`) + strings.Repeat(")", expr.MaxNesting+1),
			"line 2, column 401: function calls are nested deeper than 100",
		},
		"nesting, never closed": {
			repeated("", "Not(", 2000, ""),
			"line 1, column 401: function calls are nested deeper than 100",
		},
		"name": {
			repeated("[", "é", 201, "]"),
			"line 1, column 1: this attribute name has more than 200 characters",
		},
		"number": {
			repeated(`Left([a], `, "9", 400, `)`),
			`line 1, column 11: "9999999999999999999999999999999999999999"… is too large for a number`,
		},
	} {
		if list := syntaxErrors(t, c.text); len(list) != 1 || list[0].Error() != c.says {
			t.Errorf("%s: %v, want %s", name, list, c.says)
		}
	}
}

func TestParenthesesAroundNothingCannotBeNestedWithoutEnd(t *testing.T) {
	list := syntaxErrors(t, strings.Repeat("(", 9000))
	if len(list) == 0 || len(list) > 100 {
		t.Errorf("%d errors", len(list))
	}
}

func TestReadingStopsAfterFiftyErrors(t *testing.T) {
	list := syntaxErrors(t, "Join(\n"+strings.Repeat("Foo([x]),\n", 200)+"1)")
	if len(list) != 50 {
		t.Errorf("%d errors, want 50", len(list))
	}
	if last := list[len(list)-1]; last.Line != 26 {
		t.Errorf("the last is at line %d, want 26, where the fiftieth stands", last.Line)
	}
}

func TestTheLimitsThemselvesAreAllowed(t *testing.T) {
	for _, text := range []string{
		repeated(`"`, "é", expr.MaxLength-2, `"`),
		repeated("", "Not(", expr.MaxNesting, `"a"`) + strings.Repeat(")", expr.MaxNesting),
	} {
		if _, err := expr.Parse(text, nil); err != nil {
			t.Errorf("Parse(%.20s…) = %v", text, err)
		}
	}
}

func TestAnExpressionThatIsNotUTF8IsRefused(t *testing.T) {
	for text, says := range map[string]string{
		"\"\xff\"": `line 1, column 1: this text is not valid UTF-8`,
		"[\xff]":   `line 1, column 1: this attribute name is not valid UTF-8`,
		"\xff":     `line 1, column 1: "\xff" means nothing here; text stands in double quotes, an attribute in [brackets]`,
	} {
		if list := syntaxErrors(t, text); list.Error() != says {
			t.Errorf("%q: %v, want %s", text, list, says)
		}
	}
}

func TestTheErrorsOfAnExpressionCanBeTakenOneByOne(t *testing.T) {
	_, err := expr.Parse(`Join(",", Foo(), [zip])`, refuseUnknown)
	first, ok := errors.AsType[*expr.SyntaxError](err)
	if !ok || first.Column != 11 {
		t.Errorf("the first is %v", first)
	}
	const both = "line 1, column 11: there is no function Foo; `rollcall expr functions` lists all; line 1, column 18: there is no attribute \"zip\""
	if !strings.HasSuffix(err.Error(), both) {
		t.Errorf("%v, want both errors", err)
	}
}
