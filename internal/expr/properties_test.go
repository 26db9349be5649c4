package expr_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rollcall/internal/expr"
	"rollcall/internal/fault"
)

// computed parses and evaluates an expression that must be right.
func computed(t *rapid.T, text string, record expr.Record, seed uint64) (expr.Result, error) {
	t.Helper()
	expression, err := expr.Parse(text, nil)
	if err != nil {
		t.Fatalf("Parse(%s): %v", text, err)
	}
	return expression.Evaluate(&expr.Input{Attribute: record.Attribute, Now: now, Random: drawn(seed)})
}

// drawn gives as many bytes as anybody wants, the same for the same seed.
func drawn(seed uint64) io.Reader {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return rand.NewChaCha8(key)
}

// text computes an expression over one attribute, x, that must give a text.
func text(t *rapid.T, expression, x string) string {
	t.Helper()
	result, err := computed(t, expression, expr.Record{"x": x}, 1)
	if err != nil || result.Action != expr.Flow {
		t.Fatalf("%s of %q: %s, %v", expression, x, result.Action, err)
	}
	text, _ := result.Value.Text()
	return text
}

// same computes two expressions over the attribute x that must give the same text.
func same(t *rapid.T, one, other, x string) {
	t.Helper()
	if a, b := text(t, one, x), text(t, other, x); a != b {
		t.Fatalf("%s = %q and %s = %q of %q", one, a, other, b, x)
	}
}

func TestWhatIsPrintedIsReadAsTheSameExpression(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		written := anyExpression.Draw(t, "expression")
		read, err := expr.Parse(written, nil)
		if err != nil {
			t.Fatal(err)
		}
		again, err := expr.Parse(read.Canonical(), nil)
		if err != nil {
			t.Fatalf("%s is printed %s: %v", written, read.Canonical(), err)
		}
		if !reflect.DeepEqual(read.Tree(), again.Tree()) || read.Canonical() != again.Canonical() || read.Uses() != again.Uses() || !cmp.Equal(read.Attributes(), again.Attributes()) {
			t.Errorf("%s is printed %s and then %s", written, read.Canonical(), again.Canonical())
		}
	})
}

func TestTheExpressionsThatAreDrawnCallEveryFunction(t *testing.T) {
	made := map[string]int{}
	for seed := range 4000 {
		generator := rapid.Custom(func(t *rapid.T) string {
			w := writer{t: t, made: made}
			return w.outermost()
		})
		generator.Example(seed)
	}
	for _, f := range functions {
		if made[f.Name] == 0 {
			t.Errorf("%s is never called", f.Name)
		}
	}
}

func TestAnyExpressionOverAnyRecordGivesAResultOrSaysWhyNot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		written, record := anyExpression.Draw(t, "expression"), anyRecord.Draw(t, "record")
		seed := rapid.Uint64().Draw(t, "seed")
		result, err := computed(t, written, record, seed)
		again, errAgain := computed(t, written, record, seed)
		if fmt.Sprint(err) != fmt.Sprint(errAgain) || !cmp.Equal(result.Value.Any(), again.Value.Any(), cmp.Comparer(sameNumber)) || result.Action != again.Action {
			t.Fatalf("%s gives %v, %v, then %v, %v", written, result.Value.Any(), err, again.Value.Any(), errAgain)
		}
		if message := wrongResult(result, err); message != "" {
			t.Errorf("%s: %s", written, message)
		}
	})
}

func sameNumber(a, b float64) bool { return a == b || a != a && b != b }

// wrongResult says what no evaluation may give; "" if nothing is wrong.
func wrongResult(result expr.Result, err error) string {
	if err != nil {
		if _, ok := errors.AsType[*expr.EvaluationError](err); !ok || !fault.Is(err, fault.Invalid) {
			return fmt.Sprintf("%v is not an evaluation error", err)
		}
		if len(err.Error()) > 2000 || !utf8.ValidString(err.Error()) {
			return fmt.Sprintf("%q is no message for people", err.Error())
		}
		return ""
	}
	if result.Action != expr.Flow && result.Value.Kind() != expr.Null {
		return fmt.Sprintf("a value beside the action %s", result.Action)
	}
	if result.Action == expr.Escrow && (result.Reason == "" || len(result.Reason) > 5000 || !utf8.ValidString(result.Reason)) {
		return fmt.Sprintf("in escrow because of %q", result.Reason)
	}
	texts, _ := result.Value.Any().([]string)
	if text, single := result.Value.Text(); single {
		texts = []string{text}
	}
	size := 0
	for _, text := range texts {
		if size += len(text); !utf8.ValidString(text) {
			return fmt.Sprintf("%q is not UTF-8", text)
		}
	}
	if size > expr.MaxText {
		return fmt.Sprintf("%d bytes of text", size)
	}
	return ""
}

func TestFunctionsAgreeWithEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := anyText.Draw(t, "x")
		n := rapid.IntRange(0, 14).Draw(t, "n")
		separator := rapid.SampledFrom([]string{",", "::", "ß", "\\n"}).Draw(t, "separator")

		same(t, fmt.Sprintf(`Left([x], %d) & Mid([x], %d, 99)`, n, n+1), `[x]`, x)
		same(t, fmt.Sprintf(`Append([x], "%s")`, separator), fmt.Sprintf(`[x] & "%s"`, separator), x)
		same(t, `Left([x], -1)`, `[x]`, x)
		same(t, `NormalizeDiacritics(NormalizeDiacritics([x]))`, `NormalizeDiacritics([x])`, x)
		same(t, `Trim(Trim([x]))`, `Trim([x])`, x)
		same(t, `StripSpaces(StripSpaces([x]))`, `StripSpaces([x])`, x)
		same(t, `PCase(PCase([x]))`, `PCase([x])`, x)
		same(t, `ToLower(ToLower([x]))`, `ToLower([x])`, x)
		same(t, `ToUpper(ToUpper([x]))`, `ToUpper([x])`, x)
		same(t, `ConvertFromBase64(ConvertToBase64([x]))`, `[x]`, x)
		same(t, `Replace([x], "not in it 1234567890", , , "y", , )`, `[x]`, x)
		same(t, `Replace([x], , "not in it 1234567890", , "y", , )`, `[x]`, x)
		same(t, `Replace([x], , "^[\s\S]*", , "$&", , )`, `[x]`, x)
		same(t, `Replace([x], " ", , , "", , )`, `StripSpaces([x])`, x)
		same(t, `Switch([x], "default", [x], [x])`, `[x]`, x)
		same(t, `IIF([x] = [x], "yes", "no")`, `"yes"`, x)
		same(t, `Not(IsPresent([x]))`, `IsNullOrEmpty([x])`, x)
		same(t, `IIF(InStr([x], "a") > 0, "yes", "no")`, `IIF(Replace([x], "a", , , "", , ) <> [x], "yes", "no")`, x)
		same(t, fmt.Sprintf(`Join("%[1]s", Split(Join("%[1]s", Split([x], "%[1]s")), "%[1]s"))`, separator), fmt.Sprintf(`Join("%[1]s", Split([x], "%[1]s"))`, separator), x)
		same(t, `Count(RemoveDuplicates(RemoveDuplicates(Split([x], "a"))))`, `Count(RemoveDuplicates(Split([x], "a")))`, x)
		same(t, `Redact([x])`, `[x]`, x)
	})
}

func TestWhatIsJoinedIsSplitAgain(t *testing.T) {
	part := rapid.Map(anyText, func(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, ";", "")) })
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(part.Filter(func(text string) bool { return text != "" }), 1, 6).Draw(t, "list")
		result, err := computed(t, `Split(Join(";", [x]), ";")`, expr.Record{"x": list}, 1)
		if diff := cmp.Diff(any(list), result.Value.Any()); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	})
}

func TestDatesAreCountedAsTheyAreAdded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := rapid.Int64Range(time.Date(1650, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC).Unix()).Draw(t, "seconds")
		x := time.Unix(seconds, 0).UTC().Format(time.RFC3339)
		interval := rapid.SampledFrom([]string{"d", "h", "n", "s", "m", "yyyy", "ww"}).Draw(t, "interval")
		count := rapid.IntRange(-400, 400).Draw(t, "count")

		same(t, fmt.Sprintf(`CStr(DateDiff("%[1]s", [x], DateAdd("%[1]s", %[2]d, [x])))`, interval, count), fmt.Sprintf(`"%d"`, count), x)
		same(t, fmt.Sprintf(`CStr(DateDiff("%[1]s", DateAdd("%[1]s", %[2]d, [x]), [x]))`, interval, count), fmt.Sprintf(`"%d"`, -count), x)
		same(t, `CDate(CDate([x]))`, `CDate([x])`, x)
		same(t, `CDate(CStr(CDate([x])))`, `CDate([x])`, x)
		same(t, `DateFromNum(NumFromDate([x]))`, `CDate([x])`, x)
		layout := rapid.SampledFrom([]string{"yyyy-MM-ddTHH:mm:ssZ", "M/d/yyyy h:mm:ss tt", "yyyyMMddHHmmss", "dddd, d MMMM yyyy HH:mm:ss", "u", "s", "r"}).Draw(t, "layout")
		same(t, fmt.Sprintf(`CDate(FormatDateTime(FormatDateTime(CDate([x]), , "s", "%[1]s"), , "%[1]s", "s"))`, layout), `CDate([x])`, x)
	})
}

func TestRandomResultsKeepTheRulesThatWereGiven(t *testing.T) {
	const avoided = "aZ0!"
	rapid.Check(t, func(t *rapid.T) {
		digits, special := rapid.IntRange(0, 4).Draw(t, "digits"), rapid.IntRange(0, 4).Draw(t, "special")
		upper, lower := rapid.IntRange(0, 4).Draw(t, "upper"), rapid.IntRange(0, 4).Draw(t, "lower")
		length := rapid.IntRange(max(1, digits+special+upper+lower), 40).Draw(t, "length")
		written := fmt.Sprintf(`RandomString(%d, %d, %d, %d, %d, "%s")`, length, digits, special, upper, lower, avoided)
		result, err := computed(t, written, nil, rapid.Uint64().Draw(t, "seed"))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := result.Value.Text()
		for _, r := range text {
			switch {
			case r >= '0' && r <= '9':
				digits--
			case r >= 'A' && r <= 'Z':
				upper--
			case r >= 'a' && r <= 'z':
				lower--
			default:
				special--
			}
		}
		if len(text) != length || max(digits, special, upper, lower) > 0 || strings.ContainsAny(text, avoided) {
			t.Errorf("%s = %q", written, text)
		}
	})
}
