package console

import (
	"net/http"
	"strings"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
)

type withdrawView struct {
	ID, Name, Redirect string
	// Others are the instances that lose the consent with this one.
	Others      string
	Unsafe      *Notice
	Permissions []permissionRow
}

// beforeWithdrawal says what is taken back and who else loses it, before somebody leaves for Microsoft (C9).
func (s *server) beforeWithdrawal(w http.ResponseWriter, r *request) error {
	return s.showBeforeWithdrawal(w, r, http.StatusOK)
}

func (s *server) showBeforeWithdrawal(w http.ResponseWriter, r *request, status int) error {
	instance, err := s.ofInstance(r)
	if err != nil {
		return err
	}
	others, err := s.Engine.SharingConsent(r.ctx(), instance)
	if err != nil {
		return err
	}
	view := withdrawView{ID: instance.ID.String(), Name: instance.Name, Unsafe: r.unsafeAddress()}
	if view.Unsafe == nil {
		view.Redirect, _ = engine.RedirectURI(r.publicURL()) // it was checked just before
	}
	var names []string
	for _, other := range others {
		names = append(names, other.Name)
	}
	view.Others = strings.Join(names, ", ")
	for _, permission := range graph.WithdrawalPermissions() {
		view.Permissions = append(view.Permissions, permissionRow{Name: permission.Name, Use: r.say("permission." + permission.Name), Needed: permission.Needed})
	}
	r.crumbed(r.say("withdraw.title"), instance)
	return r.render(w, status, "withdraw", view)
}

// withdraw leads an administrator of the tenant to Microsoft. Who saw that others lose the consent too says so by the form.
func (s *server) withdraw(w http.ResponseWriter, r *request) error {
	instance, err := s.ofInstance(r)
	if err != nil {
		return err
	}
	departure, err := s.Engine.SendToWithdraw(r.ctx(), r.org, instance.ID, engine.Withdrawal{
		PublicURL: r.publicURL(), Bound: boundTo(r), Shared: r.value("shared") == "true",
	})
	if fault.Is(err, fault.Conflict) { // another instance came meanwhile: the page tells which
		return s.showBeforeWithdrawal(w, r, http.StatusConflict)
	}
	if err != nil {
		return err
	}
	return r.leave(w, departure)
}
