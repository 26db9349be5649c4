package cli

import (
	"testing"

	"rollcall/internal/engine"
)

func TestTheExampleIsAnInstanceThatCanBeSetUp(t *testing.T) {
	file, err := readInstanceFile(&invocation{}, "../../examples/instance.yaml")
	if err != nil {
		t.Fatal(err)
	}
	settings := engine.Settings{Scope: *file.Scope, Attributes: file.Attributes, Thresholds: *file.Thresholds}
	if err := settings.Check(); err != nil {
		t.Error(err)
	}
	if file.Name != "Contoso" || len(file.Scope.NeverTouch) != 1 {
		t.Errorf("read %+v", file)
	}
}
