package entraschema_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"rollcall/internal/attr"
	"rollcall/internal/entraschema"
	"rollcall/internal/mapping"
	"rollcall/internal/scope"
)

var update = flag.Bool("update", false, "write the results of the golden tests into testdata")

// forty has forty mappings of every kind, and filters with every operator.
func forty() entraschema.Configuration {
	c := entraschema.Configuration{Attributes: mapping.Defaults()}
	add := func(attributes ...mapping.Attribute) { c.Attributes = append(c.Attributes, attributes...) }
	for _, name := range []string{"department", "division", "organization", "costCenter"} {
		add(mapping.Attribute{Kind: mapping.Direct, Source: "department", Target: attr.EnterpriseUser + ":" + name, Apply: mapping.Always, ClearWhenEmpty: true})
	}
	add(
		mapping.Attribute{Kind: mapping.Direct, Source: "employeeId", Target: attr.EnterpriseUser + ":employeeNumber", Apply: mapping.OnlyOnCreate, Default: "0"},
		mapping.Attribute{Kind: mapping.Direct, Source: "extensionAttribute3", Target: "urn:example:params:scim:badge:1.0:User:number", Apply: mapping.Always},
		mapping.Attribute{Kind: mapping.Direct, Source: "extension_0123456789abcdef0123456789ABCDEF_floor", Target: "urn:example:params:scim:badge:1.0:User:floor", Apply: mapping.Always},
		mapping.Attribute{Kind: mapping.Constant, Constant: "Europe/Paris", Target: "timezone", Apply: mapping.Always},
		mapping.Attribute{Kind: mapping.Constant, Constant: `quotes " and \ backslashes \"`, Target: "profileUrl", Apply: mapping.OnlyOnCreate},
		mapping.Attribute{Kind: mapping.Constant, Constant: "[mail]", Target: `ims[type eq "xmpp"].value`, Apply: mapping.Always},
		mapping.Attribute{Kind: mapping.Constant, Constant: "12", Target: `entitlements[type eq "licence"].value`, Apply: mapping.Always},
		mapping.Attribute{Kind: mapping.None, Target: "nickName", Apply: mapping.Always},
		mapping.Attribute{Kind: mapping.None, Target: "userType", Apply: mapping.OnlyOnCreate, Default: "Employee"},
		mapping.Attribute{Kind: mapping.None, Target: "locale", Apply: mapping.Always, Default: "en_US"},
	)
	for i, expression := range []string{
		`Join(", ", [surname], [givenName])`,
		`IIF([department]="R&D", "Lab", [department])`,
		`[givenName] & " " & [surname]`,
		`Switch([country], "other", "DE", "Germany", "FR", "France")`,
		"Replace([preferredLanguage], \"-\", , , \"_\", , )",
		`  Coalesce( [mailNickname] ,[userPrincipalName])  `,
		`[mail]`,
		`"constant"`,
		`Replace([telephoneNumber], , "\\D", , "", , )`,
		`Not([accountEnabled])`,
	} {
		add(mapping.Attribute{
			Kind: mapping.Expression, Expression: expression, Target: fmt.Sprintf(`emails[type eq "e%d"].value`, i), Apply: mapping.Always, ClearWhenEmpty: i == 1, Default: strings.Repeat("x", i),
		})
	}
	c.Attributes[2].Matching = 7
	values := map[scope.Operator]string{scope.GreaterThan: "100", scope.GreaterThanOrEqual: "-5", scope.RegexMatch: `([1-9][0-9])\.<&>"`, scope.NotRegexMatch: "^(A|B)$"}
	for i, operator := range scope.Operators() {
		clause := scope.Clause{Attribute: "extensionAttribute1", Operator: operator.Name}
		if operator.Arity == scope.Binary {
			clause.Value = "Zürich " // blanks stay
		}
		if value, special := values[operator.Name]; special {
			clause.Value = value
		}
		if i%2 == 0 {
			c.Filters = append(c.Filters, scope.Filter{Name: fmt.Sprintf("filter of %s", operator.Name)})
		}
		last := &c.Filters[len(c.Filters)-1]
		last.Clauses = append(last.Clauses, clause)
	}
	c.Filters[3].Name = ""
	return c
}

