package store

import (
	"strconv"
	"testing"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

func TestWhatWasReadBeforeAChangeIsNotRememberedAfterIt(t *testing.T) {
	a := newAdmission()
	hash, org := []byte("hash"), directory.Organization{ID: ident.ID{1}}
	_, _, tokenVersion := a.token(hash)
	_, _, orgVersion := a.organization(org.ID)
	a.forget()
	a.keepToken(hash, directory.Token{}, tokenVersion)
	a.keepOrganization(org, orgVersion)
	if _, found, version := a.token(hash); found {
		t.Error("the token is remembered as it was")
	} else {
		a.keepToken(hash, directory.Token{}, version)
	}
	if _, found, version := a.organization(org.ID); found {
		t.Error("the organization is remembered as it was")
	} else {
		a.keepOrganization(org, version)
	}
	_, tokenFound, _ := a.token(hash)
	_, orgFound, _ := a.organization(org.ID)
	if !tokenFound || !orgFound {
		t.Errorf("what was read since is remembered: the token %t, the organization %t", tokenFound, orgFound)
	}
}

func TestTokensOfUsersAreNotRememberedAndOthersNotWithoutEnd(t *testing.T) {
	a := newAdmission()
	a.keepToken([]byte("user's"), directory.Token{UserID: ident.ID{1}}, 0)
	if _, found, _ := a.token([]byte("user's")); found {
		t.Error("a user's token, which depends on the user, is remembered")
	}
	for i := range maxAdmitted + 10 {
		a.keepToken([]byte(strconv.Itoa(i)), directory.Token{}, 0)
		a.keepOrganization(directory.Organization{ID: ident.ID{byte(i), byte(i >> 8), 1}}, 0)
	}
	if len(a.tokens) > maxAdmitted || len(a.organizations) > maxAdmitted {
		t.Errorf("%d tokens and %d organizations are remembered", len(a.tokens), len(a.organizations))
	}
}
