package graph_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
)

func TestRefusalsAreFaultsThatSayWhatToDo(t *testing.T) {
	for _, c := range []struct {
		name, path string
		answer     http.HandlerFunc
		kind       fault.Kind
		code       string
		words      []string
	}{
		{"delta link gone", "/v1.0/users/delta?$deltatoken=x", status(410, ""), fault.Expired, "", []string{"full read"}},
		{"resync required", "/v1.0/users/delta?$deltatoken=x", status(400, graphError("resyncRequired", "m")), fault.Expired, "resyncRequired", nil},
		{"state not found", "/v1.0/users/delta?$deltatoken=x", status(404, graphError("SyncStateNotFound", "m")), fault.Expired, "SyncStateNotFound", nil},
		{"inner code", "/v1.0/users/delta?$deltatoken=x", status(400, `{"error":{"code":"badRequest","innerError":{"code":"syncStateInvalid"}}}`), fault.Expired, "badRequest", nil},
		{"page token of a list", "/v1.0/users?$skiptoken=x", status(400, graphError("Directory_ExpiredPageToken", "m")), fault.Expired, "Directory_ExpiredPageToken", nil},
		{"no consent", "/v1.0/users?x", status(403, graphError("Authorization_RequestDenied", "m")), fault.Denied, "PermissionMissing", []string{"User.Read.All", "Grant admin consent", "by itself"}},
		{"conditional access", "/v1.0/users?x", status(403, graphError("insufficient_claims", "m")), fault.Denied, "AccessPolicy", []string{"conditional access"}},
		{"not found", "/v1.0/users?x", status(404, graphError("Request_ResourceNotFound", "m")), fault.NotFound, "Request_ResourceNotFound", nil},
		{"bad request", "/v1.0/users?x", status(400, graphError("Request_BadRequest", "no such property")), fault.Invalid, "Request_BadRequest", []string{"no such property"}},
		{"not implemented", "/v1.0/users?x", status(501, graphError("NotImplemented", "m")), fault.Invalid, "NotImplemented", nil},
		{"a redirect to nowhere", "/v1.0/users?x", status(304, ""), fault.Unavailable, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newTenant(t, c.answer)
			_, err := n.client(t).Follow(t.Context(), n.URL+c.path)
			f := wantFault(t, err, c.kind, c.code)
			if f.RequestID != "graph-request" {
				t.Errorf("request id = %q", f.RequestID)
			}
			wantWords(t, err.Error(), c.words...)
			if len(n.requests) != 1 {
				t.Errorf("asked %d times", len(n.requests))
			}
		})
	}
}

func TestOnlyALinkCanExpire(t *testing.T) {
	n := newTenant(t, status(410, graphError("resyncRequired", "m")))
	_, err := n.client(t).ListUsers(t.Context(), nil)
	wantFault(t, err, fault.Invalid, "resyncRequired")
}

func TestTheRequestIdIsTakenFromTheBodyIfNoHeaderHasIt(t *testing.T) {
	n := newTenant(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Del("Request-Id")
		status(400, graphError("Request_BadRequest", "m"))(w, r)
	})
	_, err := n.client(t).ListUsers(t.Context(), nil)
	if f := wantFault(t, err, fault.Invalid, "Request_BadRequest"); f.RequestID != "inner-request" {
		t.Errorf("request id = %q", f.RequestID)
	}
}

func TestACertificateThatIsNotTrustedIsSaidAtOnce(t *testing.T) {
	n := newTenant(t, ok(emptyPage))
	secure := httptest.NewUnstartedServer(http.HandlerFunc(n.serve))
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	secureCloud := func(c *graph.Config) { c.Cloud.LoginURL, c.Cloud.GraphURL = secure.URL, secure.URL }
	_, err := n.client(t, secureCloud).ListUsers(t.Context(), nil)
	wantWords(t, wantFault(t, err, fault.Unavailable, "CertificateNotTrusted").Remedy, "certificate authority")
	if len(n.waits) != 0 {
		t.Errorf("waited %v", n.waits)
	}
	trusting := func(c *graph.Config) { secureCloud(c); c.HTTP = secure.Client() }
	if _, err := n.client(t, trusting).ListUsers(t.Context(), nil); err != nil {
		t.Errorf("with the authority trusted: %v", err)
	}
}
