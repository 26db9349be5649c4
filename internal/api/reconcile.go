package api

import (
	"context"
	"net/http"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

// Reconciling says when and how both sides of an instance are compared completely (D19).
type Reconciling struct {
	EverySeconds float64 `json:"everySeconds" doc:"Seconds between two that begin by themselves while Auto Sync is on; 0 for never."`
	Repair       bool    `json:"repair" doc:"What differs is repaired by the runs after it, behind their guards; otherwise it is only reported."`
	PerSecond    int     `json:"perSecond" doc:"How many objects are looked at in a second at most; 0 for no limit."`
}

// ReconcilingPatch changes Reconciling; what is absent stays as it is, or, for a new instance, is the default.
type ReconcilingPatch struct {
	EverySeconds *float64 `json:"everySeconds,omitempty" minimum:"0" maximum:"31622400" example:"604800" doc:"Seconds between two that begin by themselves, a minute at least; 0 for never. A week unless said otherwise."`
	Repair       *bool    `json:"repair,omitempty" doc:"Have what differs repaired, not only reported. True unless said otherwise."`
	PerSecond    *int     `json:"perSecond,omitempty" minimum:"0" maximum:"1000000" example:"2000" doc:"How many objects are looked at in a second at most; 0 for no limit. 2,000 unless said otherwise."`
}

// over returns what the patch makes of settings; nil if there is no patch.
func (p *ReconcilingPatch) over(r engine.Reconciles) *engine.Reconciles {
	if p == nil {
		return nil
	}
	if p.EverySeconds != nil {
		r.Every = seconds(*p.EverySeconds)
	}
	if p.Repair != nil {
		r.Repair = *p.Repair
	}
	if p.PerSecond != nil {
		r.PerSecond = *p.PerSecond
	}
	return &r
}

// LastReconcile is what the last reconcile found.
type LastReconcile struct {
	RunID   ident.ID  `json:"runId" format:"uuid" doc:"The run, whose changes are the differences."`
	BegunAt time.Time `json:"begunAt" doc:"When it was asked for."`
	EndedAt time.Time `json:"endedAt,omitzero" doc:"When it was over; absent while it is not."`
	Repairs bool      `json:"repairs" doc:"What differs is repaired by the runs after it."`
	Drift   int       `json:"drift" doc:"How many users, groups and memberships differed."`
	// Failure says why it did not go through.
	Failure *engine.Failure `json:"failure,omitempty" doc:"Why it did not go through."`
}

// ReconcileRequest asks for a reconcile.
type ReconcileRequest struct {
	ReportOnly bool `json:"reportOnly,omitempty" doc:"Only say what differs, and change nothing."`
}

func (s *server) serveReconcile() {
	serve(s, operation{
		id: "reconcileInstance", method: http.MethodPost, path: inOrg + "/instances/{id}/reconcile", tag: "Instances", summary: "Compare both sides completely",
		detail: "Reads the whole tenant and all that the instance owns in the directory, and compares. The answer is the run; its changes are what differs, " +
			"with before and after. What differs is repaired by the run that follows, behind its guard; with reportOnly it is not. All other runs of the " +
			"instance overtake it. One of the same kind that is not over is returned instead of a new one.",
		status: http.StatusAccepted, failures: []int{http.StatusConflict},
	}, s.reconcileInstance)
}

func (s *server) reconcileInstance(ctx context.Context, in *struct {
	InInstance
	Body *ReconcileRequest
},
) (*created[Run], error) {
	if _, err := s.Engine.Instance(ctx, orgOf(ctx), in.ID); err != nil {
		return nil, err
	}
	run, err := s.Engine.Reconcile(ctx, in.ID, in.Body == nil || !in.Body.ReportOnly)
	return &created[Run]{Location: at(ctx, "/runs/%s", run.ID), Body: s.runOf(run)}, err
}

func reconcilingOf(r engine.Reconciles) Reconciling {
	return Reconciling{EverySeconds: r.Every.Seconds(), Repair: r.Repair, PerSecond: r.PerSecond}
}

func lastReconcileOf(last *engine.LastReconcile) *LastReconcile {
	if last == nil {
		return nil
	}
	return &LastReconcile{
		RunID: last.Run, BegunAt: last.BegunAt, EndedAt: last.EndedAt, Repairs: last.Repairs, Drift: last.Drift, Failure: last.Failure,
	}
}
