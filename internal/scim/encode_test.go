package scim_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"rollcall/internal/fault"
	"rollcall/internal/scim"
)

// anyValue draws what may stand in a resource.
func anyValue(t *rapid.T, depth int) any {
	kinds := 6
	if depth == 0 {
		kinds = 4
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return rapid.String().Draw(t, "text")
	case 1:
		return rapid.Bool().Draw(t, "flag")
	case 2:
		return rapid.OneOf(rapid.Float64(), rapid.Map(rapid.IntRange(-1e6, 1e6), func(n int) float64 { return float64(n) })).Draw(t, "number")
	case 3:
		return nil
	case 4:
		list := []any{}
		for range rapid.IntRange(0, 4).Draw(t, "elements") {
			list = append(list, anyValue(t, depth-1))
		}
		return list
	}
	object := map[string]any{}
	for range rapid.IntRange(0, 30).Draw(t, "names") {
		object[rapid.String().Draw(t, "name")] = anyValue(t, depth-1)
	}
	return object
}

func TestAResourceIsWrittenAsJSONThatReadsBackTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := anyValue(t, 3)
		want, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		var expected, got any
		if err := json.Unmarshal(want, &expected); err != nil {
			t.Fatal(err)
		}
		text := scim.AppendJSON(nil, value)
		if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(expected, got) {
			t.Fatalf("%s reads back as %#v (%v), want %#v", text, got, err, expected)
		}
	})
}

func TestHalfACharacterIsNoText(t *testing.T) {
	for text, good := range map[string]bool{
		`"\ud83d\ude00"`: true, `"\uD83D\uDE00\uD83D\uDE00"`: true, `"\u00e9 \n \\ud800 \\\\ \""`: true, `"\\\\ud800"`: true, `"é"`: true, `"\ufffd"`: true,
		`"\ud83d"`: false, `"\ude00"`: false, `"\ud83d\n"`: false, `"\ud83d \ude00"`: false, `"\ud83d\ud83d\ude00"`: false, `"\ude00\ud83d"`: false,
		`"\\\ud800"`: false, `"x\ud800`: false, `"\u12`: false,
	} {
		_, err := scim.Decode([]byte(`{"userName":` + text + `}`))
		if (err == nil) != good || err != nil && fault.Of(err).Code != scim.InvalidSyntax {
			t.Errorf("%s: %v", text, err)
		}
	}
}
