package app

import (
	"context"
	"os"
	"strings"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
)

// checkForm fails as fault.Invalid for a credential that this server does not take.
func (t *tenants) checkForm(form engine.CredentialForm) error {
	switch {
	case form == engine.FormSecret, form == engine.FormCertificate:
		return nil
	case form == engine.FormWorkload && t.workloadFile != "":
		return nil
	case form == engine.FormManaged && t.managed:
		return nil
	case form == engine.FormWorkload:
		return fault.New(fault.Invalid, "CredentialForm", "this server has no token of a workload's identity").
			WithRemedy("The operator names its file: rollcall serve --workload-token-file (ROLLCALL_WORKLOAD_TOKEN_FILE).")
	case form == engine.FormManaged:
		return fault.New(fault.Invalid, "CredentialForm", "this server does not let connections use the machine's managed identity").
			WithRemedy("The operator allows it: rollcall serve --allow-managed-identity (ROLLCALL_ALLOW_MANAGED_IDENTITY).")
	}
	return fault.New(fault.Invalid, "CredentialForm", "%q is not a form of credentials", form).WithRemedy("Use one of %v.", engine.CredentialForms())
}

// prove gives a client what proves the connection's application. What the configuration took back is refused here too.
func (t *tenants) prove(config *graph.Config, connection engine.Connection) error {
	if err := t.checkForm(connection.Form); err != nil {
		return err
	}
	switch connection.Form {
	case engine.FormWorkload:
		config.Assert = t.workloadToken
		return nil
	case engine.FormManaged:
		config.Managed = machineIdentity(connection.ClientID)
		return nil
	case engine.FormSecret, engine.FormCertificate:
	}
	plain, err := t.open(connection.ID, connection.SealedSecret)
	if err != nil {
		return err
	}
	if connection.Form == engine.FormSecret {
		config.ClientSecret = plain
		return nil
	}
	certificate, err := graph.ParseCertificate(plain)
	if err != nil {
		return err
	}
	config.Assert = certificate.Assertion(connection.ClientID, t.now)
	return nil
}

// workloadToken reads the token of the workload's identity, which whoever runs the workload replaces before it ends.
func (t *tenants) workloadToken(context.Context, string) (string, error) {
	text, err := os.ReadFile(t.workloadFile)
	if err == nil && strings.TrimSpace(string(text)) == "" {
		err = fault.New(fault.Unauthenticated, "WorkloadToken", "the file is empty")
	}
	if err != nil {
		return "", fault.Wrap(fault.Unauthenticated, "WorkloadToken", err, "the token of the workload's identity cannot be read (--workload-token-file)").
			WithRemedy("Look whether the platform still writes it, and whether this user may read it.")
	}
	return strings.TrimSpace(string(text)), nil
}
