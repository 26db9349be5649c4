package directory_test

import (
	"testing"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

const goodPassword = "quiet harbour lamp seven"

func TestAnInvitationIsGoodOnceAndMakesAnAdministratorWhoCanSignIn(t *testing.T) {
	w := newWorld(t)
	_, secret, err := w.Invite(t.Context(), ident.ID{}, directory.FullAdministrator, "")
	if err != nil {
		t.Fatal(err)
	}
	who := directory.NewAdministrator{Name: "Ada", Email: "Ada@example.org", Password: goodPassword}
	session, cookie, err := w.AcceptInvitation(t.Context(), secret, who, "192.0.2.1", "test")
	if err != nil {
		t.Fatal(err)
	}
	who.Email = "eve@example.org"
	if _, _, err := w.AcceptInvitation(t.Context(), secret, who, "192.0.2.1", "test"); !fault.Is(err, fault.NotFound) {
		t.Errorf("the link was good twice: %v", err)
	}
	if _, ada, err := w.Session(t.Context(), cookie); err != nil || ada.ID != session.AdministratorID || !ada.Role.May(directory.Administer) {
		t.Errorf("the session: %+v, %v", ada, err)
	}
	tour := directory.Tour{Step: 3, Person: "somebody", Left: true}
	if err := w.KeepTour(t.Context(), session.AdministratorID, tour); err != nil {
		t.Fatal(err)
	}
	if _, ada, err := w.Session(t.Context(), cookie); err != nil || ada.Tour != tour {
		t.Errorf("the tour is %+v, %v", ada.Tour, err)
	}
	if _, _, err := w.SignIn(t.Context(), "ada@EXAMPLE.org", goodPassword, "", ""); err != nil {
		t.Errorf("sign in: %v", err)
	}
	for _, wrong := range [][2]string{{"ada@example.org", "wrong password here"}, {"nobody@example.org", goodPassword}, {"", ""}} {
		if _, _, err := w.SignIn(t.Context(), wrong[0], wrong[1], "", ""); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if err := w.ChangeRole(t.Context(), ident.ID{}, session.AdministratorID, directory.ComplianceOfficer); !fault.Is(err, fault.Conflict) {
		t.Errorf("the last full administrator lost his role: %v", err)
	}
	if err := w.RemoveAdministrator(t.Context(), ident.ID{}, session.AdministratorID); !fault.Is(err, fault.Conflict) {
		t.Errorf("the last full administrator was removed: %v", err)
	}
}

func TestPasswordsAreJudgedByLengthAndNotByWhatTheyAreMadeOf(t *testing.T) {
	for password, code := range map[string]string{
		goodPassword: "", "short": "PasswordTooShort", "Passwordpassword": "PasswordCommon", "zzzzzzzzzzzzz": "PasswordCommon",
		"ada.lovelace": "PasswordIsName", "été été été été": "",
	} {
		err := directory.CheckPassword(password, "Ada", "ada.lovelace@example.org")
		if got := fault.Of(err); (got == nil) != (code == "") || got != nil && got.Code != code {
			t.Errorf("%q: %v, want %q", password, err, code)
		}
	}
}