func TestFortyMappingsAndEveryOperatorComeBackUnchanged(t *testing.T) {
	want := forty()
	if len(want.Attributes) != 40 {
		t.Fatalf("there are %d mappings", len(want.Attributes))
	}
	document, err := entraschema.Export(want, entraschema.Names{Application: "Example directory"})
	if err != nil {
		t.Fatal(err)
	}
	const path = "testdata/forty.json"
	if *update {
		if err := os.WriteFile(path, document, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(golden), string(document)); diff != "" {
		t.Error(diff)
	}
	comesBack(t, document, want)
}

// comesBack checks that a document reads as the configuration, with nothing to note.
func comesBack(t interface {
	Helper()
	Fatal(...any)
}, document []byte, want entraschema.Configuration,
) {
	t.Helper()
	got, notes, err := entraschema.Import(document)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatal(diff)
	}
	if len(notes) > 0 {
		t.Fatal("there is nothing to note, but", notes)
	}
}

func TestTheDefaultMappingsComeBackUnchanged(t *testing.T) {
	want := entraschema.Configuration{Attributes: mapping.Defaults()}
	document, err := entraschema.Export(want, entraschema.Names{})
	if err != nil {
		t.Fatal(err)
	}
	comesBack(t, document, want)
}

func TestEveryValidConfigurationComesBackUnchanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawConfiguration(t)
		document, err := entraschema.Export(want, entraschema.Names{})
		if err != nil {
			t.Fatal(err)
		}
		comesBack(t, document, want)
	})
}

func drawConfiguration(t *rapid.T) entraschema.Configuration {
	attributes := mapping.Defaults()[:6]
	attributes[0].Matching = rapid.IntRange(0, 3).Draw(t, "matching of userName")
	attributes[5].Matching = 5
	targets := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{
		"title", "nickName", "locale", "Timezone", "name.formatted", `addresses[type eq "home"].country`, `emails[type eq "work"].value`,
		`roles[primary eq "True"].value`, `phoneNumbers[type eq "a\"b]c"].value`, attr.EnterpriseUser + ":department", "URN:x:y:Z",
		"urn:ietf:params:scim:schemas:core:2.0:User:profileUrl", "urn:scim:schemas:extension:enterprise:1.0:department", " userType ",
	}), 0, -1, rapid.ID).Draw(t, "targets")
	for _, target := range targets {
		attributes = append(attributes, drawAttribute(t, target))
	}
	return entraschema.Configuration{Attributes: rapid.Permutation(attributes).Draw(t, "order"), Filters: rapid.SliceOfN(rapid.Custom(drawFilter), 0, 4).Draw(t, "filters")}
}

var text = rapid.Map(rapid.StringN(0, 60, -1), func(s string) string { return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "0"), "?") })

func drawAttribute(t *rapid.T, target string) mapping.Attribute {
	a := mapping.Attribute{
		Target: target, Apply: rapid.SampledFrom([]mapping.Apply{mapping.Always, mapping.OnlyOnCreate}).Draw(t, "apply"),
		Default: text.Draw(t, "default"), ClearWhenEmpty: rapid.Bool().Draw(t, "clear"),
	}
	switch a.Kind = rapid.SampledFrom([]mapping.Kind{mapping.Direct, mapping.Constant, mapping.Expression, mapping.None}).Draw(t, "kind"); a.Kind {
	case mapping.Direct:
		a.Source = rapid.SampledFrom([]string{"id", "city", "businessPhones", "extensionAttribute7", "onPremisesExtensionAttributes.extensionAttribute8"}).Draw(t, "source")
	case mapping.Constant:
		a.Constant = "x" + text.Draw(t, "constant")
	case mapping.Expression:
		a.Expression = drawExpression(t, 0)
	case mapping.None:
	}
	return a
}

func drawExpression(t *rapid.T, depth int) string {
	quoted := func() string {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text.Draw(t, "text")) + `"`
	}
	forms := []func() string{
		func() string {
			return "[" + rapid.SampledFrom([]string{"city", "mail", "surname"}).Draw(t, "attribute") + "]"
		},
		quoted,
		func() string { return "12" },
	}
	if depth < 4 {
		inner := func() string { return drawExpression(t, depth+1) }
		forms = append(forms,
			func() string { return "Append(" + inner() + " , " + inner() + ")" },
			func() string { return "Switch(" + inner() + ", , " + quoted() + "," + inner() + ")" },
			func() string { return "IIF([city] = " + quoted() + ", " + inner() + ", IgnoreAttributeFlow)" },
			func() string { return inner() + "&" + inner() },
			func() string { return "Replace(" + inner() + ", \"o\", , , " + quoted() + ", , )" },
		)
	}
	return rapid.SampledFrom(forms).Draw(t, "form")()
}

