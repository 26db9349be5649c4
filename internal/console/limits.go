package console

import (
	"crypto/sha256"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
	"rollcall/internal/ratelimit"
)

// limits slow down who guesses passwords or links: by the account and by the client's address.
type limits struct{ accounts, addresses *ratelimit.Limiter }

func newLimits() limits {
	return limits{accounts: ratelimit.Every(90*time.Second, 10), addresses: ratelimit.Every(6*time.Second, 60)}
}

// allow counts an attempt, or says how long to wait. account may be "".
func (l limits) allow(account, address string, now time.Time) (time.Duration, bool) {
	if wait, ok := l.addresses.Allow(keyOf(address), now); !ok {
		return wait, false
	}
	if account == "" {
		return 0, true
	}
	return l.accounts.Allow(keyOf(attr.NameKey(account)), now)
}

func keyOf(text string) ident.ID {
	hash := sha256.Sum256([]byte(text))
	return ident.ID(hash[:16])
}
