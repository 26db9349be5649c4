package entrasim

import (
	"testing"
	"time"
)

func TestTheLogForgetsWhatNoTokenCanAskFor(t *testing.T) {
	d := newDirectory(people{seed: 1, size: 100, ids: 7, domains: domainsOf("contoso.example")}, groupSeed{}, 0)
	now := time.Date(2025, 6, 2, 12, 0, 0, 0, time.UTC)
	const perDay, days = 2000, 60
	for n := range perDay * days {
		now = now.Add(24 * time.Hour / perDay)
		if err := d.change(n%100, now, func(u *user) { u.text[propJobTitle] = now.String() }); err != nil {
			t.Fatal(err)
		}
		d.settle(now)
	}
	if n := len(d.log.entries); n < 7*perDay || n > 20*perDay {
		t.Errorf("%d entries are kept of %d", n, perDay*days)
	}
	if got := d.log.head(); got != perDay*days {
		t.Errorf("head %d", got)
	}
	for i, o := range d.objects {
		if len(o.versions) > 2 {
			t.Errorf("user %d keeps %d versions", i, len(o.versions))
		}
	}
	if changed, _ := d.log.changesOf(d.log.head(), 0); changed != maskOf(propJobTitle) {
		t.Errorf("changes %b", changed)
	}
}

func TestAnIDLeadsBackToItsNumber(t *testing.T) {
	space := idSpace(mix(42))
	seen := map[guid]bool{}
	for n := range 100_000 {
		id := space.id(n)
		if back, ok := space.number(id); !ok || back != n || seen[id] {
			t.Fatalf("number %d: %s leads to %d, %v", n, id, back, ok)
		}
		seen[id] = true
		if parsed, ok := parseGUID(id.String()); !ok || parsed != id || id.String()[14] != '4' {
			t.Fatalf("%s does not survive printing", id)
		}
	}
	other, _ := parseGUID("11111111-2222-4333-8444-555555555555")
	if _, ok := space.number(other); ok {
		t.Errorf("a foreign id leads to a number")
	}
}
