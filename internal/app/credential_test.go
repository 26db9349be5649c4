package app

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
)

func TestIdentitiesOfTheServerAreUsedOnlyWhereItsConfigurationAllowsThem(t *testing.T) {
	a := &App{now: time.Now}
	wanted := settings(t.TempDir())
	closed, err := a.tenants(wanted, options(&moment{}))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(" first\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wanted.WorkloadTokenFile, wanted.AllowManagedIdentity = file, true
	opened, err := a.tenants(wanted, options(&moment{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []engine.CredentialForm{engine.FormWorkload, engine.FormManaged} {
		if err := closed.checkForm(form); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", form, err)
		}
		if err := opened.checkForm(form); err != nil {
			t.Errorf("%s: %v", form, err)
		}
	}
	if err := opened.checkForm("nonsense"); !fault.Is(err, fault.Invalid) {
		t.Errorf("nonsense: %v", err)
	}
	for _, want := range []string{"first", "second"} { // the platform replaces it
		if err := os.WriteFile(file, []byte(want+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := opened.workloadToken(t.Context(), ""); err != nil || got != want {
			t.Errorf("%q, %v", got, err)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := opened.workloadToken(t.Context(), ""); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("without the file: %v", err)
	}
}
