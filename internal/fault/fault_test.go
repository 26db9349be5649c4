package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"rollcall/internal/fault"
)

func TestTheKindSurvivesWrapping(t *testing.T) {
	inner := fault.New(fault.Conflict, "NameHeld", "the name is held by %s", "Ada").WithRemedy("Rename one of them.")
	err := fmt.Errorf("apply: %w", inner)
	if !fault.Is(err, fault.Conflict) || fault.KindOf(err) != fault.Conflict {
		t.Errorf("kind of %v = %v, want conflict", err, fault.KindOf(err))
	}
	if got, want := inner.Error(), "the name is held by Ada. Rename one of them."; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
}

func TestAnErrorWithoutFaultIsInternal(t *testing.T) {
	err := errors.New("disk on fire")
	if fault.KindOf(err) != fault.Internal || fault.Of(err) != nil || fault.Is(err, fault.Internal) {
		t.Errorf("a foreign error must be internal by default and carry no fault")
	}
}

func TestTheMessageNamesCauseAndRequest(t *testing.T) {
	err := fault.Wrap(fault.Unavailable, "", errors.New("connection reset"), "read users")
	err.RequestID = "r-1"
	if got, want := err.Error(), "read users: connection reset (request id r-1)"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	if !fault.Unavailable.Temporary() || fault.Denied.Temporary() {
		t.Error("only throttled and unavailable pass by themselves")
	}
}

func TestAListIsAllOfItsErrors(t *testing.T) {
	list := fault.List[*fault.Error]{fault.New(fault.Invalid, "A", "one"), fault.New(fault.Stale, "B", "two")}
	if list.Error() != "one; two" || fault.Of(list) != list[0] || !errors.Is(list, list[1]) {
		t.Errorf("%v, %v", list, fault.Of(list))
	}
}
