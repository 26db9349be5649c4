package ident_test

import (
	"bytes"
	"testing"
	"time"

	"rollcall/internal/ident"
)

func TestIdsSortInTheOrderInWhichTheyWereMade(t *testing.T) {
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	previous := ident.New(now)
	for i := range 10_000 {
		next := ident.New(now.Add(time.Duration(i/3) * time.Microsecond))
		if bytes.Compare(previous[:], next[:]) >= 0 {
			t.Fatalf("id %d: %v does not sort after %v", i, next, previous)
		}
		previous = next
	}
}

func TestTextAndBytesComeBack(t *testing.T) {
	id := ident.New(time.Now())
	parsed, err := ident.Parse(id.String())
	if err != nil || parsed != id {
		t.Errorf("Parse(%q) = %v, %v", id, parsed, err)
	}
	value, err := id.Value()
	if err != nil {
		t.Fatal(err)
	}
	var scanned ident.ID
	if err := scanned.Scan(value); err != nil || scanned != id {
		t.Errorf("Scan(Value()) = %v, %v, want %v", scanned, err, id)
	}
	if id.String()[14] != '7' {
		t.Errorf("%v is not of version 7", id)
	}
}

func TestNothingIsNullAndEmpty(t *testing.T) {
	var none ident.ID
	value, err := none.Value()
	if value != nil || err != nil || none.String() != "" {
		t.Errorf("the zero id is %v, %v, %q; want NULL and empty text", value, err, none.String())
	}
	for _, bad := range []string{"x", "00000000-0000-0000-0000-00000000000g", "000000000000000000000000000000000000"} {
		if _, err := ident.Parse(bad); err == nil {
			t.Errorf("Parse(%q) must fail", bad)
		}
	}
}

func TestABoundSeparatesEarlierFromLater(t *testing.T) {
	at := time.Date(2000, 1, 1, 8, 0, 0, 0, time.UTC)
	ident.New(at.Add(-2 * time.Hour)) // after the ids that were made within the hour, by an earlier round of this test, New would put these
	earlier, later, bound := ident.New(at.Add(-time.Millisecond)), ident.New(at), ident.Before(at)
	if bytes.Compare(earlier[:], bound[:]) >= 0 || bytes.Compare(bound[:], later[:]) >= 0 {
		t.Errorf("%v, %v, %v are not in order", earlier, bound, later)
	}
}
