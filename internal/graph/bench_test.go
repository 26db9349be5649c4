package graph_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"rollcall/internal/graph"
)

// pageOf makes a page as Graph writes it, with the properties of the default mappings.
func pageOf(users int) string {
	var page strings.Builder
	page.WriteString(`{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users(id)","@odata.nextLink":"https://graph.microsoft.com/v1.0/users?$skiptoken=RFNwdAIAAQAAAB","value":[`)
	for i := range users {
		if i > 0 {
			page.WriteByte(',')
		}
		fmt.Fprintf(&page, `{"id":"%08d-0000-4000-8000-000000000000","accountEnabled":true,"userPrincipalName":"anna.mueller.%d@contoso.example",`+
			`"displayName":"Anna Müller %d","surname":"Müller","givenName":"Anna","jobTitle":"Engineer","usageLocation":"CH","city":"Zürich",`+
			`"streetAddress":"Bahnhofstrasse %d","state":"ZH","postalCode":"8001","mobilePhone":"+41 79 123 45 67","faxNumber":null,`+
			`"mail":"anna.mueller.%d@contoso.example","userType":"Member","businessPhones":["+41 44 123 45 67"],`+
			`"manager":{"@odata.type":"#microsoft.graph.user","id":"00000001-0000-4000-8000-000000000000"}}`, i, i, i, i, i)
	}
	page.WriteString("]}")
	return page.String()
}

func BenchmarkAPageOf999Users(b *testing.B) {
	body := pageOf(999)
	client, err := graph.NewClient(graph.Config{
		Cloud: graph.Clouds()[0], TenantID: tenantID, ClientID: "client", ClientSecret: "s3cret",
		HTTP: &http.Client{Transport: granting(func(*http.Request) (*http.Response, error) { return answerOf(body), nil })},
		Now:  time.Now, Jitter: func() float64 { return 1 },
	})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		page, err := client.ListUsers(b.Context(), []string{"manager"})
		if err != nil || len(page.Users) != 999 {
			b.Fatalf("%d users, %v", len(page.Users), err)
		}
	}
	b.ReportMetric(999*float64(b.N)/b.Elapsed().Seconds(), "users/s")
}
