package entrasim

import (
	"slices"
	"strings"
)

// A filter is a $filter or $search as a tree. A nil filter matches everybody.
type filter struct {
	op       filterOp
	property property
	values   []string // folded
	parts    []*filter
}

type filterOp int

const (
	opEqual filterOp = iota // the property is one of the values: eq and in
	opStartsWith
	opEndsWith
	opSearch // a word of the property starts with the value
	opAnd
	opOr
	opNot
)

// mask is what has to be known of a user to decide.
func (f *filter) mask() mask {
	if f == nil {
		return 0
	}
	var m mask
	if len(f.parts) == 0 {
		m = maskOf(f.property)
	}
	for _, p := range f.parts {
		m |= p.mask()
	}
	return m
}

// A row is an object that a filter can be tried on.
type row interface {
	// filterValues are the values of a property as text; null is the empty text.
	filterValues(p property) []string
}

// matches decides without regard to case, as Entra does.
func (f *filter) matches(u row) bool {
	if f == nil {
		return true
	}
	switch f.op {
	case opAnd:
		return f.parts[0].matches(u) && f.parts[1].matches(u)
	case opOr:
		return f.parts[0].matches(u) || f.parts[1].matches(u)
	case opNot:
		return !f.parts[0].matches(u)
	default:
	}
	return slices.ContainsFunc(u.filterValues(f.property), f.matchesText)
}

func (f *filter) matchesText(text string) bool {
	text = fold(text)
	for _, v := range f.values {
		switch f.op {
		case opStartsWith:
			if text != "" && strings.HasPrefix(text, v) {
				return true
			}
		case opEndsWith:
			if text != "" && strings.HasSuffix(text, v) {
				return true
			}
		case opSearch:
			if strings.HasPrefix(text, v) || strings.Contains(text, " "+v) {
				return true
			}
		default:
			if text == v {
				return true
			}
		}
	}
	return false
}

func (u *user) filterValues(p property) []string {
	if l := u.list(p); l != nil {
		return *l
	}
	switch p {
	case propID:
		return []string{u.id.String()}
	case propAccountEnabled:
		if u.enabled {
			return []string{"true"}
		}
		return []string{"false"}
	case propUserPrincipalName:
		return []string{u.name()}
	default:
		return []string{u.text[p]}
	}
}

// candidates are the numbers of the only objects that can match, ascending, if the filter names them by a key of theirs.
func (f *filter) candidates(r *resource, find func(key string) (int, bool)) ([]int, bool) {
	keys, ok := f.keys(r.keys...)
	if !ok {
		return nil, false
	}
	var few []int
	for _, k := range keys {
		if i, ok := find(k); ok {
			few = append(few, i)
		}
	}
	slices.Sort(few)
	return slices.Compact(few), true
}

// ids are the ids of a filter that is nothing but id eq … or id eq ….
func (f *filter) ids(r *resource) ([]string, bool) { return f.keys(r.keys[0]) }

func (f *filter) keys(properties ...property) ([]string, bool) {
	switch {
	case f == nil:
		return nil, false
	case f.op == opEqual && slices.Contains(properties, f.property):
		return f.values, true
	case f.op == opOr:
		left, okLeft := f.parts[0].keys(properties...)
		right, okRight := f.parts[1].keys(properties...)
		return slices.Concat(left, right), okLeft && okRight
	default:
		return nil, false
	}
}
