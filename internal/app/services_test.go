package app

import (
	"context"
	"testing"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/entrasim"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

func TestAnInstanceWritesToARemoteServiceOfAnotherServer(t *testing.T) {
	sim := &entrasim.Server{Users: 30}
	if err := sim.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	configured := settings(t.TempDir())
	configured.Cloud.Name, configured.Cloud.LoginURL, configured.Cloud.GraphURL = "simulated", sim.URL(), sim.URL()
	a, err := Open(t.Context(), configured, options(&moment{}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	from, err := a.Directory.CreateOrganization(t.Context(), "Contoso")
	if err != nil {
		t.Fatal(err)
	}
	to, token := writable(t, a)
	tenant := sim.Tenant()
	wanted := engine.NewInstance{
		Name: "Out", TenantID: tenant.TenantID, Cloud: "simulated", ClientID: tenant.ClientID, ClientSecret: tenant.ClientSecret,
		Service: &engine.NewService{Profile: "generic", BaseURL: a.URL() + "/identity/scim/" + to.String() + "/v2", Secret: token},
	}
	instance, err := a.Engine.CreateInstance(t.Context(), from.ID, wanted)
	if err != nil {
		t.Fatal(err)
	}
	run, err := a.Engine.SyncNow(t.Context(), instance.ID, engine.Incremental)
	for deadline := time.Now().Add(time.Minute); err == nil && !run.State.Over() && time.Now().Before(deadline); {
		run, err = a.Engine.GetRun(t.Context(), from.ID, run.ID)
	}
	if err != nil || run.State != engine.Succeeded {
		t.Fatalf("the run ended as %s: %+v, %v", run.State, run.Failure, err)
	}
	users, err := a.Directory.ListUsers(t.Context(), to, directory.UserQuery{Limit: 100})
	if err != nil || len(users) < 20 || len(users) != run.Progress.Counts["create"] {
		t.Errorf("the service has %d users, %v; the run has the counts %v", len(users), err, run.Progress.Counts)
	}
}

// writable makes an organization that a SCIM token may write to.
func writable(t *testing.T, a *App) (org ident.ID, secret string) {
	t.Helper()
	made, err := a.Directory.CreateOrganization(t.Context(), "Elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	owner, err := a.Directory.CreateAdministrator(t.Context(), made.ID, "administrator", directory.FullAdministrator)
	if err != nil {
		t.Fatal(err)
	}
	creator := directory.Token{OrgID: made.ID, AdministratorID: owner.ID, Role: directory.FullAdministrator, AdministratorRole: directory.FullAdministrator}
	_, secret, err = a.Directory.CreateToken(t.Context(), creator, directory.NewToken{OrgID: made.ID, Name: "test", Role: directory.SCIMWriter})
	if err != nil {
		t.Fatal(err)
	}
	return made.ID, secret
}

func TestADestinationThatCannotBeCalledIsRefusedAtOnce(t *testing.T) {
	a := open(t, t.TempDir(), &moment{})
	good := engine.NewService{Profile: "generic", BaseURL: "https://scim.example.com/v2", Secret: "token"}
	for name, change := range map[string]func(*engine.NewService){
		"":                     func(*engine.NewService) {},
		"an unknown profile":   func(s *engine.NewService) { s.Profile = "nobody" },
		"plain http":           func(s *engine.NewService) { s.BaseURL = "http://scim.example.com" },
		"tokens without an id": func(s *engine.NewService) { s.TokenURL = "https://login.example.com" },
	} {
		service := good
		change(&service)
		if err := a.Engine.CheckService(service); (err == nil) != (name == "") || err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
