// Package attr holds the attribute paths and values that mirror, mappings and destinations share.
//
// A tenant record is keyed by Microsoft Graph property names ("userPrincipalName", "businessPhones"), a directory record by canonical
// SCIM paths (`name.familyName`, `addresses[type eq "work"].country`). Both are flat.
package attr

import (
	"crypto/sha256"
	"encoding/binary"
	"reflect"
	"slices"
	"strings"
)

// Field is one attribute of a record.
type Field struct {
	Name string
	// Value is a string, bool, float64, []string, or what encoding/json makes of an object or a mixed array ([]any, map[string]any).
	// nil means: known to have no value.
	Value any
}

// Record is a flat set of attributes in the order of their names, each name once. The zero Record is empty and ready for use.
type Record []Field

// From makes a record of a map, for tests and literals.
func From(values map[string]any) Record {
	record := make(Record, 0, len(values))
	for name, value := range values {
		record = append(record, Field{Name: name, Value: value})
	}
	slices.SortFunc(record, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	return record
}

func (r Record) find(name string) (int, bool) {
	low, high := 0, len(r)
	for low < high {
		middle := int(uint(low+high) >> 1)
		if r[middle].Name < name {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, low < len(r) && r[low].Name == name
}

// Get returns the value of the attribute; nil when it is absent or has none.
func (r Record) Get(name string) any {
	if i, found := r.find(name); found {
		return r[i].Value
	}
	return nil
}

// Has reports whether the attribute is present, be it with a nil value.
func (r Record) Has(name string) bool {
	_, found := r.find(name)
	return found
}

// Text returns the value if it is a string, else "".
func (r Record) Text(name string) string {
	text, _ := r.Get(name).(string)
	return text
}

// Bool returns the value if it is a boolean, else false.
func (r Record) Bool(name string) bool {
	value, _ := r.Get(name).(bool)
	return value
}

// Set puts the value in its place, replacing what was there.
func (r *Record) Set(name string, value any) {
	i, found := r.find(name)
	if found {
		(*r)[i].Value = value
		return
	}
	*r = slices.Insert(*r, i, Field{Name: name, Value: value})
}

// Delete removes the attribute if it is there.
func (r *Record) Delete(name string) {
	if i, found := r.find(name); found {
		*r = slices.Delete(*r, i, i+1)
	}
}

// Clone returns a copy that can be changed without touching r. Values are shared: they are never changed in place.
func (r Record) Clone() Record { return slices.Clone(r) }

// Merge applies a partial record: its values replace those of r, a nil value removes the attribute.
func (r Record) Merge(partial Record) Record {
	merged := make(Record, 0, len(r)+len(partial))
	i, j := 0, 0
	for i < len(r) || j < len(partial) {
		switch {
		case j == len(partial) || i < len(r) && r[i].Name < partial[j].Name:
			merged = append(merged, r[i])
			i++
		default:
			if i < len(r) && r[i].Name == partial[j].Name {
				i++
			}
			if partial[j].Value != nil {
				merged = append(merged, partial[j])
			}
			j++
		}
	}
	return merged
}

// Equal reports whether two values are the same. nil, an absent value and an empty list are the same.
func Equal(a, b any) bool {
	switch x := a.(type) {
	case nil:
		return isNothing(b)
	case string:
		y, ok := b.(string)
		return ok && x == y
	case bool:
		y, ok := b.(bool)
		return ok && x == y
	case float64:
		y, ok := b.(float64)
		return ok && x == y
	case []string:
		y, ok := b.([]string)
		return ok && slices.Equal(x, y) || len(x) == 0 && isNothing(b)
	}
	return isNothing(a) && isNothing(b) || reflect.DeepEqual(a, b)
}

func isNothing(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case []string:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// Equal reports whether both records hold the same values.
func (r Record) Equal(other Record) bool {
	return slices.EqualFunc(r, other, func(a, b Field) bool { return a.Name == b.Name && Equal(a.Value, b.Value) })
}

// Hash returns a 64-bit digest of the canonical JSON form, by which unchanged records are told from changed ones.
func Hash(canonical []byte) int64 {
	sum := sha256.Sum256(canonical)
	return int64(binary.BigEndian.Uint64(sum[:8])) //nolint:gosec // the bits are kept, whatever the sign
}
