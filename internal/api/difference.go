package api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"rollcall/internal/engine"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// Differences tells what changes from one version of settings to another, a line for each thing, none if they mean the same:
//
//	scope: includeGuests: false → true
//	scope: filters: + "Berlin": city EQUALS "Berlin" and department IS NOT NULL
//	thresholds: count: 10 → 3
//	attributes: title: source: "jobTitle" → "department"
//
// Settings need not be valid.
func Differences(before, after engine.Settings) []string {
	var d differences
	d.value("scope: allUsers", before.Scope.AllUsers, after.Scope.AllUsers)
	d.list("scope: users", before.Scope.Users, after.Scope.Users)
	d.list("scope: groups", groupTexts(before.Scope.Groups), groupTexts(after.Scope.Groups))
	d.value("scope: groupObjects", before.Scope.GroupObjects, after.Scope.GroupObjects)
	d.value("scope: allGroups", before.Scope.AllGroups, after.Scope.AllGroups)
	d.value("scope: includeGuests", before.Scope.IncludeGuests, after.Scope.IncludeGuests)
	d.list("scope: neverTouch", before.Scope.NeverTouch, after.Scope.NeverTouch)
	d.list("scope: filters", filterTexts(before.Scope.Filters), filterTexts(after.Scope.Filters))
	d.value("thresholds: count", before.Thresholds.Count, after.Thresholds.Count)
	d.value("thresholds: percent", before.Thresholds.Percent, after.Thresholds.Percent)
	d.value("thresholds: absolute", before.Thresholds.Absolute, after.Thresholds.Absolute)
	d.share("thresholds: groups", before.Thresholds.OfGroups(), after.Thresholds.OfGroups())
	d.share("thresholds: members", before.Thresholds.OfMembers(), after.Thresholds.OfMembers())
	d.mappings(before.Attributes, after.Attributes)
	return d.lines
}

type differences struct{ lines []string }

func (d *differences) add(format string, args ...any) {
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *differences) value(name string, before, after any) {
	if before != after {
		d.add("%s: %v → %v", name, before, after)
	}
}

func (d *differences) share(name string, before, after plan.Share) {
	d.value(name+": count", before.Count, after.Count)
	d.value(name+": percent", before.Percent, after.Percent)
}

// list tells what comes and goes; an item may occur more than once.
func (d *differences) list(name string, before, after []string) {
	missing, extra := without(before, after), without(after, before)
	for _, item := range missing {
		d.add("%s: - %s", name, item)
	}
	for _, item := range extra {
		d.add("%s: + %s", name, item)
	}
	if missing == nil && extra == nil && !slices.Equal(before, after) {
		d.add("%s: in another order", name)
	}
}

// without returns the items of a list that another one lacks.
func without(list, other []string) []string {
	count := map[string]int{}
	for _, item := range other {
		count[item]++
	}
	var rest []string
	for _, item := range list {
		if count[item]--; count[item] < 0 {
			rest = append(rest, item)
		}
	}
	return rest
}

// groupTexts writes each selected group as a line.
func groupTexts(groups []scope.SelectedGroup) []string {
	texts := make([]string, len(groups))
	for i, group := range groups {
		texts[i] = group.ID
		if group.Nested {
			texts[i] += " with nested groups"
		}
	}
	return texts
}

// filterTexts writes each filter as a line.
func filterTexts(filters []scope.Filter) []string {
	texts := make([]string, len(filters))
	for i, filter := range filters {
		clauses := make([]string, len(filter.Clauses))
		for j, clause := range filter.Clauses {
			clauses[j] = strings.TrimSpace(clause.Attribute + " " + string(clause.Operator))
			if clause.Value != "" {
				clauses[j] += " " + asJSON(clause.Value)
			}
		}
		texts[i] = strings.Join(clauses, " and ")
		if filter.Name != "" {
			texts[i] = asJSON(filter.Name) + ": " + texts[i]
		}
	}
	return texts
}

// mappings tells mapping by mapping what changes; a mapping is known by its target.
func (d *differences) mappings(before, after []mapping.Attribute) {
	gone := map[string]mapping.Attribute{}
	for _, attribute := range before {
		gone[attribute.Target] = attribute
	}
	told := len(d.lines)
	for _, attribute := range after {
		was, existed := gone[attribute.Target]
		delete(gone, attribute.Target)
		if existed {
			d.members("attributes: "+attribute.Target, members(was), members(attribute))
		} else {
			d.add("attributes: + %s: %s", attribute.Target, summary(attribute))
		}
	}
	for _, attribute := range before {
		if _, left := gone[attribute.Target]; left {
			d.add("attributes: - %s", attribute.Target)
		}
	}
	targets := func(a, b mapping.Attribute) bool { return a.Target == b.Target }
	if len(d.lines) == told && !slices.EqualFunc(before, after, targets) {
		d.add("attributes: in another order")
	}
}

// members tells which members of one mapping change.
func (d *differences) members(name string, before, after map[string]string) {
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, member := range slices.Sorted(maps.Keys(all)) {
		if before[member] != after[member] {
			d.add("%s: %s: %s → %s", name, member, cmp.Or(before[member], "none"), cmp.Or(after[member], "none"))
		}
	}
}

// members are those of a mapping's JSON that say something.
func members(a mapping.Attribute) map[string]string {
	if a.Apply == "" {
		a.Apply = mapping.Always
	}
	var raw map[string]json.RawMessage
	if json.Unmarshal([]byte(asJSON(a)), &raw) != nil {
		return nil // it was just written
	}
	texts := make(map[string]string, len(raw))
	for name, value := range raw {
		texts[name] = string(value)
	}
	return texts
}

// summary is a mapping as one line, without its target.
func summary(a mapping.Attribute) string {
	parts := members(a)
	delete(parts, "target")
	var words []string
	for _, member := range slices.Sorted(maps.Keys(parts)) {
		words = append(words, member+" "+parts[member])
	}
	return strings.Join(words, ", ")
}

// asJSON writes a value of ours, without escapes for HTML.
func asJSON(value any) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	return strings.TrimSuffix(text.String(), "\n")
}
