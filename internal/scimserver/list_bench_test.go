package scimserver_test

import (
	"fmt"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// BenchmarkAListOfAHundred asks for a page from the middle of 10,000 users such as Entra makes them, in no group and then in two.
func BenchmarkAListOfAHundred(b *testing.B) {
	h := open(b)
	now := time.Now()
	users, ids := make([]directory.User, 10_000), make([]string, 10_000)
	for i := range users {
		name := fmt.Sprintf("user%d@example.com", i)
		users[i] = directory.User{
			OrgID: h.org, ID: ident.New(now), Origin: "Entra", Version: 1, CreatedAt: now, UpdatedAt: now,
			Attributes: attr.From(object{
				attr.UserName: name, attr.ExternalID: fmt.Sprintf("%08d-aaaa", i), attr.Active: true, attr.DisplayName: fmt.Sprintf("User %d", i),
				"name.familyName": "F", "name.givenName": fmt.Sprintf("G%d", i), "title": "Engineer", `emails[type eq "work"].value`: name,
				`emails[type eq "work"].primary`: true, attr.EnterpriseUser + ":department": "D",
			}),
		}
		ids[i] = users[i].ID.String()
	}
	h.must(h.store.InsertUsers(b.Context(), users))
	list := func(b *testing.B) {
		for b.Loop() {
			if answer := h.call(h.entra, "GET", "/Users?startIndex=5001&count=100", nil); answer.status != 200 {
				b.Fatal(answer.text)
			}
		}
	}
	b.Run("in no group", list)
	h.filled("One", ids)
	h.filled("Two", ids)
	b.Run("in two groups", list)
}
