package attr_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rollcall/internal/attr"
)

func TestARecordReadsBackWhatItWrote(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(
			rapid.String().AsAny(), rapid.Bool().AsAny(), rapid.Float64Range(-1e6, 1e6).AsAny(), rapid.Just[any](nil),
			rapid.SliceOfN(rapid.String(), 1, 4).AsAny(),
		)
		record := attr.From(rapid.MapOf(rapid.String(), value).Draw(t, "values"))
		text := record.AppendJSON(nil)
		if !json.Valid(text) {
			t.Fatalf("not JSON: %s", text)
		}
		back, err := attr.ParseRecord(text)
		if err != nil {
			t.Fatalf("ParseRecord(%s): %v", text, err)
		}
		if again := back.AppendJSON(nil); string(again) != string(text) {
			t.Fatalf("wrote %s, read and wrote %s", text, again)
		}
	})
}

func TestForeignJSONIsRead(t *testing.T) {
	record, err := attr.ParseRecord([]byte("{ \"b\" : [\"x\", \"y\\u00e9\"],\n \"a\":{\"c\":[1,\"]\"]}, \"n\": -1.5e2, \"z\":null, \"t\":true,\"e\\u0301\":\"\\\"\", \"q\\\"\\\\q\":\"\\/\" }"))
	if err != nil {
		t.Fatal(err)
	}
	want := attr.From(map[string]any{
		"b": []string{"x", "yé"}, "a": map[string]any{"c": []any{1.0, "]"}}, "n": -150.0, "z": nil, "t": true, "e\u0301": `"`, `q"\q`: "/",
	})
	if diff := cmp.Diff(want, record); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "[]", "{", `{"a"}`, `{"a":}`, `{"a":1`, `{"a":1}x`, `{"a":nul}`, `{"a":"b`, `{"a":[1}`, "{\"a\":\"\x01\"}"} {
		if _, err := attr.ParseRecord([]byte(bad)); err == nil {
			t.Errorf("ParseRecord(%q) must fail", bad)
		}
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add([]byte(`{"a":"b","c":[1,{"d":null}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		record, err := attr.ParseRecord(data)
		if err != nil {
			return
		}
		if !json.Valid(data) {
			t.Fatalf("accepted %q, which is not JSON", data)
		}
		if !json.Valid(record.AppendJSON(nil)) {
			t.Fatalf("%q became something that is not JSON", data)
		}
	})
}

func TestMergingReplacesAndClears(t *testing.T) {
	record := attr.From(map[string]any{"a": "1", "b": "2", "d": "4"})
	merged := record.Merge(attr.From(map[string]any{"b": nil, "c": "3", "d": "5"}))
	if diff := cmp.Diff(attr.From(map[string]any{"a": "1", "c": "3", "d": "5"}), merged); diff != "" {
		t.Error(diff)
	}
	if record.Text("b") != "2" {
		t.Error("merging must leave the original alone")
	}
	merged.Set("bb", true)
	merged.Delete("a")
	if !merged.Bool("bb") || merged.Has("a") || merged.Get("zz") != nil {
		t.Errorf("Set and Delete left %v", merged)
	}
}

func TestPathsHaveOneCanonicalForm(t *testing.T) {
	for text, want := range map[string]string{
		"userName":                                 "userName",
		" name.familyName":                         "name.familyName",
		`addresses[type eq "work"].country`:        `addresses[type eq "work"].country`,
		`phoneNumbers[ type EQ "a]b\"c" ].value`:   `phoneNumbers[type eq "a]b\"c"].value`,
		attr.Manager:                               attr.Manager,
		attr.ManagerValue:                          attr.ManagerValue,
		`urn:x:y:2.0:User:tags[type eq "a:b"].val`: `urn:x:y:2.0:User:tags[type eq "a:b"].val`,
	} {
		path, err := attr.ParsePath(text)
		if err != nil || path.String() != want {
			t.Errorf("ParsePath(%q) = %q, %v, want %q", text, path, err, want)
		}
	}
	for _, bad := range []string{"", "1a", "a[b]", `a[b ne "c"]`, `a[b eq c]`, `a[b eq "c"`, "a.b.c", "a..b", `a[b eq "c"]d`, "urn:"} {
		if path, err := attr.ParsePath(bad); err == nil {
			t.Errorf("ParsePath(%q) = %+v, want an error", bad, path)
		}
	}
}

func TestNamesAreComparedWithoutCaseAndForm(t *testing.T) {
	for _, same := range [][2]string{
		{"Ada@Example.COM", "ada@example.com"},
		{"STRASSE@x", "straße@X"},
		{"Jose\u0301@x", "JOSÉ@x"},
		{"ΣΊΣΥΦΟΣ", "σίσυφος"},
	} {
		if attr.NameKey(same[0]) != attr.NameKey(same[1]) {
			t.Errorf("%q and %q must be one name", same[0], same[1])
		}
	}
	if attr.NameKey("ada@x") == attr.NameKey("adá@x") {
		t.Error("an accent makes another name")
	}
	if attr.Domain("a@b@C.d") != "c.d" || attr.Domain("nobody") != "" {
		t.Error("the domain stands behind the last @")
	}
}

func TestNothingEqualsNothing(t *testing.T) {
	if !attr.Equal(nil, []string{}) || !attr.Equal([]any{}, nil) || attr.Equal("", nil) || attr.Equal("1", 1.0) || !attr.Equal([]string{"a"}, []string{"a"}) {
		t.Error("nil and the empty list are the same, everything else compares by kind and value")
	}
	a, b := attr.From(map[string]any{"x": "1"}), attr.From(map[string]any{"x": "2"})
	if attr.Hash(a.AppendJSON(nil)) == attr.Hash(b.AppendJSON(nil)) || a.Equal(b) || !a.Equal(a.Clone()) {
		t.Error("different records must differ by hash and by Equal")
	}
}
