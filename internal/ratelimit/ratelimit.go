// Package ratelimit lets each bearer of a credential make so many requests in a second.
//
// Who asks too much is told to wait; nobody else notices. A request of a secret that was good before is counted before anything is looked up,
// so that a flood costs next to nothing.
package ratelimit

import (
	"crypto/sha256"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"rollcall/internal/ident"
)

const (
	// idle is after how long without a request a bearer is forgotten, at least: his bucket is full again before.
	idle = 2 * time.Minute
	// maxSecrets is how many secrets are remembered; they are forgotten all at once when there are more.
	maxSecrets = 10_000
)

// Limiter counts requests by bearer. It is safe for concurrent use.
type Limiter struct {
	perSecond rate.Limit
	burst     int
	idle      time.Duration

	mu      sync.Mutex
	bearers map[ident.ID]*bucket
	// secrets tells whose a secret is, by its hash.
	secrets map[[sha256.Size]byte]ident.ID
	swept   time.Time
}

type bucket struct {
	*rate.Limiter
	used time.Time
}

// New returns a limiter that lets each bearer make so many requests in a second, and as many at once.
func New(perSecond int) *Limiter {
	return limiter(rate.Limit(perSecond), perSecond, idle)
}

// Every returns a limiter that lets each bearer make so many requests at once, and then one in each interval.
func Every(interval time.Duration, burst int) *Limiter {
	return limiter(rate.Every(interval), burst, max(idle, interval*time.Duration(burst)))
}

func limiter(perSecond rate.Limit, burst int, idle time.Duration) *Limiter {
	return &Limiter{perSecond: perSecond, burst: burst, idle: idle, bearers: map[ident.ID]*bucket{}, secrets: map[[sha256.Size]byte]ident.ID{}}
}

// Allow counts a request of the bearer, or says how long he has to wait.
func (l *Limiter) Allow(bearer ident.ID, now time.Time) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.allow(bearer, now)
}

func (l *Limiter) allow(bearer ident.ID, now time.Time) (time.Duration, bool) {
	l.sweep(now)
	b := l.bearers[bearer]
	if b == nil {
		b = &bucket{Limiter: rate.NewLimiter(l.perSecond, l.burst)}
		l.bearers[bearer] = b
	}
	b.used = now
	if b.AllowN(now, 1) {
		return 0, true
	}
	return time.Duration(float64(time.Second) * (1 - b.TokensAt(now)) / float64(l.perSecond)), false
}

// AllowSecret counts a request that comes with a secret which Remember was told. One that is not known passes uncounted: it has to be looked
// up, and then counted by Allow.
func (l *Limiter) AllowSecret(secret string, now time.Time) (wait time.Duration, ok, known bool) {
	hash := sha256.Sum256([]byte(secret))
	l.mu.Lock()
	defer l.mu.Unlock()
	bearer, known := l.secrets[hash]
	if !known {
		return 0, true, false
	}
	wait, ok = l.allow(bearer, now)
	return wait, ok, true
}

// Remember notes whose a secret is that was found good.
func (l *Limiter) Remember(secret string, bearer ident.ID) {
	hash := sha256.Sum256([]byte(secret))
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.secrets) >= maxSecrets {
		clear(l.secrets)
	}
	l.secrets[hash] = bearer
}

// sweep forgets bearers that have been idle.
func (l *Limiter) sweep(now time.Time) {
	if now.Sub(l.swept) < l.idle {
		return
	}
	l.swept = now
	for bearer, b := range l.bearers {
		if now.Sub(b.used) >= l.idle {
			delete(l.bearers, bearer)
		}
	}
}
