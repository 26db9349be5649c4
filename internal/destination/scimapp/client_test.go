package scimapp_test

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"rollcall/internal/ident"
	"rollcall/internal/scimclient"
)

func sortIDs(ids []ident.ID) {
	slices.SortFunc(ids, func(a, b ident.ID) int { return bytes.Compare(a[:], b[:]) })
}

// client is the way to a service with the profile for which nothing is known.
func client(t *testing.T, url, token string) *scimclient.Client {
	t.Helper()
	profile, _ := scimclient.ProfileNamed("generic")
	profile.Rates = scimclient.Rates{Start: 5000}
	c, err := scimclient.New(scimclient.Config{
		BaseURL: url, Profile: profile, Token: func(context.Context) (string, error) { return token, nil },
		HTTP: &http.Client{}, Now: time.Now, Jitter: func() float64 { return 0 },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
