package scimserver

import (
	"time"

	"rollcall/internal/scim"
)

// common is what resources of every kind have.
type common struct{ id, created, changed, location, version string }

// addTo puts it into a resource.
func (c common) addTo(types scim.ResourceType, resource scim.Resource) {
	schemas := []any{types.Core.ID}
	for _, extension := range types.Extensions {
		if resource[extension.ID] != nil {
			schemas = append(schemas, extension.ID)
		}
	}
	resource["schemas"], resource["id"] = schemas, c.id
	resource["meta"] = map[string]any{
		"resourceType": types.Name, "created": c.created, "lastModified": c.changed, "location": c.location, "version": c.version,
	}
}

// stamp is a time as it is stored, to the microsecond.
func stamp(at time.Time) string { return string(appendStamp(nil, at)) }

func appendStamp(out []byte, at time.Time) []byte {
	return at.UTC().Truncate(time.Microsecond).AppendFormat(out, time.RFC3339Nano)
}

func extension(resource scim.Resource, urn string) map[string]any {
	object, ok := resource[urn].(map[string]any)
	if !ok {
		object = map[string]any{}
		resource[urn] = object
	}
	return object
}

// addSource puts in where an object came from first, in the words of Webex.
func addSource(resource scim.Resource, urn, origin string) {
	source := origin
	switch origin {
	case "Entra":
		source = "AAD"
	case "Directory Connector":
		source = "AD"
	}
	extension(resource, urn)["provisionSource"] = source
}
