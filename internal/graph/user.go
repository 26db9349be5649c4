package graph

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"rollcall/internal/attr"
)

// Removal says that a user is no longer among the tenant's users.
type Removal string

// The reasons of @removed, as the delta query page has them.
const (
	// Changed: moved to the recycle bin, can be restored.
	Changed Removal = "changed"
	// Deleted for good.
	Deleted Removal = "deleted"
)

// User is one user of a page.
type User struct {
	// ID is the object id, never empty.
	ID string
	// Removed is set only by a delta; "" means that the user exists.
	Removed Removal
	// DeletedAt is since when the user is in the recycle bin; zero if the answer does not say.
	DeletedAt time.Time
	// Record holds the properties by Graph's names, the id included, annotations and deletedDateTime left out. manager is the id of the
	// manager. In a whole record absent means no value; in a delta's, nil means cleared and absent means not changed. An empty list
	// counts as null.
	Record attr.Record
}

// Names of Graph that need care.
const (
	propID              = "id"
	propManager         = "manager"
	propDeletedDateTime = "deletedDateTime"
	noteManager         = "manager@delta"
	noteRemoved         = "@removed"
)

// userOf takes the record apart. It reuses the record.
func userOf(record attr.Record, as shape) (User, error) {
	var user User
	var manager any
	managerNoted := false
	kept := record[:0]
	for _, field := range record {
		switch field.Name {
		case propID:
			user.ID, _ = field.Value.(string)
		case noteRemoved:
			user.Removed = removalOf(field.Value)
			continue
		case noteManager:
			manager, managerNoted = notedManager(field.Value), true
			continue
		case propManager:
			field.Value = idOf(field.Value)
		case propDeletedDateTime:
			var err error
			if user.DeletedAt, err = timeOf(field.Value); err != nil {
				return User{}, err
			}
			continue
		default:
			if strings.IndexByte(field.Name, '@') >= 0 { // @odata.type, manager@odata.navigationLink and their like
				continue
			}
		}
		if isEmptyList(field.Value) {
			field.Value = nil
		}
		if field.Value != nil || as == partial {
			kept = append(kept, field)
		}
	}
	if user.ID == "" {
		return User{}, errors.New("no id")
	}
	if managerNoted {
		kept.Set(propManager, manager)
	}
	user.Record = kept
	return user, nil
}

// removalOf reads {"reason": "changed"}. A reason that is not known is taken for the one that can be taken back.
func removalOf(value any) Removal {
	if note, ok := value.(map[string]any); ok && note["reason"] == string(Deleted) {
		return Deleted
	}
	return Changed
}

// notedManager reads manager@delta, a list of references that were added or, with @removed, taken away: the id of the one that was added,
// nil if there is none.
func notedManager(value any) any {
	references, _ := value.([]any)
	var manager any
	for _, reference := range references {
		if fields, ok := reference.(map[string]any); ok && fields[noteRemoved] == nil {
			manager = idOf(reference)
		}
	}
	return manager
}

// idOf reads the id of an expanded object, nil if there is none. The manager may be an organizational contact instead of a user.
func idOf(value any) any {
	object, _ := value.(map[string]any)
	if id, ok := object[propID].(string); ok && id != "" {
		return id
	}
	return nil
}

func timeOf(value any) (time.Time, error) {
	text, ok := value.(string)
	if !ok {
		return time.Time{}, nil
	}
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: %w", propDeletedDateTime, err)
	}
	return parsed.UTC(), nil
}

func isEmptyList(value any) bool {
	switch list := value.(type) {
	case []string:
		return len(list) == 0
	case []any:
		return len(list) == 0
	}
	return false
}
