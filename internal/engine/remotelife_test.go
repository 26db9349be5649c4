package engine_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/engine"
)

// external are the users of the service by their external ids.
func (s *service) external() map[string]string {
	users := map[string]string{}
	for name, user := range s.users() {
		text := name
		if !user.Active() {
			text += " inactive"
		}
		users[user.Attributes.Text(attr.ExternalID)] = text
	}
	return users
}

func TestWhoIsDeletedIsRenamedWhereNamesChangeAndPurgedInTheEnd(t *testing.T) {
	for _, fixed := range []bool{false, true} {
		t.Run(fmt.Sprintf("fixed=%v", fixed), func(t *testing.T) {
			w := newWorld(t, 30)
			s := newService(t, w.time)
			s.fixed = fixed
			w.elsewhere(s, true)
			w.good(engine.Incremental)
			who := w.people(1)[0]
			id, name := fmt.Sprint(who["id"]), fmt.Sprint(who["userPrincipalName"])
			w.control(http.MethodDelete, "/sim/users/"+id, nil)
			w.good(engine.Incremental)
			got := s.external()[id]
			if fixed && got != name+" inactive" || !fixed && (got == name+" inactive" || got == name || got == "") {
				t.Errorf("who is deleted is %q in the service", got)
			}
			w.control(http.MethodPost, "/sim/users/"+id+"/restore", nil)
			w.good(engine.Incremental)
			if got := s.external()[id]; got != name {
				t.Errorf("who was restored is %q in the service, want %q", got, name)
			}
			w.control(http.MethodDelete, "/sim/users/"+id, nil)
			w.good(engine.Incremental)
			w.now = w.now.Add(31 * 24 * time.Hour)
			w.eventually()
			if got, still := s.external()[id]; still {
				t.Errorf("who was purged is %q in the service", got)
			}
		})
	}
}

func TestNamesGoRoundInAService(t *testing.T) {
	w := newWorld(t, 30)
	s := newService(t, w.time)
	w.elsewhere(s, true)
	w.good(engine.Incremental)
	people := w.people(2)
	ids, names := [2]string{}, [2]string{}
	for i, person := range people {
		ids[i], names[i] = fmt.Sprint(person["id"]), fmt.Sprint(person["userPrincipalName"])
	}
	w.control(http.MethodPatch, "/sim/users/"+ids[0], map[string]any{"userPrincipalName": "aside@contoso.example"})
	w.control(http.MethodPatch, "/sim/users/"+ids[1], map[string]any{"userPrincipalName": names[0]})
	w.control(http.MethodPatch, "/sim/users/"+ids[0], map[string]any{"userPrincipalName": names[1]})
	w.good(engine.Incremental)
	if got := s.external(); got[ids[0]] != names[1] || got[ids[1]] != names[0] {
		t.Errorf("they are called %s and %s, want %s and %s", got[ids[0]], got[ids[1]], names[1], names[0])
	}
}

func TestSomebodyWhoIsInTheServiceAlreadyIsTied(t *testing.T) {
	w := newWorld(t, 30)
	s := newService(t, w.time)
	who := w.people(1)[0]
	name := fmt.Sprint(who["userPrincipalName"])
	_, err := s.dir.CreateUser(t.Context(), s.org, attr.From(map[string]any{attr.UserName: name, "nickName": "By hand"}))
	s.must(err)
	w.elsewhere(s, false)
	w.good(engine.Incremental)
	w.sameAs(s)
	if user := s.users()[name]; user.Attributes.Text(attr.ExternalID) != fmt.Sprint(who["id"]) || user.Attributes.Text("nickName") != "By hand" {
		t.Errorf("tied, he is %v", user.Attributes)
	}
}

func TestSomebodyOfWhomTheInventoryKnewNothingIsTiedAfterTheConflict(t *testing.T) {
	w := newWorld(t, 30)
	s := newService(t, w.time)
	w.elsewhere(s, true)
	w.good(engine.Incremental)
	_, err := s.dir.CreateUser(t.Context(), s.org, attr.From(map[string]any{attr.UserName: "late@contoso.example"}))
	s.must(err)
	w.control(http.MethodPost, "/sim/users", map[string]any{"userPrincipalName": "late@contoso.example", "displayName": "Late", "mailNickname": "late", "accountEnabled": true})
	w.eventually()
	w.sameAs(s)
}

func TestAPersonIsProvisionedOnDemandInAService(t *testing.T) {
	w := newWorld(t, 30)
	s := newService(t, w.time)
	w.elsewhere(s, false)
	who := w.people(1)[0]
	run, results := w.provision(fmt.Sprint(who["id"]))
	if run.State != engine.Succeeded || len(results) != 1 || len(s.users()) != 1 {
		t.Errorf("the run ended as %s (%+v) with %+v; the service has %d users", run.State, run.Failure, results, len(s.users()))
	}
}
