package expr_test

import (
	"testing"

	"rollcall/internal/expr"
)

// defaultSwitch is the expression of the default attribute mappings.
const defaultSwitch = `Switch([IsSoftDeleted], , "False", "True", "True", "False")`

// switched evaluates the default mapping as often as wanted.
func switched(tb testing.TB) func() {
	expression, err := expr.Parse(defaultSwitch, nil)
	if err != nil {
		tb.Fatal(err)
	}
	var deleted any = "False"
	in := expr.Input{Attribute: func(string) any { return deleted }, Now: now}
	return func() {
		if result, err := expression.Evaluate(&in); err != nil || !result.Value.True() {
			tb.Fatal(result, err)
		}
	}
}

func TestTheDefaultMappingAllocatesNothing(t *testing.T) {
	if allocated := testing.AllocsPerRun(1000, switched(t)); allocated != 0 {
		t.Errorf("an evaluation allocates %g times", allocated)
	}
}

func BenchmarkEvaluateDefaultSwitch(b *testing.B) {
	evaluate := switched(b)
	b.ReportAllocs()
	for b.Loop() {
		evaluate()
	}
}

// uniqueName is one of the longest expressions that the reference pages show.
const uniqueName = `SelectUniqueValue(
  Join("@", NormalizeDiacritics(StripSpaces(Join(".", [givenName], [surname]))), "contoso.com"),
  Join("@", NormalizeDiacritics(StripSpaces(Join(".", Mid([givenName], 1, 1), [surname]))), "contoso.com"),
  Join("@", NormalizeDiacritics(StripSpaces(Join(".", Mid([givenName], 1, 2), [surname]))), "contoso.com"))`

func BenchmarkEvaluateUniqueName(b *testing.B) {
	expression, err := expr.Parse(uniqueName, nil)
	if err != nil {
		b.Fatal(err)
	}
	record := expr.Record{"givenName": "Zoë", "surname": "Sørensen"}
	in := expr.Input{Attribute: record.Attribute, Taken: func(value string) (bool, error) { return value == "Zoe.Soerensen@contoso.com", nil }}
	b.ReportAllocs()
	for b.Loop() {
		if result, err := expression.Evaluate(&in); err != nil || result.Action != expr.Flow {
			b.Fatal(result, err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(len(uniqueName)))
	for b.Loop() {
		if _, err := expr.Parse(uniqueName, nil); err != nil {
			b.Fatal(err)
		}
	}
}
