package entrasim

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// callStats counts the answers by route and status.
type callStats struct {
	mu     sync.Mutex
	counts map[callKey]callCount
}

type callKey struct {
	route  string
	status int
}

type callCount struct{ calls, bytes int }

// A callLine is one line of GET /sim/stats. Bytes are those of the bodies as sent, compressed or not.
type callLine struct {
	Route  string `json:"route"`
	Status int    `json:"status"`
	Calls  int    `json:"calls"`
	Bytes  int    `json:"bytes"`
}

func (c *callStats) add(route string, status, bytes int) {
	if strings.Contains(route, "/sim") {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[callKey]callCount{}
	}
	k := callKey{route, status}
	n := c.counts[k]
	c.counts[k] = callCount{n.calls + 1, n.bytes + bytes}
}

func (c *callStats) lines() []callLine {
	c.mu.Lock()
	defer c.mu.Unlock()
	lines := make([]callLine, 0, len(c.counts))
	for k, n := range c.counts {
		lines = append(lines, callLine{k.route, k.status, n.calls, n.bytes})
	}
	slices.SortFunc(lines, func(a, b callLine) int {
		return cmp.Or(strings.Compare(a.Route, b.Route), cmp.Compare(a.Status, b.Status))
	})
	return lines
}

func (c *callStats) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts = nil
}
