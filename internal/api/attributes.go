package api

import (
	"rollcall/internal/attr"
	"rollcall/internal/expr"
	"rollcall/internal/fault"
)

// attributesOf gives a record to JSON.
func attributesOf(record attr.Record) map[string]any {
	if record == nil {
		return nil
	}
	values := make(map[string]any, len(record))
	for _, field := range record {
		values[field.Name] = field.Value
		if _, sealed := attr.Sealed(field.Value); sealed {
			values[field.Name] = expr.Redacted
		}
	}
	return values
}

// recordOf reads attributes from JSON under their canonical paths, so that two ways to write one path are one attribute.
func recordOf(values map[string]any) (attr.Record, error) {
	record := make(attr.Record, 0, len(values))
	for name, value := range values {
		path, err := attr.ParsePath(name)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "BadPath", err, "attributes")
		}
		canonical := path.String()
		if record.Has(canonical) {
			return nil, fault.New(fault.Invalid, "BadPath", "the attribute %s occurs twice", canonical)
		}
		record.Set(canonical, attr.Canonical(value))
	}
	return record, nil
}
