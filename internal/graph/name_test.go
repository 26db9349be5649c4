package graph_test

import (
	"net/http"
	"testing"

	"rollcall/internal/fault"
)

func TestAUserIsFoundByHisNameAndNobodyIsNoError(t *testing.T) {
	var sizes []int
	n := newTenant(t, batches(t, &sizes, func(path string) inner {
		switch path {
		case "/users/anna_home.example%23EXT%23@contoso.example":
			return inner{http.StatusOK, "{}", `{"id":"` + anna + `"}`}
		case "/users/broken@contoso.example":
			return inner{http.StatusOK, "{}", `{"displayName":"no id"}`}
		case "/users/proxy@contoso.example":
			return inner{http.StatusNotFound, "{}", `{"a proxy":"says no"}`}
		case "/users/denied@contoso.example":
			return inner{http.StatusForbidden, "{}", `{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges"}}`}
		}
		return notThere
	}))
	for name, want := range map[string]string{"anna_home.example#EXT#@contoso.example": anna, "nobody@contoso.example": "", "": "", "a/b?c": ""} {
		if id, err := n.client(t).UserID(t.Context(), name); err != nil || id != want {
			t.Errorf("%q is %q (%v), want %q", name, id, err, want)
		}
	}
	for name, want := range map[string]fault.Kind{
		"broken@contoso.example": fault.Unavailable, "proxy@contoso.example": fault.NotFound, "denied@contoso.example": fault.Denied,
	} {
		if id, err := n.client(t).UserID(t.Context(), name); id != "" || fault.KindOf(err) != want {
			t.Errorf("%q is %q (%v), want %s", name, id, err, want)
		}
	}
}
