package engine_test

import (
	"strings"
	"testing"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
)

// withdraw asks for the instance to go with its consent, and returns what the browser of an account brings back.
func (w *world) withdraw(account, action string, shared bool) engine.Return {
	w.Helper()
	departure, err := w.engine.SendToWithdraw(w.Context(), w.org, w.instance.ID, engine.Withdrawal{PublicURL: here, Bound: "me", Shared: shared})
	if err != nil {
		w.Fatal(err)
	}
	return w.browse(departure.URL, account, action)
}

// untouched fails unless instance and consent are as they were.
func (w *world) untouched(what string) {
	w.Helper()
	if _, err := w.engine.Instance(w.Context(), w.org, w.instance.ID); err != nil {
		w.Errorf("%s: the instance is gone: %v", what, err)
	}
	if c, err := w.engine.CheckConnection(w.Context(), w.org, w.instance.ConnectionID); err != nil || c.State != engine.Connected {
		w.Errorf("%s: the connection is %s, %v", what, c.State, err)
	}
}

func TestAnInstanceIsDeletedWithTheConsentOfItsTenant(t *testing.T) {
	w := newWorld(t, 10)
	w.good(engine.Incremental)
	arrival := w.back(w.withdraw("alex.admin", "accept", false))
	if arrival.Step != engine.StepWithdraw || arrival.Deleted != w.instance.ID {
		t.Errorf("%+v", arrival)
	}
	if _, err := w.engine.Instance(t.Context(), w.org, w.instance.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("the instance: %v", err)
	}
	if left, err := w.db.ListConnections(t.Context(), w.org); err != nil || len(left) != 0 {
		t.Errorf("connections %v, %v", left, err)
	}
	if told := w.announced("connection.withdraw"); len(told) != 1 {
		t.Errorf("told %v", told)
	}
	if users, err := w.dir.ListUsers(t.Context(), w.org, directory.UserQuery{Limit: 1}); err != nil || len(users) != 1 || !users[0].Owner.IsZero() {
		t.Errorf("users %v, %v", users, err)
	}
}

func TestAConsentThatOthersNeedIsTakenBackOnlyIfThatIsSaid(t *testing.T) {
	w := newWorld(t, 10)
	other := w.create("Other", nil)
	_, err := w.engine.SendToWithdraw(t.Context(), w.org, w.instance.ID, engine.Withdrawal{PublicURL: here, Bound: "me"})
	if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "Other") {
		t.Fatalf("%v", err)
	}
	w.back(w.withdraw("alex.admin", "accept", true))
	c := w.connection(other.ConnectionID)
	if c.State != engine.Refused || c.Standing.Reason.Code != graph.ConsentMissing || !strings.Contains(c.Explain(), "Renew the consent") {
		t.Errorf("%s: %s", c.State, c.Explain())
	}
	if status, err := w.engine.Status(t.Context(), other); err != nil || status.Job != engine.StatusWaitingForConsent {
		t.Errorf("before any run the other is %s, %v", status.Job, err)
	}
	if run := w.runOf(other, engine.Incremental); run.State != engine.Failed {
		t.Errorf("a run of the other: %s", run.State)
	}
	if got := w.back(w.visit(c, engine.StepConsent, "alex.admin", "accept")).Connection; got.State != engine.Connected {
		t.Errorf("renewed: %s", got.State)
	}
}

func TestAConsentThatSomebodyElseNeedsMeanwhileIsLeft(t *testing.T) {
	w := newWorld(t, 10)
	back := w.withdraw("alex.admin", "accept", false)
	w.create("Other", nil)
	if _, err := w.engine.WelcomeBack(t.Context(), w.org, back); !fault.Is(err, fault.Conflict) {
		t.Errorf("%v", err)
	}
	w.untouched("shared meanwhile")
}

func TestWhoMayNotTakeTheConsentBackChangesNothing(t *testing.T) {
	w := newWorld(t, 10)
	w.good(engine.Incremental)
	for _, refused := range []struct{ account, action, code string }{
		{"uma.user", "back", graph.WithdrawalDenied}, {"alex.admin", "cancel", "WithdrawalCanceled"},
	} {
		_, err := w.engine.WelcomeBack(t.Context(), w.org, w.withdraw(refused.account, refused.action, false))
		if f := fault.Of(err); !fault.Is(err, fault.Denied) || f.Code != refused.code || !strings.Contains(f.Message, "nothing was deleted") {
			t.Errorf("%s: %v", refused.account, err)
		}
		w.untouched(refused.account)
	}
	// Graph does not answer: nothing is deleted here, and it can be done again.
	w.control("POST", "/sim/faults", map[string]any{"route": "DELETE /v1.0/servicePrincipals", "kind": "error", "status": 503})
	if _, err := w.engine.WelcomeBack(t.Context(), w.org, w.withdraw("alex.admin", "accept", false)); !fault.Is(err, fault.Unavailable) {
		t.Errorf("while Graph is down: %v", err)
	}
	w.control("DELETE", "/sim/faults", nil)
	w.untouched("Graph down")
	w.back(w.withdraw("alex.admin", "", false))
}
