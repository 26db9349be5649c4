package store

import (
	"sync"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// maxAdmitted is how many tokens are remembered; they are forgotten all at once when there are more.
const maxAdmitted = 10_000

// admission remembers the tokens and organizations that requests ask for, so that a request that reads one row does not read five. One process
// has the database, so whatever changes them forgets them, after its commit and before its caller has its answer: nothing that was
// revoked is remembered.
//
// What a user's token is depends on the user as well, and it is not remembered.
type admission struct {
	mu sync.RWMutex
	// version counts how often everything was forgotten. What was read before that is not remembered afterwards.
	version       uint64
	tokens        map[string]directory.Token // by hash
	organizations map[ident.ID]directory.Organization
}

func newAdmission() *admission {
	return &admission{tokens: map[string]directory.Token{}, organizations: map[ident.ID]directory.Organization{}}
}

// forget forgets everything.
func (a *admission) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.version++
	clear(a.tokens)
	clear(a.organizations)
}

// token returns what is remembered, and the version with which to remember what is read now.
func (a *admission) token(hash []byte) (token directory.Token, found bool, version uint64) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	token, found = a.tokens[string(hash)]
	return token, found, a.version
}

func (a *admission) keepToken(hash []byte, token directory.Token, version uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.version != version || !token.UserID.IsZero() {
		return
	}
	if len(a.tokens) >= maxAdmitted {
		clear(a.tokens)
	}
	a.tokens[string(hash)] = token
}

func (a *admission) organization(id ident.ID) (organization directory.Organization, found bool, version uint64) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	organization, found = a.organizations[id]
	return organization, found, a.version
}

func (a *admission) keepOrganization(organization directory.Organization, version uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.version != version {
		return
	}
	if len(a.organizations) >= maxAdmitted {
		clear(a.organizations)
	}
	a.organizations[organization.ID] = organization
}
