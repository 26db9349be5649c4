package scimserver

import (
	"context"
	"net/http"
	"strings"

	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

// A value such as "bulkId:qwerty" stands for the id of the resource that the operation with this bulkId makes (RFC 7644, section 3.7.2).
const bulkReference = "bulkId:"

// dependencies lists the bulkIds that an operation refers to, in its path and in its data.
func (o bulkOperation) dependencies() []string {
	var found []string
	if _, named, ok := strings.Cut(o.path, bulkReference); ok {
		found = append(found, named)
	}
	return references(o.data, found)
}

// references lists the bulkIds that a value refers to.
func references(value any, found []string) []string {
	switch v := value.(type) {
	case string:
		if bulkID, refers := strings.CutPrefix(v, bulkReference); refers {
			found = append(found, bulkID)
		}
	case []any:
		for _, element := range v {
			found = references(element, found)
		}
	case map[string]any:
		for _, field := range v {
			found = references(field, found)
		}
	}
	return found
}

// resolved returns the data of an operation with ids in place of references. Resources may refer to each other in a circle: of a POST, the
// attributes that refer to one that is still to be made come as late, to be added when it is there.
func (b *batch) resolved(o bulkOperation) (data, late map[string]any, err error) {
	data = make(map[string]any, len(o.data))
	for name, value := range o.data {
		open := ""
		for _, bulkID := range references(value, nil) {
			if _, made := b.ids[bulkID]; made {
				continue
			}
			j, known := b.byBulkID[bulkID]
			if !known || b.state[j] == done || o.method != http.MethodPost {
				return nil, nil, unmade(bulkID)
			}
			open = bulkID
		}
		if open == "" {
			data[name] = substituted(value, b.ids)
			continue
		}
		if late == nil {
			late = map[string]any{}
		}
		late[name] = value
	}
	return data, late, nil
}

// substituted returns a value with ids in place of references.
func substituted(value any, ids map[string]ident.ID) any {
	switch v := value.(type) {
	case string:
		if bulkID, refers := strings.CutPrefix(v, bulkReference); refers {
			return ids[bulkID].String()
		}
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = substituted(element, ids)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for name, field := range v {
			object[name] = substituted(field, ids)
		}
		return object
	}
	return value
}

// addition is what a resource still lacks: attributes that refer to resources that were made after it.
type addition struct {
	operation  int
	kind       kind
	id         ident.ID
	attributes map[string]any
}

// catchUp adds what could not be there before. A resource that waits for one which was not made has failed, though it is there.
func (b *batch) catchUp(ctx context.Context) {
	waiting := b.late
	b.late = nil
	for _, a := range waiting {
		missing, open := "", false
		for _, bulkID := range references(a.attributes, nil) {
			if _, made := b.ids[bulkID]; !made && b.state[b.byBulkID[bulkID]] == done {
				missing = bulkID
			} else if !made {
				open = true
			}
		}
		switch {
		case missing != "":
			b.fail(ctx, a.operation, unmade(missing))
		case open:
			b.late = append(b.late, a)
		default:
			b.add(ctx, a)
		}
	}
}

func (b *batch) add(ctx context.Context, a addition) {
	message := map[string]any{
		"schemas":    []any{scim.PatchOp},
		"Operations": []any{map[string]any{"op": "add", "value": substituted(a.attributes, b.ids)}},
	}
	it, err := a.kind.patch(ctx, a.id, message, "", barely(a.kind))
	if err != nil {
		b.fail(ctx, a.operation, err)
		return
	}
	b.results[a.operation].Version = it.version
}

// fail notes that an operation failed.
func (b *batch) fail(ctx context.Context, operation int, err error) {
	failure := b.failure(ctx, err)
	b.results[operation].Status, b.results[operation].Response = failure.Status, &failure
	b.errors++
}

// barely shows as little of a resource as there can be.
func barely(k kind) scim.Projection { return k.resourceType().ParseProjection([]string{"id"}, nil) }
