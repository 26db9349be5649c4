// Package ident makes identifiers: time-ordered, sixteen bytes in the database, text everywhere else.
//
// They are UUIDs of version 7 (RFC 9562, section 5.7): rows inserted later sort later, so that the indexes of large tables grow at
// their end.
package ident

import (
	"crypto/rand"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"sync"
	"time"
)

// ID identifies one thing; the zero ID identifies nothing.
type ID [16]byte

var last struct {
	sync.Mutex
	stamp uint64
}

// New returns a new ID for the time. IDs made by one process for equal or earlier times still sort in the order in which they were made.
func New(now time.Time) ID {
	var id ID
	if _, err := rand.Read(id[6:]); err != nil {
		panic("ident: no randomness: " + err.Error()) // crypto/rand.Read never returns an error since Go 1.24
	}
	// 48 bits of milliseconds and 12 bits of the sub-millisecond fraction make one 60-bit stamp that only grows.
	stamp := uint64(now.UnixMilli())<<12 | uint64(now.Nanosecond())%1e6*4096/1e6 //nolint:gosec // never negative
	last.Lock()
	if stamp <= last.stamp && last.stamp-stamp < uint64(time.Hour/time.Millisecond)<<12 {
		stamp = last.stamp + 1
	}
	last.stamp = stamp
	last.Unlock()
	binary.BigEndian.PutUint64(id[:8], stamp>>12<<16|0x7000|stamp&0xfff)
	id[8] = id[8]&0x3f | 0x80
	return id
}

// Before returns an ID that sorts before all that are made at the time or later, and after all that were made earlier. It identifies
// nothing; queries use it as a bound.
func Before(t time.Time) ID {
	var id ID
	binary.BigEndian.PutUint64(id[:8], uint64(t.UnixMilli())<<16)
	return id
}

// Parse reads the text form, in any case.
func Parse(text string) (ID, error) {
	var id ID
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return ID{}, fmt.Errorf("%q is not an id", text)
	}
	raw := text[:8] + text[9:13] + text[14:18] + text[19:23] + text[24:]
	if _, err := hex.Decode(id[:], []byte(raw)); err != nil {
		return ID{}, fmt.Errorf("%q is not an id", text)
	}
	return id, nil
}

// IsZero reports whether the ID identifies nothing.
func (id ID) IsZero() bool { return id == ID{} }

// String returns the text form, or "" for the zero ID.
func (id ID) String() string {
	if id.IsZero() {
		return ""
	}
	var text [36]byte
	hex.Encode(text[0:8], id[0:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:36], id[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}

// MarshalText gives the text form to JSON and YAML.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the text form; empty text is the zero ID.
func (id *ID) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*id = ID{}
		return nil
	}
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// Value stores the ID as sixteen bytes, the zero ID as NULL.
func (id ID) Value() (driver.Value, error) {
	if id.IsZero() {
		return nil, nil
	}
	return append([]byte(nil), id[:]...), nil
}

// Scan reads what Value stored.
func (id *ID) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*id = ID{}
		return nil
	case []byte:
		if len(v) == 16 {
			copy(id[:], v)
			return nil
		}
		return fmt.Errorf("an id has 16 bytes, not %d", len(v))
	default:
		return fmt.Errorf("an id cannot be read from %T", value)
	}
}
