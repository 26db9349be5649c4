package engine

import (
	"context"
	"hash/maphash"

	"rollcall/internal/plan"
)

// nameSeed makes digests of names; they do not outlive the process.
var nameSeed = maphash.MakeSeed()

// takenNames knows the names that the changes of a plan take, where mappings offer several: the second Ada gets the second best. It keeps
// eight bytes for each; of two names with one digest the later counts as taken, and the next best is chosen. Without offers it is nil and
// knows nothing.
type takenNames map[uint64]bool

// namesOf returns the names that the run's changes take so far.
func (e *Engine) namesOf(ctx context.Context, w *work, rules *plan.Rules) (takenNames, error) {
	if !rules.Mapping.OffersNames() || w.names != nil {
		return w.names, nil
	}
	names := takenNames{}
	err := e.Store.WantedNames(ctx, w.run.ID, func(key []byte) { names[maphash.Bytes(nameSeed, key)] = true })
	if err == nil {
		w.names = names
	}
	return names, err
}

func (t takenNames) has(key string) bool { return t[maphash.String(nameSeed, key)] }

// add notes the name of a change that creates somebody.
func (t takenNames) add(change plan.Change) {
	if t != nil && change.Action == plan.Create {
		t[maphash.String(nameSeed, change.TakesName)] = true
	}
}
