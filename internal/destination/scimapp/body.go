package scimapp

import (
	"reflect"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/scim"
	"rollcall/internal/scimclient"
)

// resource makes the resource that a record describes. manager is the service's id of the manager, "" for none that it knows.
func (a *App) resource(kind Kind, record attr.Record, manager string) scim.Resource {
	resource := a.types[kind].FromRecord(record)
	if manager == "" || !a.knows(attr.EnterpriseUser) {
		return resource
	}
	enterprise, _ := resource[attr.EnterpriseUser].(map[string]any)
	if enterprise == nil {
		enterprise = map[string]any{}
		resource[attr.EnterpriseUser] = enterprise
	}
	enterprise["manager"] = map[string]any{"value": manager}
	return resource
}

// knows reports whether users may have the extension.
func (a *App) knows(urn string) bool {
	for _, extension := range a.types[Users].Extensions {
		if strings.EqualFold(extension.ID, urn) {
			return true
		}
	}
	return false
}

// whole is the body of a resource that is created or replaced.
func (a *App) whole(kind Kind, record attr.Record, manager string) map[string]any {
	body := a.resource(kind, record, manager)
	schemas := []string{a.types[kind].Core.ID}
	for _, extension := range a.types[kind].Extensions {
		if _, has := body[extension.ID]; has {
			schemas = append(schemas, extension.ID)
		}
	}
	for _, urn := range a.said.Types[kind.of()].RequiredExtensions {
		if _, has := body[urn]; !has {
			schemas = append(schemas, urn)
		}
	}
	body["schemas"] = schemas
	return body
}

// patches are the operations that make after of before. Each attribute that differs is written as a whole: services disagree on paths that select
// a value of a list.
func (a *App) patches(kind Kind, before, after scim.Resource) []scimclient.PatchOp {
	var ops []scimclient.PatchOp
	compare := func(prefix string, was, is map[string]any, name string) {
		switch {
		case reflect.DeepEqual(was[name], is[name]):
		case is[name] == nil:
			ops = append(ops, scimclient.PatchOp{Op: "remove", Path: prefix + name})
		default:
			ops = append(ops, scimclient.PatchOp{Op: "replace", Path: prefix + name, Value: is[name]})
		}
	}
	compare("", before, after, attr.ExternalID)
	for _, attribute := range a.types[kind].Core.Attributes {
		compare("", before, after, attribute.Name)
	}
	for _, extension := range a.types[kind].Extensions {
		was, _ := before[extension.ID].(map[string]any)
		is, _ := after[extension.ID].(map[string]any)
		for _, attribute := range extension.Attributes {
			compare(extension.ID+":", was, is, attribute.Name)
		}
	}
	return ops
}

// read makes a record of what the service told.
func (a *App) read(kind Kind, body map[string]any) attr.Record {
	record := a.types[kind].ToRecord(body)
	if record == nil {
		record = attr.Record{}
	}
	return record
}

// ours reports whether a path is kept here and not compared with the service's: it is not told, or in ids that only the tenant knows. Managers are compared
// by bosses.
func ours(path string) bool {
	return path == attr.DeletedAt || strings.HasPrefix(path, attr.Manager)
}

// echo is what the service made of a record, where that is something else.
func echo(sent, seen attr.Record) attr.Record {
	differs := attr.Record{}
	each(sent, seen, nil, func(path string) {
		if !attr.Equal(sent.Get(path), seen.Get(path)) {
			differs.Set(path, seen.Get(path))
		}
	})
	return differs
}

// reread takes in what an inventory saw of an object and reports whether it is something else than what was expected.
func (o *Object) reread(seen attr.Record) bool {
	record, expected := o.Record.Clone(), o.Echo.Clone()
	changed := false
	each(o.Record, seen, o.Echo, func(path string) {
		want := o.Record.Get(path)
		if o.Echo.Has(path) {
			want = o.Echo.Get(path)
		}
		if attr.Equal(want, seen.Get(path)) {
			return
		}
		changed = true
		expected.Delete(path)
		if value := seen.Get(path); value != nil {
			record.Set(path, value)
		} else {
			record.Delete(path)
		}
	})
	o.Record, o.Echo = record, expected
	return changed
}

// each calls fn once for every path of the records that is told to the service.
func each(a, b, c attr.Record, fn func(path string)) {
	done := map[string]bool{}
	for _, record := range []attr.Record{a, b, c} {
		for _, field := range record {
			if !ours(field.Name) && !done[field.Name] {
				done[field.Name] = true
				fn(field.Name)
			}
		}
	}
}
