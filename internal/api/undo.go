package api

import (
	"context"
	"net/http"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// UndoRequest asks for an undo.
type UndoRequest struct {
	Objects []ident.ID `json:"objects,omitempty" nullable:"false" maxItems:"1000" doc:"Ids of users and groups of the directory whose changes of the run are taken back, of a group also who joined and left; all of its changes without them."`
	UserUndoRequest
}

// UserUndoRequest asks for the undo of the latest change of one user or group.
type UserUndoRequest struct {
	Reason string `json:"reason,omitempty" maxLength:"500" doc:"Why; required unless dryRun. Whoever meets the pins reads it."`
	DryRun *bool  `json:"dryRun,omitempty" doc:"Only say what would be taken back, and what cannot be and why: true unless said otherwise."`
}

// Undo says what an undo run takes back.
type Undo struct {
	RunID   ident.ID `json:"runId" format:"uuid" doc:"The run whose changes are taken back."`
	Objects int      `json:"objects,omitempty" doc:"How many changes of it were chosen; absent for all."`
	Reason  string   `json:"reason,omitempty" doc:"Why."`
	// DespiteEntra counts who gets access whom Entra would not give any.
	DespiteEntra int `json:"despiteEntra,omitempty" doc:"How many users get access again although Entra has deleted, purged or blocked them or they are out of scope."`
}

// Pin keeps what was taken back about one user or group as it is, or memberships of one group.
type Pin struct {
	ID         ident.ID  `json:"id" format:"uuid" doc:"The pin's id: that of the change by which something was taken back."`
	InstanceID ident.ID  `json:"instanceId" format:"uuid" doc:"The instance that leaves the object out."`
	ObjectType string    `json:"objectType" enum:"User,Group,Members" doc:"What is pinned: a user, a group, or memberships of a group. Of Members, source and object are the group."`
	Members    int       `json:"members,omitempty" doc:"How many memberships are pinned. Each ends by itself when Entra changes it; by, at and reason are those of the last undo."`
	SourceID   string    `json:"sourceId" doc:"The object's id in the tenant."`
	ObjectID   ident.ID  `json:"objectId" format:"uuid" doc:"The object's id in the directory; there is none any more if the creation was taken back."`
	ObjectName string    `json:"objectName" doc:"What people call the object: display name, and of a user the address."`
	RunID      ident.ID  `json:"runId" format:"uuid" doc:"The undo run."`
	UndoneID   ident.ID  `json:"undoneRunId" format:"uuid" doc:"The run whose change was taken back."`
	By         string    `json:"by" doc:"Who took it back."`
	At         time.Time `json:"at" doc:"When."`
	Reason     string    `json:"reason,omitempty" doc:"Why."`
	// KeepsAccess: the pin holds against a removal as well.
	KeepsAccess bool `json:"keepsAccess,omitempty" doc:"A removal or letting go was taken back, so that the pin holds against the next one as well. Of Members: the last undo put somebody back."`
}

func (s *server) serveUndo() {
	serve(s, operation{
		id: "undoRun", method: http.MethodPost, path: inOrg + "/runs/{id}/undo", tag: "Undo", summary: "Take back what a run did",
		detail: "The answer is a run of its own, which waits for the one before it; its changes say for each object what is taken back, or why not. " +
			"Unless dryRun is false nothing is written. What is taken back is pinned until Entra changes the person, group or membership, or the pin is lifted. " +
			"The undo of an undo lifts its pins.",
		status: http.StatusAccepted, failures: []int{http.StatusConflict},
	}, s.undoRun)
	serve(s, operation{
		id: "undoUser", method: http.MethodPost, path: inOrg + "/users/{id}/undo", tag: "Undo", summary: "Take back the latest change of a user",
		detail: "As undoRun, for the latest change that a run made to the user; the id may be that of a user who was removed.",
		status: http.StatusAccepted, failures: []int{http.StatusConflict},
	}, s.undoUser)
	serve(s, operation{
		id: "undoGroup", method: http.MethodPost, path: inOrg + "/groups/{id}/undo", tag: "Undo", summary: "Take back what a run did last to a group",
		detail: "As undoRun, for the run that last changed the group or who is in it: all that it did to both. The id may be that of a group that was removed.",
		status: http.StatusAccepted, failures: []int{http.StatusConflict},
	}, s.undoGroup)
	serve(s, operation{
		id: "listPins", method: http.MethodGet, path: inOrg + "/pins", tag: "Undo", summary: "List what is pinned",
		detail: "What is left out by plans because something was taken back. Pinned memberships are listed by group, with their number.",
	}, s.listPins)
	serve(s, operation{
		id: "liftPins", method: http.MethodDelete, path: inOrg + "/pins", tag: "Undo", summary: "Lift all pins of an instance or a run",
		detail: "All or none, and planned by one run, so that the guard weighs together what they held back.",
	}, s.liftPins)
	serve(s, operation{
		id: "liftPin", method: http.MethodDelete, path: inOrg + "/pins/{id}", tag: "Undo", summary: "Lift a pin",
		detail: "What Entra says of the person or group holds again, or of all pinned members of a group: at once if Auto Sync is on, else with the next run.",
	}, func(ctx context.Context, in *struct {
		InOrganization
		ID ident.ID `path:"id" format:"uuid" doc:"The pin's id."`
	},
	) (*struct{}, error) {
		return nil, s.Engine.LiftPin(ctx, orgOf(ctx), in.ID)
	})
}

// Lifted says how many pins were lifted.
type Lifted struct {
	Count int `json:"count" doc:"How many pins were lifted."`
}

// liftPins lifts all pins of an instance or a run. A request that names neither never means all.
func (s *server) liftPins(ctx context.Context, in *struct {
	InOrganization
	Instance ident.ID `query:"instance" format:"uuid" doc:"What this instance leaves out."`
	Run      ident.ID `query:"run" format:"uuid" doc:"What was pinned because this run was taken back, or by this undo."`
},
) (*body[Lifted], error) {
	if in.Instance.IsZero() && in.Run.IsZero() {
		return nil, fault.New(fault.Invalid, "BadLift", "it is not said of what all pins are lifted").WithRemedy("Give instance or run.")
	}
	count, err := s.Engine.LiftPins(ctx, engine.PinQuery{Org: orgOf(ctx), Instance: in.Instance, Run: in.Run})
	return reply(Lifted{Count: count}), err
}

// dry reports whether nothing is to be written.
func (r UserUndoRequest) dry() bool { return r.DryRun == nil || *r.DryRun }

func (s *server) undoRun(ctx context.Context, in *struct {
	InRun
	Body UndoRequest
},
) (*created[Run], error) {
	run, err := s.Engine.Undo(ctx, orgOf(ctx), engine.UndoRequest{
		Run: in.ID, Objects: in.Body.Objects, Reason: in.Body.Reason, DryRun: in.Body.dry(),
	})
	return &created[Run]{Location: at(ctx, "/runs/%s", run.ID), Body: s.runOf(run)}, err
}

func (s *server) undoUser(ctx context.Context, in *struct {
	InUser
	Body UserUndoRequest
},
) (*created[Run], error) {
	run, err := s.Engine.UndoLatest(ctx, orgOf(ctx), in.ID, in.Body.Reason, in.Body.dry())
	return &created[Run]{Location: at(ctx, "/runs/%s", run.ID), Body: s.runOf(run)}, err
}

func (s *server) undoGroup(ctx context.Context, in *struct {
	InGroup
	Body UserUndoRequest
},
) (*created[Run], error) {
	run, err := s.Engine.UndoLatest(ctx, orgOf(ctx), in.ID, in.Body.Reason, in.Body.dry())
	return &created[Run]{Location: at(ctx, "/runs/%s", run.ID), Body: s.runOf(run)}, err
}

func (s *server) listPins(ctx context.Context, in *struct {
	InOrganization
	Instance ident.ID `query:"instance" format:"uuid" doc:"Only what this instance leaves out."`
	Paging
},
) (*body[List[Pin]], error) {
	after, err := in.id(byPin)
	if err != nil {
		return nil, err
	}
	pins, err := s.Engine.Pins(ctx, engine.PinQuery{Org: orgOf(ctx), Instance: in.Instance, After: after, Limit: in.Limit + 1})
	return reply(page(in.Paging, byPin, pins, func(p engine.Pin) string { return p.ID.String() }, pinOf)), err
}

func pinOf(pin engine.Pin) Pin {
	return Pin{
		ID: pin.ID, InstanceID: pin.InstanceID, ObjectType: objectTypeOf(pin.Object), Members: pin.Members, SourceID: pin.SourceID, ObjectID: pin.ObjectID, ObjectName: pin.ObjectName, RunID: pin.RunID,
		UndoneID: pin.Run, By: pin.By, At: pin.At, Reason: pin.Why, KeepsAccess: pin.Keeps,
	}
}

func undoOf(run engine.Run) *Undo {
	if run.Undo == nil {
		return nil
	}
	return &Undo{RunID: run.Undo.Run, Objects: len(run.Undo.Entries), Reason: run.Undo.Reason, DespiteEntra: run.Progress.DespiteEntra}
}
