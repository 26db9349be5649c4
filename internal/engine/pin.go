package engine

import (
	"cmp"
	"context"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// Pin keeps what was taken back about one object as it is, until Entra changes the person or group or the pin is lifted (rule 10). One of
// plan.Members lists all pinned memberships of one group, each of which ends by itself (MemberPin), with what was said of the last of them.
type Pin struct {
	// ID is that of the entry of the journal by which something was taken back.
	ID         ident.ID
	OrgID      ident.ID
	InstanceID ident.ID
	// Object is what the pin is about, Members how many memberships it lists.
	Object  plan.ObjectType
	Members int
	// SourceID is the person or group in the tenant, SourceSeq the place in the mirror: that of a group negated.
	SourceID  string
	SourceSeq int64
	// ObjectID is the user or group of the directory; there is none any more if its creation was taken back. ObjectName is what people called it.
	ObjectID   ident.ID
	ObjectName string
	// RunID is the undo run.
	RunID ident.ID
	plan.Pin
}

// PinQuery selects a page of pins in the order of their ids.
type PinQuery struct {
	Org ident.ID
	// Instance, if not zero, keeps only its pins.
	Instance ident.ID
	// Run, if not zero, keeps only what was pinned because this run was taken back, or by this undo.
	Run ident.ID
	// After is the pin behind which the page begins.
	After ident.ID
	Limit int
}

// Undos keeps pins, and tells the history by which an undo knows what was changed since. Methods join the transaction of the context.
type Undos interface {
	// SavePins inserts pins, or replaces those of the same instance, place and type.
	SavePins(ctx context.Context, pins []Pin) error
	// DeletePins removes pins by SourceSeq, but for those that list memberships.
	DeletePins(ctx context.Context, instance ident.ID, seqs []int64) error
	// PinsBetween returns the instance's pins from one SourceSeq to another, both included, but for those that list memberships.
	PinsBetween(ctx context.Context, instance ident.ID, from, to int64) ([]Pin, error)
	// Pin fails as fault.NotFound.
	Pin(ctx context.Context, org, id ident.ID) (Pin, error)
	ListPins(ctx context.Context, query PinQuery) ([]Pin, error)
	// Deeds returns the applied changes of objects of the organization, by object, in no order.
	Deeds(ctx context.Context, org ident.ID, objects []ident.ID) (map[ident.ID][]plan.Deed, error)
}

// Ties keeps what belongs together on both sides, and what of it was taken back.
type Ties interface {
	Links
	Undos
	MemberPins
}

// Pins returns a page of pins. Objects are called as people call them now, not as when they were pinned.
func (e *Engine) Pins(ctx context.Context, query PinQuery) ([]Pin, error) {
	pins, err := e.Store.ListPins(ctx, query)
	if err != nil {
		return nil, err
	}
	objects := make([]plan.Member, len(pins))
	for i, pin := range pins {
		objects[i].Object = pin.ObjectID
	}
	names, err := e.memberNames(ctx, query.Org, objects)
	for i := range pins {
		pins[i].ObjectName = cmp.Or(names[pins[i].ObjectID], pins[i].ObjectName)
	}
	return pins, err
}

// LiftPin ends a pin by hand, or all that it lists: what Entra says of the person or group holds again, at once if Auto Sync is on, else with the
// next run. A pin that does not exist (any more) fails as fault.NotFound.
func (e *Engine) LiftPin(ctx context.Context, org, id ident.ID) error {
	return e.Store.InTx(ctx, func(ctx context.Context) error {
		pin, err := e.Store.Pin(ctx, org, id)
		if err != nil {
			return err
		}
		instance, err := e.Store.Instance(ctx, pin.InstanceID)
		if err != nil {
			return err
		}
		if err := e.lift(ctx, instance, pin); err != nil {
			return err
		}
		about := "user"
		if pin.Object != plan.User {
			about = "group"
		}
		before := map[string]any{about: pin.ObjectID.String(), "run": pin.Run.String(), "pinnedBy": pin.By, "reason": pin.Why}
		if pin.Object == plan.Members {
			before["members"] = float64(pin.Members)
		}
		err = e.Directory.Record(ctx, audit.Event{
			OrgID: org, Action: "pin.lift", ObjectID: pin.ID.String(), ObjectName: pin.ObjectName, Before: attr.From(before),
		})
		if err != nil || !instance.AutoSync {
			return err
		}
		_, err = e.enqueue(ctx, instance, Incremental, TriggerConfiguration, audit.ActorOf(ctx).Name)
		return err
	})
}

// LiftPins ends all pins of a query, as LiftPin does each, and returns how many. It is one change: one run plans them all, so that the guard weighs
// together what they held back.
func (e *Engine) LiftPins(ctx context.Context, query PinQuery) (int, error) {
	var lifted int
	err := e.Store.InTx(ctx, func(ctx context.Context) error {
		lifted = 0
		query.After, query.Limit = ident.ID{}, planBatch
		for {
			pins, err := e.Store.ListPins(ctx, query)
			if err != nil || len(pins) == 0 {
				return err
			}
			for _, pin := range pins {
				if query.After = pin.ID; !pin.of(query.Run) {
					continue
				}
				if err := e.LiftPin(ctx, query.Org, pin.ID); err != nil {
					return err
				}
				lifted++
			}
		}
	})
	return lifted, err
}

// of reports whether the pin comes of a run, or of taking it back; of every run if it is zero.
func (p Pin) of(run ident.ID) bool { return run.IsZero() || p.RunID == run || p.Run == run }

// lift removes a pin and has its object planned again; of a group whose members are pinned, all members.
func (e *Engine) lift(ctx context.Context, instance Instance, pin Pin) error {
	if pin.Object == plan.Members {
		if err := e.Store.DeleteGroupMemberPins(ctx, instance.ID, []int64{-pin.SourceSeq}); err != nil {
			return err
		}
		return e.Store.MarkGroupsDirty(ctx, instance, []string{pin.SourceID}, true)
	}
	if err := e.Store.DeletePins(ctx, instance.ID, []int64{pin.SourceSeq}); err != nil {
		return err
	}
	if pin.Object == plan.Group {
		return e.Store.MarkGroupsDirty(ctx, instance, []string{pin.SourceID}, false)
	}
	return e.Store.MarkDirty(ctx, instance, []string{pin.SourceID})
}

// pinsOf returns the pins of the objects.
func (e *Engine) pinsOf(ctx context.Context, instance Instance, objects []Object) ([]Pin, error) {
	if len(objects) == 0 {
		return nil, nil
	}
	from, to := objects[0].Seq, objects[0].Seq
	for _, object := range objects {
		from, to = min(from, object.Seq), max(to, object.Seq)
	}
	return e.Store.PinsBetween(ctx, instance.ID, from, to)
}

// findPins adds the pins of the objects to what a plan depends on.
func (e *Engine) findPins(ctx context.Context, w *work, objects []Object, found *plan.Found) error {
	pins, err := e.pinsOf(ctx, w.instance, objects)
	if err != nil || len(pins) == 0 {
		return err
	}
	cursor, err := e.Store.Cursor(ctx, w.connection.ID)
	found.Pins, found.Known = make(map[string]plan.Pin, len(pins)), cursor.Attributes
	for _, pin := range pins {
		found.Pins[pin.SourceID] = pin.Pin
	}
	return err
}

// settlePins notes which pins ended by what was planned, and which know more of their people now.
func (e *Engine) settlePins(ctx context.Context, w *work, batch *planned, judged judged, objects []Object) error {
	if len(judged.found.Pins) == 0 || batch.run.Kind.Dry() {
		return nil
	}
	pins, err := e.pinsOf(ctx, w.instance, objects)
	byID := make(map[string]Pin, len(pins))
	for _, pin := range pins {
		byID[pin.SourceID] = pin
	}
	for i, object := range objects {
		pin, pinned := byID[object.SourceID]
		switch {
		case !pinned:
		case pin.Ended(judged.drafts[i], judged.found.Known, judged.changes[i], judged.does[i]):
			batch.unpinned = append(batch.unpinned, object.Seq)
		case pin.Learn(object.Source(), judged.found.Known):
			batch.learnt = append(batch.learnt, pin)
		}
	}
	return err
}

func (e *Engine) writePins(ctx context.Context, instance Instance, batch planned) error {
	if err := e.Store.DeletePins(ctx, instance.ID, batch.unpinned); err != nil {
		return err
	}
	return e.Store.SavePins(ctx, batch.learnt)
}
