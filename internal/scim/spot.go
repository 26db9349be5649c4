package scim

import (
	"strings"
	"sync"

	"rollcall/internal/attr"
)

// maxSpots is how many paths are remembered: a directory has a few dozen, but anybody may make up types of e-mail addresses.
const maxSpots = 4096

// spot is where the value of one path of a record stands in a resource.
type spot struct {
	path attr.Path
	// found is the attribute, nil if the schemas have none such; urn is that of its extension, "" for the core schema.
	found *Attribute
	urn   string
}

// spots remembers the spots of paths: records of the same directory have the same ones. nil remembers nothing.
type spots struct {
	mu    sync.RWMutex
	known map[string]spot
}

// spotOf finds the spot of a path.
func (t ResourceType) spotOf(name string) spot {
	if t.spots == nil {
		return t.findSpot(name)
	}
	t.spots.mu.RLock()
	found, known := t.spots.known[name]
	t.spots.mu.RUnlock()
	if known {
		return found
	}
	found = t.findSpot(name)
	t.spots.mu.Lock()
	defer t.spots.mu.Unlock()
	if len(t.spots.known) < maxSpots {
		t.spots.known[strings.Clone(name)] = found // the name is a part of a whole document
	}
	return found
}

func (t ResourceType) findSpot(name string) spot {
	path, err := attr.ParsePath(strings.Clone(name))
	if err != nil {
		return spot{}
	}
	if path.URN == "" || strings.EqualFold(path.URN, t.Core.ID) {
		found := find(t.Core.Attributes, path.Name)
		if found == nil && strings.EqualFold(path.Name, attr.ExternalID) {
			found = find(commonAttributes, path.Name)
		}
		return spot{path: path, found: found}
	}
	extension := t.extension(path.URN)
	if extension == nil {
		return spot{}
	}
	return spot{path: path, found: find(extension.Attributes, path.Name), urn: extension.ID}
}

// container is the object of a resource in which the value of the spot stands.
func (s spot) container(resource Resource) map[string]any {
	if s.urn == "" {
		return resource
	}
	container, ok := resource[s.urn].(map[string]any)
	if !ok {
		container = map[string]any{}
		resource[s.urn] = container
	}
	return container
}
