package entrasim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A cursor is what an opaque $skiptoken or $deltatoken carries: where to go on, and for delta the whole query.
type cursor struct {
	Kind   string   `json:"k"`           // cursorList, cursorDeleted, cursorMembers, cursorSkip or cursorDelta
	Set    string   `json:"r"`           // what is walked: users, groups, or the path of a list of members
	At     int      `json:"a"`           // where to go on: an object's number, or in a round of changes a sequence number
	Begun  bool     `json:"b,omitempty"` // with $orderby: go on after the key; in a delta of groups: go on inside the group
	After  string   `json:"o,omitempty"` // with $orderby: the key after which to go on
	In     int      `json:"n,omitempty"` // with Begun, in a delta of groups: the next member, or place among the changes
	Full   bool     `json:"f,omitempty"` // the first round of a delta, which tells everybody
	Since  int      `json:"s,omitempty"` // the round tells the changes after this sequence number
	Until  int      `json:"u,omitempty"` // and up to this one
	Select string   `json:"p,omitempty"`
	IDs    []string `json:"i,omitempty"` // of $filter=id eq '…' or id eq '…'
	Lean   bool     `json:"m,omitempty"` // Prefer: return=minimal
	// Trap is the fault that waits behind the link: it fails, again and again.
	Trap faultKind `json:"x,omitempty"`
	// Detour is the link that a page gives instead of its own, after pages were swapped.
	Detour string `json:"d,omitempty"`
	// The life of a token counts from the beginning of its round.
	Issued     time.Time `json:"t"`
	Generation int       `json:"g,omitempty"`
	// Life is that of the tenant that issued the token: numbers and generations mean others in another one.
	Life string `json:"l"`
}

const (
	cursorList    = "list"
	cursorDeleted = "bin"
	cursorMembers = "members"
	cursorSkip    = "skip"
	cursorDelta   = "delta"
)

// authority remembers which delta tokens the control API declared expired or reset: those of a generation before.
type authority struct {
	mu                         sync.Mutex
	generation, expired, reset int
}

// end makes all tokens issued so far old.
func (a *authority) end(before func(a *authority) *int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.generation++
	*before(a) = a.generation
}

// stamp begins the life of a round's tokens.
func (x *exchange) stamp(c *cursor) {
	a := &x.server.authority
	a.mu.Lock()
	defer a.mu.Unlock()
	c.Issued, c.Generation = x.now, a.generation
}

const signatureLength = 12

// sign makes a client that makes up or mixes tokens be found out.
func (s *Server) sign(payload []byte) []byte {
	m := hmac.New(sha256.New, []byte(s.ClientSecret+s.TenantID))
	m.Write(payload)
	return m.Sum(nil)[:signatureLength]
}

func (s *Server) encodeCursor(c cursor) string {
	c.Life = s.life
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // only plain fields
	}
	return base64.RawURLEncoding.EncodeToString(append(s.sign(b), b...))
}

// decodeCursor returns false for a token that this tenant did not issue for that kind of request. It may be of an earlier life.
func (s *Server) decodeCursor(token string, kinds ...string) (cursor, bool) {
	var c cursor
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) < signatureLength || !hmac.Equal(b[:signatureLength], s.sign(b[signatureLength:])) {
		return c, false
	}
	if json.Unmarshal(b[signatureLength:], &c) != nil {
		return c, false
	}
	return c, slices.Contains(kinds, c.Kind)
}

// usable answers the error of a delta token that has run out. (Graph's documents say "a 40x error such as
// syncStateNotFound" for an expired token, and 410 with a Location for a reset.) A token of the tenant before a restart counts as reset.
func (x *exchange) usable(c cursor) bool {
	a := &x.server.authority
	a.mu.Lock()
	expired, reset := a.expired, a.reset
	a.mu.Unlock()
	switch {
	case c.Trap == faultShortPage:
		x.broken(http.StatusServiceUnavailable)
	case c.Life != x.server.life, c.Generation < reset, c.Trap == faultLostPage:
		x.deltaReset(c.Set, c.Select)
	case c.Generation < expired, x.now.Sub(c.Issued) > tokenLife:
		x.deltaExpired()
	default:
		return true
	}
	return false
}

func (x *exchange) deltaExpired() {
	x.graphError(http.StatusBadRequest, "syncStateNotFound", "The sync state generation is not found; continuing is impossible. "+
		"Start a new full synchronization by issuing a delta request without a token.")
}

// deltaReset tells the client to start over at the address in Location, which has an empty $deltatoken.
func (x *exchange) deltaReset(set, properties string) {
	location := x.baseURL() + graphPrefix + set + "/delta?"
	if properties != "" {
		location += query{{"$select", properties}}.encode("") + "&"
	}
	x.header.Set("Location", location+"$deltatoken=")
	x.graphError(http.StatusGone, "resyncRequired", "Resync is required. Replace any local items with the server's version.")
}
