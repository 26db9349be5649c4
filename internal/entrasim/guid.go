package entrasim

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// A guid is a random-looking object id as Entra gives them out (RFC 9562, version 4).
type guid [16]byte

func (g guid) append(dst []byte) []byte {
	dst = hex.AppendEncode(dst, g[0:4])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, g[4:6])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, g[6:8])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, g[8:10])
	dst = append(dst, '-')
	return hex.AppendEncode(dst, g[10:16])
}

func (g guid) String() string { return string(g.append(nil)) }

// compact is the id without dashes, as Entra puts it before the userPrincipalName of a deleted user.
func (g guid) compact() string { return hex.EncodeToString(g[:]) }

func parseGUID(s string) (guid, bool) {
	var g guid
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return g, false
	}
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != len(g) {
		return g, false
	}
	copy(g[:], b)
	return g, true
}

// mix is the finalizer of splitmix64: a bijection whose every output bit depends on every input bit.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// An idSpace gives every number below 2^32 a guid and finds the number again, without keeping either in memory.
type idSpace uint64

// id is deterministic; its first four bytes are the number, permuted by a keyed Feistel network.
func (s idSpace) id(number int) guid {
	var g guid
	low := uint32(number) //nolint:gosec // G115: numbers of objects stay far below 2^32
	binary.BigEndian.PutUint32(g[0:], s.permute(low))
	first := mix(uint64(s) ^ uint64(low)<<20)
	binary.BigEndian.PutUint64(g[4:], first)
	binary.BigEndian.PutUint64(g[8:], mix(first))
	g[6] = g[6]&0x0f | 0x40
	g[8] = g[8]&0x3f | 0x80
	return g
}

// number is the inverse of id; it answers false for a guid that id never gave.
func (s idSpace) number(g guid) (int, bool) {
	n := int(s.restore(binary.BigEndian.Uint32(g[0:])))
	return n, s.id(n) == g
}

const feistelRounds = 4

func (s idSpace) round(half uint32, round int) uint32 {
	key := uint64(s) + uint64(half)<<8 + uint64(round) //nolint:gosec // G115: 0 to 3
	return uint32(mix(key) & 0xffff)
}

func (s idSpace) permute(x uint32) uint32 {
	left, right := x>>16, x&0xffff
	for r := range feistelRounds {
		left, right = right, left^s.round(right, r)
	}
	return left<<16 | right
}

func (s idSpace) restore(x uint32) uint32 {
	left, right := x>>16, x&0xffff
	for r := feistelRounds - 1; r >= 0; r-- {
		left, right = right^s.round(left, r), left
	}
	return left<<16 | right
}
