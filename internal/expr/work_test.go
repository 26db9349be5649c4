package expr_test

import (
	"fmt"
	"strings"
	"testing"

	"rollcall/internal/expr"
)

// Each would read megabytes again and again, or make the matcher take many steps for each byte.
func TestAnEvaluationThatTakesTooMuchWorkEnds(t *testing.T) {
	record := expr.Record{
		"long": strings.Repeat("ab, ", expr.MaxText/4), "same": strings.Repeat("a", expr.MaxText),
		"pattern": "(a|b|,| )*?c(a*)*$", "characters": strings.Repeat("xyz", 20_000), "list": strings.Split(strings.Repeat("x,", 30_000), ","),
		"huge": strings.Repeat("x", expr.MaxWork+1),
	}
	for _, part := range []string{
		`Replace([long], , "(a|b|,| )*?c(a*)*$", , "$&$&$&$&", , )`,
		`Replace([long], , [pattern], , "x", , )`,
		`Replace([same], , "((a{1,8}){1,8})*b", , "x", , )`,
		`Replace([long], , "", , "", , )`,
		`Word([long], 100000, [long])`,
		`PCase([long], [characters])`,
		`InStr([same], "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")`,
		`InStr([same], [long], 1, vbTextCompare)`,
		`NormalizeDiacritics([long])`,
		`Split([long], ",")`,
		`ConvertToUTF8Hex(Left([long], 30000))`,
		`Contains([list], "y")`,
		`Count(RemoveDuplicates([list]))`,
		`DNComponent([same], 5)`,
		`ToUpper([long], "tr")`,
		`CBool([same] = [long])`,
		`[huge]`,
	} {
		times := 9_000 / (len(part) + 25)
		text := `Join(""` + strings.Repeat(fmt.Sprintf(`, IIF(IsNull(%s), "", "")`, part), times) + ")"
		if _, err := evaluate(t, text, record); err == nil || !strings.Contains(err.Error(), "takes too much work") {
			t.Errorf("%s, %d times: %.200v", part, times, err)
		}
	}
}
