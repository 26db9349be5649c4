package mapping_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/mapping"
)

func TestAMemberThatTheKindDoesNotLookAtIsWarnedOf(t *testing.T) {
	for text, a := range map[string]mapping.Attribute{
		"": {Kind: mapping.Direct, Source: "city", Target: "nickName"},
		"a mapping of kind direct does not look at constant and expression; leave it out, or choose another kind": {
			Kind: mapping.Direct, Source: "city", Constant: "x", Expression: "[city]", Target: "nickName",
		},
		"a mapping of kind constant does not look at source; leave it out, or choose another kind": {
			Kind: mapping.Constant, Source: "city", Constant: "x", Target: "nickName",
		},
		"a mapping of kind expression does not look at source; leave it out, or choose another kind": {
			Kind: mapping.Expression, Source: "city", Expression: "ToLower([city])", Target: "nickName",
		},
		"a mapping of kind none does not look at expression; leave it out, or choose another kind": {
			Kind: mapping.None, Expression: "ToLower([city])", Target: "nickName",
		},
	} {
		compile(t, a)
		var want []mapping.Problem
		if text != "" {
			want = []mapping.Problem{{Code: mapping.UnusedMember, Target: "nickName", Text: text}}
		}
		if diff := cmp.Diff(want, mapping.Warnings([]mapping.Attribute{a})); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", a, diff)
		}
	}
	if warnings := mapping.Warnings(mapping.Defaults()); len(warnings) > 0 {
		t.Errorf("the default mappings are warned of: %v", warnings)
	}
}
