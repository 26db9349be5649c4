package graph_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
)

func TestTheOrganizationIsExactlyOne(t *testing.T) {
	n := newTenant(t, ok(`{"value":[{"id":"`+tenantID+`","displayName":"Contoso","countryLetterCode":"CH"}]}`))
	got, err := n.client(t).Organization(t.Context())
	if diff := cmp.Diff(graph.Organization{ID: tenantID, DisplayName: "Contoso", CountryLetterCode: "CH"}, got); diff != "" || err != nil {
		t.Errorf("%v, organization (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff([]string{"/v1.0/organization?$select=countryLetterCode,displayName,id"}, n.asked()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	n = newTenant(t, ok(emptyPage))
	_, err = n.client(t).Organization(t.Context())
	wantFault(t, err, fault.Unavailable, "BrokenAnswer")
	n = newTenant(t, status(403, graphError("Authorization_RequestDenied", "m")))
	_, err = n.client(t).Organization(t.Context())
	wantWords(t, wantFault(t, err, fault.Denied, "PermissionMissing").Remedy, "Organization.Read.All")
}

func TestDomainsOfAllPagesAreReturned(t *testing.T) {
	var n *tenant
	n = newTenant(t, script(
		status(503, ""),
		func(w http.ResponseWriter, r *http.Request) {
			ok(`{"value":[{"id":"contoso.example","isVerified":true,"isDefault":true,"authenticationType":"Managed","supportedServices":["Email"]}],
				"@odata.nextLink":"`+n.URL+`/v1.0/domains?$skiptoken=1"}`)(w, r)
		},
		ok(`{"value":[{"id":"contoso.onmicrosoft.example","isInitial":true,"isVerified":true,"authenticationType":"Federated"}]}`),
	))
	got, err := n.client(t).Domains(t.Context())
	want := []graph.Domain{
		{Name: "contoso.example", IsVerified: true, IsDefault: true, AuthenticationType: "Managed", SupportedServices: []string{"Email"}},
		{Name: "contoso.onmicrosoft.example", IsVerified: true, IsInitial: true, AuthenticationType: "Federated"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, domains (-want +got):\n%s", err, diff)
	}
	n = newTenant(t, ok(`{"value":[],"@odata.nextLink":"https://evil.example/"}`))
	_, err = n.client(t).Domains(t.Context())
	wantFault(t, err, fault.Invalid, "LinkOffHost")
}
