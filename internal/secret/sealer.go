// Package secret seals credentials at rest and keeps them out of logs.
//
// A sealed credential is worthless without the sealing key, which is never in the database nor in its backup, and in another place than
// the one it was sealed for: the context, such as "connection/<id>", is part of the seal, so that nobody who can write the database can
// move the credential of one connection to another. When the key is lost, the credentials must be entered anew; nothing else is lost.
package secret

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"fmt"

	"rollcall/internal/fault"
)

const (
	// KeySize is the length of a sealing key in bytes (AES-256).
	KeySize = 32

	version   = 1
	keyIDSize = 8
	header    = 1 + keyIDSize
)

// Sealer seals with one key and opens what that key or an older one sealed. It may be used by several goroutines.
//
// A sealed text is: version (1 byte, 1), key id (8 bytes), nonce (12 bytes), ciphertext and tag of AES-256-GCM (NIST SP 800-38D). The
// additional data are version, key id and context. Nonces are random: one key seals 2^32 texts safely.
type Sealer struct {
	keys []key // the first one seals
}

type key struct {
	id   [keyIDSize]byte
	aead cipher.AEAD
}

// New returns a Sealer for one key of KeySize bytes; another length is fault.Invalid.
func New(sealingKey []byte) (*Sealer, error) { return NewRing(sealingKey) }

// NewRing returns a Sealer that seals with the current key and opens what any of the keys sealed. To rotate keys: start with the new key
// as the current one and the old one beside it, seal everything again (see NeedsReseal), start without the old one.
func NewRing(current []byte, older ...[]byte) (*Sealer, error) {
	s := &Sealer{}
	for _, raw := range append([][]byte{current}, older...) {
		k, err := newKey(raw)
		if err != nil {
			return nil, err
		}
		s.keys = append(s.keys, k)
	}
	return s, nil
}

func newKey(raw []byte) (key, error) {
	if len(raw) != KeySize {
		return key{}, fault.New(fault.Invalid, "InvalidSealingKey", "the sealing key has %d bytes instead of %d", len(raw), KeySize).
			WithRemedy("Make one with: openssl rand -base64 32")
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return key{}, fmt.Errorf("sealing key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return key{}, fmt.Errorf("sealing key: %w", err)
	}
	k := key{aead: aead}
	digest := sha256.Sum256(append([]byte("rollcall sealing key id\x00"), raw...))
	copy(k.id[:], digest[:])
	return k, nil
}

// Seal returns the sealed form of plain, which Open gives back for the same context only. Each call returns other bytes.
func (s *Sealer) Seal(plain, context string) ([]byte, error) {
	k := s.keys[0]
	sealed := append([]byte{version}, k.id[:]...)
	return k.aead.Seal(sealed, nil, []byte(plain), additional(sealed, context)), nil //nolint:gosec // G407: nil is no nonce, this AEAD draws its own
}

// Open returns the text that Seal was given. A key that is missing, another context and changed bytes are fault.Invalid.
func (s *Sealer) Open(sealed []byte, context string) (Text, error) {
	if len(sealed) < header || sealed[0] != version {
		return "", fault.New(fault.Invalid, "NotSealed", "the credential of %s is not sealed in a form that this program knows", context).
			WithRemedy("Enter the credential again, or install the Rollcall that wrote it")
	}
	k, ok := s.find(sealed)
	if !ok {
		return "", fault.New(fault.Invalid, "WrongSealingKey", "the credential of %s was sealed with another sealing key", context).
			WithRemedy("Start with the sealing key that was in use before (ROLLCALL_SEALING_KEY or --sealing-key-file), or enter the credential again")
	}
	plain, err := k.aead.Open(nil, nil, sealed[header:], additional(sealed[:header], context))
	if err != nil {
		return "", fault.Wrap(fault.Invalid, "BrokenSeal", err, "the credential of "+context+" was changed or moved after it was sealed").
			WithRemedy("The sealing key is the right one: enter the credential again, and find out who wrote to the database")
	}
	return Text(plain), nil
}

// NeedsReseal reports whether sealed was made with another key than the current one.
func (s *Sealer) NeedsReseal(sealed []byte) bool {
	return len(sealed) < header || !bytes.Equal(sealed[1:header], s.keys[0].id[:])
}

func (s *Sealer) find(sealed []byte) (key, bool) {
	for _, k := range s.keys {
		if bytes.Equal(sealed[1:header], k.id[:]) {
			return k, true
		}
	}
	return key{}, false
}

func additional(head []byte, context string) []byte {
	return append(bytes.Clone(head), context...)
}
