package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"

	"rollcall/internal/attr"
	"rollcall/internal/scim"
)

// instantLayout is how times are compared as texts: all of one length, in UTC.
const instantLayout = "2006-01-02T15:04:05.000000000Z"

// registerFunctions gives the driver the functions that comparisons of SCIM need: what they do, the databases themselves do each in their own way.
//
//   - fold(text), name_key(text): scim.Fold and attr.NameKey;
//   - instant(text): a time of RFC 3339 in instantLayout;
//   - user_values(attributes, urn, name), group_values(…): the values of a multi-valued attribute as a JSON list, in whatever shape the
//     record has them.
//
// Where the argument is NULL or does not fit, the result is NULL.
var registerFunctions = sync.OnceValue(func() error {
	functions := map[string]struct {
		arguments int32
		call      func(args []string) (driver.Value, error)
	}{
		"fold":         {1, func(args []string) (driver.Value, error) { return scim.Fold(args[0]), nil }},
		"name_key":     {1, func(args []string) (driver.Value, error) { return attr.NameKey(args[0]), nil }},
		"instant":      {1, instant},
		"user_values":  {3, valuesOf(scim.Users())},
		"group_values": {3, valuesOf(scim.Groups())},
	}
	for name, f := range functions {
		err := sqlite.RegisterDeterministicScalarFunction(name, f.arguments,
			func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
				texts := make([]string, len(args))
				for i, arg := range args {
					text, ok := arg.(string)
					if !ok {
						return nil, nil
					}
					texts[i] = text
				}
				return f.call(texts)
			})
		if err != nil {
			return fmt.Errorf("register the function %s: %w", name, err)
		}
	}
	return nil
})

func instant(args []string) (driver.Value, error) {
	at, err := time.Parse(time.RFC3339Nano, args[0])
	if err != nil {
		return nil, nil //nolint:nilerr // what is no time is as if it were not there
	}
	return at.UTC().Format(instantLayout), nil
}

// valuesOf lists the values of one attribute of a record, as resources of the type have them.
func valuesOf(of scim.ResourceType) func(args []string) (driver.Value, error) {
	return func(args []string) (driver.Value, error) {
		document, urn, name := args[0], args[1], args[2]
		prefix := name
		if urn != "" {
			prefix = urn + ":" + name
		}
		if !strings.Contains(document, prefix) { // most objects have no such value
			return "[]", nil
		}
		record, err := attr.ParseRecord([]byte(document))
		if err != nil {
			return nil, fmt.Errorf("read from the database: %w", err)
		}
		var part attr.Record
		for _, field := range record {
			if rest, ok := strings.CutPrefix(field.Name, prefix); ok && (rest == "" || rest[0] == '[') {
				part = append(part, field)
			}
		}
		resource := of.FromRecord(part)
		if urn != "" {
			resource, _ = resource[urn].(scim.Resource)
		}
		list, _ := resource[name].([]any)
		if len(list) == 0 {
			return "[]", nil
		}
		data, err := json.Marshal(list)
		return string(data), err
	}
}
