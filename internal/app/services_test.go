package app

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/entrasim"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/scimclient"
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
	tryServices(t, a, instance, *wanted.Service)
}

// tryServices tries the service of an instance and others, and replaces its secret.
func tryServices(t *testing.T, a *App, instance engine.Instance, good engine.NewService) {
	t.Helper()
	offer, err := a.Engine.Offer(t.Context(), instance)
	if err != nil || offer == nil || offer.Service.Bulk == nil || !offer.Service.Types[scimclient.Group].Described {
		t.Fatalf("what the run was told: %+v, %v", offer, err)
	}
	for name, change := range map[string]engine.ServiceChange{"as it is": {}, "another profile": {Profile: new("webex")}, "the same secret": {Secret: &good.Secret}} {
		if tried, err := a.Engine.TryChangedService(t.Context(), instance, change); err != nil || tried.At.IsZero() {
			t.Errorf("%s: %v", name, err)
		}
	}
	wrong := good
	wrong.Secret = "not the token"
	elsewhere := good
	elsewhere.BaseURL += "/nothing"
	for name, service := range map[string]engine.NewService{"secret": wrong, "address": elsewhere} {
		if _, err := a.Engine.TryService(t.Context(), service); !fault.Is(err, fault.Invalid) {
			t.Errorf("another %s: %v, want fault.Invalid", name, err)
		}
	}
	stored := func() engine.RemoteService {
		service, err := a.Engine.Service(t.Context(), instance)
		if err != nil {
			t.Fatal(err)
		}
		return *service
	}
	before := stored()
	if _, err := a.Engine.TryAndChangeService(t.Context(), instance, engine.ServiceChange{Secret: &wrong.Secret}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a secret that the service refuses: %v, want fault.Invalid", err)
	}
	if !cmp.Equal(before, stored()) {
		t.Error("a secret that the service refuses replaced the one that works")
	}
	if _, err := a.Engine.TryAndChangeService(t.Context(), instance, engine.ServiceChange{Secret: &good.Secret}); err != nil || cmp.Equal(before.SealedSecret, stored().SealedSecret) {
		t.Errorf("a secret that works replaced nothing: %v", err)
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
