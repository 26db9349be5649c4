package mapping_test

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/mapping"
	"rollcall/internal/source"
)

// tableOf returns what stands in `code` in the rows of the table below a heading of docs/reference/configuration.md.
func tableOf(t *testing.T, heading string) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/reference/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "\n"+heading+"\n")
	if !found {
		t.Fatalf("the page has no heading %s", heading)
	}
	section, _, _ = strings.Cut(section, "\n#")
	var codes []string
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "|") {
			for _, code := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(line, -1) {
				codes = append(codes, code[1])
			}
		}
	}
	return codes
}

func TestThePageListsTheSourceAttributes(t *testing.T) {
	want := []string{"extension_<app id>_<name>"}
	for _, name := range source.Names() {
		if number, is := strings.CutPrefix(name, "extensionAttribute"); is {
			if n, err := strconv.Atoi(number); err != nil || n < 1 || n > 15 {
				t.Errorf("the page says extensionAttribute1 to extensionAttribute15, and there is %s", name)
			}
			if number != "1" && number != "15" {
				continue
			}
		}
		if strings.HasPrefix(name, "onPremisesExtensionAttributes.") && name != "onPremisesExtensionAttributes.extensionAttribute1" {
			continue
		}
		want = append(want, name)
	}
	slices.Sort(want)
	got := tableOf(t, "### Source attributes")
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the table of source attributes (-known +page):\n%s", diff)
	}
}

func TestThePageListsTheTargets(t *testing.T) {
	targets := tableOf(t, "### Targets")
	listed := map[string]bool{}
	for _, target := range targets {
		if refused := refusedAs(target); refused != "" {
			t.Errorf("the page lists %s: %s", target, refused)
		}
		path, err := attr.ParsePath(target)
		if err != nil {
			t.Fatal(err)
		}
		listed[attr.Path{URN: path.URN, Name: path.Name}.String()] = true
	}
	for _, prefix := range []string{"", attr.EnterpriseUser + ":"} {
		_, names, found := strings.Cut(refusedAs(prefix+"qqqqqqqqqqqqqq"), "; there are ")
		if !found {
			t.Fatal("an unknown target does not say which there are")
		}
		for name := range strings.SplitSeq(names, ", ") {
			if !listed[prefix+name] {
				t.Errorf("the page does not list %s%s", prefix, name)
			}
		}
	}
}

// refusedAs says why nothing can be mapped to the target; "" if something can.
func refusedAs(target string) string {
	probe := mapping.Attribute{Kind: mapping.Direct, Source: "mail", Target: target}
	if target == attr.Manager {
		probe.Source = "manager"
	}
	_, err := mapping.Compile([]mapping.Attribute{probe})
	if all, ok := errors.AsType[mapping.Errors](err); ok {
		for _, one := range all {
			if one.Index == 0 {
				return one.Err.Error()
			}
		}
	}
	return ""
}
