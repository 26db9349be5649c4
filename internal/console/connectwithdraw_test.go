package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
)

// instance sets one up on the house's tenant and returns its path.
func (h *connectHouse) instance(name string) (engine.Instance, string) {
	h.t.Helper()
	instance, err := h.engine.CreateInstance(h.t.Context(), h.org, engine.NewInstance{
		Name: name, TenantID: h.tenant.TenantID, Cloud: "simulated", ClientID: h.tenant.ClientID, ClientSecret: h.tenant.ClientSecret,
	})
	h.must(err)
	return instance, "/instances/" + instance.ID.String()
}

// leaveToWithdraw sends the session's browser to Microsoft.
func (h *connectHouse) leaveToWithdraw(at string, form url.Values) *url.URL {
	h.t.Helper()
	w := h.page(full, at+"/withdraw", form)
	_, address, found := strings.Cut(w.Header().Get("Refresh"), "url=")
	if w.Code != http.StatusOK || !found {
		h.t.Fatalf("%d %s", w.Code, w.Body)
	}
	u, err := url.Parse(address)
	h.must(err)
	return u
}

func TestAnInstanceGoesWithItsConsentWhenSomebodyOfTheTenantSignedIn(t *testing.T) {
	h := openConnectHouse(t)
	instance, at := h.instance("Main <b>")
	h.instance("Other <i>")
	for _, role := range directory.PersonRoles() {
		for _, form := range []url.Values{nil, {"shared": {"true"}}} {
			if w := h.page(string(role), at+"/withdraw", form); role != directory.FullAdministrator && w.Code != http.StatusForbidden {
				t.Errorf("%s: %d", role, w.Code)
			}
		}
	}
	if w := h.page(full, at+"/delete", url.Values{"revoke": {"true"}}); w.Code != http.StatusSeeOther || !strings.HasSuffix(w.Header().Get("Location"), at+"/withdraw") {
		t.Fatalf("%d to %s", w.Code, w.Header().Get("Location"))
	}
	page := h.page(full, at+"/withdraw", nil).Body.String()
	if !strings.Contains(page, "Other &lt;i&gt;") || strings.Contains(page, "Other <i>") || !strings.Contains(page, "AppRoleAssignment.ReadWrite.All") {
		t.Errorf("page %s", page)
	}
	if w := h.page(full, at+"/withdraw", url.Values{"x": {"y"}}); w.Code != http.StatusConflict {
		t.Errorf("others were not accepted: %d", w.Code)
	}
	shared := url.Values{"shared": {"true"}}
	for account, action := range map[string]string{"uma.user": "back", "alex.admin": "cancel"} {
		w := h.page(full, h.decide(h.leaveToWithdraw(at, shared), account, action), nil)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "The instance was not deleted.") {
			t.Errorf("%s: %d %s", account, w.Code, w.Body)
		}
		if _, err := h.engine.Instance(t.Context(), h.org, instance.ID); err != nil {
			t.Errorf("%s: %v", account, err)
		}
	}
	back := h.decide(h.leaveToWithdraw(at, shared), "alex.admin", "accept")
	if w := h.page("eve", back, nil); w.Code != http.StatusBadRequest {
		t.Errorf("another session: %d", w.Code)
	}
	w := h.page(full, back, nil)
	if w.Code != http.StatusSeeOther || !strings.HasSuffix(w.Header().Get("Location"), "/directory-synchronization") {
		t.Errorf("%d to %s", w.Code, w.Header().Get("Location"))
	}
	if _, err := h.engine.Instance(t.Context(), h.org, instance.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("the instance: %v", err)
	}
	connection := "/connections/" + h.only().ID.String()
	if page := h.page(full, connection, nil).Body.String(); h.only().State != engine.Refused || !strings.Contains(page, "Renew consent") {
		t.Errorf("%s: %s", h.only().State, page)
	}
}
