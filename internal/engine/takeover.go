package engine

import (
	"context"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// takenOver unties an object that a source took over: its tie and its pins go, and it is planned again, so that the next run says who manages it
// now. An instance that is gone has nothing left to untie.
func (e *Engine) takenOver(ctx context.Context, taken directory.TakenOver) error {
	instance, err := e.Store.Instance(ctx, taken.Instance)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if taken.Group {
		return e.untieTakenGroup(ctx, instance, taken.SourceID)
	}
	sources := []string{taken.SourceID}
	known, err := e.Store.LoadUsers(ctx, instance.ConnectionID, sources, true)
	if err != nil {
		return err
	}
	if err := e.Store.DeleteLinks(ctx, instance.ID, sources); err != nil {
		return err
	}
	if err := e.dropPin(ctx, instance.ID, known[taken.SourceID].Seq); err != nil {
		return err
	}
	return e.Store.MarkDirty(ctx, instance, sources)
}

func (e *Engine) untieTakenGroup(ctx context.Context, instance Instance, sourceID string) error {
	sources := []string{sourceID}
	known, err := e.Store.LoadGroups(ctx, instance.ConnectionID, sources)
	if err != nil {
		return err
	}
	group, is := known[sourceID]
	if !is {
		return nil
	}
	if err := e.untieGroups(ctx, instance, []int64{group.Seq}); err != nil {
		return err
	}
	if err := e.dropPin(ctx, instance.ID, -group.Seq); err != nil {
		return err
	}
	return e.Store.MarkGroupsDirty(ctx, instance, sources, false)
}

func (e *Engine) dropPin(ctx context.Context, instance ident.ID, place int64) error {
	return e.Store.DeletePins(ctx, instance, []int64{place})
}
