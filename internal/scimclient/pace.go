package scimclient

import (
	"context"
	"math"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"rollcall/internal/outbound"
)

const (
	minCut  = 0.02 // what a refusal takes of the rate; the double if the one before was not long ago, and so on up to
	maxCut  = 0.32
	settled = 10  // seconds, which are long in this sense
	slowest = 0.1 // requests per second
	// After a cut the rate starts below what it was cut to by the dip, is there again after rise seconds, and then goes up by the third power of
	// time: long about the same where the limit was met, quickly away from there if it is gone.
	dip  = 0.02
	rise = 30
	// Until the limit was met for the first time after a while of peace, nothing is known of it: each refusal takes maxCut, and the rise is short.
	firstRise = 3
	// burstTime is for how many seconds requests may be saved up: what a slow answer or a late timer held back is caught up with.
	burstTime = 0.1
)

// lane is the pace of requests that share a limit. The limit is learnt: a refusal lowers the rate, more if refusals follow one another, but
// not below what was let through between them; while requests wait for their turn it creeps up again.
type lane struct {
	top float64 // a rate that is never exceeded; 0 for none

	mu        sync.Mutex
	limiter   *rate.Limiter
	base      float64 // requests per second to which it was cut
	perSecond float64
	until     time.Time // nothing is sent before
	cutAt     time.Time // of the last cut, or when the lane was first used
	raisedAt  time.Time
	cut, rise float64 // the last cut, and the seconds of the rise after it
	busy      float64 // seconds since the cut in which requests were waiting
	passed    int     // requests since the cut
}

func newLane(perSecond, top float64) *lane {
	l := &lane{top: top, base: perSecond, cut: maxCut, rise: firstRise, limiter: rate.NewLimiter(0, 1)}
	l.set(perSecond, time.Time{})
	return l
}

// set is called with mu held, or before anybody else knows the lane.
func (l *lane) set(perSecond float64, now time.Time) {
	if l.top > 0 {
		perSecond = min(perSecond, l.top)
	}
	l.perSecond = max(perSecond, slowest)
	l.limiter.SetLimitAt(now, rate.Limit(l.perSecond))
	l.limiter.SetBurstAt(now, max(1, int(math.Ceil(l.perSecond*burstTime))))
}

// turn reserves a place. If pause is not 0 the lane has to be asked again after it; else the place is good after wait.
func (l *lane) turn(now time.Time) (wait, pause time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if pause = l.until.Sub(now); pause > 0 {
		return 0, pause
	}
	if l.cutAt.IsZero() {
		l.cutAt, l.raisedAt = now, now
	}
	if wait = l.limiter.ReserveN(now, 1).DelayFrom(now); wait > 0 {
		l.raise(now)
	}
	return wait, 0
}

// raise is called with mu held, while a request waits.
func (l *lane) raise(now time.Time) {
	l.busy += min(now.Sub(l.raisedAt).Seconds(), 1) // time in which nobody waited says nothing
	l.raisedAt = now
	away := l.busy/l.rise - 1
	l.set(l.base*(1+dip*away*away*away), now)
}

// accepted counts a request that was not refused.
func (l *lane) accepted() {
	l.mu.Lock()
	l.passed++
	l.mu.Unlock()
}

// refused notes that a request sent at a time was refused and that nothing is wanted for a while. Requests that were under way together
// lower the rate once.
func (l *lane) refused(sent, now time.Time, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := now.Add(wait); until.After(l.until) {
		l.until = until
	}
	if sent.Before(l.cutAt) {
		return
	}
	if l.cut = min(l.cut*2, maxCut); l.busy >= min(settled, 2*l.rise) {
		l.cut, l.rise = minCut, rise
	}
	let := float64(l.passed) / max(now.Sub(l.cutAt).Seconds(), 0.001)
	l.base = max(l.perSecond*(1-l.cut), min(l.perSecond*(1-minCut), let))
	l.set(l.base*(1-dip), now)
	l.cutAt, l.raisedAt, l.busy, l.passed = now, now, 0, 0
}

// pace holds the lanes of a service.
type pace struct {
	now                func() time.Time
	all, reads, writes *lane
	endpoint           float64

	mu        sync.Mutex
	endpoints map[string]*lane
}

func newPace(rates Rates, now func() time.Time) *pace {
	p := &pace{now: now, endpoint: rates.Endpoint, endpoints: map[string]*lane{}}
	if rates.Start > 0 || rates.Reads <= 0 || rates.Writes <= 0 { // every request has a lane
		p.all = newLane(rates.Start, 0)
	}
	if rates.Reads > 0 {
		p.reads = newLane(rates.Reads, rates.Reads)
	}
	if rates.Writes > 0 {
		p.writes = newLane(rates.Writes, rates.Writes)
	}
	return p
}

// lanes returns the lanes of a request, at least one, the narrowest first. kind tells endpoints apart.
func (p *pace) lanes(method, kind string) []*lane {
	lanes := make([]*lane, 0, 3)
	group := p.reads
	if method != http.MethodGet {
		group = p.writes
		if p.endpoint > 0 {
			lanes = append(lanes, p.endpointLane(method+kind))
		}
	}
	for _, l := range [...]*lane{group, p.all} {
		if l != nil {
			lanes = append(lanes, l)
		}
	}
	return lanes
}

func (p *pace) endpointLane(name string) *lane {
	p.mu.Lock()
	defer p.mu.Unlock()
	l, ok := p.endpoints[name]
	if !ok {
		l = newLane(p.endpoint, p.endpoint)
		p.endpoints[name] = l
	}
	return l
}

// wait returns when it is the caller's turn in all lanes. A pause longer than patience is returned instead of being waited for.
func (p *pace) wait(ctx context.Context, lanes []*lane, patience time.Duration) (pause time.Duration, err error) {
	for _, l := range lanes {
		for {
			wait, pause := l.turn(p.now())
			if pause > patience {
				return pause, nil
			}
			if err := outbound.Sleep(ctx, wait+pause); err != nil {
				return 0, err
			}
			if pause == 0 && !l.paused(p.now()) {
				break
			}
		}
	}
	return 0, nil
}

func (l *lane) paused(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until.After(now)
}
