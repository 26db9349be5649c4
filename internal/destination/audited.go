package destination

import (
	"context"

	"rollcall/internal/plan"
)

// Audited is a destination that can be asked for everything that its instance owns, which is how objects are found that nothing ties any more.
type Audited interface {
	// OwnedObjects returns up to limit objects that the instance owns, behind a place, "" for the beginning, and the place behind which the next
	// page begins; "" after the last page. Objects that get another place meanwhile may be left out.
	OwnedObjects(ctx context.Context, after string, limit int) (owned []plan.Target, next string, err error)
	// OwnedGroups is to groups what OwnedObjects is to users.
	OwnedGroups(ctx context.Context, after string, limit int) (owned []plan.Target, next string, err error)
}
