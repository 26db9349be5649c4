package secret_test

import (
	"bytes"
	"strings"
	"testing"

	"rollcall/internal/fault"
	"rollcall/internal/secret"
)

var (
	oldKey = bytes.Repeat([]byte{1}, secret.KeySize)
	newKey = bytes.Repeat([]byte{2}, secret.KeySize)
)

func sealer(t *testing.T, current []byte, older ...[]byte) *secret.Sealer {
	t.Helper()
	s, err := secret.NewRing(current, older...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func seal(t *testing.T, s *secret.Sealer, plain, context string) []byte {
	t.Helper()
	sealed, err := s.Seal(plain, context)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestASealedTextComesBackAndDoesNotShow(t *testing.T) {
	s := sealer(t, oldKey)
	for _, plain := range []string{"", "p@ss", strings.Repeat("長い秘密", 1000)} {
		sealed := seal(t, s, plain, "connection/1")
		got, err := s.Open(sealed, "connection/1")
		if err != nil || got.Reveal() != plain {
			t.Errorf("Open(Seal(%.10q)) = %.10q, %v", plain, got.Reveal(), err)
		}
		if plain != "" && bytes.Contains(sealed, []byte(plain)) {
			t.Errorf("%.10q shows in its sealed form", plain)
		}
		if bytes.Equal(sealed, seal(t, s, plain, "connection/1")) {
			t.Errorf("sealing %.10q twice gives the same bytes: who reads them learns that two credentials are equal", plain)
		}
	}
}

func TestASealBreaksWhenTheTextIsMovedOrChanged(t *testing.T) {
	s := sealer(t, oldKey)
	sealed := seal(t, s, "p@ss", "connection/1")
	if _, err := s.Open(sealed, "connection/2"); !fault.Is(err, fault.Invalid) {
		t.Errorf("Open with another context = %v, want an invalid seal", err)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := s.Open(changed, "connection/1"); !fault.Is(err, fault.Invalid) {
			t.Errorf("Open with byte %d changed = %v, want an invalid seal", i, err)
		}
	}
	for n := range sealed {
		if _, err := s.Open(sealed[:n], "connection/1"); !fault.Is(err, fault.Invalid) {
			t.Errorf("Open of the first %d bytes = %v, want an invalid seal", n, err)
		}
	}
}

func TestTheErrorForAnotherKeyNamesTheSealingKey(t *testing.T) {
	sealed := seal(t, sealer(t, oldKey), "p@ss", "connection/1")
	_, err := sealer(t, newKey).Open(sealed, "connection/1")
	f := fault.Of(err)
	if f == nil || f.Kind != fault.Invalid || !strings.Contains(f.Remedy, secret.EnvironmentKey) {
		t.Errorf("Open with another key = %v, want an error whose remedy names %s", err, secret.EnvironmentKey)
	}
}

func TestAKeyIsReplacedWithoutLosingWhatTheOldOneSealed(t *testing.T) {
	before := seal(t, sealer(t, oldKey), "p@ss", "connection/1")
	both := sealer(t, newKey, oldKey)
	plain, err := both.Open(before, "connection/1")
	if err != nil || plain.Reveal() != "p@ss" {
		t.Fatalf("Open with the old key in the ring = %v", err)
	}
	after := seal(t, both, plain.Reveal(), "connection/1")
	if !both.NeedsReseal(before) || both.NeedsReseal(after) {
		t.Error("what the old key sealed needs to be sealed again, what the new one sealed does not")
	}
	if got, err := sealer(t, newKey).Open(after, "connection/1"); err != nil || got.Reveal() != "p@ss" {
		t.Errorf("Open with the new key alone = %v", err)
	}
}

func TestAKeyOfAnotherLengthIsRefused(t *testing.T) {
	for _, size := range []int{0, 16, 31, 33} {
		if _, err := secret.New(make([]byte, size)); !fault.Is(err, fault.Invalid) {
			t.Errorf("New with %d bytes = %v, want invalid", size, err)
		}
	}
}