func drawFilter(t *rapid.T) scope.Filter {
	f := scope.Filter{Name: text.Draw(t, "name")}
	for range rapid.IntRange(1, 4).Draw(t, "clauses") {
		operator := rapid.SampledFrom(scope.Operators()).Draw(t, "operator")
		c := scope.Clause{Attribute: rapid.SampledFrom([]string{"city", "manager", "userType", "proxyAddresses"}).Draw(t, "attribute"), Operator: operator.Name}
		switch {
		case operator.Arity == scope.Unary:
		case strings.HasPrefix(string(operator.Name), "Greater"):
			c.Value = fmt.Sprint(rapid.Int64().Draw(t, "number"))
		case strings.HasSuffix(string(operator.Name), "MATCH"):
			c.Value = rapid.SampledFrom([]string{"^a+$", `\d{3}`, `(?<x>[^"]|b)`}).Draw(t, "pattern")
		default:
			c.Value = text.Draw(t, "value") + "v"
		}
		f.Clauses = append(f.Clauses, c)
	}
	return f
}

func TestTheSameConfigurationHasTheSameVersion(t *testing.T) {
	version := func(c entraschema.Configuration) string {
		document, err := entraschema.Export(c, entraschema.Names{})
		if err != nil {
			t.Fatal(err)
		}
		var schema struct{ Version string }
		if err := json.Unmarshal(document, &schema); err != nil {
			t.Fatal(err)
		}
		return schema.Version
	}
	changed := forty()
	changed.Filters[0].Clauses[0].Value = "Bern"
	if one, two, other := version(forty()), version(forty()), version(changed); one != two || one == other || len(one) != 36 {
		t.Error(one, two, other)
	}
}

func TestTheNamesOfAJobAreWrittenAsTheyAre(t *testing.T) {
	document, err := entraschema.Export(forty(), entraschema.Names{Application: "Webex & more", RuleID: "rule-1", Version: "v-1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"version": "v-1"`, `"id": "rule-1"`, `"targetDirectoryName": "Webex & more"`} {
		if !bytes.Contains(document, []byte(want)) {
			t.Error("missing", want)
		}
	}
}

// The text of each part is written again at every level above it; without a limit 20 expressions would make 20 MB.
func TestExpressionsWhoseTreesAreTooLargeToReadAreWrittenWithoutThem(t *testing.T) {
	deep := "[city]"
	for range 99 {
		deep = `Append(` + deep + `, "` + strings.Repeat("x", 80) + `")`
	}
	want := entraschema.Configuration{Attributes: mapping.Defaults()}
	for i := range 20 {
		want.Attributes = append(want.Attributes, mapping.Attribute{Kind: mapping.Expression, Expression: deep, Target: fmt.Sprintf(`emails[type eq "e%d"].value`, i), Apply: mapping.Always})
	}
	document, err := entraschema.Export(want, entraschema.Names{})
	if err != nil {
		t.Fatal(err)
	}
	if len(document) > entraschema.MaxBytes {
		t.Errorf("the document has %d bytes", len(document))
	}
	comesBack(t, document, want)
}

func TestOnlyValidConfigurationsAreExported(t *testing.T) {
	for _, c := range []struct {
		change func(*entraschema.Configuration)
		want   string
	}{
		{func(c *entraschema.Configuration) { c.Attributes = c.Attributes[1:] }, "userName: this mapping cannot be removed"},
		{func(c *entraschema.Configuration) { c.Attributes[20].Source = "cityName" }, "users of the tenant have no attribute"},
		{func(c *entraschema.Configuration) { c.Filters[0].Clauses = nil }, "a filter needs a clause"},
	} {
		invalid := forty()
		c.change(&invalid)
		if _, err := entraschema.Export(invalid, entraschema.Names{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %q, got %v", c.want, err)
		}
	}
}
